//! `/metrics`, `/health` and `/ready` on a port of their own.
//!
//! Plain HTTP for the kubelet and Prometheus: one request a connection, none may
//! linger, and only so many at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Connections at once.
const MOST: usize = 32;
/// From the first byte of a request to the last of its answer.
const LIMIT: Duration = Duration::from_secs(10);
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What is asked for.
pub(super) trait Probed: Send + Sync + 'static {
    /// Whether this replica acts, or could.
    fn ready(&self) -> bool;
    /// The metrics in Prometheus' text format.
    fn metrics(&self) -> String;
}

/// Answers for ever.
pub(super) async fn serve(listener: TcpListener, probed: Arc<impl Probed>) -> Infallible {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            // Nobody closes it.
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let probed = Arc::clone(&probed);
                tokio::spawn(async move {
                    // Whoever is too slow, or goes away, asks again.
                    let _ = timeout(LIMIT, answer_one(stream, probed)).await;
                    drop(place);
                });
            }
            // No file handles, perhaps; they come back when connections end.
            Err(error) => {
                tracing::warn!(%error, "probe_not_accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer_one(stream: TcpStream, probed: Arc<impl Probed>) -> hyper::Result<()> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = respond(request.method(), request.uri().path(), &*probed);
        async move { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await
}

fn respond(method: &Method, path: &str, probed: &impl Probed) -> Response<Full<Bytes>> {
    let (status, text) = match path {
        "/metrics" | "/health" | "/ready" if !matches!(*method, Method::GET | Method::HEAD) => {
            (StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n".to_owned())
        }
        "/metrics" => (StatusCode::OK, probed.metrics()),
        "/health" => (StatusCode::OK, "alive\n".to_owned()),
        "/ready" if probed.ready() => (StatusCode::OK, "ready\n".to_owned()),
        "/ready" => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the API server does not answer\n".to_owned(),
        ),
        _ => (
            StatusCode::NOT_FOUND,
            "/metrics, /health or /ready\n".to_owned(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, TEXT);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
