//! HTTPS, with a certificate that is replaced while serving.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::process::{PATIENCE, Server};

/// Writes a new certificate and key; gives the certificate to trust.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["eidos.test".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

fn ask(address: SocketAddr, trusted: &CertificateDer<'static>) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("eidos.test").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(client, socket);
    stream
        .write_all(b"GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).or_else(|error| {
        // A server that closes without a farewell has still answered.
        if answer.is_empty() { Err(error) } else { Ok(0) }
    })?;
    Ok(answer)
}

#[test]
fn a_new_certificate_is_used_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let server = Server::start(&[
        ("TLS_CERT", &cert),
        ("TLS_KEY", &key),
        ("RELOAD_INTERVAL", "1h"),
    ]);
    let answer = ask(server.address, &first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\"kind\":\"Recipe\""));

    fs::write(folder.path().join("cert.pem"), "nonsense").unwrap();
    server.signal("-HUP");
    server.event("the TLS certificate cannot be read; the old one stays");
    assert!(ask(server.address, &first).is_ok());

    let second = certify(folder.path());
    server.signal("-HUP");
    server.event("the TLS certificate changed and is used from now on");
    assert!(ask(server.address, &second).is_ok());
    assert!(ask(server.address, &first).is_err());
}
