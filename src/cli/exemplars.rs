//! The runs that the report shows one by one: carried out again with their log.

use super::args::ScenarioArgs;
use super::failure::Failure;
use super::panic::guarded;
use super::reproduce;
use super::run::FAILURE_SAMPLES;
use crate::experiment::{COMPARE_BUCKETS, Simulator, StudyResult, exemplars, rerun};
use crate::plan::Study;
use crate::record::{RunKey, timeline_width};
use crate::report::exemplar::Shown;
use crate::simulation::RunOptions;

/// The median and the worst run of every strategy and release, with their logs. They are what
/// they were in the study: a run depends on its key alone.
///
/// # Errors
/// If a run breaks an invariant.
pub fn shown(
    study: &Study,
    result: &StudyResult,
    scenario: &ScenarioArgs,
    threads: Option<usize>,
) -> Result<Vec<Shown>, Failure> {
    let wanted = exemplars(result);
    let options = RunOptions {
        timeline_width: timeline_width(study.plan.clock.window, COMPARE_BUCKETS),
        log: true,
        failure_samples: FAILURE_SAMPLES,
        detail_small_up_to: None,
    };
    let runner = Simulator { study, options };
    let keys: Vec<RunKey> = wanted.iter().map(|exemplar| exemplar.key).collect();
    let records = guarded(
        || Ok(rerun(study, &keys, &runner, threads)),
        |broken| reproduce::broken(study, scenario, broken),
    )?;
    let shown = wanted.into_iter().zip(records).map(|(exemplar, record)| Shown {
        group: exemplar.group,
        roles: exemplar.roles,
        command: reproduce::one(study, scenario, exemplar.key),
        record,
    });
    Ok(shown.collect())
}
