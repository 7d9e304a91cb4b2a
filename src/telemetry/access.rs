//! The line that each request leaves in the log.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use super::LogFormat;

/// What happened to one request. Names and order are the contract with whoever
/// reads the logs.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names are those of the log line")]
pub struct AccessLine<'a> {
    pub time: String,
    pub level: &'static str,
    pub event: &'static str,
    pub request_id: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
    pub duration: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched_rules: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurements: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_digest: Option<&'a str>,
    pub client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

fn milliseconds<S: serde::Serializer>(duration: &Duration, out: S) -> Result<S::Ok, S::Error> {
    // Three digits: microseconds.
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    out.serialize_f64(f64::from(micros) / 1000.0)
}

impl AccessLine<'_> {
    /// The line with its line end. Whatever a client sent stays on one line.
    #[must_use]
    pub fn text(&self, format: LogFormat) -> Vec<u8> {
        let mut line = Vec::with_capacity(512);
        match format {
            LogFormat::Json => {
                if serde_json::to_writer(&mut line, self).is_err() {
                    line.clear();
                }
            }
            LogFormat::Text => self.write_text(&mut line),
        }
        line.push(b'\n');
        line
    }

    fn write_text(&self, line: &mut Vec<u8>) {
        let millis = self.duration.as_secs_f64() * 1000.0;
        // Writing into memory does not fail.
        let _ = write!(
            line,
            "{} {} {} {} {} {} {millis:.3}ms request_id={} client={}",
            self.time,
            self.level,
            self.event,
            self.method.escape_debug(),
            self.path.escape_debug(),
            self.status,
            self.request_id,
            self.client
        );
        let pairs = [
            ("params", self.params),
            ("cache", self.cache),
            ("error", self.error),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                let _ = write!(line, " {name}={value:?}");
            }
        }
        if let Some(rules) = self.matched_rules {
            let _ = write!(line, " matched_rules={rules}");
        }
    }
}
