//! As many open files as the system lets us have: each connection is one.
//!
//! Shells and service managers start programs with 1,024 and let them take
//! more, for the sake of programs that cannot count further.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open beside connections: listener, event queues, rules, log.
const OTHERS: u64 = 64;

/// Makes room for `connections` where the system allows it, and says where it
/// does not.
pub(super) fn make_room(connections: usize) {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // `None` is no limit.
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    let most = maximum.unwrap_or(u64::MAX);
    let raised = Rlimit {
        current: Some(wanted.min(most)),
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    } else if most < wanted {
        tracing::warn!(
            open_files = most,
            max_connections = connections,
            "the system allows fewer open files than MAX_CONNECTIONS asks for"
        );
    }
}
