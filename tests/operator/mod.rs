//! The operator against an API server in this process.
//!
//! A thread plays what a cluster does beyond its API: it runs the agent's Jobs, or
//! fails them, or leaves them alone.

mod crash;
mod cycle;
mod leader;
mod process;
mod rights;
mod trouble;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use eidos::library;
use eidos::operator::{self, Options, Pace, Term};
use eidos::rules::{RuleBase, compile};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::kubernetes::{Cluster, TOKEN, now};

pub const NAMESPACE: &str = "gpu-operator";
pub const WATCHES: &str = "/apis/drift.dgxc.io/v1alpha1/namespaces/gpu-operator/driftwatches";
pub const WATCH: &str = "/apis/drift.dgxc.io/v1alpha1/namespaces/gpu-operator/driftwatches/w";
pub const JOBS: &str = "/apis/batch/v1/namespaces/gpu-operator/jobs";
pub const JOB: &str = "/apis/batch/v1/namespaces/gpu-operator/jobs/eidos-drift-w";
pub const MAPS: &str = "/api/v1/namespaces/gpu-operator/configmaps";
pub const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/gpu-operator/events";
pub const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/eidos-watch/leases/eidos-watch";

/// A node's snapshot, with one value that a test chooses.
pub fn snapshot(numa: &str) -> String {
    format!(
        "---
apiVersion: snapshot.dgxc.io/v1
kind: Snapshot
metadata:
  collector.gpu: ok
  collector.k8s: ok
  collector.os: ok
  collector.systemd: absent
measurements:
  - type: GPU
    subtypes:
      - subtype: smi
        data:
          gpu.model: NVIDIA H100 80GB HBM3
  - type: K8s
    subtypes:
      - subtype: node
        data:
          provider: eks
      - subtype: server
        data:
          version: v1.32.5
  - type: OS
    subtypes:
      - subtype: release
        data:
          ID: ubuntu
          VERSION_ID: \"22.04\"
      - subtype: sysctl
        data:
          /proc/sys/kernel/numa_balancing: \"{numa}\"
"
    )
}

/// What becomes of Jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Complete,
    Fail,
    /// No pod starts.
    Wait,
}

struct Kubelet {
    fate: Mutex<Fate>,
    snapshot: Mutex<String>,
    over: AtomicBool,
}

/// A cluster with the parts that a test needs.
pub struct World {
    pub cluster: Arc<Cluster>,
    kubelet: Arc<Kubelet>,
}

impl World {
    /// Jobs complete, and the agent measures `snapshot("1")`.
    pub fn new() -> Self {
        let world = Self {
            cluster: Arc::new(Cluster::start()),
            kubelet: Arc::new(Kubelet {
                fate: Mutex::new(Fate::Complete),
                snapshot: Mutex::new(snapshot("1")),
                over: AtomicBool::new(false),
            }),
        };
        let (cluster, kubelet) = (Arc::clone(&world.cluster), Arc::clone(&world.kubelet));
        thread::spawn(move || {
            while !kubelet.over.load(Ordering::SeqCst) {
                for job in cluster.list("/apis/batch/v1/jobs") {
                    if job["status"]["conditions"].is_null() {
                        run_job(&cluster, &kubelet, &job);
                    }
                }
                cluster.await_change(Duration::from_millis(20));
            }
        });
        world
    }

    /// With a watch `w` whose baseline is `snapshot("0")`.
    pub fn watched() -> Self {
        let world = Self::new();
        world.baseline("0");
        world.watch(&json!({"baseline": {"name": "baseline"}}));
        world
    }

    pub fn fate(&self, fate: Fate) {
        *self.kubelet.fate.lock().unwrap() = fate;
    }

    /// What the agent measures from now on.
    pub fn measures(&self, text: &str) {
        text.clone_into(&mut self.kubelet.snapshot.lock().unwrap());
    }

    pub fn baseline(&self, numa: &str) {
        let data = json!({"snapshot.yaml": snapshot(numa)});
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "baseline"}, "data": data,
        });
        self.cluster.put(MAPS, map);
    }

    pub fn watch(&self, spec: &Value) {
        let watch = json!({
            "apiVersion": "drift.dgxc.io/v1alpha1", "kind": "DriftWatch",
            "metadata": {"name": "w"}, "spec": spec,
        });
        self.cluster.put(WATCHES, watch);
    }

    /// Changes the spec of the watch.
    pub fn change(&self, spec: &Value) {
        assert!(self.cluster.merge(WATCH, json!({"spec": spec})));
    }

    pub fn status(&self) -> Value {
        self.cluster.get(WATCH).unwrap()["status"].clone()
    }

    /// `True`, `False` or `Unknown` with the reason, such as `True/Different`.
    pub fn condition(&self, kind: &str) -> Option<String> {
        let status = self.status();
        let mut conditions = status["conditions"].as_array()?.iter();
        let found = conditions.find(|condition| condition["type"] == kind)?;
        let text = |field: &str| found[field].as_str().unwrap().to_owned();
        Some(format!("{}/{}", text("status"), text("reason")))
    }

    /// Waits for a condition, and for the end of the run that brought it.
    pub fn settles(&self, kind: &str, wanted: &str) {
        self.cluster.wait(&format!("{kind} {wanted}"), |cluster| {
            let done = self.condition(kind).as_deref() == Some(wanted);
            (done && cluster.list(JOBS).is_empty()).then_some(())
        });
    }

    /// Waits for the Job of a run, another one than `before`.
    pub fn job(&self, before: &Value) -> Value {
        self.cluster.wait("a Job", |cluster| {
            cluster
                .get(JOB)
                .filter(|job| job["metadata"]["uid"] != before["metadata"]["uid"])
        })
    }

    /// What people were told, in order of the alphabet: type, reason and note.
    pub fn told(&self) -> Vec<String> {
        let events = self.cluster.list(EVENTS);
        let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
        let line = |event: &Value| {
            ["type", "reason", "note"]
                .map(|field| text(event, field))
                .join(" ")
        };
        let mut lines: Vec<String> = events.iter().map(line).collect();
        lines.sort();
        lines
    }

    pub fn operator(&self, identity: &str) -> Running {
        Running::start(&self.cluster, options(identity, free_address()))
    }

    /// One whose lease lasts for as long as a busy machine can stall.
    pub fn patient_operator(&self, identity: &str) -> Running {
        let mut options = options(identity, free_address());
        options.term.duration = Duration::from_secs(60);
        options.term.renew = Duration::from_secs(40);
        Running::start(&self.cluster, options)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kubelet.over.store(true, Ordering::SeqCst);
    }
}

/// What kubelet, agent and Job controller do together.
fn run_job(cluster: &Cluster, kubelet: &Kubelet, job: &Value) {
    let namespace = job["metadata"]["namespace"].as_str().unwrap();
    let name = job["metadata"]["name"].as_str().unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().unwrap();
    let mut arguments = arguments.iter().map(|one| one.as_str().unwrap());
    let place = arguments.find_map(|one| one.strip_prefix("cm://")).unwrap();
    let (place_namespace, place_name) = place.split_once('/').unwrap();
    let condition = match *kubelet.fate.lock().unwrap() {
        Fate::Wait => return,
        Fate::Fail => json!({
            "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit", "lastTransitionTime": now(),
        }),
        Fate::Complete => {
            let place = format!("/api/v1/namespaces/{place_namespace}/configmaps/{place_name}");
            let text = kubelet.snapshot.lock().unwrap().clone();
            let data = json!({"snapshot.yaml": text, "format": "yaml", "timestamp": now()});
            // The agent may change it, not make it.
            if !cluster.merge(&place, json!({"data": data})) {
                return;
            }
            json!({"type": "Complete", "status": "True", "lastTransitionTime": now()})
        }
    };
    let mut status = json!({"startTime": now(), "conditions": [condition]});
    if condition_is(&status, "Complete") {
        status["completionTime"] = json!(now());
        status["succeeded"] = json!(1);
    }
    let path = format!("/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status");
    cluster.merge(&path, json!({ "status": status }));
}

fn condition_is(status: &Value, kind: &str) -> bool {
    status["conditions"][0]["type"] == kind
}

/// One replica, on a thread of its own.
pub struct Running {
    pub address: SocketAddr,
    kill: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub fn rules() -> Arc<RuleBase> {
    static RULES: OnceLock<Arc<RuleBase>> = OnceLock::new();
    let compiled = || {
        let texts = library::embedded();
        let compiled = compile(&texts.files, &texts.defaults, &texts.digest);
        Arc::new(compiled.unwrap().rules)
    };
    Arc::clone(RULES.get_or_init(compiled))
}

/// How fast everything goes in tests.
pub fn options(identity: &str, address: SocketAddr) -> Options {
    Options {
        namespace: Some(NAMESPACE.to_owned()),
        lease_namespace: "eidos-watch".to_owned(),
        identity: identity.to_owned(),
        address,
        image: None,
        interval: "6h".parse().unwrap(),
        term: Term {
            duration: Duration::from_secs(1),
            renew: Duration::from_millis(700),
            retry: Duration::from_millis(50),
        },
        pace: Pace {
            patience: Duration::from_secs(5),
            retry: Duration::from_millis(5),
            check: Duration::from_millis(200),
        },
    }
}

/// A port that nobody listens on.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

impl Running {
    fn start(cluster: &Cluster, options: Options) -> Self {
        let address = options.address;
        let mut config = kube::Config::new(cluster.url().parse().unwrap());
        config.auth_info.token = Some(TOKEN.to_owned().into());
        let (kill, killed) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let client = kube::Client::try_from(config).unwrap();
                let stopped = async { drop(stopped.await) };
                tokio::select! {
                    ended = operator::run(client, rules(), options, stopped) => ended.unwrap(),
                    _ = killed => {}
                }
            });
        });
        Self {
            address,
            kill: Some(kill),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// As SIGKILL does it: nothing more is sent.
    pub fn kill(mut self) {
        self.kill.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }

    /// As SIGTERM does it.
    pub fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }

    /// The value of a metric, where there is one.
    pub fn metric(&self, name: &str) -> Option<String> {
        let (_, text) = get(self.address, "GET", "/metrics")?;
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(line.to_owned())
    }

    pub fn leads(&self) -> bool {
        self.metric("eidos_drift_leader").as_deref() == Some("1")
    }
}

impl Drop for Running {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        drop(self.kill.take());
    }
}

/// Status and text of an answer, if somebody answers.
pub fn get(address: SocketAddr, method: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
