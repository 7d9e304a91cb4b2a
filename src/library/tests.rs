//! Reading rule texts from real folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Texts, embedded, read};

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn paths(texts: &Texts) -> Vec<&str> {
    texts.files.iter().map(|file| &*file.path).collect()
}

#[test]
fn only_rule_files_count_in_bytewise_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "b.yaml",
        "a/z.yml",
        "B.yaml",
        "note.txt",
        ".hidden.yaml",
        ".git/x.yaml",
    ] {
        write(folder.path(), name, "base: []");
    }
    let texts = read(folder.path()).unwrap();
    assert_eq!(paths(&texts), ["B.yaml", "a/z.yml", "b.yaml"]);
    assert!(!texts.defaults.is_empty());
}

#[test]
fn the_digest_follows_the_content() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", "x: 1");
    write(folder.path(), "b.yaml", "y: 1");
    let before = read(folder.path()).unwrap().digest;
    assert_eq!(before, read(folder.path()).unwrap().digest);
    write(folder.path(), "a.yaml", "x: 1y");
    write(folder.path(), "b.yaml", ": 1");
    assert_ne!(before, read(folder.path()).unwrap().digest);
    assert!(before.starts_with("sha256:") && before.len() == 71);
    assert_ne!(before, embedded().digest);
}

#[test]
fn a_mounted_config_map_is_read_through_its_current_link() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "..2026_11_23/rules.yaml", "old");
    write(folder.path(), "..2026_11_24/rules.yaml", "new");
    let current = folder.path().join("..data");
    symlink("..2026_11_23", &current).unwrap();
    symlink("..data/rules.yaml", folder.path().join("rules.yaml")).unwrap();
    assert_eq!(read(folder.path()).unwrap().files[0].text, "old");
    symlink("..2026_11_24", folder.path().join("..tmp")).unwrap();
    fs::rename(folder.path().join("..tmp"), &current).unwrap();
    let texts = read(folder.path()).unwrap();
    assert_eq!(
        (paths(&texts), &*texts.files[0].text),
        (vec!["rules.yaml"], "new")
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |path: &Path, says: &str| {
        let error = read(path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(folder.path(), "has no `*.yaml`");
    check(&folder.path().join("absent"), "absent`: No such file");
    write(folder.path(), "bad.yaml", "");
    fs::write(folder.path().join("bad.yaml"), b"a: \xff").unwrap();
    check(folder.path(), "bad.yaml` is not UTF-8: byte 3 is invalid");
    check(&folder.path().join("bad.yaml"), "not UTF-8");
}

#[test]
fn a_loop_of_links_ends() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", "x: 1");
    symlink(folder.path(), folder.path().join("again")).unwrap();
    assert!(!read(folder.path()).unwrap().files.is_empty());
}
