//! Names of things in a cluster: as a path of the API, and in words.

use std::fmt;

use ureq::http::Method;

/// One object, or all objects of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Group and version, such as `nvidia.com/v1`; `v1` for the core group.
    pub api: &'a str,
    /// The plural that paths use, such as `pods`.
    pub plural: &'a str,
    /// All of the cluster where none is given.
    pub namespace: Option<&'a str>,
    /// All objects where none is given.
    pub name: Option<&'a str>,
}

impl<'a> Resource<'a> {
    /// What every account may read: the server's version.
    pub const VERSION: Resource<'static> = Resource::every("", "version");

    /// All objects of a kind, in all namespaces.
    #[must_use]
    pub const fn every(api: &'a str, plural: &'a str) -> Self {
        Self {
            api,
            plural,
            namespace: None,
            name: None,
        }
    }

    /// One of them.
    #[must_use]
    pub const fn named(self, name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Those of one namespace.
    #[must_use]
    pub const fn within(self, namespace: &'a str) -> Self {
        Self {
            namespace: Some(namespace),
            ..self
        }
    }

    pub(super) fn path(&self) -> String {
        let mut path = match self.api {
            "" => String::new(),
            "v1" => "/api/v1".to_owned(),
            other => format!("/apis/{other}"),
        };
        let mut push = |part: &str| {
            path.push('/');
            path.push_str(&escape(part));
        };
        if let Some(namespace) = self.namespace {
            push("namespaces");
            push(namespace);
        }
        push(self.plural);
        if let Some(name) = self.name {
            push(name);
        }
        path
    }

    /// The verb that roles grant.
    pub(super) fn verb(&self, method: &Method) -> &'static str {
        match *method {
            Method::PATCH => "patch",
            Method::GET if self.name.is_none() && !self.api.is_empty() => "list",
            _ => "get",
        }
    }

    /// The resource as roles name it, `clusterpolicies.nvidia.com`.
    pub(super) fn in_roles(&self) -> String {
        match self.api.split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.to_owned(),
        }
    }
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.in_roles())?;
        match (self.namespace, self.name) {
            (Some(namespace), Some(name)) => write!(formatter, " `{namespace}/{name}`"),
            (None, Some(name)) => write!(formatter, " `{name}`"),
            (Some(namespace), None) => write!(formatter, " of `{namespace}`"),
            (None, None) => Ok(()),
        }
    }
}

/// Whether a text can name an object: a DNS subdomain, RFC 1123.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|part| {
            let edges = [part.bytes().next(), part.bytes().last()];
            part.bytes().all(|byte| allowed(byte) || byte == b'-')
                && edges.into_iter().all(|edge| edge.is_some_and(allowed))
        })
}

/// Percent-encoded, all but what RFC 3986 leaves alone.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 15] {
                let digit = char::from_digit(nibble.into(), 16).unwrap_or('0');
                escaped.push(digit.to_ascii_uppercase());
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Resource, escape, is_name};

    #[test]
    fn resources_are_paths_and_words() {
        let check = |resource: Resource<'_>, path: &str, words: &str| {
            assert_eq!(resource.path(), path);
            assert_eq!(resource.to_string(), words);
        };
        check(Resource::VERSION, "/version", "version");
        let pods = Resource::every("v1", "pods");
        check(pods, "/api/v1/pods", "pods");
        check(
            pods.within("a").named("b"),
            "/api/v1/namespaces/a/pods/b",
            "pods `a/b`",
        );
        check(
            Resource::every("nvidia.com/v1", "clusterpolicies"),
            "/apis/nvidia.com/v1/clusterpolicies",
            "clusterpolicies.nvidia.com",
        );
        check(
            Resource::every("v1", "nodes").named("../x"),
            "/api/v1/nodes/..%2Fx",
            "nodes `../x`",
        );
        assert_eq!(escape("a+/=é"), "a%2B%2F%3D%C3%A9");
    }

    #[test]
    fn names_are_dns_names() {
        for good in ["a", "eidos-snapshot", "ip-10-0-0-1.ec2.internal", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a..b", "a/b", "a b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
