//! The HTTP edge: requests in, answers out.
//!
//! Deliberately absent: what a rule means, where rules are kept, what a
//! document looks like. This module decides who gets an answer, in which
//! format and encoding, and what is said when there is none.

mod api_keys;
mod app;
mod body;
mod chores;
mod connection;
mod descriptors;
mod encoding;
mod error;
mod format;
mod listener;
mod middleware;
mod openapi;
mod parameters;
mod patience;
mod respond;
mod room;
mod routes;
mod server;
mod state;
mod tls;

pub use api_keys::{ApiKeys, ApiKeysError};
pub use app::{build_app, build_service};
pub use error::ApiError;
pub use openapi::document as openapi_document;
pub use server::{ServeError, run};
pub use state::{State, StateError};
