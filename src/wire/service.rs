//! What the service says about itself.

use serde::Serialize;

/// The answer of `/`: what runs here and what it serves.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Index))]
pub struct IndexDocument<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The service's version.
    pub version: &'a str,
    /// What it answers from.
    pub rules: RulesSummary<'a>,
    /// Every route.
    pub routes: &'a [RouteDocument],
}

/// Which rule base is being served.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RulesSummary<'a> {
    /// Its version.
    pub version: &'a str,
    /// Its `sha256:` digest.
    pub digest: &'a str,
    /// How many overlays it has, the base not counted.
    pub overlays: usize,
}

/// One route.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Route))]
pub struct RouteDocument {
    /// The methods it answers.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    pub methods: Vec<&'static str>,
    /// The path.
    pub path: &'static str,
    /// What it does, in a few words.
    pub does: &'static str,
}

/// The answer of `/health` and `/ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Status))]
pub struct StatusDocument {
    /// `healthy` or `ready`.
    pub status: &'static str,
}

impl StatusDocument {
    /// The process runs.
    pub const HEALTHY: Self = Self { status: "healthy" };
    /// Requests are served.
    pub const READY: Self = Self { status: "ready" };
}
