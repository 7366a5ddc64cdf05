//! What is finished of a study: rows by seed, and series merged as integers.
//!
//! A record is reduced and merged as soon as its run ends, then dropped, so memory does not
//! grow with the number of requests. Runs may end in any order: rows are kept by seed, and
//! sums of integers do not depend on the order, so the result does not either.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::plan::Study;
use crate::record::{CauseCount, Cell, PhaseTally, RunKey, RunRecord, Timeline, Work};

use super::reduce::{Control, Reduced, reduce};
use super::result::{CONTROL_NAME, Group, StudyResult};
use super::runner::plan_of;

/// Everything that is finished of a study. Shared by the threads that carry out its runs, and
/// by whoever saves it when they are interrupted.
pub struct Collector {
    pub(super) groups: Vec<Mutex<Collected>>,
    first_seed: u64,
}

/// What is finished of one strategy and release.
pub(super) struct Collected {
    pub arm: Option<u16>,
    pub release: Option<u16>,
    /// By seed, counted from the first.
    pub seeds: Vec<Option<Finished>>,
    pub sums: Sums,
}

/// One finished run.
#[derive(Clone)]
pub(super) struct Finished {
    pub rows: Reduced,
    /// Of a control: what the other runs of its seed need.
    pub control: Option<Control>,
}

/// What is added up over seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub cells: Vec<Cell>,
    pub causes: Vec<CauseCount>,
    pub timeline: Timeline,
    #[serde(default)]
    pub phases: Vec<PhaseTally>,
    pub work: Work,
}

impl Sums {
    fn add(&mut self, record: RunRecord) {
        if self.cells.is_empty() {
            self.cells = record.cells;
        } else {
            assert_eq!(self.cells.len(), record.cells.len(), "runs of a group have equal cells");
            for (mine, theirs) in self.cells.iter_mut().zip(&record.cells) {
                mine.counters.merge(&theirs.counters);
                mine.ok.merge(&theirs.ok);
                mine.failed.merge(&theirs.failed);
            }
        }
        self.phases.resize_with(record.phases.len(), PhaseTally::default);
        for (mine, theirs) in self.phases.iter_mut().zip(&record.phases) {
            mine.merge(theirs);
        }
        self.timeline.add(record.timeline);
        for cause in record.causes {
            self.add_cause(cause);
        }
        self.work.add(&record.work);
    }

    fn add_cause(&mut self, more: CauseCount) {
        let place = |cause: &CauseCount| (cause.outcome, cause.cause);
        match self.causes.binary_search_by_key(&place(&more), place) {
            Ok(index) => self.causes[index].count += more.count,
            Err(index) => self.causes.insert(index, more),
        }
    }
}

impl Collector {
    /// Nothing is finished yet.
    #[must_use]
    pub fn new(study: &Study) -> Self {
        let seeds = usize::try_from(study.seeds).expect("as many seeds as memory can hold");
        let control = study.control.then_some((None, None));
        let arms = 0..study.arms.len() as u16;
        let releases = 0..study.releases.len() as u16;
        let pairs = arms.flat_map(|arm| releases.clone().map(move |r| (Some(arm), Some(r))));
        let groups = control.into_iter().chain(pairs).map(|(arm, release)| {
            let (seeds, sums) = (vec![None; seeds], Sums::default());
            Mutex::new(Collected { arm, release, seeds, sums })
        });
        Self { groups: groups.collect(), first_seed: study.first_seed }
    }

    pub(super) fn lock(&self, group: usize) -> MutexGuard<'_, Collected> {
        // A panic elsewhere leaves whole runs behind: a run is added in one step.
        self.groups[group].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs of the first `seeds` seeds that are not finished, in canonical order: the group's
    /// place and the key.
    pub(super) fn open_runs(&self, seeds: u64) -> Vec<(usize, RunKey)> {
        let mut open = Vec::new();
        let seeds = usize::try_from(seeds).expect("as many seeds as memory can hold");
        for group in 0..self.groups.len() {
            let collected = self.lock(group);
            for (offset, finished) in collected.seeds.iter().take(seeds).enumerate() {
                if finished.is_none() {
                    let seed = self.first_seed + offset as u64;
                    let (arm, release) = (collected.arm, collected.release);
                    open.push((group, RunKey { arm, release, seed }));
                }
            }
        }
        open
    }

    /// How many runs are finished.
    #[must_use]
    pub fn finished(&self) -> u64 {
        let count = |group| self.lock(group).seeds.iter().flatten().count() as u64;
        (0..self.groups.len()).map(count).sum()
    }

    /// How many runs the study has.
    #[must_use]
    pub fn total(&self) -> u64 {
        (0..self.groups.len()).map(|group| self.lock(group).seeds.len() as u64).sum()
    }

    /// How much work the finished runs were.
    #[must_use]
    pub fn work(&self) -> Work {
        let mut work = Work::default();
        (0..self.groups.len()).for_each(|group| work.add(&self.lock(group).sums.work));
        work
    }

    /// The control of a seed, if the study has one.
    fn control(&self, seed: u64) -> Option<Control> {
        let first = self.lock(0);
        if first.arm.is_some() {
            return None;
        }
        let finished = first.seeds[(seed - self.first_seed) as usize].as_ref();
        let control = finished.and_then(|finished| finished.control.clone());
        Some(control.expect("controls are finished before the runs that need them"))
    }

    /// Takes a finished run in.
    pub(super) fn add(&self, study: &Study, group: usize, record: RunRecord) {
        let key = record.key;
        let is_control = key.arm.is_none();
        let compared_with = if is_control { None } else { self.control(key.seed) };
        let rows = reduce(plan_of(study, key), &record, compared_with.as_ref());
        let control = is_control.then(|| Control::of(&record));
        let mut collected = self.lock(group);
        collected.sums.add(record);
        collected.seeds[(key.seed - self.first_seed) as usize] = Some(Finished { rows, control });
    }

    /// Forgets all but the rows of a study that is finished: sums over seeds (pooled histograms,
    /// timelines, causes), rows by class, and what further runs would need of the controls.
    pub fn keep_rows_alone(&self) {
        for group in 0..self.groups.len() {
            let mut collected = self.lock(group);
            collected.sums = Sums { work: collected.sums.work, ..Sums::default() };
            for finished in collected.seeds.iter_mut().flatten() {
                finished.rows.class_rows = Vec::new();
                finished.rows.class_totals = Vec::new();
                finished.control = None;
            }
        }
    }

    /// The rows of the first seeds of a study that may still grow. Sums over seeds (pooled
    /// histograms, timelines, causes) are left out.
    ///
    /// # Panics
    /// If a run is missing.
    #[must_use]
    pub fn rows_so_far(&self, study: &Study) -> StudyResult {
        let groups = (0..self.groups.len()).map(|group| {
            let collected = self.lock(group);
            let seeds = collected.seeds.iter().take(study.seeds as usize).cloned().collect();
            let (arm, release) = (collected.arm, collected.release);
            Collected { arm, release, seeds, sums: Sums::default() }.into_group(study)
        });
        StudyResult { study: study.clone(), groups: groups.collect(), work: Work::default() }
    }

    /// The result of a finished study, which may have fewer seeds than this was made for.
    ///
    /// # Panics
    /// If a run is missing, or one is finished that is not of the study.
    #[must_use]
    pub fn into_result(self, study: &Study) -> StudyResult {
        let mut work = Work::default();
        let groups = self.groups.into_iter().map(|group| {
            let mut group = group.into_inner().unwrap_or_else(PoisonError::into_inner);
            let beyond = group.seeds.split_off((study.seeds as usize).min(group.seeds.len()));
            assert!(beyond.iter().all(Option::is_none), "sums are over the study's seeds alone");
            work.add(&group.sums.work);
            group.into_group(study)
        });
        let groups = groups.collect();
        StudyResult { study: study.clone(), groups, work }
    }
}

impl Collected {
    fn into_group(self, study: &Study) -> Group {
        let strategy = self.arm.map(|arm| study.arms[usize::from(arm)].name.clone());
        let release = self.release.map(|release| study.releases[usize::from(release)].name.clone());
        let Sums { cells, causes, timeline, phases, .. } = self.sums;
        let mut group = Group {
            strategy: strategy.unwrap_or_else(|| CONTROL_NAME.to_owned()),
            release: release.unwrap_or_default(),
            rows: Vec::with_capacity(self.seeds.len()),
            class_rows: Vec::new(),
            class_totals: Vec::new(),
            cells,
            causes,
            timeline,
            phases,
        };
        for finished in self.seeds {
            let rows = finished.expect("every run of the study is finished").rows;
            group.rows.push(rows.row);
            group.class_rows.extend(rows.class_rows);
            group.class_totals.extend(rows.class_totals);
        }
        group
    }
}
