//! Readings grouped as documents list them: type, subtype, key.
//!
//! The groups are found while writing, in lines that are already sorted, so
//! that a recipe costs one small list and no map.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::scalar::ScalarDocument;
use crate::model::{MeasurementType, Path, Reading};

/// One reading ready to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) path: &'a Path,
    pub(super) value: &'a Reading,
    pub(super) context: Option<&'a str>,
}

/// All measurements of a document.
#[derive(Debug)]
pub(super) struct Measurements<'a> {
    /// Sorted by path.
    lines: Vec<Line<'a>>,
    with_context: bool,
    /// The types that are listed even when nothing was read.
    always: &'static [MeasurementType],
}

impl<'a> Measurements<'a> {
    /// What was read on a node: absent sources are listed too.
    pub(super) fn of_a_node(lines: Vec<Line<'a>>) -> Self {
        use MeasurementType::{Gpu, K8s, Os, SystemD};
        Self {
            lines,
            with_context: false,
            always: &[SystemD, Os, K8s, Gpu],
        }
    }

    /// What a recipe recommends.
    pub(super) fn of_a_recipe(lines: Vec<Line<'a>>, with_context: bool) -> Self {
        Self {
            lines,
            with_context,
            always: &[],
        }
    }
}

impl Serialize for Measurements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut rest = self.lines.as_slice();
        for kind in MeasurementType::ALL {
            let (lines, after) = rest.split_at(rest.partition_point(|line| line.path.kind <= kind));
            rest = after;
            if !lines.is_empty() || self.always.contains(&kind) {
                let subtypes = Subtypes {
                    lines,
                    with_context: self.with_context,
                };
                list.serialize_element(&MeasurementDocument {
                    kind: kind.name(),
                    subtypes,
                })?;
            }
        }
        list.end()
    }
}

/// The readings of one type.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Measurement))]
pub(super) struct MeasurementDocument<'a> {
    /// `SystemD`, `OS`, `K8s`, `GPU` or `NodeTopology`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The readings, one element a subtype, sorted by name.
    #[cfg_attr(feature = "server", schema(value_type = Vec<SubtypeDocument<'static>>))]
    subtypes: Subtypes<'a>,
}

#[derive(Debug)]
struct Subtypes<'a> {
    lines: &'a [Line<'a>],
    with_context: bool,
}

impl Serialize for Subtypes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for lines in self
            .lines
            .chunk_by(|left, right| left.path.subtype == right.path.subtype)
        {
            list.serialize_element(&SubtypeDocument {
                subtype: lines.first().map_or("", |line| &line.path.subtype),
                data: Data(lines),
                context: self.with_context.then_some(Contexts(lines)),
            })?;
        }
        list.end()
    }
}

/// The readings of one subtype.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Subtype))]
struct SubtypeDocument<'a> {
    /// Such as `image` or `containerd.service`.
    subtype: &'a str,
    /// The readings by key, sorted.
    #[cfg_attr(
        feature = "server",
        schema(value_type = std::collections::BTreeMap<String, ScalarDocument<'static>>)
    )]
    data: Data<'a>,
    /// The reason for each value, one sentence; only with `context=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "server",
        schema(required = false, value_type = std::collections::BTreeMap<String, String>)
    )]
    context: Option<Contexts<'a>>,
}

#[derive(Debug)]
struct Data<'a>(&'a [Line<'a>]);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for line in self.0 {
            map.serialize_entry(&*line.path.key, &ScalarDocument(line.value))?;
        }
        map.end()
    }
}

#[derive(Debug)]
struct Contexts<'a>(&'a [Line<'a>]);

impl Serialize for Contexts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for line in self.0 {
            if let Some(context) = line.context {
                map.serialize_entry(&*line.path.key, context)?;
            }
        }
        map.end()
    }
}
