//! The real binary over real sockets.

mod configuration;
mod lifecycle;
mod process;
mod reload;
mod tls;
mod wire;
