//! The line that each request leaves in the log, formatted by hand: with a
//! serialiser it would cost a third of the answer.

use std::cell::Cell;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::LogFormat;

/// What happened to one request. Names and order are the contract with whoever
/// reads the logs.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names are those of the log line")]
pub struct AccessLine<'a> {
    pub time: Timestamp,
    pub level: &'static str,
    pub event: &'static str,
    pub request_id: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub duration: Duration,
    pub params: Option<&'a str>,
    pub matched_rules: Option<usize>,
    pub measurements: Option<usize>,
    pub cache: Option<&'static str>,
    pub rules_digest: Option<&'a str>,
    pub client: IpAddr,
    pub error: Option<&'a str>,
}

impl AccessLine<'_> {
    /// Appends the line with its line end. Whatever a client sent stays on one
    /// line.
    pub fn write(&self, format: LogFormat, out: &mut Vec<u8>) {
        match format {
            LogFormat::Json => self.write_json(out),
            LogFormat::Text => self.write_text(out),
        }
        out.push(b'\n');
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        write_time(self.time, out);
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(self.level.as_bytes());
        out.extend_from_slice(b"\",\"event\":\"");
        out.extend_from_slice(self.event.as_bytes());
        out.push(b'"');
        own_member("request_id", self.request_id, out);
        text_member("method", self.method, out);
        text_member("path", self.path, out);
        number_member("status", u64::from(self.status), out);
        member("duration_ms", out);
        write_milliseconds(self.duration, out);
        if let Some(params) = self.params {
            text_member("params", params, out);
        }
        for (name, count) in [
            ("matched_rules", self.matched_rules),
            ("measurements", self.measurements),
        ] {
            if let Some(count) = count {
                number_member(name, count as u64, out);
            }
        }
        for (name, text) in [("cache", self.cache), ("rules_digest", self.rules_digest)] {
            if let Some(text) = text {
                own_member(name, text, out);
            }
        }
        out.extend_from_slice(b",\"client\":\"");
        write_address(self.client, out);
        out.push(b'"');
        if let Some(error) = self.error {
            text_member("error", error, out);
        }
        out.push(b'}');
    }

    fn write_text(&self, out: &mut Vec<u8>) {
        write_time(self.time, out);
        // Writing into memory does not fail, here and below.
        let _ = write!(
            out,
            " {} {} {} {} {} ",
            self.level,
            self.event,
            self.method.escape_debug(),
            self.path.escape_debug(),
            self.status
        );
        write_milliseconds(self.duration, out);
        let _ = write!(
            out,
            "ms request_id={} client={}",
            self.request_id, self.client
        );
        let pairs = [
            ("params", self.params),
            ("cache", self.cache),
            ("error", self.error),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                let _ = write!(out, " {name}={value:?}");
            }
        }
        if let Some(rules) = self.matched_rules {
            let _ = write!(out, " matched_rules={rules}");
        }
    }
}

/// `,"name":`.
fn member(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn number_member(name: &str, number: u64, out: &mut Vec<u8>) {
    member(name, out);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A text that this service made, or let through because it is safe to repeat.
fn own_member(name: &str, text: &str, out: &mut Vec<u8>) {
    member(name, out);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// A text that may hold anything.
fn text_member(name: &str, text: &str, out: &mut Vec<u8>) {
    let plain = |byte: u8| !matches!(byte, 0..b' ' | b'"' | b'\\');
    // Without a way out early the compiler looks at many bytes at once.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return own_member(name, text, out);
    }
    member(name, out);
    let _ = serde_json::to_writer(out, text);
}

fn write_address(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            for (place, octet) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(octet).as_bytes());
            }
        }
        IpAddr::V6(address) => {
            let _ = write!(out, "{address}");
        }
    }
}

/// Microseconds, three digits of them behind the point.
fn write_milliseconds(duration: Duration, out: &mut Vec<u8>) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    out.extend_from_slice(itoa::Buffer::new().format(micros / 1000).as_bytes());
    write_digits(b'.', micros % 1000, 100, out);
}

/// `2026-11-23T00:00:00.000000Z`. The calendar is asked once a second.
fn write_time(time: Timestamp, out: &mut Vec<u8>) {
    thread_local! {
        static SECOND: Cell<(i64, [u8; 19])> = const { Cell::new((i64::MIN, [0; 19])) };
    }
    let (second, micros) = (time.as_second(), time.subsec_microsecond());
    let (known, mut text) = SECOND.get();
    if second != known {
        let _ = write!(&mut text[..], "{}", time.strftime("%Y-%m-%dT%H:%M:%S"));
        SECOND.set((second, text));
    }
    out.extend_from_slice(&text);
    write_digits(b'.', u64::from(micros.unsigned_abs()), 100_000, out);
    out.push(b'Z');
}

/// A mark and a number with as many digits as `highest` has.
fn write_digits(mark: u8, number: u64, highest: u64, out: &mut Vec<u8>) {
    out.push(mark);
    let mut place = highest;
    while place > 0 {
        // One digit fits.
        out.push(b'0' + u8::try_from(number / place % 10).unwrap_or_default());
        place /= 10;
    }
}
