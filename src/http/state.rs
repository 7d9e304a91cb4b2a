//! What every request can reach.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::HeaderValue;

use super::api_keys::ApiKeys;
use super::middleware::RateLimiter;
use super::room::Room;
use crate::metrics::Metrics;
use crate::rules::RuleBase;
use crate::serving::Publisher;
use crate::settings::Settings;
use crate::telemetry::Stream;

/// Bodies of the largest size that are held at once. What is understood of one takes
/// several times its bytes, and a pod has 256 MiB.
const LARGEST_BODIES: usize = 4;

/// One service: what it serves, how, and to whom.
pub struct State {
    pub(super) settings: Settings,
    pub(super) publisher: Publisher,
    pub(super) metrics: Metrics,
    pub(super) keys: Option<ApiKeys>,
    pub(super) log: Arc<Stream>,
    pub(super) cache_control: HeaderValue,
    pub(super) vary: HeaderValue,
    pub(super) limiter: RateLimiter,
    pub(super) room: Arc<Room>,
    draining: AtomicBool,
}

/// Why a state cannot be made; each would be a defect.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Bucket bounds of a histogram.
    #[error("metrics cannot be registered: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// A header made from settings.
    #[error("a header cannot be made from the settings: {0}")]
    Header(#[from] actix_web::http::header::InvalidHeaderValue),
}

impl State {
    /// Ready to serve `rules`.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn new(
        settings: Settings,
        rules: RuleBase,
        keys: Option<ApiKeys>,
        log: Arc<Stream>,
    ) -> Result<Self, StateError> {
        let metrics = Metrics::new()?;
        let names: Vec<_> = rules
            .overlays()
            .skip(1)
            .map(|overlay| Arc::clone(overlay.name))
            .collect();
        metrics.rules_published(
            rules.version(),
            rules.digest(),
            names.iter().map(|name| &**name),
        );
        let mut cache_control = String::from(if keys.is_some() { "private" } else { "public" });
        let _ = write!(cache_control, ", max-age={}", settings.cache_max_age);
        let mut vary = String::from("Accept, Accept-Encoding");
        if keys.is_some() {
            vary.push_str(", Authorization");
        }
        if !settings.cors_allowed_origins.is_empty() {
            vary.push_str(", Origin");
        }
        Ok(Self {
            publisher: Publisher::new(rules, settings.cache_capacity),
            metrics,
            keys,
            log,
            cache_control: cache_control.try_into()?,
            vary: vary.try_into()?,
            limiter: RateLimiter::new(settings.rate),
            room: Arc::new(Room::new(
                LARGEST_BODIES.saturating_mul(settings.max_body_bytes),
            )),
            settings,
            draining: AtomicBool::new(false),
        })
    }

    /// Whether the service is about to stop.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The service is about to stop.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("State")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
