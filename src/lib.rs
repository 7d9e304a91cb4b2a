//! Known-good configuration for GPU Kubernetes clusters.

pub mod model;
pub mod rules;
