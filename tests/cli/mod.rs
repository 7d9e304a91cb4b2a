//! The real command line.

mod guide;
mod recipe;
mod rules;
