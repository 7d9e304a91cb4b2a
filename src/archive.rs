//! Files in a zip and out of it: the same bytes for the same files, whenever and
//! wherever they are packed.
//!
//! What the files are, and where they go, is left to the callers.

use std::io::{Cursor, Read, Write};
use std::path::{Component, Path};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::bundle::File;

/// The most bytes of one file that is unpacked.
const LARGEST_FILE: u64 = 16 << 20;

/// Packs files in the order given. Their time is the first that the format can
/// say, 1980-01-01.
///
/// # Errors
/// When the format cannot hold the files: two of one name, or a name that is too
/// long.
pub fn pack(files: &[File]) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(32 << 10)));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(file.mode);
        archive.start_file(file.path.as_str(), options)?;
        archive.write_all(&file.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The files of an archive, which may be anybody's.
///
/// # Errors
/// Names that lead out of a folder, and files that are too large, are refused.
pub fn unpack(bytes: &[u8]) -> Result<Vec<File>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| error.to_string())?;
        let path = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(error) => return Err(error.to_string()),
        };
        // Checked as it is used: the format's own check accepts `/etc/passwd`, for
        // callers that take the root away.
        let within = |part| matches!(part, Component::Normal(_));
        if !entry.is_file() || !Path::new(&path).components().all(within) {
            return Err(format!("`{path}` is no file of a bundle"));
        }
        let mode = entry.unix_mode().unwrap_or(0o644) & 0o777;
        let mut content = Vec::new();
        let read = entry.take(LARGEST_FILE + 1).read_to_end(&mut content);
        read.map_err(|error| error.to_string())?;
        if content.len() as u64 > LARGEST_FILE {
            return Err(format!(
                "`{path}` is larger than {} MiB",
                LARGEST_FILE >> 20
            ));
        }
        files.push(File {
            path,
            mode,
            bytes: content,
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use crate::bundle::File;

    fn file(path: &str, mode: u32) -> File {
        File {
            path: path.to_owned(),
            mode,
            bytes: path.as_bytes().to_vec(),
        }
    }

    #[test]
    fn what_is_packed_comes_out_again_and_packs_to_the_same_bytes() {
        let files = [file("a/run.sh", 0o755), file("a/values.yaml", 0o644)];
        let packed = pack(&files).unwrap();
        let unpacked = unpack(&packed).unwrap();
        assert_eq!(unpacked, files);
        assert_eq!(pack(&unpacked).unwrap(), packed);
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for path in ["../x", "/etc/passwd", "a/../../x", "a/../x", "folder/"] {
            let said = unpack(&pack(&[file(path, 0o644)]).unwrap()).unwrap_err();
            assert!(said.contains("no file of a bundle"), "{said}");
        }
        assert!(unpack(b"PK\x03\x04 no archive").is_err());
    }
}
