//! Whose certificates are believed: a given file of authorities, or those of the
//! distribution.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, parse_pem};

/// Where distributions keep their authorities, most common first: Debian, Ubuntu
/// and Alpine; Fedora and RHEL; SUSE; older RHEL; BSD.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where the authorities are to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// In this PEM file, and no others.
    File(PathBuf),
    /// In the bundle of the distribution.
    System,
}

/// Why there are no authorities to believe.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the certificates in `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is read, but is no PEM file with certificates.
    #[error("`{}` holds no certificate in PEM format", .0.display())]
    Empty(PathBuf),
    /// No distribution's bundle is there.
    #[error(
        "no certificate authorities are installed \
         (hint: name a file of them with SSL_CERT_FILE or the agent's --cacert)"
    )]
    Missing,
}

impl Trust {
    pub(super) fn certificates(&self) -> Result<Vec<Certificate<'static>>, TrustError> {
        let path = match self {
            Self::File(path) => path.as_path(),
            Self::System => {
                let there = BUNDLES.iter().map(Path::new).find(|path| path.is_file());
                there.ok_or(TrustError::Missing)?
            }
        };
        let pem = fs::read(path).map_err(|cause| TrustError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let found: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            return Err(TrustError::Empty(path.to_owned()));
        }
        Ok(found)
    }
}
