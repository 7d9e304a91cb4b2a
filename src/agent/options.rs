//! What one command line and environment ask for, checked; every problem at once.

mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::client::Trust;
use crate::client::kubernetes::SERVICE_ACCOUNT;
use crate::client::service::{Address, Question};
use crate::collect::{Measure, Source};
use crate::wire::Format;

use super::flags::{self, Line};
use values::{duration, duration_or_none, intent, place, sources};

/// What a command line asks for.
#[derive(Debug)]
pub(super) enum Command {
    Run(Box<Options>),
    Help,
    Version,
}

/// Where a snapshot goes or comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard output.
    Standard,
    File(PathBuf),
    ConfigMap {
        namespace: String,
        name: String,
    },
}

/// Everything the agent can be told.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) measure: Measure,
    /// None where the answers alone are wanted.
    pub(super) output: Option<Place>,
    pub(super) meta: Option<PathBuf>,
    pub(super) baseline: Option<Place>,
    pub(super) interval: Option<Duration>,
    pub(super) retry_for: Duration,
    pub(super) account: PathBuf,
    pub(super) post: Option<Post>,
}

/// To whom a snapshot is posted.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) address: Address,
    pub(super) key: Option<Key>,
    pub(super) question: Question,
    pub(super) intent: Option<String>,
    pub(super) spool: Option<PathBuf>,
    pub(super) timeout: Duration,
    pub(super) trust: Trust,
}

/// An API key, which no message shows.
#[derive(Clone)]
pub(super) struct Key(pub(super) String);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

/// Reads a command line without the program's name.
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Command, Vec<String>> {
    let mut wrong = Vec::new();
    let flags = match flags::parse(arguments, &mut wrong) {
        Line::Help => return Ok(Command::Help),
        Line::Version => return Ok(Command::Version),
        Line::Flags(flags) => flags,
    };
    let mut reader = Reader {
        flags,
        lookup,
        wrong,
    };
    let options = reader.options();
    if reader.wrong.is_empty() {
        Ok(Command::Run(Box::new(options)))
    } else {
        Err(reader.wrong)
    }
}

struct Reader<'l> {
    flags: BTreeMap<&'static str, OsString>,
    lookup: &'l dyn Fn(&str) -> Option<String>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn options(&mut self) -> Options {
        let post = self.post();
        let baseline = self.read("drift-baseline", place);
        let output = self.read("output", place).or_else(|| {
            let nothing_else = post.is_none() && baseline.is_none();
            nothing_else.then_some(Place::Standard)
        });
        if baseline == Some(Place::Standard) {
            self.wrong
                .push("--drift-baseline: `-` is no baseline; name a file or cm://NS/NAME".into());
        }
        Options {
            measure: self.measure(),
            output,
            meta: self.meta(),
            baseline,
            interval: self.read("interval", duration),
            retry_for: self
                .read("retry-for", duration_or_none)
                .unwrap_or(Duration::from_secs(60)),
            account: self
                .path("service-account")
                .unwrap_or_else(|| SERVICE_ACCOUNT.into()),
            post,
        }
    }

    fn meta(&mut self) -> Option<PathBuf> {
        let meta = self.path("meta")?;
        if meta.as_os_str() == "-" {
            self.wrong.push(
                "--meta: standard output carries the snapshot or answers; name a file".into(),
            );
        }
        Some(meta)
    }

    fn measure(&mut self) -> Measure {
        let node = Measure::node_name(|name| self.environment(name));
        Measure {
            sources: self
                .read("collectors", sources)
                .unwrap_or_else(|| Source::ALL.to_vec()),
            root: self.path("root"),
            full: self.flags.contains_key("full"),
            node,
        }
    }

    fn post(&mut self) -> Option<Post> {
        let question = if self.flags.contains_key("validate") {
            Question::Validate
        } else {
            Question::Recipe
        };
        let timeout = self.read("timeout", duration);
        let intent = self.read("intent", intent);
        let key = self.key();
        let spool = self.path("spool");
        let certificates = self
            .path("cacert")
            .or_else(|| self.environment("SSL_CERT_FILE").map(PathBuf::from));
        let address = match self.text("server") {
            Some(text) => self.check("--server", &text, |text| {
                Address::parse(text).map_err(|error| error.to_string())
            }),
            None => self.environment("EIDOS_SERVER").and_then(|text| {
                self.check("EIDOS_SERVER", &text, |text| {
                    Address::parse(text).map_err(|error| error.to_string())
                })
            }),
        };
        let given = self.flags.contains_key("server") || self.environment("EIDOS_SERVER").is_some();
        if question == Question::Validate && !given {
            self.wrong
                .push("--validate needs --server or EIDOS_SERVER, who knows the recipe".into());
        }
        Some(Post {
            address: address?,
            key,
            question,
            intent,
            spool,
            timeout: timeout.unwrap_or(Duration::from_secs(30)),
            trust: certificates.map_or(Trust::System, Trust::File),
        })
    }

    fn key(&mut self) -> Option<Key> {
        let key = self.environment("EIDOS_API_KEY")?;
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.wrong
                .push("EIDOS_API_KEY: a key has no blanks and no other than ASCII letters".into());
        }
        Some(Key(key))
    }

    /// A variable; empty is as good as not set.
    fn environment(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }

    fn path(&mut self, flag: &'static str) -> Option<PathBuf> {
        let value = self.flags.get(flag)?;
        if value.is_empty() {
            self.wrong.push(format!("--{flag}: the path is empty"));
        }
        Some(PathBuf::from(value))
    }

    fn text(&mut self, flag: &'static str) -> Option<String> {
        let value = self.flags.get(flag)?.clone();
        let text = value.into_string();
        if text.is_err() {
            self.wrong.push(format!("--{flag}: the value is not UTF-8"));
        }
        text.ok()
    }

    fn read<T>(
        &mut self,
        flag: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(flag)?;
        self.check(&format!("--{flag}"), &text, parse)
    }

    fn check<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong.push(format!("{name}: {reason}"));
                None
            }
        }
    }
}

impl Place {
    /// How a document is written there.
    pub(super) fn format(&self) -> Format {
        match self {
            Self::File(path) if path.extension().is_some_and(|ending| ending == "json") => {
                Format::Json
            }
            _ => Format::Yaml,
        }
    }
}

#[cfg(test)]
mod tests;
