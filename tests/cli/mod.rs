//! The real command line.

mod bundle;
mod guide;
mod nodes;
mod recipe;
mod rules;
mod snapshot;
mod support;
