//! The table of keys: name, default and meaning, in the order of `--help`.

/// One thing that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says what each one is")]
pub enum Key {
    Host,
    Port,
    Workers,
    RecipeDataPath,
    ReloadInterval,
    ApiKeysFile,
    TlsCert,
    TlsKey,
    CorsAllowedOrigins,
    RateLimit,
    RateBurst,
    TrustedProxies,
    CacheMaxAge,
    CacheCapacity,
    ReadTimeout,
    WriteTimeout,
    IdleTimeout,
    MaxBodyBytes,
    MaxConnections,
    DrainDelay,
    ShutdownTimeout,
    LogLevel,
    LogFormat,
}

impl Key {
    /// All keys, in the order of `--help`.
    pub const ALL: [Self; 23] = [
        Self::Host,
        Self::Port,
        Self::Workers,
        Self::RecipeDataPath,
        Self::ReloadInterval,
        Self::ApiKeysFile,
        Self::TlsCert,
        Self::TlsKey,
        Self::CorsAllowedOrigins,
        Self::RateLimit,
        Self::RateBurst,
        Self::TrustedProxies,
        Self::CacheMaxAge,
        Self::CacheCapacity,
        Self::ReadTimeout,
        Self::WriteTimeout,
        Self::IdleTimeout,
        Self::MaxBodyBytes,
        Self::MaxConnections,
        Self::DrainDelay,
        Self::ShutdownTimeout,
        Self::LogLevel,
        Self::LogFormat,
    ];

    /// Environment name, default (empty for none) and meaning.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Host => ("HOST", "0.0.0.0", "address to listen on"),
            Self::Port => ("PORT", "8080", "port to listen on"),
            Self::Workers => ("WORKERS", "", "threads that answer; default: one a core"),
            Self::RecipeDataPath => (
                "RECIPE_DATA_PATH",
                "",
                "directory or file with the rule base; default: the embedded one",
            ),
            Self::ReloadInterval => (
                "RELOAD_INTERVAL",
                "5s",
                "how often rule base, keys and certificate are looked at for changes",
            ),
            Self::ApiKeysFile => (
                "EIDOS_API_KEYS_FILE",
                "",
                "one name:sha256-of-key a line; when set, /v1/ needs a bearer key",
            ),
            Self::TlsCert => ("TLS_CERT", "", "certificate chain, PEM; needs TLS_KEY"),
            Self::TlsKey => ("TLS_KEY", "", "private key, PEM; needs TLS_CERT"),
            Self::CorsAllowedOrigins => (
                "CORS_ALLOWED_ORIGINS",
                "",
                "origins that browsers may call from, comma-separated; * for all",
            ),
            Self::RateLimit => (
                "RATE_LIMIT",
                "100",
                "requests a second and client; 0 turns it off",
            ),
            Self::RateBurst => ("RATE_BURST", "200", "requests at once a client"),
            Self::TrustedProxies => (
                "TRUSTED_PROXIES",
                "",
                "networks whose X-Forwarded-For counts, comma-separated CIDRs",
            ),
            Self::CacheMaxAge => (
                "CACHE_MAX_AGE",
                "300",
                "seconds that others may cache an answer",
            ),
            Self::CacheCapacity => ("CACHE_CAPACITY", "24MiB", "most bytes of answers kept"),
            Self::ReadTimeout => (
                "READ_TIMEOUT",
                "10s",
                "longest wait for the rest of a head; and for a body",
            ),
            Self::WriteTimeout => (
                "WRITE_TIMEOUT",
                "30s",
                "longest that sent bytes may stay unacknowledged",
            ),
            Self::IdleTimeout => ("IDLE_TIMEOUT", "60s", "longest wait for the next request"),
            Self::MaxBodyBytes => ("MAX_BODY_BYTES", "4MiB", "largest request body"),
            Self::MaxConnections => ("MAX_CONNECTIONS", "25000", "most connections at once"),
            Self::DrainDelay => (
                "DRAIN_DELAY",
                "2s",
                "how long new connections are served after SIGTERM",
            ),
            Self::ShutdownTimeout => (
                "SHUTDOWN_TIMEOUT",
                "30s",
                "longest wait for running requests after that",
            ),
            Self::LogLevel => ("LOG_LEVEL", "info", "error, warn, info, debug or trace"),
            Self::LogFormat => ("LOG_FORMAT", "json", "json or text"),
        }
    }

    /// The name in the environment.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The default as it would be written; empty for none.
    #[must_use]
    pub const fn default(self) -> &'static str {
        self.row().1
    }

    /// What it is for.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.row().2
    }

    /// The flag without its dashes.
    #[must_use]
    pub fn flag(self) -> String {
        self.name().to_lowercase().replace('_', "-")
    }
}
