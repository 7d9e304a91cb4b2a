//! What the loaded driver says in `/proc/driver/nvidia`.
//!
//! Read when `nvidia-smi` cannot be asked, for example without the right to
//! open the devices. It knows neither CUDA nor modes.

use super::Gpus;
use crate::collect::{Host, HostError};

const VERSION: &str = "/proc/driver/nvidia/version";
const GPUS: &str = "/proc/driver/nvidia/gpus";
const SMALL_FILE: u64 = 64 << 10;

/// Lines of `gpus/*/information` and the keys they feed.
const LINES: &[(&str, &str)] = &[
    ("Model", "gpu.model"),
    ("Video BIOS", "gpu.vbios-version"),
    ("GPU Firmware", "gpu.gsp-firmware-version"),
];

pub(super) fn read(host: &Host, notes: &mut Vec<String>) -> Option<Gpus> {
    let mut gpus = Gpus::default();
    let mut ask = |path: &str| match host.text(path, SMALL_FILE) {
        Ok(text) => Some(text),
        Err(HostError::Absent(_)) => None,
        Err(error) => {
            notes.push(error.to_string());
            None
        }
    };
    let version = ask(VERSION)?;
    gpus.add("driver", version_of(&version)?);
    for name in host.names(GPUS).unwrap_or_default() {
        if let Some(text) = ask(&format!("{GPUS}/{name}/information")) {
            gpus.count += 1;
            information(&text, &mut gpus);
        }
    }
    (gpus.count > 0).then_some(gpus)
}

/// The version in `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64
/// 570.133.20  Release Build …`: the first word of digits and dots.
fn version_of(text: &str) -> Option<&str> {
    let line = text
        .lines()
        .find(|line| line.starts_with("NVRM version:"))?;
    line.split_whitespace().find(|word| {
        word.contains('.')
            && word
                .chars()
                .all(|character| character.is_ascii_digit() || character == '.')
    })
}

fn information(text: &str, gpus: &mut Gpus) {
    for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let key = LINES.iter().find(|(line, _)| *line == name.trim());
        // Before a GPU is first used, its BIOS is `??.??.??.??.??`.
        if let Some((_, key)) = key
            && !value.contains('?')
        {
            gpus.add(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gpus, information, version_of};

    #[test]
    fn the_version_is_found_in_both_forms_of_the_module() {
        for (text, version) in [
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.133.20  Release Build  (x@y)  Sun Mar 30 05:06:00 UTC 2025\n",
                Some("570.133.20"),
            ),
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.135  Fri Jan 10 20:00:00 UTC 2025\nGCC version:  gcc version 12.3.0\n",
                Some("550.135"),
            ),
            ("NVRM version: none\n", None),
            ("", None),
        ] {
            assert_eq!(version_of(text), version, "{text}");
        }
    }

    #[test]
    fn an_unknown_bios_is_not_a_value() {
        let mut gpus = Gpus::default();
        information(
            "Model: \t\t NVIDIA A10G\nVideo BIOS: \t ??.??.??.??.??\nGPU UUID: \t x\n",
            &mut gpus,
        );
        assert_eq!(gpus.values.keys().collect::<Vec<_>>(), [&"gpu.model"]);
    }
}
