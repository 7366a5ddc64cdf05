//! Order, threads, checkpoints and broken runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::*;
use crate::engine::SimDuration;
use crate::experiment::checkpoint::{CheckpointError, load_checkpoint, save_checkpoint};
use crate::experiment::fixture::{MadeUp, study};
use crate::experiment::runner::BrokenRun;
use crate::experiment::{CONTROL_NAME, Group};
use crate::record::RunRecord;

const WIDTH: SimDuration = SimDuration::from_secs(1);

fn run_on(threads: usize) -> StudyResult {
    run_study(&study(), &MadeUp, Some(threads), &Silent)
}

#[test]
fn results_come_in_canonical_order() {
    let result = run_on(2);
    let names: Vec<_> = result.groups.iter().map(|g| (&g.strategy[..], &g.release[..])).collect();
    assert_eq!(names, [(CONTROL_NAME, ""), ("recreate", "candidate"), ("rolling", "candidate")]);
    for group in &result.groups {
        let seeds: Vec<u64> = group.rows.iter().map(|row| row.seed).collect();
        assert_eq!(seeds, (3..=10).collect::<Vec<_>>());
        assert_eq!(group.timeline.runs, 8);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let one = run_on(1);
    for threads in [2, 3, 7] {
        let other = run_on(threads);
        assert_eq!(one.groups, other.groups);
        assert_eq!(one.work, other.work);
    }
}

#[test]
fn excess_is_taken_over_the_control_of_the_same_seed() {
    let result = run_on(2);
    let [control, recreate, _] = &result.groups[..] else { panic!("three groups") };
    for (without, with) in control.rows.iter().zip(&recreate.rows) {
        let failed = |row: &crate::experiment::Row| row.value("reset").unwrap();
        assert_eq!(with.value("excess_failed"), Some(failed(with) - failed(without)));
    }
}

#[test]
fn sums_over_seeds_are_those_of_the_rows() {
    for group in &run_on(3).groups {
        let rows: f64 = group.rows.iter().map(|row| row.value("requests").unwrap()).sum();
        let cells: u64 = group.cells.iter().map(|cell| cell.counters.requests).sum();
        let failed: f64 = group.rows.iter().map(|row| row.value("reset").unwrap()).sum();
        let causes: u64 = group.causes.iter().map(|cause| cause.count).sum();
        assert_eq!((rows, failed), (cells as f64, causes as f64));
    }
}

/// Stops being useful after some runs, as if the process had been interrupted.
struct Interrupted {
    left: Mutex<u32>,
}

impl Runner for Interrupted {
    fn run(&self, key: RunKey) -> RunRecord {
        let mut left = self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        assert!(*left > 0, "interrupted");
        *left -= 1;
        MadeUp.run(key)
    }
}

fn broken_after(runs: u32, study: &Study, collector: &Collector) -> BrokenRun {
    let runner = Interrupted { left: Mutex::new(runs) };
    let study = AssertUnwindSafe((study, collector, &runner));
    let caught = catch_unwind(|| {
        let AssertUnwindSafe((study, collector, runner)) = study;
        finish_runs(study, collector, runner, Some(2), &Silent);
    });
    *caught.unwrap_err().downcast().expect("the payload names the run")
}

#[test]
fn a_broken_run_is_named_with_what_reproduces_it() {
    let study = study();
    let broken = broken_after(0, &study, &Collector::new(&study));
    assert_eq!((&broken.strategy[..], &broken.message[..]), (CONTROL_NAME, "interrupted"));
    assert!((3..=10).contains(&broken.seed));
}

#[test]
fn a_resumed_study_ends_as_one_that_ran_through() {
    let through: Vec<Group> = run_on(1).groups;
    for finished in [0, 1, 5, 8, 9, 17, 23] {
        let study = study();
        let collector = Collector::new(&study);
        broken_after(finished, &study, &collector);
        let text = save_checkpoint(&study, WIDTH, &collector);
        let restored = load_checkpoint(&study, WIDTH, &text).expect("it is whole and ours");
        assert_eq!(restored.finished(), u64::from(finished));
        finish_runs(&study, &restored, &MadeUp, Some(2), &Silent);
        let resumed = restored.into_result(&study);
        assert_eq!(resumed.groups, through, "after {finished} runs");
    }
}

#[test]
fn a_checkpoint_of_something_else_or_of_half_a_file_is_refused() {
    let study = study();
    let text = save_checkpoint(&study, WIDTH, &Collector::new(&study));
    let refused = |study: &Study, width, text: &str| load_checkpoint(study, width, text).err();
    let mut other = study.clone();
    other.seeds += 1;
    assert_eq!(refused(&other, WIDTH, &text), Some(CheckpointError::OfAnother));
    let wide = SimDuration::from_secs(2);
    assert_eq!(refused(&study, wide, &text), Some(CheckpointError::OfAnother));
    let half = &text[..text.len() / 2];
    for damaged in [half, "", "x", &text.replace("Sums", "sums")] {
        assert_eq!(refused(&study, WIDTH, damaged), Some(CheckpointError::Damaged));
    }
}
