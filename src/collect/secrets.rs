//! Tells what must never be written: secrets, by their name or by their shape.
//!
//! Wrong in the safe direction: a harmless value that looks like a secret is
//! left out. What else is left out of a snapshot is noise, and not decided here.

/// Words that name a secret wherever they stand in a name.
const SECRET_WORDS: &[&str] = &[
    "apikey",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "psk",
    "secret",
    "secrets",
    "token",
    "tokens",
];

/// Words that name a secret when they end a name: `api-key`, `sig`, but neither
/// `key_type` nor `sig_enforce`.
const SECRET_LAST_WORDS: &[&str] = &[
    "accesskey",
    "auth",
    "key",
    "pass",
    "privatekey",
    "pw",
    "pwd",
    "secretkey",
    "sig",
    "signature",
];

/// Words that end a name which only tells something about a secret:
/// `token-ttl`, `authentication-token-webhook`.
const ABOUT_WORDS: &[&str] = &[
    "count", "enabled", "limit", "max", "min", "mode", "seconds", "size", "timeout", "ttl", "type",
    "webhook",
];

/// Words that end a name which says where a secret is kept, if a path follows:
/// `image-credential-provider-config=/etc/…`.
const PLACE_WORDS: &[&str] = &["bin", "config", "dir", "directory", "file", "path"];

/// How well-known tokens begin, and how many characters at least follow.
const TOKEN_PREFIXES: &[(&str, usize)] = &[
    ("AIza", 30),
    ("AKIA", 16),
    ("ASIA", 16),
    ("eyJ", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("hf_", 20),
    ("hvs.", 20),
    ("npm_", 20),
    ("nvapi-", 16),
    ("sk-", 20),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("ya29.", 20),
];

/// `Basic` is also a word; what follows it in a header has at least this length.
const SHORTEST_AUTHORIZATION: usize = 8;

/// From this length on, a word of mixed cases and digits is taken for a key.
const RANDOM_LENGTH: usize = 32;

/// Whether `name` with the value `text` must not be written. `text` may be a
/// whole command line or document: `--token x`, `password: x` and
/// `https://user:x@host` are found inside.
#[must_use]
pub fn looks_like_one(name: &str, text: &str) -> bool {
    (names_a_secret(name) && holds_a_secret(name, text))
        || has_secret_shape(name)
        || text.contains("-----BEGIN ")
        || phrases(&text.replace(['"', '\''], "")).any(|(name, value)| {
            (names_a_secret(name) && holds_a_secret(name, value))
                || (is_scheme(name) && value.len() >= SHORTEST_AUTHORIZATION)
        })
        || text.split(char::is_whitespace).any(has_secret_shape)
}

/// Characters that end a word within a text without blanks.
const DELIMITERS: &[char] = &['[', ']', '(', ')', '{', '}', '`', ',', ';', '&', '?'];

/// Every `name=value`, `name: value` and `--name value` of a text without quotes.
/// A value that itself is `name=value` comes again.
fn phrases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let joined = text
        .split(|character: char| character.is_whitespace() || DELIMITERS.contains(&character))
        .flat_map(|word| {
            word.match_indices(['=', ':']).map(move |(at, _)| {
                let (name, rest) = word.split_at(at);
                (last_part(name), rest.get(1..).unwrap_or_default())
            })
        });
    let followed = text
        .split_whitespace()
        .zip(text.split_whitespace().skip(1))
        .filter_map(|(before, after)| {
            let name = before.rsplit(DELIMITERS).next()?;
            let value = after.split(DELIMITERS).find(|word| !word.is_empty())?;
            let announces = name.starts_with('-') || name.ends_with([':', '=']) || is_scheme(name);
            let name = last_part(name.trim_end_matches([':', '=']));
            (announces && !value.starts_with("--")).then_some((name, value))
        });
    joined.chain(followed)
}

/// What stands after the last separator: in `a=b=c` the name of `c` is `b`.
fn last_part(name: &str) -> &str {
    name.rsplit(['=', ':']).next().unwrap_or(name)
}

/// `Bearer x` and `Basic x`, as in an HTTP header.
fn is_scheme(name: &str) -> bool {
    ["bearer", "basic"]
        .iter()
        .any(|scheme| name.eq_ignore_ascii_case(scheme))
}

fn names_a_secret(name: &str) -> bool {
    let words = words_of(name);
    words
        .iter()
        .any(|word| SECRET_WORDS.contains(&word.as_str()))
        || words
            .last()
            .is_some_and(|word| SECRET_LAST_WORDS.contains(&word.as_str()))
}

/// Whether the value of a name that names a secret can be one.
fn holds_a_secret(name: &str, value: &str) -> bool {
    let words = words_of(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let plain_path = value.starts_with('/')
        && value
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "/._-".contains(character));
    let variable = value.strip_prefix('$').is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_uppercase() || "_{}".contains(c))
    });
    !(value.is_empty()
        || matches!(value, "true" | "false" | "yes" | "no" | "[]" | "none")
        || variable
        || ABOUT_WORDS.contains(&last)
        || (plain_path && PLACE_WORDS.contains(&last)))
}

/// `SetCredential`, `api-key` and `HTTP_COOKIE` as lower-case words.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for character in name.chars() {
        let starts_word = character.is_uppercase() && after_lower;
        if (!character.is_alphanumeric() || starts_word)
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        after_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has_secret_shape(word: &str) -> bool {
    has_user_info(word)
        || word
            .split(|character: char| {
                !(character.is_ascii_alphanumeric() || "+_-.".contains(character))
            })
            .any(|part| is_known_token(part) || part.split('.').any(is_random))
}

/// `scheme://user@host` and `user:password@host`, also as `iscsi:user:password@`.
fn has_user_info(word: &str) -> bool {
    word.rsplit_once('@').is_some_and(|(before, _)| {
        let (scheme, info) = before.rsplit_once('/').unwrap_or(("", before));
        let is_url = scheme.ends_with(":/");
        !info.is_empty() && (is_url || info.contains(':'))
    })
}

fn is_known_token(part: &str) -> bool {
    TOKEN_PREFIXES.iter().any(|(prefix, length)| {
        part.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= *length)
    })
}

/// A long word that mixes cases and digits. Digests and identifiers are in lower
/// case, so they pass.
fn is_random(part: &str) -> bool {
    let has = |kind: fn(&char) -> bool| part.chars().any(|character| kind(&character));
    part.len() >= RANDOM_LENGTH
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::looks_like_one;

    #[test]
    fn secrets_are_seen_by_name_and_by_shape() {
        for (name, text) in [
            ("password", "hunter2"),
            ("rd.iscsi.password", "hunter2"),
            ("api-key", "0"),
            ("systemd.set_credential", "name:value"),
            ("SetCredentialEncrypted", "[a b]"),
            ("hypothetical_TOKEN", "x"),
            ("apiKey", "x"),
            ("crypto.key", "x"),
            ("x", "password=hunter2"),
            ("systemd.setenv", "DB_PASSWORD=hunter2"),
            ("Description", "start with token: hunter2"),
            ("ExecStart", "[[/bin/x [/bin/x --token hunter2] false]]"),
            ("ExecStart", "[[/bin/x [/bin/x --token=hunter2] false]]"),
            (
                "ExecStart",
                "[[/bin/x [/bin/x -H Authorization: Bearer hunter22] false]]",
            ),
            (
                "ExecStart",
                "[[/bin/d [/bin/d --log-opt splunk-token=hunter2] false]]",
            ),
            ("x", "{\"a\": 1, \"password\": \"hunter2\"}"),
            ("ignition.config.url", "https://me:hunter2@host/config.ign"),
            ("ignition.config.url", "https://hunter2@host/config.ign"),
            (
                "ignition.config.url",
                "https://host/config.ign?token=hunter2",
            ),
            ("ds", "nocloud-net;s=http://host/?a=1&X-Amz-Signature=00ff"),
            ("netroot", "iscsi:me:hunter2@192.0.2.1::3260::iqn"),
            ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", ""),
            ("x", "ghp_0123456789abcdefghij"),
            ("x", "AKIAIOSFODNN7EXAMPLE"),
            ("x", "a,wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"),
            ("x", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ] {
            assert!(looks_like_one(name, text), "{name} = {text}");
        }
    }

    #[test]
    fn what_nodes_are_made_of_is_not_a_secret() {
        for (name, text) in [
            ("BOOT_IMAGE", "/boot/vmlinuz-6.8.0-1024-aws"),
            ("console", "ttyS0,115200n8"),
            (
                "roothash",
                "6b1b36cbb04b41490bfc0ab2bfa26f86e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6",
            ),
            ("/proc/sys/kernel/keys/root_maxkeys", "1000000"),
            ("/proc/sys/dev/mac_hid/mouse_button2_keycode", "97"),
            ("module.sig_enforce", "1"),
            ("KeyringMode", "private"),
            ("trusted_key", ""),
            ("EffectiveCPUs", "[255 255 255 255 255 255 255 255 255 255]"),
            ("Documentation", "[https://containerd.io]"),
            (
                "ExecStart",
                "[[/usr/bin/kubelet [/usr/bin/kubelet --kubeconfig /var/lib/kubelet/kubeconfig \
                 --image-credential-provider-config /etc/eks/config.json \
                 --image-credential-provider-bin-dir=/etc/eks/bin \
                 --authentication-token-webhook=true --anonymous-auth=false \
                 --feature-gates=RotateKubeletServerCertificate=true,SeccompDefault=true \
                 --config-dir /etc/kubernetes/kubelet/config.json.d \
                 --node-labels=alpha.eksctl.io/nodegroup-name=gpu] false]]",
            ),
            (
                "After",
                "[system.slice systemd-journald.socket dev-disk-by\\x2dlabel.device]",
            ),
            ("PRETTY_NAME", "Ubuntu 24.04.3 LTS"),
            ("BUG_REPORT_URL", "https://bugs.launchpad.net/ubuntu/"),
            ("gpu.model", "NVIDIA H100 80GB HBM3"),
            ("gpu.vbios-version", "96.00.BC.00.01"),
            ("Names", "[getty@tty1.service]"),
            ("x", "{\"pullSecret\":\"\",\"url\":\"nvcr.io/nvidia\"}"),
        ] {
            assert!(!looks_like_one(name, text), "{name} = {text}");
        }
    }
}
