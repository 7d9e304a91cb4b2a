//! The time from one run to the next.
//!
//! An interval and no calendar: drift has no hour at which it is better looked
//! for, watches that were made at different times do not all run at once, and
//! there is no time zone to get wrong. A fixed hour is what `CronJob`s are for
//! (`k8s/eidos-agent/cronjob.yaml`).

use std::str::FromStr;

use jiff::SignedDuration;

/// A failed run is tried again sooner than a good one is repeated.
const RETRY: SignedDuration = SignedDuration::from_mins(15);

/// From a second to 30 days. The API server asks for a minute at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(SignedDuration);

impl Interval {
    const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
    const LONGEST: SignedDuration = SignedDuration::from_hours(720);

    /// The time.
    #[must_use]
    pub const fn duration(self) -> SignedDuration {
        self.0
    }

    /// The time from the end of a run to the next.
    pub(super) fn pause(self, failed: bool) -> SignedDuration {
        if failed { self.0.min(RETRY) } else { self.0 }
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no interval; write one from 1s to 720h, such as 6h");
        let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
        if (Self::SHORTEST..=Self::LONGEST).contains(&parsed) {
            Ok(Self(parsed))
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Interval;

    #[test]
    fn an_interval_is_read_as_people_write_it() {
        for (text, seconds) in [
            ("6h", 21600),
            ("1h30m", 5400),
            ("90s", 90),
            ("720h", 2_592_000),
        ] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.duration().as_secs(), seconds, "{text}");
        }
        for text in ["", "6", "0s", "-6h", "721h", "P1D", "6 parsecs", "100ms"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}
