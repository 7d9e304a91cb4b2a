//! The process: loads, listens, drains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;

use actix_web::dev::ServerHandle;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::rt::{self, System, time};
use actix_web::web;

use super::api_keys::{ApiKeys, ApiKeysError};
use super::chores::{self, Watched, log_findings};
use super::state::{State, StateError};
use super::tls::{Certificate, TlsError};
use super::{descriptors, listener};
use crate::library::{self, LibraryError, Texts};
use crate::rules::{Compiled, Diagnostic, compile};
use crate::serving::Watch;
use crate::settings::Settings;
use crate::telemetry::Stream;

/// Why the service cannot start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Rule texts that cannot be read.
    #[error("RECIPE_DATA_PATH: {0}")]
    Library(#[from] LibraryError),
    /// Rules that do not compile.
    #[error("the rule base has errors:\n{}", listed(.0))]
    Rules(Vec<Diagnostic>),
    /// A file of API keys that cannot be used.
    #[error("EIDOS_API_KEYS_FILE: {0}")]
    ApiKeys(#[from] ApiKeysError),
    /// A certificate that cannot be used.
    #[error("TLS_CERT, TLS_KEY: {0}")]
    Tls(#[from] TlsError),
    /// A defect.
    #[error(transparent)]
    State(#[from] StateError),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The system stopped serving us.
    #[error("the server stopped: {0}")]
    Stopped(io::Error),
}

impl ServeError {
    /// 2 for what the configuration is to blame for, 1 for the rest.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Library(_) | Self::Rules(_) | Self::ApiKeys(_) | Self::Tls(_) => 2,
            Self::State(_) | Self::Listen { .. } | Self::Stopped(_) => 1,
        }
    }
}

fn listed(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Serves until a signal asks to stop and all requests are answered.
///
/// # Errors
/// Whatever keeps the service from starting.
pub fn run(settings: Settings, log: Arc<Stream>) -> Result<(), ServeError> {
    let texts = match &settings.recipe_data_path {
        Some(path) => library::read(path)?,
        None => library::embedded(),
    };
    let Texts {
        files,
        defaults,
        digest,
    } = texts;
    let Compiled {
        rules, warnings, ..
    } = compile(&files, &defaults, &digest).map_err(ServeError::Rules)?;
    log_findings(&warnings);
    let keys = settings
        .api_keys_file
        .as_deref()
        .map(ApiKeys::read)
        .transpose()?;
    let certificate = settings
        .tls
        .clone()
        .map(Certificate::read)
        .transpose()?
        .map(Arc::new);
    let rules_watch = settings
        .recipe_data_path
        .clone()
        .map(|path| Watch::new(path, digest));
    let state = web::Data::new(State::new(settings, rules, keys, log)?);
    let watched = Watched {
        state: web::Data::clone(&state),
        rules: rules_watch,
        certificate: certificate.clone(),
    };
    System::new().block_on(serve(state, watched, certificate))
}

async fn serve(
    state: web::Data<State>,
    watched: Watched,
    certificate: Option<Arc<Certificate>>,
) -> Result<(), ServeError> {
    let settings = &state.settings;
    let address = SocketAddr::new(settings.host, settings.port);
    descriptors::make_room(settings.max_connections);
    let listen = |cause| ServeError::Listen { address, cause };
    let listener = listener::bind(address).map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    let tls = certificate.as_ref().map(Certificate::config).transpose()?;
    // Before anyone can know that the service runs: an early signal must not
    // find the default action, which is to die.
    let signals = Signals::new().map_err(ServeError::Stopped)?;
    let hangup = signal(SignalKind::hangup()).map_err(ServeError::Stopped)?;
    let running = listener::accept(listener, &state, tls).map_err(listen)?;

    let (ask, asked) = mpsc::channel();
    chores::start(watched, asked);
    rt::spawn(stop_on_signal(
        web::Data::clone(&state),
        running.handle(),
        signals,
    ));
    rt::spawn(reload_on_signal(hangup, ask));
    let revision = state.publisher.current();
    tracing::info!(
        address = %bound,
        tls = certificate.is_some(),
        version = env!("CARGO_PKG_VERSION"),
        rules_version = revision.rules().version(),
        rules_digest = &**revision.rules().digest(),
        overlays = revision.rules().overlay_count(),
        workers = settings.workers,
        "serving"
    );
    drop(revision);
    let outcome = running.await.map_err(ServeError::Stopped);
    state.log.flush();
    outcome
}

/// Drains and stops on the first signal; a second one stops at once.
async fn stop_on_signal(state: web::Data<State>, server: ServerHandle, mut signals: Signals) {
    signals.stop().await;
    state.drain();
    let delay = state.settings.drain_delay;
    let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(drain_delay_ms = milliseconds, "draining");
    if time::timeout(delay, signals.stop()).await.is_ok() {
        tracing::warn!("asked twice to stop; running requests are dropped");
        server.stop(false).await;
        return;
    }
    server.stop(true).await;
    tracing::info!("stopped");
}

async fn reload_on_signal(mut hangup: Signal, ask: mpsc::Sender<()>) {
    while hangup.recv().await.is_some() {
        if ask.send(()).is_err() {
            return;
        }
    }
}

/// Signals that end the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn stop(&mut self) {
        let terminated = std::pin::pin!(self.terminate.recv());
        let interrupted = std::pin::pin!(self.interrupt.recv());
        futures_util::future::select(terminated, interrupted).await;
    }
}
