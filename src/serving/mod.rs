//! What is being served right now: a compiled rule base with everything derived
//! from it, published whole and replaced whole.
//!
//! Knows neither HTTP nor the syntax of rules. Nothing is logged here: every
//! outcome is returned to whoever asked.

mod answer;
mod publisher;
mod reload;
mod revision;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Encoding, EncodingError, Facts};
pub use publisher::Publisher;
pub use reload::{Outcome, ReloadError, Watch};
pub use revision::Revision;
