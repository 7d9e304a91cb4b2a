//! Known-good configuration for GPU Kubernetes clusters.

pub mod assess;
pub mod model;
pub mod rules;
pub mod wire;
