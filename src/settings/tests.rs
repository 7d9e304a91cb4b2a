//! Flags and environment, right and wrong.

use std::time::Duration;

use super::{Command, Key, LogLevel, Settings, help, parse_flags};

fn settings(pairs: &[(&'static str, &str)]) -> Result<Settings, Vec<String>> {
    let lookup = |name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_lookup(lookup).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn nothing_set_is_the_documented_default() {
    let settings = settings(&[("PORT", " "), ("WORKERS", "3")]).unwrap();
    assert_eq!(settings.port, 8080);
    assert_eq!(settings.host.to_string(), "0.0.0.0");
    let rate = settings.rate.unwrap();
    assert_eq!((rate.per_second, rate.burst), (100, 200));
    assert_eq!(settings.max_body_bytes, 4 << 20);
    assert_eq!(settings.cache_capacity, 24 << 20);
    assert_eq!(settings.drain_delay, Duration::from_secs(2));
    assert_eq!(settings.tls, None);
    assert_eq!(settings.workers, 3);
}

#[test]
fn values_are_read_as_people_write_them() {
    let settings = settings(&[
        ("RATE_LIMIT", "0"),
        ("READ_TIMEOUT", "1m 30s"),
        ("IDLE_TIMEOUT", "250ms"),
        ("DRAIN_DELAY", "0"),
        ("MAX_BODY_BYTES", "512k"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://a.example:8443,http://localhost:3000",
        ),
        ("LOG_LEVEL", "WARN"),
        ("TLS_CERT", "c.pem"),
        ("TLS_KEY", "k.pem"),
    ])
    .unwrap();
    assert_eq!(settings.rate, None);
    assert_eq!(settings.read_timeout, Duration::from_secs(90));
    assert_eq!(settings.idle_timeout, Duration::from_millis(250));
    assert_eq!(settings.drain_delay, Duration::ZERO);
    assert_eq!(settings.max_body_bytes, 512 << 10);
    assert_eq!(settings.trusted_proxies.len(), 2);
    assert_eq!(settings.cors_allowed_origins.len(), 2);
    assert_eq!(settings.log_level, LogLevel::Warn);
    assert!(settings.tls.is_some());
}

#[test]
fn every_bad_value_is_reported_at_once() {
    let errors = settings(&[
        ("HOST", "localhost"),
        ("PORT", "http"),
        ("WORKERS", "0"),
        ("RATE_LIMIT", "-1"),
        ("RATE_BURST", "0"),
        ("READ_TIMEOUT", "ten"),
        ("WRITE_TIMEOUT", "0s"),
        ("IDLE_TIMEOUT", "99999999999999999999"),
        ("DRAIN_DELAY", "-1s"),
        ("SHUTDOWN_TIMEOUT", "9999d"),
        ("MAX_BODY_BYTES", "4 potatoes"),
        ("MAX_CONNECTIONS", ""),
        ("CACHE_CAPACITY", "99999999999G"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,10/99"),
        ("CORS_ALLOWED_ORIGINS", "example.com"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("TLS_CERT", "c.pem"),
    ])
    .unwrap_err();
    assert_eq!(errors.len(), 17, "{errors:#?}");
    assert!(errors[0].contains("HOST is `localhost`: not an IP address"));
    assert!(
        errors
            .iter()
            .any(|error| error.contains("`10/99` is not a network"))
    );
    assert!(
        errors
            .iter()
            .any(|error| error.contains("TLS_CERT is set, so this must be too"))
    );
}

fn flags(arguments: &[&str]) -> Result<Command, Vec<String>> {
    parse_flags(arguments.iter().map(Into::into))
}

#[test]
fn flags_have_the_names_of_the_environment() {
    let Ok(Command::Serve(values)) = flags(&["--port", "9090", "--rate-limit=0"]) else {
        panic!("flags")
    };
    assert_eq!((&*values["PORT"], &*values["RATE_LIMIT"]), ("9090", "0"));
    assert_eq!(flags(&["-h"]), Ok(Command::Help));
    assert_eq!(flags(&["--version"]), Ok(Command::Version));
}

#[test]
fn every_bad_flag_is_named() {
    let errors = flags(&[
        "--prot=1", "serve", "--host", "::", "--host", "::", "--port",
    ])
    .unwrap_err();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(errors[0].contains("did you mean --port?"), "{errors:?}");
    assert!(errors[3].contains("--port needs a value"));
}

#[test]
fn help_names_every_flag_and_fits_a_terminal() {
    let text = help();
    for key in Key::ALL {
        assert!(text.contains(&format!("--{} ", key.flag())));
    }
    let longest = text.lines().map(str::len).max().unwrap();
    assert!(longest <= 100, "{longest}");
}
