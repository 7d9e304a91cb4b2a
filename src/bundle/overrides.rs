//! `--set COMPONENT:PATH=VALUE`: a value that a user wants otherwise.

use super::chart::{Chart, Key};
use super::checked::typed;
use super::error::{BundleError, bad_choice, shown};
use super::operator::Operator;
use super::tree::{Map, Value, names};
use crate::model::nearest;

/// One value set by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    component: String,
    path: String,
    value: String,
}

impl Override {
    /// Reads `COMPONENT:PATH=VALUE`. Whether the component and the path exist is
    /// known only with a recipe.
    ///
    /// # Errors
    /// When one of the parts is missing.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let read = || {
            let (component, rest) = text.split_once(':')?;
            let (path, value) = rest.split_once('=')?;
            (!component.is_empty() && !path.is_empty()).then(|| Self {
                component: component.to_owned(),
                path: path.to_owned(),
                value: value.to_owned(),
            })
        };
        read().ok_or_else(|| BundleError::BadOverride(shown(text)))
    }

    /// The operator meant, among those of a bundle.
    pub(super) fn operator(&self, present: &[Operator]) -> Result<Operator, BundleError> {
        let meant = |operator: &&Operator| operator.name() == self.component;
        present.iter().find(meant).copied().ok_or_else(|| {
            let names = present.iter().map(|operator| operator.name());
            let near = nearest(&self.component, names.clone()).map(str::to_owned);
            BundleError::UnknownComponent {
                given: shown(&self.component),
                allowed: names.collect::<Vec<_>>().join(", "),
                nearest: near,
            }
        })
    }

    /// Puts the value where it belongs.
    pub(super) fn apply(
        &self,
        operator: Operator,
        chart: &Chart,
        values: &mut Map,
    ) -> Result<(), BundleError> {
        let said = format!("{operator}:{}", self.path);
        if let Some(key) = chart.key(&self.path) {
            let value = typed(key, &self.value, true)
                .map_err(|wanted| bad_choice(&said, &self.value, wanted))?;
            values.set(&names(&self.path), value, Some(REASON));
            return Ok(());
        }
        let Some((outer, inner)) = chart.map_around(&self.path) else {
            return Err(self.unknown(operator, chart));
        };
        if inner.chars().any(char::is_control) || self.value.chars().any(char::is_control) {
            return Err(bad_choice(&said, &self.value, "one line".to_owned()));
        }
        let mut path = names(outer.path);
        path.extend(inside(outer, inner));
        values.set(&path, Value::from(self.value.as_str()), Some(REASON));
        Ok(())
    }

    fn unknown(&self, operator: Operator, chart: &Chart) -> BundleError {
        let near = nearest(&self.path, chart.keys().iter().map(|key| key.path));
        BundleError::UnknownKey {
            operator,
            release: chart.release.to_owned(),
            path: shown(&self.path),
            nearest: near.map(str::to_owned),
        }
    }
}

const REASON: &str = "Set by hand.";

/// Names below a map. Labels and annotations have dots in their names; other
/// maps, such as `resources`, are nested.
fn inside<'p>(outer: &Key, inner: &'p str) -> Vec<&'p str> {
    let last = outer.path.rsplit('.').next().unwrap_or_default();
    let flat = ["Selector", "selector", "labels", "Labels", "annotations"];
    if flat.iter().any(|end| last.ends_with(end)) {
        vec![inner]
    } else {
        names(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Override;
    use crate::bundle::Operator;
    use crate::bundle::chart::charts;
    use crate::bundle::tree::Map;
    use crate::bundle::yaml::document;

    fn set(text: &str) -> Result<String, String> {
        let given = Override::parse(text).map_err(|error| error.to_string())?;
        let operator = given
            .operator(&[Operator::Gpu])
            .map_err(|error| error.to_string())?;
        let chart = charts(operator).last().unwrap();
        let mut values = Map::default();
        given
            .apply(operator, chart, &mut values)
            .map_err(|error| error.to_string())?;
        Ok(document(&values))
    }

    #[test]
    fn a_value_is_typed_and_put_in_its_place() {
        for (text, expected) in [
            (
                "gpu-operator:driver.version=580.95.05",
                "driver:\n  # Set by hand.\n  version: \"580.95.05\"\n",
            ),
            (
                "gpu-operator:driver.enabled=false",
                "driver:\n  # Set by hand.\n  enabled: false\n",
            ),
            (
                "gpu-operator:operator.nodeSelector.example.com/pool=a=b",
                "operator:\n  nodeSelector:\n    # Set by hand.\n    example.com/pool: a=b\n",
            ),
            (
                "gpu-operator:toolkit.resources.limits.memory=1Gi",
                "toolkit:\n  resources:\n    limits:\n      # Set by hand.\n      memory: 1Gi\n",
            ),
            (
                "gpu-operator:driver.env=[{\"name\":\"A\",\"value\":\"1\"}]",
                "driver:\n  # Set by hand.\n  env:\n    - name: A\n      value: \"1\"\n",
            ),
        ] {
            assert_eq!(set(text), Ok(format!("---\n{expected}")), "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_is_refused_with_the_nearest_match() {
        for (text, says) in [
            ("driver.version=1", "is not COMPONENT:PATH=VALUE"),
            ("gpu-operator:=1", "is not COMPONENT:PATH=VALUE"),
            (
                "gpuoperator:driver.version=1",
                "did you mean `gpu-operator`?",
            ),
            ("network-operator:a=1", "its components: gpu-operator"),
            (
                "gpu-operator:driver.versoin=1",
                "the chart of gpu-operator v25.10.1 has no value `driver.versoin`; did you mean \
                 `driver.version`?",
            ),
            (
                "gpu-operator:driver.enabled=maybe",
                "`gpu-operator:driver.enabled`: `maybe` is not true or false",
            ),
            (
                "gpu-operator:driver.kernelModuleType=closed",
                "`closed` is not one of auto, open, proprietary",
            ),
            ("gpu-operator:operator.nodeSelector.a=b\nc", "one line"),
        ] {
            let said = set(text).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
