//! The real binary over real sockets.

mod configuration;
mod crowd;
mod exhaustion;
mod lifecycle;
mod patience;
pub mod process;
mod reload;
mod tls;
mod wire;
