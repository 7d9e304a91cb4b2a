//! What a snapshot means: the query it implies.
//!
//! How the snapshot was collected and how the answer is shown is known
//! elsewhere.

mod imply;

pub use imply::{Implied, imply};
