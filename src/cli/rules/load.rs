//! Rule texts from wherever a person keeps them.

use std::path::Path;
use std::process::Command;

use crate::cli::exit::Failure;
use crate::library::{self, Texts};
use crate::rules::{Compiled, RuleFile, compile};

/// Where rules lie when nobody says.
const USUAL: &str = "recipes";

/// Rule texts, and the folder that their paths are relative to.
pub(super) struct Loaded {
    pub(super) texts: Texts,
    pub(super) root: String,
}

/// Reads a folder, a file or a git revision of either.
pub(super) fn load(place: Option<&str>) -> Result<Loaded, Failure> {
    let place = place.or_else(|| Path::new(USUAL).is_dir().then_some(USUAL));
    let Some(place) = place else {
        return Ok(Loaded {
            texts: library::embedded(),
            root: String::new(),
        });
    };
    let path = Path::new(place);
    if path.exists() {
        let folder = if path.is_dir() {
            Some(path)
        } else {
            path.parent()
        };
        let root = folder.map(|folder| folder.to_string_lossy().into_owned());
        return Ok(Loaded {
            texts: library::read(path)?,
            root: root.unwrap_or_default(),
        });
    }
    match place.split_once(':') {
        Some((revision, path)) if !revision.is_empty() => Ok(Loaded {
            texts: library::given(revision_files(revision, path)?),
            root: path.to_owned(),
        }),
        _ => Err(Failure::NoSuchRules(place.to_owned())),
    }
}

/// Rules that have to compile.
pub(super) fn compiled(place: Option<&str>) -> Result<Compiled, Failure> {
    let texts = load(place)?.texts;
    compile(&texts.files, &texts.defaults, &texts.digest).map_err(Failure::Broken)
}

fn revision_files(revision: &str, path: &str) -> Result<Vec<RuleFile>, Failure> {
    let listed = git(&[
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        "--full-tree",
        revision,
        "--",
        path,
    ])?;
    let mut files = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let inside = name
            .strip_prefix(path)
            .unwrap_or(name)
            .trim_start_matches('/');
        let relative = if inside.is_empty() { name } else { inside };
        if library::is_rule_path(relative) {
            files.push(RuleFile {
                path: relative.to_owned(),
                text: git(&["show", &format!("{revision}:{name}")])?,
            });
        }
    }
    if files.is_empty() {
        return Err(Failure::Git(format!(
            "`{revision}` has no rule file at `{path}`"
        )));
    }
    Ok(files)
}

fn git(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(|error| Failure::Git(format!("cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::Git(said));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::Git("a rule file is not UTF-8".to_owned()))
}
