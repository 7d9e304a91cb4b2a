//! Log lines, whatever clients send.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{AccessLine, Events, LogFormat, Stream};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_wait_for_company_and_events_do_not() {
    let written = Written::default();
    let stream = Arc::new(Stream::new(written.clone()));
    stream.line(b"a\n");
    assert_eq!(written.0.lock().unwrap().len(), 0);
    Events(Arc::clone(&stream)).write_all(b"event\n").unwrap();
    assert_eq!(*written.0.lock().unwrap(), b"a\nevent\n");
    for _ in 0..10_000 {
        stream.line(b"0123456789\n");
    }
    assert!(written.0.lock().unwrap().len() > 50_000);
    stream.flush();
    assert_eq!(written.0.lock().unwrap().len(), 8 + 110_000);
}

fn line() -> AccessLine<'static> {
    AccessLine {
        time: "2026-11-23T00:00:00.000042Z".parse().unwrap(),
        level: "INFO",
        event: "recipe_generated",
        request_id: "r-1",
        method: "GET",
        path: "/v1/recipe",
        status: 200,
        duration: Duration::from_micros(1234),
        params: Some("os=ubuntu"),
        matched_rules: Some(3),
        measurements: Some(4),
        cache: Some("hit"),
        rules_digest: Some("sha256:a"),
        client: [127, 0, 0, 1].into(),
        error: None,
    }
}

fn text(line: &AccessLine<'_>, format: LogFormat) -> String {
    let mut out = Vec::new();
    line.write(format, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_line_is_one_json_object() {
    assert_eq!(
        text(&line(), LogFormat::Json),
        "{\"time\":\"2026-11-23T00:00:00.000042Z\",\"level\":\"INFO\",\"event\":\"recipe_generated\",\
         \"request_id\":\"r-1\",\"method\":\"GET\",\"path\":\"/v1/recipe\",\"status\":200,\
         \"duration_ms\":1.234,\"params\":\"os=ubuntu\",\"matched_rules\":3,\"measurements\":4,\
         \"cache\":\"hit\",\"rules_digest\":\"sha256:a\",\"client\":\"127.0.0.1\"}\n"
    );
}

#[test]
fn a_client_cannot_break_a_line() {
    let hostile = AccessLine {
        path: "/a\n{\"level\":\"error\"}\u{1b}[2J",
        params: Some("x=\r\ny"),
        ..line()
    };
    for format in [LogFormat::Json, LogFormat::Text] {
        let text = text(&hostile, format);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
    }
}

#[test]
fn every_character_comes_back_out_of_a_json_line() {
    let hostile: String = (0..0x250)
        .chain([0x2028, 0xfeff, 0x1f600])
        .filter_map(char::from_u32)
        .collect();
    let line = AccessLine {
        params: Some(&hostile),
        duration: Duration::from_micros(61_000_007),
        ..line()
    };
    let read: serde_json::Value = serde_json::from_str(&text(&line, LogFormat::Json)).unwrap();
    assert_eq!(read["params"], hostile);
    assert_eq!(read["duration_ms"], 61_000.007);
}

#[test]
fn the_time_of_a_line_is_its_own() {
    for time in [
        "2026-11-23T00:00:00.000042Z",
        "2026-11-23T00:00:00.999999Z",
        "2026-11-23T00:00:01.5Z",
        "2028-02-29T23:59:59.1Z",
    ] {
        let time = time.parse().unwrap();
        let line = AccessLine { time, ..line() };
        for format in [LogFormat::Json, LogFormat::Text] {
            let text = text(&line, format);
            assert!(text.contains(&format!("{time:.6}")), "{time}: {text}");
        }
    }
}
