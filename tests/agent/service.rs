//! The agent and the service it was made for.

use std::fs;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::receiver::{Receiver, Turn};
use super::{Node, finish};
use crate::server::process::Server;

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

#[test]
fn the_service_answers_with_the_recipe_for_the_node() {
    let server = Server::start(&[]);
    let node = Node::new();
    let recipe = node
        .run(&format!("--server {} --intent training", url(&server)))
        .expect(0)
        .json();
    assert_eq!(recipe["request"]["os"], "ubuntu");
    assert_eq!(recipe["request"]["intent"], "training");

    // The environment names the server too, and a file leaves the output free.
    let mut command = node.agent("-o snapshot.yaml");
    let answer = finish(command.env("EIDOS_SERVER", url(&server)))
        .expect(0)
        .json();
    assert_eq!(answer["kind"], "Recipe");
    assert!(node.path("snapshot.yaml").exists());
    // Never two documents.
    let both = node
        .run(&format!("-o - --server {}", url(&server)))
        .expect(0);
    assert!(both.out.starts_with("---\n") && !both.out.contains("Recipe"));
}

#[test]
fn findings_are_printed_and_end_with_one() {
    let server = Server::start(&[]);
    let node = Node::new();
    let report = node
        .run(&format!("--server {} --validate", url(&server)))
        .expect(1)
        .json();
    assert_eq!(report["kind"], "ValidationReport");
    assert_eq!(report["result"], "fail");

    let pass = r#"{"kind":"ValidationReport","result":"pass"}"#.to_owned();
    let receiver = Receiver::start([Turn::Say(200, "", pass)]);
    node.run(&format!("--server {} --validate", receiver.url()))
        .expect(0);
    assert!(
        receiver.posts()[0]
            .line
            .starts_with("POST /v1/validate HTTP")
    );
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_service() {
    let server = Server::start(&[]);
    let node = Node::new();
    let run = node
        .run(&format!("--server {} --intent trainig", url(&server)))
        .expect(5);
    for words in ["400 INVALID_REQUEST", "`training`", "(request ", "--spool"] {
        assert!(run.err.contains(words), "{words} not in {}", run.err);
    }
}

#[test]
fn only_a_trusted_server_is_told_anything() {
    let node = Node::new();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    fs::create_dir_all(node.path("")).unwrap();
    fs::write(node.path("ca.pem"), cert.pem()).unwrap();
    fs::write(node.path("key.pem"), signing_key.serialize_pem()).unwrap();
    let other = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(node.path("other.pem"), other.cert.pem()).unwrap();
    let server = Server::start(&[
        ("TLS_CERT", node.path("ca.pem").to_str().unwrap()),
        ("TLS_KEY", node.path("key.pem").to_str().unwrap()),
    ]);
    let url = format!("https://{}", server.address);

    let trusted = node
        .run(&format!("--server {url} --cacert ca.pem"))
        .expect(0);
    assert_eq!(trusted.json()["kind"], "Recipe");
    let mut command = node.agent(&format!("--server {url}"));
    finish(command.env("SSL_CERT_FILE", "ca.pem")).expect(0);

    let stranger = node
        .run(&format!("--server {url} --cacert other.pem"))
        .expect(5);
    assert!(stranger.err.contains("--cacert"), "{}", stranger.err);
    assert!(!stranger.err.contains("again in"), "{}", stranger.err);
    for (file, words) in [
        ("missing.pem", "cannot read"),
        ("key.pem", "no certificate"),
    ] {
        let run = node
            .run(&format!("--server {url} --cacert {file}"))
            .expect(3);
        assert!(run.err.contains(words), "{}", run.err);
    }
}
