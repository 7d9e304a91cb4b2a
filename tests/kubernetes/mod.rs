//! An API server in this process, for whatever talks to Kubernetes: a store of
//! objects of any kind behind REST as `kube-apiserver` speaks it, over HTTP and
//! over HTTPS.
//!
//! It does: list with pages, selectors for labels and names; get, create, update
//! and delete with resource versions and their conflicts; merge patches and
//! server-side apply with an owner a field; `status` apart from the rest;
//! finalizers; watches with bookmarks; 401, 403 and any answer a test orders.
//!
//! It does not: validate, default or convert objects; run controllers, collect
//! garbage, start pods; describe its API (so `kubectl` cannot use it); JSON
//! patches; own the items of a list one by one, a list is one field. The real one
//! is asked in `tests/outside/`.

mod entry;
mod http;
mod route;
mod serve;
mod store;
mod tests;
mod watch;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

pub use self::http::Request;
use self::serve::Server;
use self::store::Write;
#[cfg(feature = "cli")]
pub use self::store::now;

/// The account that every cluster starts with; it may do everything.
pub const TOKEN: &str = "canary-token-of-the-account";

/// How long something is waited for that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer that a test orders instead of the right one.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What the request line has to contain, such as `PATCH /api/v1/namespaces/x`.
    pub when: String,
    pub status: u16,
    pub retry_after: Option<u32>,
    pub body: String,
    /// How often.
    pub times: usize,
}

impl Fault {
    pub fn new(when: &str, status: u16) -> Self {
        Self {
            when: when.to_owned(),
            status,
            retry_after: None,
            body: String::new(),
            times: 1,
        }
    }
}

/// A request that is never answered, so that whoever sent it can be ended there.
#[derive(Debug)]
pub struct Trap {
    /// Which one, counted from 1 as `Cluster::requests` does.
    pub request: usize,
    /// Whether it is carried out all the same.
    pub after: bool,
    /// Who is told.
    pub sprung: Sender<()>,
}

/// A cluster of a test's own. Its threads end with the test process.
pub struct Cluster {
    server: Arc<Server>,
    plain: SocketAddr,
    secure: SocketAddr,
    account: TempDir,
}

impl Cluster {
    pub fn start() -> Self {
        let server = Arc::new(Server::default());
        server.allow(TOKEN);
        let names = ["127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let account = tempfile::tempdir().unwrap();
        fs::write(account.path().join("ca.crt"), cert.pem()).unwrap();
        fs::write(account.path().join("token"), format!("{TOKEN}\n")).unwrap();
        fs::write(account.path().join("namespace"), "gpu-operator").unwrap();
        let key = signing_key.serialize_der().try_into().unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        Self {
            plain: listen(&server, None),
            secure: listen(&server, Some(Arc::new(tls))),
            server,
            account,
        }
    }

    /// For clients with a configuration of their own, which has to name a token.
    pub fn url(&self) -> String {
        format!("http://{}", self.plain)
    }

    /// What a pod finds at `/var/run/secrets/kubernetes.io/serviceaccount`.
    pub fn account(&self) -> &Path {
        self.account.path()
    }

    /// What a pod finds in its environment.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("KUBERNETES_SERVICE_HOST", self.secure.ip().to_string()),
            ("KUBERNETES_SERVICE_PORT", self.secure.port().to_string()),
        ]
    }

    /// Makes another account known.
    pub fn allow(&self, token: &str) {
        self.server.allow(token);
    }

    /// Takes one permission from an account, such as `list` on `pods`.
    pub fn deny(&self, token: &str, verb: &str, plural: &str) {
        self.server.deny(token, verb, plural);
    }

    /// Orders an answer.
    pub fn fault(&self, fault: Fault) {
        self.server.faults.lock().unwrap().push(fault);
    }

    /// Keeps an object as it is, `status` included, under a path such as
    /// `/api/v1/namespaces/default/pods`.
    pub fn put(&self, collection: &str, object: Value) {
        let route = route::parse(collection).unwrap();
        self.server.store.put(&route, object);
    }

    /// The object at a path.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.server.store.get(&route::parse(path).unwrap())
    }

    /// The objects below a path, of one namespace or of all.
    pub fn list(&self, collection: &str) -> Vec<Value> {
        let route = route::parse(collection).unwrap();
        let content = self.server.store.lock();
        let objects = content.list(&route, &|_| true);
        objects.into_iter().map(|(_, object)| object).collect()
    }

    /// Changes an object as merge patches do; whether it is there to be changed.
    pub fn merge(&self, path: &str, changes: Value) -> bool {
        let route = route::parse(path).unwrap();
        let written = self
            .server
            .store
            .write(&route, Write::Merge, "test", changes);
        written.is_ok()
    }

    /// Deletes an object; whether it was there.
    pub fn delete(&self, path: &str) -> bool {
        let route = route::parse(path).unwrap();
        self.server.store.delete(&route, &Value::Null).is_ok()
    }

    /// Waits until something is there, looking whenever an object changes.
    pub fn wait<T>(&self, what: &str, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let seen = self.server.store.lock().revision;
            if let Some(found) = found(self) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what}: not within {PATIENCE:?}");
            let content = self.server.store.lock();
            if content.revision == seen {
                // Not everything that is waited for is an object.
                let left = left.min(Duration::from_millis(50));
                drop(self.server.store.changed.wait_timeout(content, left));
            }
        }
    }

    /// Waits until an object changes, but no longer than this.
    #[cfg(feature = "cli")]
    pub fn await_change(&self, limit: Duration) {
        let content = self.server.store.lock();
        drop(self.server.store.changed.wait_timeout(content, limit));
    }

    /// Sets a trap.
    pub fn trap(&self, trap: Trap) {
        *self.server.trap.lock().unwrap() = Some(trap);
    }

    /// Takes a trap away that nobody stepped into; whether there was one.
    pub fn untrap(&self) -> bool {
        self.server.trap.lock().unwrap().take().is_some()
    }

    /// Cuts every connection, or lets them in again.
    pub fn down(&self, down: bool) {
        self.server.down.store(down, Ordering::SeqCst);
        self.server.store.changed.notify_all();
    }

    /// Forgets history: older watches and pages get 410.
    pub fn compact(&self) {
        self.server.store.compact();
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests.lock().unwrap().clone()
    }
}

fn listen(server: &Arc<Server>, tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::clone(server);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (server, tls) = (Arc::clone(&server), tls.clone());
            thread::spawn(move || {
                // A client that went away is nobody's failure.
                let _ = match tls {
                    None => server.serve(stream),
                    Some(tls) => {
                        let session = ServerConnection::new(tls).unwrap();
                        server.serve(StreamOwned::new(session, stream))
                    }
                };
            });
        }
    });
    address
}

/// What one thread changes and another waits for.
type Shared<T> = Mutex<T>;
