//! Who carries out a run: the simulation, or a stand-in in tests.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::plan::{Plan, Study};
use crate::record::{RunKey, RunRecord, timeline_width};
use crate::simulation::{self, RunOptions};

use super::result::CONTROL_NAME;

/// Carries out single runs. A pure function of the key: whatever thread calls it, whenever.
pub trait Runner: Sync {
    /// One run.
    fn run(&self, key: RunKey) -> RunRecord;
}

/// The real thing.
pub struct Simulator<'a> {
    /// The study whose runs it carries out.
    pub study: &'a Study,
    /// What it keeps of each.
    pub options: RunOptions,
}

impl<'a> Simulator<'a> {
    /// A simulator that keeps figures only, with a timeline of at most `buckets` buckets.
    #[must_use]
    pub fn of_figures(study: &'a Study, buckets: u64) -> Self {
        let timeline_width = timeline_width(study.plan.clock.window, buckets);
        let options =
            RunOptions { timeline_width, log: false, failure_samples: 0, detail_small_up_to: None };
        Self { study, options }
    }
}

impl Runner for Simulator<'_> {
    fn run(&self, key: RunKey) -> RunRecord {
        let arm = key.arm.map(|arm| &self.study.arms[usize::from(arm)]);
        let release = key.release.map(|release| self.study.releases[usize::from(release)].version);
        let strategy = arm.map(|arm| &arm.strategy);
        simulation::run(plan_of(self.study, key), strategy, release, key, &self.options)
    }
}

/// The world of a run: the arm's own where `with:` changed it, else the study's.
#[must_use]
pub fn plan_of(study: &Study, key: RunKey) -> &Plan {
    let arm = key.arm.map(|arm| &study.arms[usize::from(arm)]);
    arm.and_then(|arm| arm.plan.as_deref()).unwrap_or(&study.plan)
}

/// A run that broke an invariant: the payload with which the panic goes on to whoever started
/// the study, so that it can be told how to reproduce it.
#[derive(Debug)]
pub struct BrokenRun {
    /// The strategy's name; [`CONTROL_NAME`] for the control.
    pub strategy: String,
    /// The release's name; empty for the control.
    pub release: String,
    /// The seed.
    pub seed: u64,
    /// What the panic said.
    pub message: String,
}

/// Calls `work` for a run; a panic in it goes on as a [`BrokenRun`].
pub(super) fn guard<T>(study: &Study, key: RunKey, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let name = |arm| study.arms[usize::from(arm)].name.clone();
        let release = |release| study.releases[usize::from(release)].name.clone();
        resume_unwind(Box::new(BrokenRun {
            strategy: key.arm.map_or_else(|| CONTROL_NAME.to_owned(), name),
            release: key.release.map_or_else(String::new, release),
            seed: key.seed,
            message: message_of(payload.as_ref()),
        }))
    })
}

/// What a panic said.
#[must_use]
pub fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}
