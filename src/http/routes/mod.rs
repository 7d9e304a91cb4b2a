//! One file a route, or a few that belong together.

pub(super) mod batch;
pub(super) mod bundle;
pub(super) mod docs;
pub(super) mod drift;
pub(super) mod query;
pub(super) mod recipe;
pub(super) mod rules;
pub(super) mod service;
pub(super) mod validate;

use actix_web::{HttpRequest, HttpResponse};

use super::error::{ApiError, shown};
use crate::metrics::Route;
use crate::model::nearest;

/// The answer where nothing is served.
pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    HttpResponse::from_error(no_route(&request))
}

/// No route has this path; the nearest that one has.
fn no_route(request: &HttpRequest) -> ApiError {
    let path = request.path();
    let served = Route::ALL
        .into_iter()
        .filter(|route| *route != Route::Unmatched)
        .map(Route::pattern);
    // A trailing slash is the commonest slip.
    let slashed = path.trim_end_matches('/');
    let same = served.clone().find(|route| *route == slashed);
    ApiError::NoRoute {
        path: shown(path),
        nearest: same.or_else(|| nearest(path, served)),
    }
}
