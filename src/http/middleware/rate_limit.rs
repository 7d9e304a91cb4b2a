//! How often one client may ask.
//!
//! The only place that knows actix-governor (GPL-3.0-or-later, see NOTICE): to
//! replace it, replace this file.

use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_governor::governor::RateLimiter as Limiter;
use actix_governor::governor::clock::{Clock, DefaultClock};
use actix_governor::governor::middleware::StateInformationMiddleware;
use actix_governor::governor::state::keyed::DefaultKeyedStateStore;
use actix_governor::{GovernorConfigBuilder, KeyExtractor};
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use foldhash::quality::RandomState;

use super::exchange::{Exchange, Paid};
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

type Budget = u32;
type Budgets =
    Limiter<Budget, DefaultKeyedStateStore<Budget>, DefaultClock, StateInformationMiddleware>;

/// All budgets of one service. actix-governor makes them; its middleware is not
/// used, because it knows neither API keys nor batches nor when a budget is full
/// again, and costs a layer of its own.
pub(in crate::http) struct RateLimiter {
    /// `None` turns the limit off; the budgets are then never asked.
    rate: Option<Rate>,
    limit: HeaderValue,
    payer: Payer,
    budgets: Arc<Budgets>,
}

/// Who pays for a request: the owner of its API key, else its address.
#[derive(Debug, Clone)]
struct Payer {
    hasher: RandomState,
}

/// What the limiter's own middleware would ask.
impl KeyExtractor for Payer {
    type Key = Budget;
    type KeyExtractionError = ApiError;

    fn extract(&self, request: &ServiceRequest) -> Result<Budget, ApiError> {
        let extensions = request.extensions();
        let exchange = extensions.get::<Exchange>().ok_or_else(Exchange::lost)?;
        Ok(self.of(exchange))
    }
}

impl Payer {
    fn of(&self, exchange: &Exchange) -> Budget {
        match &exchange.owner {
            Some(name) => self.budget_of(&**name),
            None => self.budget_of(subscriber(exchange.client)),
        }
    }

    fn budget_of(&self, who: impl Hash) -> Budget {
        u32::try_from(self.hasher.hash_one(who) % BUDGETS).unwrap_or_default()
    }
}

impl RateLimiter {
    /// Full budgets.
    pub(in crate::http) fn new(limit: Option<Rate>) -> Self {
        let rate = limit.unwrap_or(Rate {
            per_second: 1,
            burst: 1,
        });
        let period = Duration::from_secs(1) / rate.per_second.max(1);
        let payer = Payer {
            hasher: RandomState::default(),
        };
        let config = GovernorConfigBuilder::default()
            .period(period.max(Duration::from_nanos(1)))
            .burst_size(rate.burst.max(1))
            .key_extractor(payer.clone())
            .use_headers()
            .finish()
            .unwrap_or_else(|| unreachable!("period and burst are above zero"));
        Self {
            rate: limit,
            limit: rate.burst.into(),
            payer,
            budgets: config.limiter(),
        }
    }

    /// Takes from a budget, at most the burst at once.
    fn take(&self, rate: Rate, paid: &mut Paid, cells: NonZeroU32) -> Result<(), ApiError> {
        let Rate { per_second, burst } = rate;
        match self.budgets.check_key_n(&paid.budget, cells) {
            Ok(Ok(left)) => {
                paid.left = left.remaining_burst_capacity();
                Ok(())
            }
            Ok(Err(negative)) => {
                paid.left = 0;
                let wait = negative.wait_time_from(DefaultClock::default().now());
                Err(ApiError::RateLimited {
                    rate: per_second,
                    burst,
                    retry_after: whole_seconds(wait),
                })
            }
            Err(more) => Err(ApiError::defect(more)),
        }
    }
}

/// Takes one request from its payer's budget.
pub(super) fn take_one(exchange: &mut Exchange, state: &State) -> Result<(), ApiError> {
    let limiter = &state.limiter;
    let Some(rate) = limiter.rate else {
        return Ok(());
    };
    let budget = limiter.payer.of(exchange);
    let paid = exchange.paid.insert(Paid { budget, left: 0 });
    limiter.take(rate, paid, NonZeroU32::MIN)
}

/// Takes `more` requests from the budget that this one was taken from. More than it
/// ever holds take all that a full one has left.
pub(in crate::http) fn charge(
    request: &HttpRequest,
    state: &State,
    more: usize,
) -> Result<(), ApiError> {
    let Some(rate) = state.limiter.rate else {
        return Ok(());
    };
    let more = u32::try_from(more).unwrap_or(u32::MAX);
    let Some(cells) = NonZeroU32::new(more.min(rate.burst.saturating_sub(1))) else {
        return Ok(());
    };
    Exchange::note(request, |exchange| match &mut exchange.paid {
        Some(paid) => state.limiter.take(rate, paid, cells),
        None => Ok(()),
    })
    .flatten()
}

/// Tells the client about its budget, and counts a refusal. `Reset` is when the
/// budget is full again, in Unix seconds.
pub(super) fn say_budget<B>(response: &mut HttpResponse<B>, exchange: &Exchange, state: &State) {
    let Some(rate) = state.limiter.rate else {
        return;
    };
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        state.metrics.rate_limited();
    }
    let left = exchange.paid.as_ref().map_or(0, |paid| paid.left);
    let missing = rate.burst.saturating_sub(left);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let full = now + u64::from(missing.div_ceil(rate.per_second.max(1)));
    let headers = response.headers_mut();
    headers.insert(LIMIT, state.limiter.limit.clone());
    headers.insert(REMAINING, number(left));
    headers.insert(RESET, number(full));
}

/// A number as a header, in one allocation; the conversions of `http` take two.
fn number(number: impl itoa::Integer) -> HeaderValue {
    HeaderValue::from_str(itoa::Buffer::new().format(number))
        .unwrap_or_else(|_| HeaderValue::from_static("0"))
}

/// An address as a number. An IPv6 subscriber has a /64 and can use any address in
/// it; IPv4 has a /96 of its own.
fn subscriber(client: IpAddr) -> u128 {
    match client {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    seconds.clamp(1, LONGEST_WAIT)
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
            let budget = limiter.payer.budget_of(subscriber(address));
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
