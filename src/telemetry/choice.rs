//! What is logged and how, as people choose it.

/// What is logged: this and everything more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may fail.
    Warn,
    /// One line a request.
    Info,
    /// What happens between requests.
    Debug,
    /// Everything.
    Trace,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// `key=value` for people.
    Text,
}

impl LogLevel {
    /// Reads the name of a level, in any case.
    ///
    /// # Errors
    /// Says which names there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("not one of error, warn, info, debug, trace".to_owned()),
        }
    }
}

impl LogFormat {
    /// Reads the name of a format, in any case.
    ///
    /// # Errors
    /// Says which names there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("not one of json, text".to_owned()),
        }
    }
}
