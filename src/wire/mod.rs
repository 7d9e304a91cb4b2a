//! The shapes of documents and answers: what is read from a client or a file
//! and what is written back, in JSON and YAML.
//!
//! What is deliberately absent: routes, headers, clocks, files. Reading goes
//! through one tree for both formats; writing through serde.

mod batch;
mod criteria;
mod document;
mod drift;
mod encode;
mod error;
mod fault;
mod fields;
mod fold;
mod images;
mod json;
mod measurement;
mod node;
mod query;
mod recipe;
mod report;
mod rules;
mod scalar;
mod service;
mod snapshot;
mod texts;
mod trace;
mod validation;
mod verdict;
mod yaml;

pub use batch::{BATCH_LIMIT, BatchAnswer, BatchItem, BatchRequest, read_batch};
pub use document::{Document, is_recipe, read_document, read_snapshot};
pub use drift::{DriftDocument, DriftRequest, DriftRequestDocument, read_drift};
pub use encode::{EncodeError, Format, encode};
pub use error::{ErrorBody, ErrorCode};
pub use fault::DocumentError;
pub use images::ImagesDocument;
pub use query::QueryDocument;
pub use recipe::{RecipeDocument, RecipeOptions, read_recipe, recipe_file};
pub use report::{read_drift_report, read_validation};
pub use rules::RulesDocument;
pub use scalar::ScalarDocument;
pub use service::{IndexDocument, RouteDocument, RulesSummary, StatusDocument};
pub use snapshot::SnapshotDocument;
pub use validation::ValidationDocument;
