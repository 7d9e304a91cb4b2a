//! The real command line.

mod guide;
mod rules;
