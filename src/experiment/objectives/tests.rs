//! Objectives held against made-up rows.

use super::*;
use crate::experiment::fixture::{MadeUp, study};
use crate::experiment::{Silent, run_study};

fn objective(metric: &str, at_most: f64) -> Objective {
    Objective { metric: metric.to_owned(), class: None, at_most, in_seeds: None }
}

/// A study of many seeds in which the metric of both strategies has these values.
fn made_up(objective: Objective, seeds: u64, value: impl Fn(u64) -> Option<f64>) -> StudyResult {
    let mut study = study();
    let metric = index_of(&objective.metric);
    study.objectives = vec![objective];
    study.seeds = seeds;
    let mut result = run_study(&study, &MadeUp, Some(2), &Silent);
    for group in &mut result.groups {
        for (place, row) in group.rows.iter_mut().enumerate() {
            if let Some(metric) = metric {
                row.values[metric] = value(place as u64);
            }
        }
    }
    result
}

fn verdict(result: &StudyResult) -> Holds {
    let held = hold(result, 1);
    assert_eq!(held.len(), 2, "one for each strategy, none for the control");
    assert_eq!(held[0].holds, held[1].holds);
    held[0].holds
}

#[test]
fn a_mean_holds_or_fails_only_with_its_whole_interval() {
    // Values 90 to 109 in turn: a mean of 99.5 ± 2.7.
    let values = |seed| Some(90.0 + (seed % 20) as f64);
    for (limit, expected) in
        [(103.0, Holds::Yes), (96.0, Holds::No), (99.5, Holds::Unknown), (101.0, Holds::Unknown)]
    {
        let result = made_up(objective("ok_p99_ms", limit), 20, values);
        assert_eq!(verdict(&result), expected, "at most {limit}");
    }
}

#[test]
fn a_share_of_seeds_needs_an_exact_interval_on_its_side() {
    let limit = |share| Objective { in_seeds: Some(share), ..objective("sessions_lost", 0.0) };
    let broken_every = |n: u64| move |seed: u64| Some(f64::from(u8::from(seed.is_multiple_of(n))));
    let clean = |_| Some(0.0);
    // All of 100 seeds: at least 96.4 % of all seeds; all of 20: at least 83.2 %.
    assert_eq!(verdict(&made_up(limit(0.95), 100, clean)), Holds::Yes);
    assert_eq!(verdict(&made_up(limit(0.95), 20, clean)), Holds::Unknown);
    assert_eq!(verdict(&made_up(limit(0.95), 100, broken_every(5))), Holds::No);
    assert_eq!(verdict(&made_up(limit(0.95), 100, broken_every(25))), Holds::Unknown);
}

#[test]
fn a_time_that_was_cut_off_breaks_a_limit_but_never_keeps_one() {
    let cut = |limit| {
        let mut result = made_up(objective("mitigate_s", limit), 100, |_| Some(50.0));
        for row in result.groups.iter_mut().flat_map(|group| &mut group.rows) {
            row.censored.mitigate = true;
        }
        result
    };
    assert_eq!(verdict(&cut(60.0)), Holds::Unknown);
    assert_eq!(verdict(&cut(40.0)), Holds::No);
    let mut in_seeds = cut(60.0);
    in_seeds.study.objectives[0].in_seeds = Some(0.9);
    assert_eq!(verdict(&in_seeds), Holds::Unknown);
    assert_eq!(hold(&in_seeds, 1)[0].note, "100 of 100 seeds cannot tell");
}

#[test]
fn what_never_happened_keeps_its_limit_given_enough_seeds() {
    assert_eq!(verdict(&made_up(objective("mitigate_s", 60.0), 72, |_| None)), Holds::Yes);
    assert_eq!(verdict(&made_up(objective("mitigate_s", 60.0), 71, |_| None)), Holds::Unknown);
    let in_seeds = Objective { in_seeds: Some(0.9), ..objective("mitigate_s", 60.0) };
    let now_and_then = |seed: u64| (seed == 3).then_some(10.0);
    assert_eq!(verdict(&made_up(in_seeds, 100, now_and_then)), Holds::Yes);
}

#[test]
fn what_the_study_does_not_know_is_inconclusive() {
    assert_eq!(verdict(&made_up(objective("excess_failed", 5.0), 20, |_| None)), Holds::Unknown);
    assert_eq!(verdict(&made_up(objective("no_such", 5.0), 8, |_| None)), Holds::Unknown);
    let one = made_up(objective("ok_p99_ms", 5.0), 1, |_| Some(1.0));
    assert_eq!(verdict(&one), Holds::Unknown);
}

#[test]
fn an_objective_of_a_class_looks_at_that_class_alone() {
    let metric = index_of("ok_p99_ms").unwrap();
    let limit = Objective { class: Some("pay".to_owned()), ..objective("ok_p99_ms", 10.0) };
    let mut result = made_up(limit, 8, |_| Some(1.0));
    for row in result.groups.iter_mut().flat_map(|group| &mut group.class_totals) {
        row.values[metric] = Some(if row.class == 1 { 20.0 } else { 1.0 });
    }
    assert_eq!(verdict(&result), Holds::No);
    result.study.objectives[0].class = Some("browse".to_owned());
    assert_eq!(verdict(&result), Holds::Yes);
}
