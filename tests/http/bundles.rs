//! `/v1/bundle`: the zip, its headers, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use actix_web::test::TestRequest;

use super::support::{Reply, get, post, send, service};

const QUERY: &str = "service=eks&os=ubuntu&osv=24.04&gpu=h100&intent=training";

/// Path, mode and content of each file, in the order of the archive.
fn unpacked(reply: &Reply) -> Vec<(String, u32, Vec<u8>)> {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.header("content-type"), "application/zip");
    let mut archive = zip::ZipArchive::new(Cursor::new(&reply.body)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            let mode = file.unix_mode().unwrap() & 0o777;
            (file.name().unwrap().into_owned(), mode, bytes)
        })
        .collect()
}

fn below(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            below(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// What the command line makes of a query.
fn by_command(recipe: &[&str], bundle: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eidos"));
        command.current_dir(&folder).args(arguments);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{said}");
    };
    run(&[&["recipe", "-o", "recipe.yaml"], recipe].concat());
    run(&[&["bundle", "-f", "recipe.yaml", "-o", "out"], bundle].concat());
    let mut found = BTreeMap::new();
    below(&folder.path().join("out"), "", &mut found);
    found
}

#[actix_web::test]
async fn the_files_are_those_of_the_command_line() {
    let app = service(&[]).await;
    let recipe = [
        "--service",
        "eks",
        "--os",
        "ubuntu",
        "--osv",
        "24.04",
        "--gpu",
        "h100",
        "--intent",
        "training",
    ];
    for (query, context, flags) in [
        ("", &[][..], &[][..]),
        ("&context=true", &["--context"], &[]),
        (
            "&deployer=argocd&bundlers=network-operator,gpu-operator&repo=https://a.example/b.git\
             &set=gpu-operator:driver.version=1.2.3&set=network-operator:nfd.enabled=true\
             &accelerated-node-toleration=a=b:NoSchedule&system-node-selector=c=d",
            &[],
            &[
                "--deployer=argocd",
                "-bgpu-operator,network-operator",
                "--repo=https://a.example/b.git",
                "--set=gpu-operator:driver.version=1.2.3",
                "--set=network-operator:nfd.enabled=true",
                "--accelerated-node-toleration=a=b:NoSchedule",
                "--system-node-selector=c=d",
            ],
        ),
    ] {
        let reply = get(&app, &format!("/v1/bundle?{QUERY}{query}")).await;
        let served: BTreeMap<_, _> = unpacked(&reply)
            .into_iter()
            .map(|(path, _, bytes)| (path, bytes))
            .collect();
        let made = by_command(&[&recipe[..], context].concat(), flags);
        assert_eq!(
            served.keys().collect::<Vec<_>>(),
            made.keys().collect::<Vec<_>>()
        );
        for (path, bytes) in &made {
            assert!(served[path] == *bytes, "{path} differs");
        }
    }
}

#[actix_web::test]
async fn a_posted_recipe_gives_what_its_query_gives() {
    let app = service(&[]).await;
    let expected = get(&app, &format!("/v1/bundle?{QUERY}")).await;
    for (format, content_type) in [("json", "application/json"), ("yaml", "application/yaml")] {
        let recipe = get(&app, &format!("/v1/recipe?{QUERY}&format={format}")).await;
        let reply = post(&app, "/v1/bundle", content_type, recipe.body.clone()).await;
        assert!(reply.body == expected.body, "{format}");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("etag"), "");
    }
    // Of what a client says that a recipe is made of, nothing is counted: only the
    // three answers to a query are.
    let metrics = get(&app, "/metrics").await;
    assert!(
        metrics
            .text()
            .contains("eidos_recipe_rule_matches_total{overlay=\"eks\"} 3\n")
    );
}

#[actix_web::test]
async fn the_same_query_gives_the_same_bytes_with_modes_and_validators() {
    let (one, two) = (service(&[]).await, service(&[]).await);
    let uri = format!("/v1/bundle?{QUERY}&bundlers=gpu-operator");
    let reply = get(&one, &uri).await;
    assert!(get(&two, &uri).await.body == reply.body);
    let files = unpacked(&reply);
    let paths: Vec<&str> = files.iter().map(|(path, _, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "gpu-operator/README.md",
            "gpu-operator/checksums.txt",
            "gpu-operator/manifests/clusterpolicy.yaml",
            "gpu-operator/recipe.yaml",
            "gpu-operator/scripts/install.sh",
            "gpu-operator/scripts/uninstall.sh",
            "gpu-operator/values.yaml",
        ]
    );
    for (path, mode, _) in &files {
        let expected = if path.contains("/scripts/") {
            0o755
        } else {
            0o644
        };
        assert_eq!(*mode, expected, "{path}");
    }
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(reply.header("vary"), "Accept, Accept-Encoding");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"bundle.zip\""
    );
    let tag = reply.header("etag").to_owned();
    assert!(tag.starts_with('"'));

    let asked = |name: &'static str, value: &str| {
        TestRequest::get()
            .uri(&uri)
            .insert_header((name, value.to_owned()))
    };
    let again = send(&one, asked("if-none-match", &tag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    // Packed already: no encoding would make it smaller.
    let encoded = send(&one, asked("accept-encoding", "br, gzip")).await;
    assert_eq!(encoded.header("content-encoding"), "");
    assert_eq!(encoded.header("etag"), tag);
    let head = TestRequest::default().method(actix_web::http::Method::HEAD);
    let head = send(&one, head.uri(&uri)).await;
    assert_eq!((head.status, head.header("etag")), (200, &*tag));
    let other = get(&one, &format!("{uri}&context=true")).await;
    assert_ne!(other.header("etag"), tag);
}

#[actix_web::test]
async fn what_cannot_be_bundled_is_refused_by_name() {
    let app = service(&[]).await;
    for (query, says) in [
        ("bundlers=gpu-oprator", "did you mean `gpu-operator`?"),
        ("deployer=helmfile", "allowed: script, helm, argocd, flux"),
        ("set=driver.version=1", "COMPONENT:PATH=VALUE"),
        (
            "set=gpu-operator:driver.versio=1",
            "did you mean `driver.version`?",
        ),
        (
            "set=gpuoperator:driver.version=1",
            "did you mean `gpu-operator`?",
        ),
        (
            "set=gpu-operator:driver.enabled=perhaps",
            "`perhaps` is not true or false",
        ),
        ("deployer=helm&deployer=flux", "is given more than once"),
        ("format=json", "`format` is not known here"),
        ("system-node-selector=x", "nodeGroup=system"),
        ("repo=a%20b", "is not safe"),
        ("repo=", "is not the URL of a Git repository"),
        ("bundlers=gpu-operator,", "`` is no bundler"),
    ] {
        let reply = get(&app, &format!("/v1/bundle?{query}")).await;
        let body = reply.error(400, "INVALID_REQUEST");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(says), "{query}: {message}");
    }
    let strict = get(
        &app,
        "/v1/bundle?service=gke&gpu=l40&os=ubuntu&intent=training&strict=true",
    )
    .await;
    strict.error(404, "NO_MATCHING_RULE");
    let accept = TestRequest::get()
        .uri("/v1/bundle")
        .insert_header(("accept", "application/json"));
    send(&app, accept).await.error(406, "NOT_ACCEPTABLE");
}

#[actix_web::test]
async fn a_posted_document_that_is_no_usable_recipe_is_refused() {
    let app = service(&[]).await;
    let head = "kind: Recipe\napiVersion: recipe.dgxc.io/v1\nmeasurements:\n";
    let image = |data: &str| {
        format!("{head}- {{type: K8s, subtypes: [{{subtype: image, data: {{{data}}}}}]}}\n")
    };
    for (body, says) in [
        (
            "kind: Snapshot\n".to_owned(),
            "kind `Snapshot` is not read; allowed are `Recipe`",
        ),
        (format!("{head}  x\n"), "must be a list"),
        (image("driver: '1'"), "there is nothing to bundle"),
        (
            image("gpu-operator: \"v25.3.0; reboot\""),
            "is not the tag of an image",
        ),
        (
            image("gpu-operator: v25.3.0, driver: '$(id)'"),
            "is not the tag of an image",
        ),
    ] {
        let reply = post(&app, "/v1/bundle", "application/yaml", body).await;
        let body = reply.error(400, "INVALID_REQUEST");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let named = post(&app, "/v1/bundle?gpu=h100", "application/yaml", image("")).await;
    named.error(400, "INVALID_REQUEST");
}
