//! The real command line.

mod guide;
mod nodes;
mod recipe;
mod rules;
mod support;
