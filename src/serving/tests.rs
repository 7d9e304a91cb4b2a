//! Answers, their cache, and the swap of one rule base for another.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::{any, proptest};

use super::{Answer, Encoding, Facts, Outcome, Publisher, Revision, Watch};
use crate::library;
use crate::rules::{RuleBase, compile};

fn rules(version: &str) -> String {
    format!(
        "rules: {{version: '{version}'}}\n\
         base:\n  source: [E]\n  types:\n    - type: K8s\n      subtypes:\n        - subtype: image\n          data: {{gpu-operator: v25.3.0}}\n\
         sources: {{E: {{title: t, where: w}}}}\n"
    )
}

fn load(path: &Path) -> RuleBase {
    let texts = library::read(path).unwrap();
    compile(&texts.files, &texts.defaults, &texts.digest)
        .unwrap()
        .rules
}

fn answer(size: usize) -> Arc<Answer> {
    Arc::new(Answer::new(
        "application/json",
        &vec![b'x'; size],
        Facts::default(),
    ))
}

fn unpack(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    match encoding {
        Encoding::Identity => out.extend_from_slice(bytes),
        Encoding::Brotli => {
            brotli::Decompressor::new(bytes, 4096)
                .read_to_end(&mut out)
                .unwrap();
        }
        Encoding::Zstd => out = zstd::stream::decode_all(bytes).unwrap(),
        Encoding::Gzip => {
            flate2::read::GzDecoder::new(bytes)
                .read_to_end(&mut out)
                .unwrap();
        }
    }
    out
}

proptest! {
    #[test]
    fn every_encoding_gives_the_body_back(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let answer = Answer::new("x/y", &body, Facts::default());
        for encoding in [Encoding::Identity, Encoding::Brotli, Encoding::Zstd, Encoding::Gzip] {
            let bytes = answer.bytes(encoding).unwrap();
            assert!(answer.has(encoding));
            assert_eq!(unpack(encoding, &bytes), body);
            assert_eq!(answer.bytes(encoding).unwrap(), bytes);
        }
    }
}

#[test]
fn small_answers_are_not_compressed() {
    assert_eq!(answer(100).best(Encoding::Brotli), Encoding::Identity);
    assert_eq!(answer(5000).best(Encoding::Brotli), Encoding::Brotli);
}

#[test]
fn the_cache_stays_inside_its_capacity_with_encodings_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.yaml"), rules("1")).unwrap();
    let revision = Revision::new(load(folder.path()), 100_000);
    for number in 0..1000 {
        let answer = answer(2000);
        let key = format!("key-{number}");
        revision.remember(&key, &answer);
        answer.bytes(Encoding::Gzip).unwrap();
        revision.remember(&key, &answer);
    }
    let weight = revision.weight();
    assert!(weight > 10_000 && weight <= 100_000, "{weight}");
}

#[test]
fn a_change_is_taken_when_two_looks_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.yaml");
    fs::write(&path, rules("1")).unwrap();
    let first = load(folder.path());
    let mut watch = Watch::new(folder.path().into(), first.digest().to_string());
    let publisher = Publisher::new(first, 1 << 20);
    publisher.current().remember("key", &answer(10));
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));

    fs::write(&path, rules("2")).unwrap();
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));
    fs::write(&path, rules("3")).unwrap();
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));
    let Outcome::Swapped { revision, .. } = watch.look(&publisher) else {
        panic!("two looks agree")
    };
    assert_eq!(revision.rules().version(), "3");
    assert!(publisher.current().remembered("key").is_none());
}

#[test]
fn what_is_broken_is_refused_once_and_the_old_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.yaml");
    fs::write(&path, rules("1")).unwrap();
    let first = load(folder.path());
    let mut watch = Watch::new(folder.path().into(), first.digest().to_string());
    let publisher = Publisher::new(first, 1 << 20);

    fs::write(&path, "base: []").unwrap();
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));
    assert!(matches!(watch.look(&publisher), Outcome::Refused(_)));
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));
    assert!(matches!(watch.look_now(&publisher), Outcome::Refused(_)));
    fs::remove_file(&path).unwrap();
    assert!(matches!(watch.look(&publisher), Outcome::Refused(_)));
    assert!(matches!(watch.look(&publisher), Outcome::Unchanged));
    assert_eq!(publisher.current().rules().version(), "1");

    fs::write(&path, rules("2")).unwrap();
    assert!(matches!(
        watch.look_now(&publisher),
        Outcome::Swapped { .. }
    ));
    assert!(matches!(watch.look_now(&publisher), Outcome::Unchanged));
    assert_eq!(publisher.current().rules().version(), "2");
}
