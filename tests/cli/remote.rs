//! `--server`: a server answers instead of the embedded rules, with the same bytes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::server::process::Server;

const SNAPSHOT: &str = "kind: Snapshot
apiVersion: snapshot.dgxc.io/v1
measurements:
  - type: SystemD
    subtypes:
      - subtype: containerd.service
        data:
          ActiveState: inactive
  - type: K8s
    subtypes:
      - subtype: server
        data:
          version: v1.20.3
      - subtype: node
        data:
          provider: eks
      - subtype: image
        data:
          gpu-operator: v24.1.0
  - type: GPU
    subtypes:
      - subtype: smi
        data:
          driver: 570.124.06
          gpu.model: NVIDIA H100 80GB HBM3
";

fn eidos(folder: &Path, server: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eidos"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("EIDOS_SERVER")
        .stdin(Stdio::null());
    if let Some(url) = server {
        command.env("EIDOS_SERVER", url);
    }
    command.output().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("node.yaml"), SNAPSHOT).unwrap();
    let other = SNAPSHOT
        .replace("570.124.06", "550.54.15")
        .replace("inactive", "active");
    fs::write(folder.path().join("other.yaml"), other).unwrap();
    folder
}

/// Everything below a folder, by path.
fn tree(root: &Path, found: &mut Vec<(String, Vec<u8>)>, prefix: &str) {
    let mut entries: Vec<_> = fs::read_dir(root).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            tree(&entry.path(), found, &name);
        } else {
            found.push((name, fs::read(entry.path()).unwrap()));
        }
    }
}

#[test]
fn a_server_and_the_embedded_rules_give_the_same_bytes() {
    let server = Server::start(&[]);
    let url = format!("http://{}", server.address);
    let folder = folder();
    let environment = ["--service", "eks", "--gpu", "h100", "--intent", "training"];
    for (line, code) in [
        ("recipe", 0),
        ("recipe --context --explain", 0),
        ("recipe -t yaml", 0),
        ("recipe -t table", 0),
        ("recipe images", 0),
        ("query --selector K8s.image.gpu-operator", 0),
        ("recipe -f node.yaml --intent training", 0),
        ("query -f node.yaml --selector K8s.image.gpu-operator", 0),
        ("validate -f node.yaml --intent training", 1),
        ("validate -f node.yaml -t json", 1),
        ("validate -f node.yaml -t yaml", 1),
        ("validate -f node.yaml -t junit", 1),
        ("validate -f node.yaml -t github", 1),
        ("validate -f node.yaml -t markdown", 1),
        ("diff node.yaml other.yaml", 1),
        ("diff node.yaml other.yaml --format json", 1),
        (
            "diff node.yaml other.yaml --format github --ignore GPU.smi.*",
            1,
        ),
        ("diff node.yaml node.yaml", 0),
        ("diff node.yaml .", 1),
    ] {
        let mut arguments: Vec<&str> = line.split(' ').collect();
        if !line.contains("node.yaml") {
            arguments.extend(environment);
        }
        let here = eidos(folder.path(), None, &arguments);
        let there = eidos(folder.path(), Some(&url), &arguments);
        let said = String::from_utf8_lossy(&there.stderr);
        assert_eq!(there.status.code(), Some(code), "{line}: {said}");
        assert_eq!(here.status, there.status, "{line}");
        assert_eq!(
            String::from_utf8_lossy(&here.stdout),
            String::from_utf8_lossy(&there.stdout),
            "{line}"
        );
        assert_eq!(String::from_utf8_lossy(&here.stderr), said, "{line}");
    }
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("path=\"/v1/drift\""));
}

#[test]
fn a_servers_bundle_is_the_same_folder() {
    let server = Server::start(&[]);
    let url = format!("http://{}", server.address);
    let folder = folder();
    let line = "recipe --service eks --gpu h100 --intent training -o recipe.yaml";
    let arguments: Vec<&str> = line.split(' ').collect();
    assert!(eidos(folder.path(), None, &arguments).status.success());
    let made = |output: &str, server: Option<&str>| {
        let line = format!(
            "bundle -f recipe.yaml -b gpu-operator --set gpu-operator:driver.version=580.95.05 \
             --system-node-selector role=system --deployer helm -o {output}"
        );
        let arguments: Vec<&str> = line.split(' ').collect();
        let done = eidos(folder.path(), server, &arguments);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let mut found = Vec::new();
        tree(&folder.path().join(output), &mut found, "");
        found
    };
    let here = made("here", None);
    assert!(here.len() > 3);
    assert_eq!(here, made("there", Some(&url)));

    // The archive is the answer of the service itself.
    let recipe = fs::read_to_string(folder.path().join("recipe.yaml")).unwrap();
    let mut connection = server.connect();
    let head = "POST /v1/bundle HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\n";
    let length = recipe.len();
    connection.send(format!("{head}Content-Length: {length}\r\n\r\n{recipe}").as_bytes());
    let answer = connection.read().unwrap();
    assert_eq!(answer.header("content-type"), "application/zip");
    for server in [None, Some(&*url)] {
        let printed = eidos(
            folder.path(),
            server,
            &["bundle", "-f", "recipe.yaml", "-o", "-"],
        );
        assert!(printed.stdout == answer.body, "{server:?}");
    }
}

#[test]
fn refusals_say_who_said_what() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    fs::write(keys.path(), format!("ci:{}\n", "0".repeat(64))).unwrap();
    let server = Server::start(&[("EIDOS_API_KEYS_FILE", keys.path().to_str().unwrap())]);
    let url = format!("http://{}", server.address);
    let folder = folder();
    let ask = |url: &str, arguments: &[&str]| {
        let done = eidos(folder.path(), Some(url), arguments);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.stdout.is_empty(), "{said}");
        (done.status.code(), said)
    };
    let (code, said) = ask(&url, &["recipe", "--gpu", "h100"]);
    assert!(
        code == Some(5) && said.contains("401 UNAUTHORIZED"),
        "{said}"
    );
    let open = Server::start(&[]);
    let url = format!("http://{}", open.address);
    let (code, said) = ask(&url, &["recipe", "--gpu", "h1000"]);
    assert!(
        code == Some(2) && said.contains("h1000") && said.contains("h100"),
        "{said}"
    );
    let (code, said) = ask("eidos.example.com", &["recipe"]);
    assert!(code == Some(2) && said.contains("https://"), "{said}");
}

/// Answers one request with these bytes.
fn once(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://{address}")
}

#[test]
fn a_document_is_fetched_by_its_url() {
    let folder = folder();
    let server = Server::start(&[]);
    // Any document of a URL will do; a recipe of the service is at hand.
    let url = format!("http://{}/v1/recipe?gpu=h100&format=yaml", server.address);
    let done = eidos(folder.path(), None, &["diff", &url, &url]);
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let url = format!(
        "{}/recipe.yaml",
        once("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    );
    let done = eidos(folder.path(), None, &["recipe", "-f", &url]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.code() == Some(3) && said.contains("404") && said.contains(&url),
        "{said}"
    );
}

#[test]
fn a_stranger_is_not_believed() {
    let folder = folder();
    let page = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlogin";
    let done = eidos(folder.path(), Some(&once(page)), &["recipe", "-t", "yaml"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.code() == Some(5) && said.contains("not Eidos's: `login`"),
        "{said}"
    );
}
