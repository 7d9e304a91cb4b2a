//! What a snapshot means: the query it implies, and how far it is from a recipe.
//!
//! How the snapshot was collected and how the answer is shown is known
//! elsewhere.

mod imply;
mod validate;

pub use imply::{Implied, imply};
pub use validate::{Finding, Outcome, RangeFinding, Verdict, validate};
