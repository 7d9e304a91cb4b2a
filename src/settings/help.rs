//! The text of `--help`, made from the table of keys.

use std::fmt::Write;

use super::Key;

/// How to use the server.
#[must_use]
pub fn help() -> String {
    let mut text = String::from(
        "Answers what a GPU Kubernetes cluster should run, over HTTP.\n\n\
         Usage: eidos-api-server [--FLAG VALUE]...\n\n\
         Every flag can also be set in the environment, as in PORT=9090 for\n\
         --port 9090; flags win.\n\n",
    );
    let width = Key::ALL
        .into_iter()
        .map(|key| key.flag().len())
        .max()
        .unwrap_or(0);
    for key in Key::ALL {
        let _ = write!(text, "  --{:width$}  {}", key.flag(), key.meaning());
        if !key.default().is_empty() {
            let _ = write!(text, " [{}]", key.default());
        }
        text.push('\n');
    }
    let _ = write!(
        text,
        "  --{:width$}  print this\n  --{:width$}  print the version\n\n\
         SIGHUP reads rule base, keys and certificate again; SIGTERM drains and exits.\n",
        "help", "version"
    );
    text
}
