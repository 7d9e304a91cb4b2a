//! A mistake in the shipped rules does not go unnoticed: seeded mutations, each
//! found by the compiler, by the assertions beside the rules, by lint or by
//! impact.

use std::fmt;

use eidos::bundle::reads;
use eidos::library::{self, Texts};
use eidos::rules::{Compiled, RuleFile, compile, impact, lint};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// A line of a file.
#[derive(Debug, Clone, Copy)]
struct Place {
    file: usize,
    line: usize,
}

/// One mistake.
struct Mutation {
    what: String,
    files: Vec<RuleFile>,
}

impl fmt::Display for Mutation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn lines(file: &RuleFile) -> Vec<&str> {
    file.text.lines().collect()
}

/// The `data:` blocks of layers: each entry's line.
fn blocks(files: &[RuleFile]) -> Vec<Vec<Place>> {
    let mut found = Vec::new();
    for (file, text) in files.iter().enumerate() {
        let lines = lines(text);
        for (start, line) in lines.iter().enumerate() {
            if line.trim() != "data:" {
                continue;
            }
            let own = indent(line);
            let entries = lines.iter().enumerate().skip(start + 1);
            let entries = entries.take_while(|(_, line)| indent(line) > own);
            found.push(entries.map(|(line, _)| Place { file, line }).collect());
        }
    }
    found
}

fn replace(files: &[RuleFile], file: usize, edit: impl FnOnce(&mut Vec<String>)) -> Vec<RuleFile> {
    let mut files = files.to_vec();
    let mut lines: Vec<String> = files[file].text.lines().map(str::to_owned).collect();
    edit(&mut lines);
    files[file].text = lines.join("\n") + "\n";
    files
}

fn key_of(line: &str) -> String {
    let (key, _) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
    key.trim_end_matches(':').to_owned()
}

/// Takes one key away, and the sentence about it.
fn drop_key(files: &[RuleFile], random: &mut StdRng) -> Mutation {
    let blocks = blocks(files);
    let block = blocks
        .iter()
        .filter(|block| block.len() > 1)
        .collect::<Vec<_>>();
    let place = **block
        .choose(random)
        .unwrap()
        .choose(random)
        .as_ref()
        .unwrap();
    let line = lines(&files[place.file])[place.line].to_owned();
    let key = key_of(&line);
    let files = replace(files, place.file, |lines| {
        lines.remove(place.line);
        // Its sentence stands in the next `context:`, over one line or several.
        let context = (place.line..lines.len()).find(|at| lines[*at].trim() == "context:");
        let start = context.and_then(|context| {
            (context + 1..lines.len())
                .find(|at| indent(&lines[*at]) == indent(&line) && key_of(&lines[*at]) == key)
        });
        if let Some(start) = start {
            let own = indent(&lines[start]);
            let end = (start + 1..lines.len()).find(|at| indent(&lines[*at]) <= own);
            lines.drain(start..end.unwrap_or(lines.len()));
        }
    });
    Mutation {
        what: format!("dropped {key}, line {}", place.line + 1),
        files,
    }
}

/// Moves the lower bound of one constraint down.
fn widen(files: &[RuleFile], random: &mut StdRng) -> Mutation {
    let mut places = Vec::new();
    for (file, text) in files.iter().enumerate() {
        let lines = lines(text);
        for (line, text) in lines.iter().enumerate() {
            let constraint = text.contains(": \">=1.") && !text.contains("key:");
            let layer = text.trim_start().starts_with("K8s.server.version");
            if constraint && layer {
                places.push(Place { file, line });
            }
        }
    }
    let place = *places.choose(random).unwrap();
    let files = replace(files, place.file, |lines| {
        let line = &mut lines[place.line];
        let (before, after) = line.split_once(">=1.").unwrap();
        let rest = after.trim_start_matches(|character: char| character.is_ascii_digit());
        *line = format!("{before}>=1.20{rest}");
    });
    Mutation {
        what: format!("widened line {}", place.line + 1),
        files,
    }
}

/// Exchanges two values of one block.
fn swap(files: &[RuleFile], random: &mut StdRng) -> Mutation {
    let value = |place: &Place| {
        let text = lines(&files[place.file])[place.line].to_owned();
        text.split_once(": ").map(|(_, value)| value.to_owned())
    };
    loop {
        let blocks = blocks(files);
        let block = blocks.choose(random).unwrap();
        let (Some(left), Some(right)) = (block.choose(random), block.choose(random)) else {
            continue;
        };
        let (Some(first), Some(second)) = (value(left), value(right)) else {
            continue;
        };
        if first == second {
            continue;
        }
        let files = replace(files, left.file, |lines| {
            for (place, text) in [(left, &second), (right, &first)] {
                let (key, _) = lines[place.line].split_once(": ").unwrap();
                lines[place.line] = format!("{key}: {text}");
            }
        });
        let what = format!("swapped lines {} and {}", left.line + 1, right.line + 1);
        return Mutation { what, files };
    }
}

/// Writes one overlay down twice, the copy under a name of its own.
fn duplicate(files: &[RuleFile], random: &mut StdRng) -> Mutation {
    let mut starts = Vec::new();
    for (file, text) in files.iter().enumerate() {
        let lines = lines(text);
        for (line, text) in lines.iter().enumerate() {
            if text.starts_with("  - name: ")
                && lines
                    .get(line + 1)
                    .is_some_and(|next| next.contains("key:"))
            {
                starts.push(Place { file, line });
            }
        }
    }
    let place = *starts.choose(random).unwrap();
    let renamed = random.random_bool(0.5);
    let files = replace(files, place.file, |lines| {
        let end = (place.line + 1..lines.len()).find(|at| indent(&lines[*at]) <= 2);
        let mut copy = lines[place.line..end.unwrap_or(lines.len())].to_vec();
        if renamed {
            copy[0].push_str("-again");
        }
        // What the copy pins differs, as copies do after the first edit.
        for line in &mut copy {
            if line.contains("gpu-operator: v2") {
                *line = format!("{}9", line.trim_end());
            }
        }
        let at = lines.len();
        lines.splice(at..at, copy);
    });
    Mutation {
        what: format!("duplicated the overlay at line {}", place.line + 1),
        files,
    }
}

fn noticed(before: &Compiled, texts: &Texts, mutation: &Mutation) -> bool {
    let Ok(after) = compile(&mutation.files, &texts.defaults, "sha256:00") else {
        return true;
    };
    !after.warnings.is_empty()
        || after
            .expectations
            .iter()
            .any(|expectation| !expectation.check(&after.rules).is_empty())
        || lint(&after.rules, reads) != lint(&before.rules, reads)
        || !impact(&before.rules, &after.rules).is_empty()
}

#[test]
fn every_mutation_is_noticed() {
    let texts = library::embedded();
    let before = compile(&texts.files, &texts.defaults, &texts.digest).unwrap();
    let missed: Vec<String> = (0..200)
        .filter_map(|seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let mutate = [drop_key, widen, swap, duplicate][usize::try_from(seed).unwrap() % 4];
            let mutation = mutate(&texts.files, &mut random);
            (!noticed(&before, &texts, &mutation)).then(|| format!("{seed}: {mutation}"))
        })
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}
