//! The real command line.

mod bundle;
mod guide;
mod recipe;
mod rules;
