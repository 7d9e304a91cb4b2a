//! One exchange: a request with a time limit, an answer of bounded size.
//!
//! Which statuses are errors, and whether to try again, is left to the callers.

use std::error::Error;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use ureq::http::{Method, Request, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::retry::Again;
use super::trust::{Trust, TrustError};

const USER_AGENT: &str = concat!("eidos/", env!("CARGO_PKG_VERSION"));

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody could be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The other side is not who it should be, or does not speak TLS.
    #[error(
        "{0} (hint: name the authority that signed its certificate with SSL_CERT_FILE or the agent's --cacert)"
    )]
    Tls(String),
    /// No connection, or one that broke.
    #[error("{0}")]
    Broken(String),
    /// Nothing in time.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// More than anybody would answer.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// Nothing that can be sent.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

impl TransportError {
    /// Only what another attempt may change is worth one.
    pub(super) const fn again(&self) -> Again {
        match self {
            Self::Broken(_) | Self::Silent(_) => Again::Backoff,
            Self::Trust(_) | Self::Tls(_) | Self::TooLarge(_) | Self::Request(_) => Again::Never,
        }
    }

    fn new(error: ureq::Error, limit: Duration) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Silent(limit),
            ureq::Error::Io(error) => Self::of_io(&error, limit),
            ureq::Error::Rustls(error) => Self::Tls(error.to_string()),
            ureq::Error::Tls(error) => Self::Tls(error.to_owned()),
            ureq::Error::BodyExceedsLimit(limit) => Self::TooLarge(limit),
            ureq::Error::Http(error) => Self::Request(error.to_string()),
            ureq::Error::BadUri(error) => Self::Request(error),
            ureq::Error::HostNotFound => Self::Broken("there is no such host".to_owned()),
            other => Self::Broken(other.to_string()),
        }
    }

    /// An error while reading an answer: both a broken connection and what `ureq`
    /// itself refuses come out of a reader.
    pub(super) fn of_io(error: &io::Error, limit: Duration) -> Self {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(ureq::Error::BodyExceedsLimit(limit)) => return Self::TooLarge(*limit),
            Some(ureq::Error::Timeout(_)) => return Self::Silent(limit),
            _ => {}
        }
        if inner.is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>) {
            return Self::Tls(error.to_string());
        }
        match error.kind() {
            io::ErrorKind::TimedOut => Self::Silent(limit),
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    /// Sent as a bearer token; never shown.
    pub(super) bearer: Option<&'a str>,
    /// The media type that is wanted.
    pub(super) accept: &'static str,
    /// The body with its media type.
    pub(super) body: Option<(&'static str, &'a [u8])>,
    /// For everything from looking up the name to the last byte.
    pub(super) limit: Duration,
}

/// Connections to one place.
#[derive(Debug, Clone)]
pub(super) struct Http {
    agent: ureq::Agent,
}

/// What came back; the body is still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// Without parameters; empty when it is not said.
    pub(super) media_type: String,
    body: ureq::Body,
    limit: Duration,
}

impl Http {
    /// `trust` is looked at for an `https` address only. A `proxy` is taken from
    /// the environment (`HTTPS_PROXY`, `NO_PROXY`) where one is wanted.
    pub(super) fn new(url: &str, trust: &Trust, proxy: bool) -> Result<Self, TrustError> {
        Self::with_redirects(url, trust, proxy, 0)
    }

    /// As [`Http::new`]; from an `https` address, to others like it, redirects are
    /// followed. To be used where nothing secret is sent.
    pub(super) fn following(url: &str, trust: &Trust) -> Result<Self, TrustError> {
        Self::with_redirects(url, trust, true, 5)
    }

    fn with_redirects(
        url: &str,
        trust: &Trust,
        proxy: bool,
        redirects: u32,
    ) -> Result<Self, TrustError> {
        let mut config = ureq::Agent::config_builder()
            // Statuses carry bodies that say more, and a bearer token must not
            // follow a redirect.
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(USER_AGENT);
        if !proxy {
            config = config.proxy(None);
        }
        if url.starts_with("https:") {
            let tls = TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
                .root_certs(RootCerts::Specific(Arc::new(trust.certificates()?)));
            config = config
                .tls_config(tls.build())
                .max_redirects(redirects)
                .https_only(true);
        }
        Ok(Self {
            agent: config.build().new_agent(),
        })
    }

    /// Sends one request.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Answer, TransportError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(call.url)
            .header(header::ACCEPT, call.accept);
        if let Some(token) = call.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some((media_type, _)) = call.body {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let failed = |error| TransportError::new(error, call.limit);
        let invalid = |error: ureq::http::Error| TransportError::Request(error.to_string());
        let response = match call.body {
            Some((_, body)) => {
                let request = request.body(body).map_err(invalid)?;
                self.run(request, call.limit).map_err(failed)?
            }
            None => {
                let request = request.body(()).map_err(invalid)?;
                self.run(request, call.limit).map_err(failed)?
            }
        };
        let header = |name| response.headers().get(name)?.to_str().ok();
        Ok(Answer {
            status: response.status().as_u16(),
            // The other form, a date, is for people's browsers; without clocks
            // that agree it says little.
            retry_after: header(header::RETRY_AFTER)
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
            media_type: header(header::CONTENT_TYPE)
                .and_then(|text| text.split(';').next())
                .map_or_else(String::new, |text| text.trim().to_ascii_lowercase()),
            body: response.into_body(),
            limit: call.limit,
        })
    }

    fn run(
        &self,
        request: Request<impl ureq::AsSendBody>,
        limit: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let config = self.agent.configure_request(request);
        self.agent.run(config.timeout_global(Some(limit)).build())
    }
}

impl Answer {
    /// The body as it arrives.
    pub(super) fn reader(self, limit: u64) -> impl Read {
        self.body.into_with_config().limit(limit).reader()
    }

    /// The whole body.
    pub(super) fn bytes(self, limit: u64) -> Result<Vec<u8>, TransportError> {
        let time = self.limit;
        let mut bytes = Vec::new();
        self.reader(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| TransportError::of_io(&error, time))?;
        Ok(bytes)
    }
}
