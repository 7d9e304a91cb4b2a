//! The closed lists that label values come from.

/// A route of the service as metrics and logs name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Index,
    /// `/v1/recipe`
    Recipe,
    /// `/v1/recipes`
    Recipes,
    /// `/v1/query`
    Query,
    /// `/v1/rules`
    Rules,
    /// `/v1/validate`
    Validate,
    /// `/v1/drift`
    Drift,
    /// `/health`
    Health,
    /// `/ready`
    Ready,
    /// `/metrics`
    Metrics,
    /// `/openapi.json`
    OpenapiJson,
    /// `/openapi.yaml`
    OpenapiYaml,
    /// `/docs/` and what it loads.
    Docs,
    /// Everything else.
    Unmatched,
}

impl Route {
    /// All routes.
    pub const ALL: [Self; 14] = [
        Self::Index,
        Self::Recipe,
        Self::Recipes,
        Self::Query,
        Self::Rules,
        Self::Validate,
        Self::Drift,
        Self::Health,
        Self::Ready,
        Self::Metrics,
        Self::OpenapiJson,
        Self::OpenapiYaml,
        Self::Docs,
        Self::Unmatched,
    ];

    /// The label value: the route's pattern, or `unmatched`.
    #[must_use]
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::Recipe => "/v1/recipe",
            Self::Recipes => "/v1/recipes",
            Self::Query => "/v1/query",
            Self::Rules => "/v1/rules",
            Self::Validate => "/v1/validate",
            Self::Drift => "/v1/drift",
            Self::Health => "/health",
            Self::Ready => "/ready",
            Self::Metrics => "/metrics",
            Self::OpenapiJson => "/openapi.json",
            Self::OpenapiYaml => "/openapi.yaml",
            Self::Docs => "/docs/",
            Self::Unmatched => "unmatched",
        }
    }

    /// The route of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/docs") {
            return if path == "/docs" || path.starts_with("/docs/") {
                Self::Docs
            } else {
                Self::Unmatched
            };
        }
        Self::ALL
            .into_iter()
            .find(|route| route.pattern() == path)
            .unwrap_or(Self::Unmatched)
    }

    /// The methods that answer with 200 here.
    #[must_use]
    pub const fn methods(self) -> &'static [MethodLabel] {
        use MethodLabel::{Get, Head, Post};
        match self {
            Self::Recipe => &[Get, Head, Post],
            Self::Recipes | Self::Validate | Self::Drift => &[Post],
            Self::Unmatched => &[],
            Self::Index
            | Self::Query
            | Self::Rules
            | Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::OpenapiJson
            | Self::OpenapiYaml
            | Self::Docs => &[Get, Head],
        }
    }
}

/// A method as metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the methods")]
pub enum MethodLabel {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Patch,
    /// Anything a client may invent.
    Other,
}

impl MethodLabel {
    /// All methods.
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Delete,
        Self::Options,
        Self::Patch,
        Self::Other,
    ];

    /// The label value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Other => "other",
        }
    }

    /// The label of a method's name.
    #[must_use]
    pub fn of(method: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|label| label.name() == method)
            .unwrap_or(Self::Other)
    }
}

/// How the cache took part in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheResult {
    /// The answer was kept from before.
    Hit,
    /// The answer had to be made.
    Miss,
    /// The client's own copy is still right.
    Revalidated,
}

impl CacheResult {
    /// All results.
    pub const ALL: [Self; 3] = [Self::Hit, Self::Miss, Self::Revalidated];

    /// The label value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Revalidated => "revalidated",
        }
    }
}
