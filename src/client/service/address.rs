//! Where a service is. Whether it answers is found out elsewhere.

use std::fmt;

use ureq::http::Uri;

/// Why an address is none of a server.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no address of a server: {reason}")]
pub struct AddressError {
    given: String,
    reason: &'static str,
}

/// An address such as `https://eidos.example.com`, a path in front of `/v1`
/// allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Says what is wrong with it, without showing a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refuse = |reason| AddressError {
            given: match text.split_once('@') {
                Some((_, host)) => format!("***@{host}"),
                None => text.to_owned(),
            },
            reason,
        };
        let uri: Uri = text.parse().map_err(|_| refuse("it is no URL"))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(refuse("it has to begin with http:// or https://")),
        }
        if authority.contains('@') {
            return Err(refuse(
                "it holds a password; the API key goes into EIDOS_API_KEY",
            ));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(refuse("it ends in a query or fragment"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    pub(in crate::client) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_whole_and_without_passwords() {
        let check = |text: &str| Address::parse(text).map_err(|error| error.to_string());
        for good in [
            "http://eidos:8080",
            "https://e.example/base",
            "http://[::1]:8080",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        assert_eq!(check("http://e/").unwrap().0, "http://e");
        for (bad, why) in [
            ("eidos:8080", "http:// or https://"),
            ("eidos", "http:// or https://"),
            ("ftp://e", "http:// or https://"),
            ("http://", "no URL"),
            ("", "no URL"),
            ("http://e/?a=b", "query"),
            ("http://e/#x", "fragment"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(error.contains(why) && error.contains(bad), "{error}");
        }
        let error = check("http://me:hunter2@e").unwrap_err();
        assert!(error.contains("EIDOS_API_KEY") && !error.contains("hunter2"));
    }
}
