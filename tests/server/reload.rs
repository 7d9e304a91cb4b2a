//! A rule base that changes while it is being asked.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::process::{Connection, Server};
use crate::http::support::SECRET;

fn rules(edition: usize) -> String {
    let mut text = format!(
        "rules: {{version: 'edition-{edition}'}}\nbase:\n  source: [E]\n  types:\n    - type: K8s\n      subtypes:\n        - subtype: image\n          data:\n"
    );
    for number in 0..20 {
        writeln!(text, "            image-{number}: v{edition}.0").unwrap();
    }
    text
}

/// Rules that are refused, each for another reason.
fn broken(edition: usize) -> String {
    let good = rules(edition);
    match edition % 5 {
        0 => String::new(),
        1 => good.replace("base:", "bose:"),
        2 => good.replace("image-7:", "image-6:"),
        3 => format!("{good}overlays:\n  - {{name: a, key: {{gpu: h10}}, types: []}}\n"),
        _ => good.split_at(good.len() / 2).0.to_owned() + "\t{",
    }
}

/// As a person or a `ConfigMap` volume does it: whole or not at all.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

#[test]
fn a_thousand_good_and_a_hundred_bad_editions_under_load_mix_no_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    replace(&path, &rules(0));
    let server = Server::start(&[
        ("RECIPE_DATA_PATH", folder.path().to_str().unwrap()),
        ("RELOAD_INTERVAL", "1h"),
        ("RATE_LIMIT", "0"),
        ("LOG_LEVEL", "info"),
    ]);
    let address = server.address;
    let done = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut connection = Connection::to(address);
                while !done.load(Ordering::Relaxed) {
                    let answer = connection.get("/v1/recipe?gpu=h100");
                    assert_eq!(answer.status, 200);
                    let recipe = answer.json();
                    let version = recipe["metadata"]["recipe-version"].as_str().unwrap();
                    let edition = version.strip_prefix("edition-").unwrap();
                    let images = &recipe["measurements"][0]["subtypes"][0]["data"];
                    for image in images.as_object().unwrap().values() {
                        assert_eq!(
                            image,
                            &format!("v{edition}.0"),
                            "two editions in one answer"
                        );
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for edition in 1..=1000 {
            replace(&path, &rules(edition));
            server.signal("-HUP");
            let event = server.event("a new rule base is served");
            assert_eq!(event["version"], format!("edition-{edition}"));
            if edition % 10 == 0 {
                replace(&path, &broken(edition / 10));
                server.signal("-HUP");
                server.event("the rule base was refused; the last good one is still served");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) > 1000);
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("eidos_rules_reloads_total{result=\"success\"} 1000"));
    assert!(metrics.contains("eidos_rules_reloads_total{result=\"failure\"} 100"));
    let memory = server.resident();
    assert!(memory < 64 << 10, "{memory} KiB after 1,000 editions");
}

#[test]
fn a_polled_change_is_taken_and_a_broken_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    replace(&path, &rules(1));
    let server = Server::start(&[
        ("RECIPE_DATA_PATH", path.to_str().unwrap()),
        ("RELOAD_INTERVAL", "20ms"),
    ]);
    let version = || server.get("/").json()["rules"]["version"].clone();
    assert_eq!(version(), "edition-1");
    replace(&path, &rules(2));
    server.event("a new rule base is served");
    assert_eq!(version(), "edition-2");

    replace(&path, "base: []\noverlays: 1\n");
    assert_eq!(server.event("rule base")["level"], "ERROR");
    let refused = server.event("the rule base was refused; the last good one is still served");
    assert_eq!(refused["level"], "ERROR");
    assert_eq!(version(), "edition-2");
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("eidos_rules_reloads_total{result=\"failure\"} 1"));
    replace(&path, &rules(3));
    server.event("a new rule base is served");
    assert_eq!(version(), "edition-3");
}

#[test]
fn a_broken_file_of_keys_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    replace(&path, &format!("ci:{SECRET}\n"));
    let mut server = Server::start(&[
        ("EIDOS_API_KEYS_FILE", path.to_str().unwrap()),
        ("RELOAD_INTERVAL", "20ms"),
        ("DRAIN_DELAY", "0s"),
    ]);
    let told = "the file of API keys cannot be read; the old one stays";
    for _ in 0..2 {
        replace(&path, "nonsense\n");
        server.event(told);
        replace(&path, &format!("cd:{SECRET}\n"));
        server.event("the file of API keys changed and is used from now on");
        replace(&path, &format!("ci:{SECRET}\n"));
        server.event("the file of API keys changed and is used from now on");
    }
    replace(&path, "nonsense\n");
    server.event(told);
    // Ten more looks.
    thread::sleep(Duration::from_millis(200));
    server.signal("-TERM");
    let rest = server.rest_of_log();
    assert_eq!(server.exit(), 0);
    assert!(rest.iter().all(|line| line["event"] != told), "{rest:?}");
}

#[test]
fn an_answer_of_the_old_edition_is_not_served_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    replace(&path, &rules(1));
    let server = Server::start(&[
        ("RECIPE_DATA_PATH", path.to_str().unwrap()),
        ("RELOAD_INTERVAL", "1h"),
    ]);
    let before = server.get("/v1/recipe");
    assert_eq!(server.get("/v1/recipe").body, before.body);
    replace(&path, &rules(2));
    server.signal("-HUP");
    server.event("a new rule base is served");
    let after = server.get("/v1/recipe");
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_eq!(after.json()["metadata"]["recipe-version"], "edition-2");
}
