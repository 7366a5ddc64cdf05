//! The theory catalogue: worked cases of queueing, balancing, rollouts and control planes with
//! known answers.
//!
//! A case names a model in plain terms; here it becomes the text of a scenario, which goes the
//! way of every scenario (parse, resolve, plan, simulation), and its checks are held against
//! the record of the run. A case with an input or a metric that has no model is reported as
//! not modelled.

mod inputs;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Check, Verdict};

/// A catalogue file.
#[derive(Clone, Debug, Deserialize)]
pub struct Catalogue {
    /// Its format.
    pub meta: Meta,
    /// The cases.
    pub cases: Vec<Case>,
}

/// What kind of catalogue it is.
#[derive(Clone, Debug, Deserialize)]
pub struct Meta {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
}

/// The catalogue's name for its format.
pub const FORMAT: &str = "cutover-theory-catalogue";
/// The version of the format that is read here.
pub const FORMAT_VERSION: u32 = 1;

/// One worked case.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name; cases of one family share the stem.
    pub id: String,
    /// The model, in seconds and rates per second.
    pub inputs: Map<String, Value>,
    /// What must come out.
    pub checks: Vec<Expectation>,
    /// Suggested run length or replications.
    #[serde(default)]
    pub sim: Map<String, Value>,
}

/// One number that must come out.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    /// What is looked at.
    pub metric: String,
    /// The known answer.
    pub expected: Value,
    /// How far off it may be.
    pub tolerance: Tolerance,
}

/// How far a number may be off.
#[derive(Clone, Debug, Deserialize)]
pub struct Tolerance {
    /// How the value is meant.
    pub kind: ToleranceKind,
    /// In the metric's unit, or a share of the expected value.
    pub value: f64,
}

/// How a tolerance is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToleranceKind {
    /// A share of the expected value.
    Relative,
    /// In the metric's unit.
    Absolute,
    /// None at all.
    Exact,
    /// The observed value may exceed the expected one by at most this.
    UpperBound,
}

impl Tolerance {
    /// Whether `got` is near enough to `expected`.
    #[must_use]
    pub fn holds(&self, expected: f64, got: f64) -> bool {
        // What rounding in the catalogue's own arithmetic may do.
        let rounding = 1e-9 * expected.abs();
        match self.kind {
            ToleranceKind::Relative => (got - expected).abs() <= self.value * expected.abs(),
            ToleranceKind::Absolute => (got - expected).abs() <= self.value,
            ToleranceKind::Exact => (got - expected).abs() <= rounding,
            ToleranceKind::UpperBound => got <= expected + self.value,
        }
    }

    fn describe(&self) -> String {
        match self.kind {
            ToleranceKind::Relative => format!("±{} %", figure(100.0 * self.value)),
            ToleranceKind::Absolute => format!("±{}", figure(self.value)),
            ToleranceKind::Exact => "exact".into(),
            ToleranceKind::UpperBound => format!("at most +{}", figure(self.value)),
        }
    }
}
