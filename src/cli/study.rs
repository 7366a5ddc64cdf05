//! Carrying out a study for a command: resume, run, be interrupted.

use std::time::Instant;

use super::args::ScenarioArgs;
use super::console::Console;
use super::failure::Failure;
use super::growth::Growth;
use super::keeper::Keeper;
use super::panic::guarded;
use super::progress::{ProgressLine, figures};
use super::reproduce;
use crate::engine::SimDuration;
use crate::experiment::{Collector, Runner, StudyResult, finish_runs};
use crate::plan::Study;
use crate::report::text::visible;

/// A study on its way.
pub struct Job<'a> {
    /// What is asked. Of a study that grows: with as many seeds as it may come to.
    pub study: &'a Study,
    /// When it may stop.
    pub growth: &'a Growth,
    /// Who carries its runs out.
    pub runner: &'a dyn Runner,
    /// How the scenario was named and changed, to tell how to reproduce a run.
    pub scenario: &'a ScenarioArgs,
    /// Threads.
    pub threads: Option<usize>,
}

/// Tells the scenario's warnings.
pub fn warn(study: &Study, console: &Console) {
    for warning in &study.warnings {
        console.note(&format!("warning: {}", visible(warning)));
    }
}

/// Carries out every run that is not kept from before. `timeline_width`: of its buckets, which
/// what is kept must agree on.
///
/// # Errors
/// If a run breaks an invariant, or what is kept cannot be read.
pub fn carry_out(
    job: &Job<'_>,
    timeline_width: SimDuration,
    keeper: &Keeper,
    console: &Console,
) -> Result<StudyResult, Failure> {
    let collectors = keeper.collectors(&[(job.study, timeline_width)], console)?;
    let whole = finish(job, &collectors[0], &keeper.progress, console)?;
    let collector = keeper.over(collectors).pop().expect("one study has one collector");
    Ok(collector.into_result(&whole))
}

/// Carries out the runs that `collector` lacks; the study with the seeds it came to.
///
/// # Errors
/// If a run breaks an invariant.
pub fn finish(
    job: &Job<'_>,
    collector: &Collector,
    progress: &ProgressLine,
    console: &Console,
) -> Result<Study, Failure> {
    let Job { study, growth, runner, scenario, threads } = *job;
    let begun = Instant::now();
    let before = (collector.finished(), collector.work());
    let whole = guarded(
        || {
            let (last, earlier) = growth.looks.split_last().expect("at least one look");
            for &seeds in earlier {
                let part = Study { seeds, ..study.clone() };
                finish_runs(&part, collector, runner, threads, progress);
                if growth.is_enough(&collector.rows_so_far(&part)) {
                    return Ok(part);
                }
            }
            let part = Study { seeds: *last, ..study.clone() };
            finish_runs(&part, collector, runner, threads, progress);
            Ok(part)
        },
        |broken| reproduce::broken(study, scenario, broken),
    )?;
    progress.clear();
    let runs = collector.finished() - before.0;
    if runs > 0 {
        console.note(&figures(runs, &collector.work().since(&before.1), begun.elapsed()));
    }
    Ok(whole)
}
