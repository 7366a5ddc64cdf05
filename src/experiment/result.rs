//! What a study yields: rows of numbers by run, and merged series by strategy and release.

use crate::plan::{Study, VersionId};
use crate::record::{CauseCount, Cell, RolloutOutcome, Timeline, Work};

use super::metric::METRICS;

/// The strategy name that the control's rows bear.
pub const CONTROL_NAME: &str = "(no deploy)";

/// A study and all its results, in canonical order.
#[derive(Clone, Debug)]
pub struct StudyResult {
    /// What was asked.
    pub study: Study,
    /// The control (if it ran) first, then arms × releases in the scenario's order.
    pub groups: Vec<Group>,
    /// How much work it was (not part of any result file).
    pub work: Work,
}

/// All runs of one strategy and release.
#[derive(Clone, Debug)]
pub struct Group {
    /// The strategy; [`CONTROL_NAME`] for the control.
    pub strategy: String,
    /// The release; empty for the control.
    pub release: String,
    /// One a seed, rising.
    pub rows: Vec<Row>,
    /// By seed, class and version.
    pub class_rows: Vec<ClassRow>,
    /// Cells added up over the seeds (same order as in a `RunRecord`).
    pub cells: Vec<Cell>,
    /// Failures by how and why, added up over the seeds.
    pub causes: Vec<CauseCount>,
    /// Added up over the seeds.
    pub timeline: Timeline,
}

/// One run's row in `runs.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The seed.
    pub seed: u64,
    /// How the rollout ended.
    pub outcome: RolloutOutcome,
    /// Whether harm was still going on at the window's end (`mitigate_s` is then censored:
    /// the time so far).
    pub censored: bool,
    /// By place in [`METRICS`]; `None` where a metric does not apply.
    pub values: [Option<f64>; METRICS.len()],
}

/// One run's row in `classes.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// The seed.
    pub seed: u64,
    /// The class, by its place in the plan.
    pub class: u16,
    /// The version of the last attempt's instance; `None`: none was reached.
    pub version: Option<VersionId>,
    /// By place in [`METRICS`]; only those that make sense for a class are filled.
    pub values: [Option<f64>; METRICS.len()],
}
