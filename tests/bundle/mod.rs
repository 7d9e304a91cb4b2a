//! Bundles of frozen recipes against files on disk, and of arbitrary ones.

mod golden;
mod property;
