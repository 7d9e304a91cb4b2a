//! The document that `nvidia-smi -q -x` writes.
//!
//! Only the elements named here are kept, so that clocks, temperatures,
//! processes and serial numbers never are. How the document is had is not known
//! here.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::Gpus;

const LOG: &str = "nvidia_smi_log";

/// Elements below the log and the keys they feed.
const OF_THE_NODE: &[(&str, &str)] = &[
    ("driver_version", "driver"),
    ("cuda_version", "cuda-version"),
];

/// Elements below each `gpu` and the keys they feed.
const OF_A_GPU: &[(&str, &str)] = &[
    ("product_name", "gpu.model"),
    ("product_architecture", "gpu.product-architecture"),
    ("display_mode", "gpu.display-mode"),
    ("display_active", "gpu.display-active"),
    ("persistence_mode", "gpu.persistence-mode"),
    ("addressing_mode", "gpu.addressing-mode"),
    ("vbios_version", "gpu.vbios-version"),
    ("gsp_firmware_version", "gpu.gsp-firmware-version"),
];

/// The deepest element of a document that is believed; real ones have 6 levels.
const DEEPEST: usize = 32;
/// The longest text that is believed, in bytes; the longest real ones are names of
/// processes.
const LONGEST: usize = 64 << 10;

/// Why a document tells nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum SmiError {
    #[error("no XML: {0}")]
    Xml(String),
    #[error("the document ends early or says nothing about a driver")]
    Incomplete,
    #[error("a value is longer, or an element deeper, than any real one")]
    Excessive,
}

pub(super) fn parse(document: &str) -> Result<Gpus, SmiError> {
    let mut reader = Reader::from_str(document);
    let mut gpus = Gpus::default();
    let mut attached = None;
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        let event = reader.read_event();
        match event.map_err(|error| SmiError::Xml(error.to_string()))? {
            Event::Start(element) => {
                open.push(element.name().as_ref().to_owned());
                gpus.count += u64::from(is(&open, &[LOG, "gpu"]));
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            // Entities beyond the five of XML are never defined there, and
            // expanding them is how hostile documents grow.
            Event::GeneralRef(name) => {
                text.push_str(resolve_predefined_entity(&name).unwrap_or_default());
            }
            Event::End(_) => {
                if let Some(key) = key_of(&open) {
                    gpus.add(key, &text);
                } else if is(&open, &[LOG, "attached_gpus"]) {
                    attached = text.trim().parse().ok();
                }
                open.pop();
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
        if open.len() > DEEPEST || text.len() > LONGEST {
            return Err(SmiError::Excessive);
        }
    }
    if !open.is_empty() || !gpus.values.contains_key("driver") {
        return Err(SmiError::Incomplete);
    }
    gpus.count = attached.unwrap_or(gpus.count);
    Ok(gpus)
}

fn is(open: &[String], names: &[&str]) -> bool {
    open.iter().map(String::as_str).eq(names.iter().copied())
}

fn key_of(open: &[String]) -> Option<&'static str> {
    let (table, name) = match open {
        [log, name] if log == LOG => (OF_THE_NODE, name),
        [log, gpu, name] if log == LOG && gpu == "gpu" => (OF_A_GPU, name),
        _ => return None,
    };
    table
        .iter()
        .find(|(element, _)| element == name)
        .map(|(_, key)| *key)
}
