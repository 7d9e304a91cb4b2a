//! Versions, ranges and conditions: what is read is shown so that it reads back
//! as the same.

use eidos::model::{Condition, Version, VersionPredicate};

/// Any text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(version) = text.parse::<Version>() {
        let again: Version = version.to_string().parse().unwrap();
        assert_eq!((&again, again.point()), (&version, version.point()));
        assert!((1..=3).contains(&version.precision()));
        let exactly = VersionPredicate::parse(version.as_str()).unwrap();
        assert!(exactly.accepts(&version));
        assert!(Condition::parse(version.as_str()).unwrap().accepts(text));
    }
    if let Ok(predicate) = VersionPredicate::parse(text) {
        let again = VersionPredicate::parse(&predicate.to_string()).unwrap();
        assert_eq!(again.interval(), predicate.interval(), "{predicate}");
        assert_eq!(again.to_string(), predicate.to_string());
    }
    if let Ok(condition) = Condition::parse(text) {
        let again = Condition::parse(&condition.to_string()).unwrap();
        assert_eq!(again, condition);
        for given in condition.texts() {
            assert!(condition.accepts(given), "`{given}` of `{condition}`");
        }
    }
}
