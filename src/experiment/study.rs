//! Carrying out a study: every run in parallel, the controls first.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::plan::Study;
use crate::record::{RunKey, Work};

use super::collect::Collector;
use super::result::StudyResult;
use super::runner::{Runner, guard};

/// Is told how a study comes on, from many threads.
pub trait Progress: Sync {
    /// The study starts: `finished` of `total` runs were taken from a checkpoint.
    fn started(&self, finished: u64, total: u64);
    /// One more run is finished.
    fn finished(&self, work: &Work);
}

/// Is told, and says nothing.
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _: u64, _: u64) {}
    fn finished(&self, _: &Work) {}
}

/// Carries out a study on `threads` threads (`None`: one a core) and gives its result, which
/// does not depend on their number.
#[must_use]
pub fn run_study(
    study: &Study,
    runner: &dyn Runner,
    threads: Option<usize>,
    progress: &dyn Progress,
) -> StudyResult {
    let collector = Collector::new(study);
    finish_runs(study, &collector, runner, threads, progress);
    collector.into_result(study)
}

/// Carries out the runs of `study` that `collector` lacks: first the controls, which the other
/// runs of their seeds are compared with, then all others. The collector may be of the same
/// study with more seeds.
///
/// # Panics
/// If a run panics, with a [`super::BrokenRun`] as payload; the runs that are finished stay in
/// the collector.
pub fn finish_runs(
    study: &Study,
    collector: &Collector,
    runner: &dyn Runner,
    threads: Option<usize>,
    progress: &dyn Progress,
) {
    let open = collector.open_runs(study.seeds);
    let finished = collector.finished();
    progress.started(finished, finished + open.len() as u64);
    let broken = AtomicBool::new(false);
    let one = |&(group, key): &(usize, RunKey)| {
        // After a panic the study is lost: nothing new is begun.
        if broken.load(Ordering::Relaxed) {
            return;
        }
        let alarm = Alarm(&broken);
        let work = guard(study, key, || {
            let record = runner.run(key);
            let work = record.work;
            collector.add(study, group, record);
            work
        });
        std::mem::forget(alarm);
        progress.finished(&work);
    };
    let (controls, others): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, key)| key.arm.is_none());
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        pool = pool.num_threads(threads);
    }
    let pool = pool.build().expect("the system lets a program start threads");
    pool.install(|| {
        controls.par_iter().with_max_len(1).for_each(one);
        others.par_iter().with_max_len(1).for_each(one);
    });
}

/// How many threads a study gets if nobody says: one a core.
#[must_use]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Raises a flag when dropped, as a panic does.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
