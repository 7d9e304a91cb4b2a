//! The server's configuration: one table of keys, read from flags first and the
//! environment second, every bad value reported at once.
//!
//! Where flags and environment come from is the caller's business: this module
//! asks a lookup function.

mod flags;
mod help;
mod keys;
#[cfg(test)]
mod tests;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

pub use crate::telemetry::{LogFormat, LogLevel};
pub use flags::{Command, parse_flags};
pub use help::help;
pub use keys::Key;
use values::Reader;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on.
    pub port: u16,
    /// Threads that answer.
    pub workers: usize,
    /// What is logged.
    pub log_level: LogLevel,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Requests a second and client; `None` turns the limit off.
    pub rate: Option<Rate>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The longest a request's head, and then its body, may take to arrive.
    pub read_timeout: Duration,
    /// The longest that sent bytes may stay unacknowledged (TCP user timeout).
    pub write_timeout: Duration,
    /// The longest a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// How long new connections are still served after a termination signal.
    pub drain_delay: Duration,
    /// The longest that running requests are waited for after that.
    pub shutdown_timeout: Duration,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The most connections at once.
    pub max_connections: usize,
    /// A directory or file with the rule base; `None` for the embedded one.
    pub recipe_data_path: Option<PathBuf>,
    /// How often files are looked at for changes.
    pub reload_interval: Duration,
    /// How long answers may be cached by others, in seconds.
    pub cache_max_age: u32,
    /// The most bytes of answers kept.
    pub cache_capacity: u64,
    /// API keys; `None` leaves the service open.
    pub api_keys_file: Option<PathBuf>,
    /// Certificate and key; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Origins that browsers may call from; `*` for all.
    pub cors_allowed_origins: Vec<String>,
}

/// How fast one client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// Files of a TLS server, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// One value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is `{given}`: {reason}")]
pub struct SettingsError {
    /// The key.
    pub name: &'static str,
    /// The value as given.
    pub given: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl Settings {
    /// Reads every key. An empty value is none: the default applies.
    ///
    /// # Errors
    /// All bad values at once.
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, Vec<SettingsError>> {
        let mut read = Reader::new(&lookup);
        let settings = Self {
            host: read.value(Key::Host, values::address),
            port: read.value(Key::Port, values::port),
            workers: read.value(Key::Workers, values::workers),
            log_level: read.value(Key::LogLevel, LogLevel::parse),
            log_format: read.value(Key::LogFormat, LogFormat::parse),
            rate: {
                let per_second = read.value(Key::RateLimit, values::count);
                let burst = read.value(Key::RateBurst, values::positive);
                (per_second > 0).then_some(Rate { per_second, burst })
            },
            trusted_proxies: read.value(Key::TrustedProxies, values::networks),
            read_timeout: read.value(Key::ReadTimeout, values::positive_duration),
            write_timeout: read.value(Key::WriteTimeout, values::positive_duration),
            idle_timeout: read.value(Key::IdleTimeout, values::positive_duration),
            drain_delay: read.value(Key::DrainDelay, values::duration),
            shutdown_timeout: read.value(Key::ShutdownTimeout, values::positive_duration),
            max_body_bytes: read.value(Key::MaxBodyBytes, values::bytes),
            max_connections: read.value(Key::MaxConnections, values::positive),
            recipe_data_path: read.value(Key::RecipeDataPath, values::path),
            reload_interval: read.value(Key::ReloadInterval, values::positive_duration),
            cache_max_age: read.value(Key::CacheMaxAge, values::count),
            cache_capacity: read.value(Key::CacheCapacity, values::bytes),
            api_keys_file: read.value(Key::ApiKeysFile, values::path),
            tls: read.tls(),
            cors_allowed_origins: read.value(Key::CorsAllowedOrigins, values::origins),
        };
        read.finish(settings)
    }
}
