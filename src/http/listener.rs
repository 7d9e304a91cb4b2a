//! The socket: who is let in, and what every connection goes through before its
//! requests are understood.
//!
//! In place of the framework's own server, which offers no place to stand
//! between a socket and the code that reads ahead from it.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::task::Poll;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::web;
use rustls::ServerConfig;
use socket2::{Domain, Protocol as Transport, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};

use super::app::build_service;
use super::connection::Connection;
use super::patience::Limits;
use super::state::State;

/// What the framework calls this listener in its own events.
const NAME: &str = "eidos";
/// Connections that wait to be accepted.
const BACKLOG: i32 = 2048;
/// Threads of each worker that understand large bodies: one that is very large
/// must not hold up all others, and more would only take memory from each other.
const READERS: usize = 2;
/// How long a closed connection may take to go.
const DISCONNECT: Duration = Duration::from_secs(1);

/// A socket that listens.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Transport::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves the connections of `listener`, encrypted if `tls` says how.
pub(super) fn accept(
    listener: TcpListener,
    state: &web::Data<State>,
    tls: Option<ServerConfig>,
) -> io::Result<Server> {
    let settings = &state.settings;
    let server = ServerBuilder::new()
        .workers(settings.workers)
        .worker_max_blocking_threads(READERS)
        .max_concurrent_connections(settings.max_connections.div_ceil(settings.workers))
        .shutdown_timeout(settings.shutdown_timeout.as_secs().max(1))
        .disable_signals();
    let draining = server.graceful_shutdown_signal();
    let write_timeout = settings.write_timeout;
    let limits = Limits {
        read: settings.read_timeout,
        idle: settings.idle_timeout,
    };
    let state = web::Data::clone(state);
    let server = match tls {
        None => server.listen(NAME, listener, move || {
            fn_service(move |stream: TcpStream| async move {
                let peer = prepare(&stream, write_timeout);
                Ok::<_, DispatchError>((Connection::new(stream, limits), Protocol::Http1, peer))
            })
            .and_then(http(&state, &draining))
        }),
        Some(config) => server.listen(NAME, listener, move || {
            Acceptor::new(config.clone())
                .map_err(TlsError::into_service_error)
                .and_then(move |stream: TlsStream<TcpStream>| async move {
                    let peer = prepare(stream.get_ref().0, write_timeout);
                    Ok((Connection::new(stream, limits), Protocol::Http1, peer))
                })
                .and_then(http(&state, &draining).map_err(TlsError::Service))
        }),
    };
    Ok(server?.run())
}

/// The application over connections of one kind.
fn http<T: AsyncRead + AsyncWrite + Unpin + 'static>(
    state: &web::Data<State>,
    draining: &GracefulShutdownSignal,
) -> impl ServiceFactory<
    (Connection<T>, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> + use<T> {
    let settings = &state.settings;
    let (draining, watched) = (draining.clone(), web::Data::clone(state));
    let service = build_service(web::Data::clone(state)).map_err(|error| error.error_response());
    HttpService::build()
        .graceful_shutdown_signal(move || drained(draining.clone(), web::Data::clone(&watched)))
        // The connection sees to that.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(settings.read_timeout)
        .client_disconnect_timeout(DISCONNECT)
        .on_connect_ext(|connection: &Connection<T>, data| {
            data.insert(connection.intake());
        })
        .finish(map_config(service, |()| AppConfig::default()))
}

/// Ready once the service drains. The framework asks at every turn of every
/// connection: the first time leaves a waker, later ones cost a look at the state.
fn drained(signal: GracefulShutdownSignal, state: web::Data<State>) -> impl Future<Output = ()> {
    let mut notified = Box::pin(async move { signal.notified().await });
    let mut asked = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut asked, true) && !state.is_draining() {
            return Poll::Pending;
        }
        notified.as_mut().poll(context)
    })
}

/// Bytes leave at once, and those that a client does not acknowledge in time
/// close its connection. Gives the client's address.
fn prepare(stream: &TcpStream, write_timeout: Duration) -> Option<SocketAddr> {
    let socket = SockRef::from(stream);
    let set = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(write_timeout)));
    if let Err(error) = set {
        tracing::debug!(%error, "the socket takes no options");
    }
    stream.peer_addr().ok()
}
