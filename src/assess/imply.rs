//! A snapshot becomes a query.
//!
//! Nothing here fails: what a node says in words that the vocabulary does not
//! have is left open and noted, so that the answer is at least the base.

use std::collections::BTreeSet;

use crate::model::{
    EnumParameter, Parameter, ParameterKind, Query, Reading, Selector, Snapshot, Version,
    VersionParameter, Vocabulary,
};

/// The query a snapshot implies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Implied {
    /// What could be understood; the rest is open.
    pub query: Query,
    /// One sentence for each reading that could not be.
    pub notes: Vec<String>,
}

/// What a snapshot tells about its environment. A parameter without a reading
/// is open and not worth a note; one with a reading that the vocabulary does
/// not understand is open and noted.
#[must_use]
pub fn imply(snapshot: &Snapshot, vocabulary: &Vocabulary) -> Implied {
    let mut implied = Implied {
        query: Query::default(),
        notes: Vec::new(),
    };
    for parameter in Parameter::ALL {
        // The first reading counts: a later path is for snapshots without it.
        let readings = vocabulary.revealing_paths(parameter).iter();
        let found = readings
            .filter_map(|path| Some((path, snapshot.get(path)?)))
            .find(|(_, reading)| !reading.text().trim().is_empty());
        let Some((path, reading)) = found else {
            continue;
        };
        let understood = match parameter.kind() {
            ParameterKind::Enum(choice) => implied.read_value(vocabulary, choice, reading),
            ParameterKind::Version(choice) => implied.read_version(choice, reading),
        };
        if let Err(reason) = understood {
            implied.notes.push(note(parameter, path, reading, &reason));
        }
    }
    implied
}

impl Implied {
    /// A list of differing models, joined by `,`, counts when all of them
    /// reveal one value.
    fn read_value(
        &mut self,
        vocabulary: &Vocabulary,
        parameter: EnumParameter,
        reading: &Reading,
    ) -> Result<(), String> {
        let text = reading.text();
        let values: Option<BTreeSet<_>> = text
            .split(',')
            .map(|part| vocabulary.revealed(parameter, part))
            .collect();
        match values.as_ref().map(|values| (values.first(), values.len())) {
            Some((Some(value), 1)) => {
                self.query.set_value(parameter, Some(*value));
                Ok(())
            }
            Some(_) => Err("names more than one value".to_owned()),
            None => Err(format!(
                "reveals none of {}",
                understood(vocabulary, parameter)
            )),
        }
    }

    fn read_version(
        &mut self,
        parameter: VersionParameter,
        reading: &Reading,
    ) -> Result<(), String> {
        let version: Version = reading
            .text()
            .parse()
            .map_err(|error| format!("is no version, it {error}"))?;
        self.query.set_version(parameter, Some(version));
        Ok(())
    }
}

fn understood(vocabulary: &Vocabulary, parameter: EnumParameter) -> String {
    let revealed = vocabulary
        .values_of(parameter)
        .iter()
        .filter(|value| !value.reveal.is_empty());
    revealed
        .map(|value| &*value.name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn note(parameter: Parameter, path: &Selector, reading: &Reading, reason: &str) -> String {
    let shown: String = reading
        .text()
        .chars()
        .take(60)
        .filter(|shown| !shown.is_control())
        .collect();
    format!("`{path}` is `{shown}`, which {reason}; {parameter} is left open")
}

#[cfg(test)]
mod tests {
    use super::imply;
    use crate::model::{
        EnumParameter, EnumValue, Parameter, Path, Pattern, Selector, Snapshot, Vocabulary,
    };

    fn vocabulary() -> Vocabulary {
        let value = |name: &str, pattern: &str| EnumValue {
            name: name.into(),
            reveal: vec![Pattern::new(pattern)],
            ..EnumValue::default()
        };
        let paths = |texts: &[&str]| {
            texts
                .iter()
                .filter_map(|text| Selector::parse(text))
                .collect()
        };
        let mut vocabulary = Vocabulary::default();
        vocabulary.values[EnumParameter::Gpu.index()] = vec![
            value("gb200", "*GB200*"),
            value("b200", "*B200*"),
            value("h100", "*H100*"),
        ];
        vocabulary.revealed_by[Parameter::Gpu.index()] = paths(&["GPU.smi.gpu.model"]);
        vocabulary.revealed_by[Parameter::K8s.index()] = paths(&["K8s.server.version"]);
        vocabulary.revealed_by[Parameter::Kernel.index()] = paths(&[
            "OS.sysctl./proc/sys/kernel/osrelease",
            "K8s.node.kernel-version",
        ]);
        vocabulary
    }

    fn check(readings: &[(&str, &str)], query: &str, notes: &[&str]) {
        let mut snapshot = Snapshot::default();
        for (path, text) in readings {
            let [kind, subtype, key] = path.splitn(3, '.').collect::<Vec<_>>()[..] else {
                panic!()
            };
            let kind = crate::model::MeasurementType::from_name(kind).unwrap();
            snapshot
                .readings
                .insert(Path::new(kind, subtype, key), (*text).into());
        }
        let vocabulary = vocabulary();
        let implied = imply(&snapshot, &vocabulary);
        assert_eq!(implied.query.canonical(&vocabulary), query);
        assert_eq!(implied.notes, notes);
    }

    #[test]
    fn what_is_understood_becomes_the_query() {
        check(&[], "", &[]);
        check(&[("GPU.smi.gpu.model", "NVIDIA GB200")], "gpu=gb200", &[]);
        check(
            &[(
                "GPU.smi.gpu.model",
                "NVIDIA H100 PCIe, NVIDIA H100 80GB HBM3",
            )],
            "gpu=h100",
            &[],
        );
        check(
            &[("K8s.server.version", "v1.33.5-eks-3025e55")],
            "k8s=v1.33.5-eks-3025e55",
            &[],
        );
        let host = ("OS.sysctl./proc/sys/kernel/osrelease", "6.8.0-1028-aws");
        check(
            &[host, ("K8s.node.kernel-version", "5.15")],
            "kernel=6.8.0-1028-aws",
            &[],
        );
        check(&[("K8s.node.kernel-version", "5.15")], "kernel=5.15", &[]);
    }

    #[test]
    fn what_is_not_is_left_open_and_noted() {
        check(
            &[("GPU.smi.gpu.model", "Tesla V100")],
            "",
            &[
                "`GPU.smi.gpu.model` is `Tesla V100`, which reveals none of gb200, b200, h100; gpu is left open",
            ],
        );
        check(
            &[
                ("GPU.smi.gpu.model", "NVIDIA H100,NVIDIA B200"),
                ("K8s.server.version", "latest"),
            ],
            "",
            &[
                "`K8s.server.version` is `latest`, which is no version, it has a component that is not a number; k8s is left open",
                "`GPU.smi.gpu.model` is `NVIDIA H100,NVIDIA B200`, which names more than one value; gpu is left open",
            ],
        );
    }
}
