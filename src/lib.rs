//! Known-good configuration for GPU Kubernetes clusters.
#![cfg_attr(feature = "server", doc = include_str!("../ARCHITECTURE.md"))]

#[cfg(feature = "agent")]
pub mod agent;
#[cfg(any(feature = "server", feature = "cli"))]
pub mod archive;
pub mod assess;
pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(any(feature = "agent", feature = "cli"))]
pub mod client;
#[cfg(feature = "cli")]
pub mod cluster;
#[cfg(any(feature = "agent", feature = "cli"))]
pub mod collect;
pub mod diff;
#[cfg(any(feature = "agent", feature = "cli"))]
pub mod files;
#[cfg(feature = "server")]
pub mod http;
pub mod library;
#[cfg(any(feature = "server", feature = "cli"))]
pub mod metrics;
pub mod model;
#[cfg(feature = "cli")]
pub mod operator;
pub mod rules;
#[cfg(feature = "server")]
pub mod serving;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(any(feature = "server", feature = "cli"))]
pub mod telemetry;
pub mod wire;
