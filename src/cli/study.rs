//! Carrying out a study for a command: resume, run, be interrupted, put the results in place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::args::ScenarioArgs;
use super::console::{Console, to_stderr};
use super::exit::Exit;
use super::failure::Failure;
use super::growth::Growth;
use super::panic::guarded;
use super::place::Place;
use super::progress::{ProgressLine, figures};
use super::reproduce;
use super::signal;
use crate::engine::SimDuration;
use crate::experiment::{
    CheckpointError, Collector, Runner, StudyResult, finish_runs, load_checkpoint, save_checkpoint,
};
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
    /// Width of the timeline's buckets, which a checkpoint must agree on.
    pub timeline_width: SimDuration,
    /// Where the results will go, if unfinished work is kept beside them.
    pub place: Option<&'a Place>,
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

/// Carries out every run that no checkpoint holds.
///
/// # Errors
/// If a run breaks an invariant, or a checkpoint cannot be read.
pub fn carry_out(job: Job<'_>, console: &Console) -> Result<StudyResult, Failure> {
    let Job { study, growth, runner, timeline_width, place, scenario, threads } = job;
    let collector = match place {
        Some(place) => restored(study, timeline_width, place, console)?,
        None => Collector::new(study),
    };
    let collector = Arc::new(collector);
    let progress = Arc::new(ProgressLine::new(console.progress, console.overwrites));
    if let Some(place) = place {
        keep_when_interrupted(study, timeline_width, &collector, place, &progress);
    }
    let begun = Instant::now();
    let before = (collector.finished(), collector.work());
    let whole = guarded(
        || {
            let (last, earlier) = growth.looks.split_last().expect("at least one look");
            for &seeds in earlier {
                let part = Study { seeds, ..study.clone() };
                finish_runs(&part, &collector, runner, threads, progress.as_ref());
                if growth.is_enough(&collector.rows_so_far(&part)) {
                    return Ok(part);
                }
            }
            let part = Study { seeds: *last, ..study.clone() };
            finish_runs(&part, &collector, runner, threads, progress.as_ref());
            Ok(part)
        },
        |broken| reproduce::broken(study, scenario, broken),
    )?;
    progress.clear();
    let runs = collector.finished() - before.0;
    // A signal that comes now finds nothing left to keep: the results are about to be written.
    let Some(collector) = Arc::into_inner(collector) else {
        // The handler has just begun to keep what is finished, and will end the process.
        loop {
            std::thread::park();
        }
    };
    let result = collector.into_result(&whole);
    if runs > 0 {
        console.note(&figures(runs, &result.work.since(&before.1), begun.elapsed()));
    }
    Ok(result)
}

/// Takes a checkpoint up, if there is one of this very study.
fn restored(
    study: &Study,
    timeline_width: SimDuration,
    place: &Place,
    console: &Console,
) -> Result<Collector, Failure> {
    let Some(text) = place.kept()? else { return Ok(Collector::new(study)) };
    match load_checkpoint(study, timeline_width, &text) {
        Ok(collector) => {
            let (finished, total) = (collector.finished(), collector.total());
            console.note(&format!("resuming: {finished} of {total} runs were finished before"));
            Ok(collector)
        }
        Err(error @ (CheckpointError::OfAnother | CheckpointError::Damaged)) => {
            let file = place.checkpoint();
            console.note(&format!("note: the checkpoint {} is not used: {error}", file.display()));
            Ok(Collector::new(study))
        }
    }
}

/// From now on, a signal keeps what is finished and ends the process.
fn keep_when_interrupted(
    study: &Study,
    timeline_width: SimDuration,
    collector: &Arc<Collector>,
    place: &Place,
    progress: &Arc<ProgressLine>,
) {
    let collector: Weak<Collector> = Arc::downgrade(collector);
    let (study, progress) = (study.clone(), Arc::clone(progress));
    let place = place.clone();
    let asked_before = AtomicBool::new(false);
    let watched = signal::watch(move |number| {
        let impatient = asked_before.swap(true, Ordering::SeqCst);
        let exit = i32::from(Exit::Signal(number).code());
        // While results are being written there is nothing to keep: that takes a moment.
        let Some(collector) = collector.upgrade() else {
            if impatient {
                std::process::exit(exit);
            }
            return;
        };
        progress.clear();
        to_stderr(&keep(&study, timeline_width, &collector, &place));
        std::process::exit(exit);
    });
    // Without a handler a signal ends the process as it always does: nothing is kept.
    drop(watched);
}

fn keep(study: &Study, width: SimDuration, collector: &Collector, place: &Place) -> String {
    let finished = collector.finished();
    if finished == 0 {
        return "interrupted: no run was finished\n".to_owned();
    }
    match place.keep(&save_checkpoint(study, width, collector)) {
        Err(failure) => format!("interrupted; what was finished is lost: {}", failure.message),
        Ok(()) => format!(
            "interrupted: {finished} of {} runs are kept in {}; the same command resumes\n",
            collector.total(),
            place.checkpoint().display()
        ),
    }
}
