//! What a study yields: rows of numbers by run, and merged series by strategy and release.

use serde::{Deserialize, Serialize};

use crate::plan::{Study, VersionId};
use crate::record::{CauseCount, Cell, PhaseTally, RolloutOutcome, Timeline, Work};

use super::metric::{METRICS, index_of};

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
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The strategy; [`CONTROL_NAME`] for the control.
    pub strategy: String,
    /// The release; empty for the control.
    pub release: String,
    /// One a seed, rising.
    pub rows: Vec<Row>,
    /// By seed, class and version; cells without a request are left out.
    pub class_rows: Vec<ClassRow>,
    /// By seed and class, all versions together; every class has a row in every seed.
    pub class_totals: Vec<ClassRow>,
    /// Cells added up over the seeds (same order as in a `RunRecord`).
    pub cells: Vec<Cell>,
    /// Failures by how and why, added up over the seeds.
    pub causes: Vec<CauseCount>,
    /// Added up over the seeds.
    pub timeline: Timeline,
    /// Requests of the scenario's phases, in its order, added up over the seeds.
    pub phases: Vec<PhaseTally>,
}

/// One run's row in `runs.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The seed.
    pub seed: u64,
    /// How the rollout ended.
    pub outcome: RolloutOutcome,
    /// Which of its times were still running at the window's end.
    pub censored: Censored,
    /// By place in [`METRICS`]; `None` where a metric does not apply.
    pub values: [Option<f64>; METRICS.len()],
}

/// Times that were still running at the window's end: their values are the time so far, the
/// true ones are longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Censored {
    /// `deploy_s`: the rollout had not ended.
    pub deploy: bool,
    /// `detect_s`: there was harm and nothing had noticed it.
    pub detect: bool,
    /// `mitigate_s`: harm was still going on.
    pub mitigate: bool,
}

/// One run's row in `classes.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// The seed.
    pub seed: u64,
    /// The class, by its place in the plan.
    pub class: u16,
    /// The version of the last attempt's instance; `None`: none was reached (or, in
    /// [`Group::class_totals`], all of them).
    pub version: Option<VersionId>,
    /// By place in [`METRICS`]; only those that make sense for a class are filled.
    pub values: [Option<f64>; METRICS.len()],
}

impl Group {
    /// Whether two rollouts ended, and in the same way, in every seed. Only then do their times
    /// say which is the faster one: what is given up is over sooner than what is carried through.
    #[must_use]
    pub fn ended_like(&self, other: &Self) -> bool {
        let ended = |row: &Row| {
            matches!(row.outcome, RolloutOutcome::Completed | RolloutOutcome::RolledBack)
        };
        self.rows.len() == other.rows.len()
            && self.rows.iter().zip(&other.rows).all(|(a, b)| a.outcome == b.outcome && ended(a))
    }
}

impl Row {
    /// A value by its column; `None` too where there is no such column.
    #[must_use]
    pub fn value(&self, metric: &str) -> Option<f64> {
        self.values[index_of(metric)?]
    }
}

impl Censored {
    /// Whether the value of this column is only the time so far.
    #[must_use]
    pub fn is(self, metric: &str) -> bool {
        match metric {
            "deploy_s" => self.deploy,
            "detect_s" => self.detect,
            "mitigate_s" => self.mitigate,
            _ => false,
        }
    }

    /// The columns whose values are only the time so far.
    pub fn columns(self) -> impl Iterator<Item = &'static str> {
        ["deploy_s", "detect_s", "mitigate_s"].into_iter().filter(move |name| self.is(name))
    }
}
