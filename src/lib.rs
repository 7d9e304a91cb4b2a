//! Known-good configuration for GPU Kubernetes clusters.

pub mod model;
