//! A real `dbus-daemon` with a service behind it that answers as systemd does,
//! from recorded properties.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::{fs, thread};

use serde_json::Value;
use zbus::connection::Builder;
use zbus::export::futures_core::Stream;
use zbus::wire::StructureBuilder;
use zbus::{Array, MessageStream, Signature, Variant};

/// What is listened to, until it is dropped.
pub struct Bus {
    daemon: Child,
    service: Option<thread::JoinHandle<()>>,
}

/// Starts a bus at the place where a node has its own; `None` when this machine
/// has no `dbus-daemon`.
pub fn start(root: &Path) -> Option<Bus> {
    let socket = root.join("run/dbus/system_bus_socket");
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let configuration = root.join("bus.conf");
    let text = format!(
        "<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
         <policy context='default'><allow user='*'/><allow own='*'/><allow send_type='*'/>\
         <allow send_destination='*'/><allow receive_sender='*'/></policy></busconfig>",
        socket.display()
    );
    fs::write(&configuration, text).unwrap();
    let started = Command::new("dbus-daemon")
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .arg(format!("--config-file={}", configuration.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut daemon) = started else {
        eprintln!("skipped: `dbus-daemon` is not installed");
        return None;
    };
    // The address is printed when the bus listens.
    let mut address = String::new();
    BufReader::new(daemon.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    assert!(!address.is_empty(), "the bus did not start");
    Some(Bus {
        daemon,
        service: None,
    })
}

impl Bus {
    /// Puts a service on the bus that knows the units of `folder`
    /// (`<unit>.json`), and says `not-found` of any other, as systemd does.
    pub fn with_systemd(mut self, root: &Path, folder: &Path) -> Self {
        let units: HashMap<String, Value> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let unit = path.file_stem().unwrap().to_str().unwrap().to_owned();
                (
                    unit,
                    serde_json::from_slice(&fs::read(path).unwrap()).unwrap(),
                )
            })
            .collect();
        let stream = UnixStream::connect(root.join("run/dbus/system_bus_socket")).unwrap();
        let (ready, started) = mpsc::channel();
        self.service = Some(thread::spawn(move || {
            zbus::block_on(serve(stream, &units, &ready));
        }));
        started.recv().unwrap();
        self
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
        // Its connection is closed now.
        if let Some(service) = self.service.take() {
            service.join().unwrap();
        }
    }
}

async fn serve(stream: UnixStream, units: &HashMap<String, Value>, ready: &mpsc::Sender<()>) {
    let connection = Builder::unix_stream(stream)
        .name("org.freedesktop.systemd1")
        .build()
        .await
        .unwrap();
    let mut calls = pin!(MessageStream::from(&connection));
    ready.send(()).unwrap();
    while let Some(Ok(call)) = poll_fn(|context| calls.as_mut().poll_next(context)).await {
        let header = call.header();
        if header.member().is_none_or(|member| member != "GetAll") {
            continue;
        }
        let path = header.path().unwrap().to_string();
        let name = path.rsplit('/').next().unwrap().replace("_2e", ".");
        let unknown = serde_json::json!({"LoadState": {"type": "s", "data": "not-found"}});
        let properties = properties(units.get(&name).unwrap_or(&unknown));
        connection.reply(&header, &properties).await.unwrap();
    }
}

fn properties(unit: &Value) -> HashMap<&str, Variant<'static>> {
    let typed = |value: &Value| {
        let signature = Signature::try_from(value["type"].as_str().unwrap()).unwrap();
        variant(&signature, &value["data"])
    };
    let unit = unit.as_object().unwrap();
    unit.iter()
        .map(|(name, value)| (name.as_str(), typed(value)))
        .collect()
}

/// JSON as `busctl --json` writes it, with the type it was sent with.
fn variant(signature: &Signature, json: &Value) -> Variant<'static> {
    let text = || json.as_str().unwrap().to_owned();
    let signed = || json.as_i64().unwrap();
    let unsigned = || json.as_u64().unwrap();
    match signature {
        Signature::Bool => json.as_bool().unwrap().into(),
        Signature::U8 => u8::try_from(unsigned()).unwrap().into(),
        Signature::U16 => u16::try_from(unsigned()).unwrap().into(),
        Signature::U32 => u32::try_from(unsigned()).unwrap().into(),
        Signature::U64 => unsigned().into(),
        Signature::I32 => i32::try_from(signed()).unwrap().into(),
        Signature::I64 => signed().into(),
        Signature::Str => text().into(),
        Signature::ObjectPath => zbus::ObjectPath::try_from(text()).unwrap().into(),
        Signature::Array(element) => {
            let mut array = Array::new(element);
            for json in json.as_array().unwrap() {
                array.append(variant(element, json)).unwrap();
            }
            array.into()
        }
        Signature::Structure(fields) => {
            let mut structure = StructureBuilder::new();
            for (field, json) in fields.iter().zip(json.as_array().unwrap()) {
                structure = structure.append_field(variant(field, json));
            }
            structure.build().unwrap().into()
        }
        other => panic!("no recorded property is a `{other}`"),
    }
}
