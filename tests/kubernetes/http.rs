//! HTTP/1.1 as far as Kubernetes clients speak it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Decoded.
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn token(&self) -> &str {
        let authorization = self.header("authorization");
        authorization.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// The body, which may be YAML.
    pub fn object(&self) -> Option<Value> {
        serde_json::from_slice(&self.body)
            .ok()
            .or_else(|| serde_saphyr::from_slice(&self.body).ok())
    }

    /// The next one of a connection; none when it was closed.
    pub fn read<S: Read>(stream: &mut BufReader<S>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut request = Self {
            method: words.next().unwrap_or_default(),
            ..Self::default()
        };
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        request.path = decode(path);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request.query.insert(decode(name), decode(value));
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let name = name.to_ascii_lowercase();
            request.headers.insert(name, value.trim().to_owned());
        }
        let length = request.header("content-length").parse().unwrap_or(0);
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
        Ok(Some(request))
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' if after.len() >= 2 => {
                let hex = std::str::from_utf8(&after[..2]).unwrap();
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &after[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// An answer that is sent whole.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub retry_after: Option<u32>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn ok(body: &Value) -> Self {
        Self::with(200, body)
    }

    pub fn with(status: u16, body: &Value) -> Self {
        Self {
            status,
            retry_after: None,
            body: serde_json::to_vec(body).unwrap(),
        }
    }

    /// A `Status` object.
    pub fn failure(status: u16, reason: &str, message: &str) -> Self {
        Self::with(status, &failure(status, reason, message))
    }

    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let retry_after = self
            .retry_after
            .map_or_else(String::new, |time| format!("Retry-After: {time}\r\n"));
        let length = self.body.len();
        let head = format!(
            "HTTP/1.1 {} -\r\nContent-Type: application/json\r\n{retry_after}Content-Length: {length}\r\n\r\n",
            self.status
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()
    }
}

pub fn failure(status: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status,
    })
}
