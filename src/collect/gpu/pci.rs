//! Which GPUs are on the PCI bus, so that a node without a driver still says
//! what it has.

use super::Gpus;
use crate::collect::Host;

const DEVICES: &str = "/sys/bus/pci/devices";
const VENDOR: &str = "0x10de";
/// Display controllers: VGA compatible, and 3D. Audio and bridges of the same
/// cards have other classes.
const CLASSES: &[&str] = &["0x0300", "0x0302"];
const SMALL_FILE: u64 = 4096;

/// Names by device id, as `nvidia-smi` writes them.
///
/// Source: "Compatible GPUs" in README.md of NVIDIA's open-gpu-kernel-modules;
/// 2336 (H100) from pci.ids, 2023-04-11.
const MODELS: &[(&str, &str)] = &[
    ("0x20b0", "NVIDIA A100-SXM4-40GB"),
    ("0x20b2", "NVIDIA A100-SXM4-80GB"),
    ("0x20b3", "NVIDIA A100-SXM-64GB"),
    ("0x20b5", "NVIDIA A100 80GB PCIe"),
    ("0x20f1", "NVIDIA A100-PCIE-40GB"),
    ("0x2321", "NVIDIA H100 NVL"),
    ("0x2330", "NVIDIA H100 80GB HBM3"),
    ("0x2331", "NVIDIA H100 PCIe"),
    ("0x2335", "NVIDIA H200"),
    ("0x2336", "NVIDIA H100"),
    ("0x2339", "NVIDIA H100"),
    ("0x233b", "NVIDIA H200 NVL"),
    ("0x26b5", "NVIDIA L40"),
    ("0x26b9", "NVIDIA L40S"),
    ("0x2901", "NVIDIA B200"),
    ("0x2909", "NVIDIA B200"),
    ("0x2941", "NVIDIA GB200"),
];

pub(super) fn read(host: &Host, notes: &mut Vec<String>) -> Option<Gpus> {
    let mut gpus = Gpus::default();
    // A machine without this bus has no such GPU.
    for name in host.names(DEVICES).unwrap_or_default() {
        let field = |field: &str| {
            let text = host.text(&format!("{DEVICES}/{name}/{field}"), SMALL_FILE);
            text.map(|text| text.trim().to_ascii_lowercase())
                .unwrap_or_default()
        };
        let class = field("class");
        if field("vendor") == VENDOR && CLASSES.iter().any(|known| class.starts_with(known)) {
            gpus.count += 1;
            let device = field("device");
            let model = MODELS.iter().find(|(id, _)| *id == device);
            match model {
                Some((_, model)) => gpus.add("gpu.model", model),
                None => gpus.add("gpu.model", &format!("PCI device {VENDOR}:{device}")),
            }
        }
    }
    if gpus.count == 0 {
        return None;
    }
    notes.push("no driver answers: the GPUs are those on the PCI bus".to_owned());
    Some(gpus)
}
