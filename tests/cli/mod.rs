//! The real command line.

mod rules;
