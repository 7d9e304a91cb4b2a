//! From texts to typed values, one function a kind; an error says what would be
//! right.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::{Key, LogFormat, LogLevel, Settings, SettingsError, TlsFiles};

/// Reads keys and collects what is wrong with them.
pub(super) struct Reader<'l, L> {
    lookup: &'l L,
    errors: Vec<SettingsError>,
}

impl<'l, L: Fn(&'static str) -> Option<String>> Reader<'l, L> {
    pub(super) const fn new(lookup: &'l L) -> Self {
        Self {
            lookup,
            errors: Vec::new(),
        }
    }

    fn text(&self, key: Key) -> String {
        let given = (self.lookup)(key.name()).map(|text| text.trim().to_owned());
        given
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| key.default().to_owned())
    }

    /// One key. After an error the value is not used, only its type counts.
    pub(super) fn value<T: Fallback>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let text = self.text(key);
        parse(&text).unwrap_or_else(|reason| {
            self.refuse(key, text, reason);
            T::fallback()
        })
    }

    /// Two keys that only make sense together.
    pub(super) fn tls(&mut self) -> Option<TlsFiles> {
        let certificate = self.value(Key::TlsCert, path);
        let key = self.value(Key::TlsKey, path);
        match (certificate, key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => self.incomplete(Key::TlsKey, Key::TlsCert),
            (None, Some(_)) => self.incomplete(Key::TlsCert, Key::TlsKey),
        }
    }

    fn incomplete(&mut self, missing: Key, given: Key) -> Option<TlsFiles> {
        let reason = format!("{} is set, so this must be too", given.name());
        self.refuse(missing, String::new(), reason);
        None
    }

    fn refuse(&mut self, key: Key, given: String, reason: String) {
        self.errors.push(SettingsError {
            name: key.name(),
            given,
            reason,
        });
    }

    pub(super) fn finish(self, settings: Settings) -> Result<Settings, Vec<SettingsError>> {
        if self.errors.is_empty() {
            Ok(settings)
        } else {
            Err(self.errors)
        }
    }
}

/// Something to go on with after an error, so that the other keys are checked.
pub(super) trait Fallback {
    fn fallback() -> Self;
}

macro_rules! fallback {
    ($($kind:ty => $value:expr),+ $(,)?) => {
        $(impl Fallback for $kind {
            fn fallback() -> Self {
                $value
            }
        })+
    };
}

fallback! {
    IpAddr => IpAddr::from([127, 0, 0, 1]),
    u16 => 0,
    u32 => 0,
    u64 => 0,
    usize => 0,
    Duration => Duration::ZERO,
    LogLevel => LogLevel::Info,
    LogFormat => LogFormat::Json,
    Option<PathBuf> => None,
    Vec<IpNet> => Vec::new(),
    Vec<String> => Vec::new(),
}

pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "not an IP address, such as 0.0.0.0 or ::".to_owned())
}

/// 0 lets the system choose one.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| "not a port from 0 to 65535".to_owned())
}

pub(super) fn workers(text: &str) -> Result<usize, String> {
    if text.is_empty() {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    }
    match text.parse() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("not a number from 1 to 1024".to_owned()),
    }
}

pub(super) fn count(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("not a whole number from 0 to {}", u32::MAX))
}

pub(super) fn positive<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number: Option<T> = text.parse().ok();
    number
        .filter(|number| *number >= T::from(1))
        .ok_or_else(|| "not a whole number of at least 1".to_owned())
}

/// A number with a unit, such as `500ms`, `10s` or `1m 30s`; a bare number is
/// seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "not a duration such as 500ms, 10s or 2m".to_owned();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_err(|_| wrong())?;
        return in_a_year(Duration::from_secs(seconds));
    }
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    in_a_year(Duration::try_from(parsed).map_err(|_| wrong())?)
}

/// Longer is a typing mistake, and would overflow timers.
fn in_a_year(duration: Duration) -> Result<Duration, String> {
    if duration > Duration::from_secs(366 * 24 * 3600) {
        return Err("longer than a year".to_owned());
    }
    Ok(duration)
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than nothing, such as 10s".to_owned()),
        longer => Ok(longer),
    }
}

/// A number of bytes with an optional unit: `KiB`, `MiB`, `GiB`, or `k`, `M`,
/// `G` and `kB`, `MB`, `GB`, which all count in 1024.
pub(super) fn bytes<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kb" | "kib" => Some(10),
        "m" | "mb" | "mib" => Some(20),
        "g" | "gb" | "gib" => Some(30),
        _ => None,
    };
    let product = shift.and_then(|shift: u32| number.parse::<u64>().ok()?.checked_mul(1 << shift));
    product
        .filter(|bytes| *bytes > 0)
        .and_then(|bytes| T::try_from(bytes).ok())
        .ok_or_else(|| "not a size such as 4MiB or 65536".to_owned())
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "one kind of value among those that can be wrong"
)]
pub(super) fn path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// Networks in CIDR form; a single address is a network of one.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |item: &str| {
        let address = |_| item.parse::<IpAddr>().map(IpNet::from);
        item.parse::<IpNet>()
            .or_else(address)
            .map_err(|_| format!("`{item}` is not a network such as 10.0.0.0/8"))
    };
    items(text).map(network).collect()
}

pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    let origin = |item: &str| {
        let host = item
            .strip_prefix("https://")
            .or_else(|| item.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', ' ', '*']) => {
                Ok(item.to_owned())
            }
            _ if item == "*" => Ok(item.to_owned()),
            _ => Err(format!(
                "`{item}` is not an origin such as https://console.example.com, or *"
            )),
        }
    };
    items(text).map(origin).collect()
}
