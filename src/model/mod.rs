//! The nouns of the domain and the rules that always hold for them.
//!
//! What is deliberately absent: serialisation, files, HTTP, clocks. A value
//! here does not know where it came from or how it will be written.

mod comparison;
mod measurement;
mod nearest;
mod parameter;
mod predicate;
mod query;
mod reading;
mod recipe;
mod snapshot;
mod version;
mod vocabulary;

pub use comparison::{Comparison, PathPattern, Profile};
pub use measurement::{MeasurementType, Path, Selector};
pub use nearest::nearest;
pub use parameter::{EnumParameter, Parameter, ParameterKind, VersionParameter};
pub use predicate::{Condition, Interval, PredicateError, VersionPredicate};
pub use query::{Query, QueryProblem};
pub use reading::Reading;
pub use recipe::{
    Advisory, Constraint, Coverage, CoverageLevel, NearMiss, Recipe, Setting, Severity, Step, Trace,
};
pub use snapshot::Snapshot;
pub use version::{Version, VersionError};
pub use vocabulary::{EnumValue, Pattern, ValueId, Vocabulary};
