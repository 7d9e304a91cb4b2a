//! How often one client may ask.
//!
//! The only place that knows actix-governor (GPL-3.0-or-later, see NOTICE): to
//! replace it, replace this file.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_governor::governor::clock::{Clock, DefaultClock, QuantaInstant};
use actix_governor::governor::middleware::StateInformationMiddleware;
use actix_governor::governor::state::keyed::DefaultKeyedStateStore;
use actix_governor::governor::{NotUntil, RateLimiter as Limiter};
use actix_governor::{Governor, GovernorConfig, GovernorConfigBuilder, KeyExtractor};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use jiff::Timestamp;

use super::client;
use super::exchange::Exchange;
use crate::http::error::ApiError;
use crate::http::state::State;
use crate::settings::Rate;

/// Budgets that are told apart. Clients share them by a keyed hash, so that
/// memory is bounded (16 bytes a budget and its table: 6 MiB) whatever is sent,
/// and nobody can choose to share with someone else. Of 1,000 clients that ask
/// at once, 8 share with another.
const BUDGETS: u64 = 1 << 17;

/// The longest that `Retry-After` asks to wait, in seconds.
const LONGEST_WAIT: u64 = 10;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// What actix-governor adds beyond the contract.
const SURPLUS: HeaderName = HeaderName::from_static("x-ratelimit-after");

type Budget = u32;
type Budgets =
    Limiter<Budget, DefaultKeyedStateStore<Budget>, DefaultClock, StateInformationMiddleware>;

/// All budgets of one service.
pub(in crate::http) struct RateLimiter {
    /// `None` turns the limit off; the budgets are then never asked.
    rate: Option<Rate>,
    payer: Payer,
    config: GovernorConfig<Payer, StateInformationMiddleware>,
    budgets: Arc<Budgets>,
}

impl RateLimiter {
    /// Full budgets.
    pub(in crate::http) fn new(limit: Option<Rate>) -> Self {
        let rate = limit.unwrap_or(Rate {
            per_second: 1,
            burst: 1,
        });
        let payer = Payer {
            rate,
            hasher: RandomState::new(),
        };
        let period = Duration::from_secs(1) / rate.per_second.max(1);
        let config = GovernorConfigBuilder::default()
            .period(period.max(Duration::from_nanos(1)))
            .burst_size(rate.burst.max(1))
            .key_extractor(payer.clone())
            .use_headers()
            .finish()
            .unwrap_or_else(|| unreachable!("period and burst are above zero"));
        let budgets = config.limiter();
        Self {
            rate: limit,
            payer,
            config,
            budgets,
        }
    }

    /// Whether there is a limit at all.
    pub(in crate::http) const fn is_on(&self) -> bool {
        self.rate.is_some()
    }
}

/// The middleware that takes one request from its client's budget.
pub(in crate::http) fn governor(
    limiter: &RateLimiter,
) -> Governor<Payer, StateInformationMiddleware> {
    Governor::new(&limiter.config)
}

/// Who pays for a request.
#[derive(Debug, Clone)]
pub(in crate::http) struct Payer {
    rate: Rate,
    hasher: RandomState,
}

/// The budget that a request was taken from.
struct Paid {
    budget: Budget,
    /// What was left after something more was taken than the governor knows of.
    left: Option<u32>,
}

impl KeyExtractor for Payer {
    type Key = Budget;
    type KeyExtractionError = ApiError;

    fn extract(&self, request: &ServiceRequest) -> Result<Budget, ApiError> {
        let state = request
            .app_data::<web::Data<State>>()
            .ok_or(ApiError::Internal)?;
        Ok(self.budget(request, state))
    }

    fn exceed_rate_limit_response(
        &self,
        negative: &NotUntil<QuantaInstant>,
        _: HttpResponseBuilder,
    ) -> HttpResponse {
        let wait = negative.wait_time_from(DefaultClock::default().now());
        HttpResponse::from_error(ApiError::RateLimited {
            rate: self.rate.per_second,
            burst: self.rate.burst,
            retry_after: whole_seconds(wait),
        })
    }
}

impl Payer {
    /// The owner of the request's API key, else its address: a request with a
    /// wrong key is paid for by its address.
    fn budget(&self, request: &ServiceRequest, state: &State) -> Budget {
        let budget = match client::owner(request, state) {
            Some(name) => self.budget_of(("key", &*name)),
            None => {
                let extensions = request.extensions();
                let client = extensions
                    .get::<Exchange>()
                    .map(|exchange| subscriber(exchange.client));
                self.budget_of(("address", client))
            }
        };
        request.extensions_mut().insert(Paid { budget, left: None });
        budget
    }

    fn budget_of(&self, who: impl Hash) -> Budget {
        u32::try_from(self.hasher.hash_one(who) % BUDGETS).unwrap_or_default()
    }
}

/// An IPv6 subscriber has a /64 and can use any address in it.
fn subscriber(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    seconds.clamp(1, LONGEST_WAIT)
}

/// Takes `more` requests from the budget that this one was taken from.
pub(in crate::http) fn charge(
    request: &HttpRequest,
    state: &State,
    more: usize,
) -> Result<(), ApiError> {
    let Some(cells) = u32::try_from(more).ok().and_then(NonZeroU32::new) else {
        return Ok(());
    };
    match request.extensions_mut().get_mut::<Paid>() {
        Some(paid) => take(state, paid, cells),
        None => Ok(()),
    }
}

/// Counts a request that is refused before the governor sees it.
pub(super) fn count(request: &ServiceRequest, state: &State) -> Result<(), ApiError> {
    let budget = state.limiter.payer.budget(request, state);
    let mut paid = Paid { budget, left: None };
    let taken = take(state, &mut paid, NonZeroU32::MIN);
    request.extensions_mut().insert(paid);
    taken
}

fn take(state: &State, paid: &mut Paid, cells: NonZeroU32) -> Result<(), ApiError> {
    let limiter = &state.limiter;
    let Some(Rate { per_second, burst }) = limiter.rate else {
        return Ok(());
    };
    match limiter.budgets.check_key_n(&paid.budget, cells) {
        Ok(Ok(left)) => {
            paid.left = Some(left.remaining_burst_capacity());
            Ok(())
        }
        Ok(Err(negative)) => {
            paid.left = Some(0);
            Err(ApiError::RateLimited {
                rate: per_second,
                burst,
                retry_after: whole_seconds(negative.wait_time_from(DefaultClock::default().now())),
            })
        }
        Err(_) => Err(ApiError::Malformed(format!(
            "a batch of {} is more than a client may ever ask at once; send at most {burst}",
            u64::from(cells.get()) + 1
        ))),
    }
}

/// Around the governor: counts refusals and completes its headers.
pub(in crate::http) async fn complete_headers<B: MessageBody>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    if let Some(rate) = state.limiter.rate {
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            state.metrics.rate_limited();
            response.headers_mut().remove(SURPLUS);
        }
        let left = response
            .request()
            .extensions()
            .get::<Paid>()
            .and_then(|paid| paid.left);
        complete(response.headers_mut(), rate, left);
    }
    Ok(response)
}

/// `Reset` is when the budget is full again, in Unix seconds.
fn complete(headers: &mut HeaderMap, rate: Rate, left: Option<u32>) {
    let said = || headers.get(REMAINING)?.to_str().ok()?.parse().ok();
    let remaining = left.or_else(said).unwrap_or(0);
    let missing = rate.burst.saturating_sub(remaining);
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    let full = now + u64::from(missing.div_ceil(rate.per_second.max(1)));
    headers.insert(LIMIT, HeaderValue::from(rate.burst));
    headers.insert(REMAINING, HeaderValue::from(remaining));
    headers.insert(RESET, HeaderValue::from(full));
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::{BUDGETS, RateLimiter, subscriber};
    use crate::settings::Rate;

    #[test]
    fn a_million_clients_share_a_bounded_number_of_budgets() {
        let limiter = RateLimiter::new(Some(Rate {
            per_second: 100,
            burst: 200,
        }));
        for client in 0..1_000_000 {
            let address = IpAddr::V4(Ipv4Addr::from_bits(client));
            let budget = limiter.payer.budget_of(("address", Some(address)));
            assert!(limiter.budgets.check_key(&budget).is_ok());
        }
        let kept = u64::try_from(limiter.budgets.len()).unwrap();
        assert!(kept > BUDGETS / 2 && kept <= BUDGETS, "{kept}");
    }

    #[test]
    fn one_subscriber_has_one_budget() {
        let address = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, last));
        assert_eq!(subscriber(address(1)), subscriber(address(0xffff)));
        let other = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 0, 0, 0, 1));
        assert_ne!(subscriber(address(1)), subscriber(other));
    }
}
