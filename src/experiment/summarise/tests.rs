//! Summaries of made-up rows, with answers worked out by hand.

use super::*;
use crate::experiment::fixture::{MadeUp, study};
use crate::experiment::{Silent, Verdict, run_study};
use crate::plan::{Release, VersionId};

fn made_up() -> StudyResult {
    run_study(&study(), &MadeUp, Some(2), &Silent)
}

/// Sets a column of a group.
fn set(result: &mut StudyResult, group: usize, metric: &str, values: &[Option<f64>]) {
    let place = index_of(metric).unwrap();
    for (row, value) in result.groups[group].rows.iter_mut().zip(values) {
        row.values[place] = *value;
    }
}

fn some(values: [f64; 8]) -> Vec<Option<f64>> {
    values.into_iter().map(Some).collect()
}

#[test]
fn a_line_has_mean_interval_and_quantiles_over_seeds() {
    let mut result = made_up();
    set(&mut result, 1, "max_pods", &some([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]));
    let summary = summarise(&result);
    let line = summary.line(1, "max_pods").unwrap();
    assert_eq!((line.mean, line.seeds, line.censored), (4.5, 8, 0));
    // t(0.975, 7) = 2.364624, s = sqrt(6).
    let half = 2.364_624_251_6 * (6.0_f64 / 8.0).sqrt();
    let (low, high) = line.interval.unwrap();
    assert!((low - (4.5 - half)).abs() < 1e-9 && (high - (4.5 + half)).abs() < 1e-9);
    assert_eq!(line.quantiles.1, 4.5);
    assert!((line.quantiles.0 - 1.35).abs() < 1e-12 && (line.quantiles.2 - 7.65).abs() < 1e-12);
}

#[test]
fn seeds_without_a_value_do_not_count_and_metrics_without_any_have_no_line() {
    let mut result = made_up();
    let mut values = vec![None; 8];
    values[2] = Some(10.0);
    values[5] = Some(20.0);
    set(&mut result, 2, "mitigate_s", &values);
    set(&mut result, 2, "detect_s", &[None; 8]);
    result.groups[2].rows[5].censored.mitigate = true;
    result.groups[2].rows[6].censored.mitigate = true;
    let summary = summarise(&result);
    let line = summary.line(2, "mitigate_s").unwrap();
    assert_eq!((line.seeds, line.censored, line.mean), (2, 1, 15.0));
    assert_eq!(summary.line(2, "detect_s"), None);
}

#[test]
fn differences_are_paired_by_seed_and_only_over_seeds_that_have_both() {
    let mut result = made_up();
    let base = some([10.0, 30.0, 50.0, 70.0, 90.0, 110.0, 130.0, 150.0]);
    let mut other = some([5.0, 26.0, 45.0, 66.0, 85.0, 106.0, 125.0, 146.0]);
    other[0] = None;
    set(&mut result, 1, "deploy_s", &base);
    set(&mut result, 2, "deploy_s", &other);
    let summary = summarise(&result);
    let difference = summary.line(2, "deploy_s").unwrap().difference.unwrap();
    let mean = -(4.0 + 5.0 + 4.0 + 5.0 + 4.0 + 5.0 + 4.0) / 7.0;
    assert!((difference.mean - mean).abs() < 1e-12);
    // 5 % of the baseline's mean over those seeds (90 s) is 4.5 s: the interval straddles it.
    assert_eq!((difference.threshold, difference.verdict), (4.5, Verdict::Inconclusive));
    assert!(difference.variance_removed.unwrap() > 0.99);
    assert_eq!(summary.line(1, "deploy_s").unwrap().difference, None, "the baseline itself");
    assert_eq!(summary.line(0, "requests").unwrap().difference, None, "the control");
}

#[test]
fn verdicts_know_which_way_is_better() {
    let mut result = made_up();
    let shifted = |shift: f64| some(std::array::from_fn(|i| 100.0 + i as f64 + shift));
    for (metric, shift, verdict) in [
        ("ok_p99_ms", -50.0, Verdict::Better),
        ("ok_p99_ms", 50.0, Verdict::Worse),
        ("ok_p99_ms", 1.0, Verdict::NoRelevantDifference),
        ("min_available", -50.0, Verdict::Worse),
        ("candidate_requests", 50.0, Verdict::Different),
    ] {
        set(&mut result, 1, metric, &shifted(0.0));
        set(&mut result, 2, metric, &shifted(shift));
        let difference = summarise(&result).line(2, metric).unwrap().difference.unwrap();
        assert_eq!(difference.verdict, verdict, "{metric} {shift}");
    }
}

#[test]
fn the_level_of_differences_is_shared_out_among_strategies_and_releases() {
    let mut study = study();
    study.arms.push(study.arms[1].clone());
    study.arms[2].name = "third".to_owned();
    let release = |name: &str, share| Release { name: name.into(), version: VersionId(1), share };
    study.releases = vec![release("good", 0.75), release("bad", 0.25)];
    let result = run_study(&study, &MadeUp, Some(2), &Silent);
    let summary = summarise(&result);
    assert_eq!(summary.comparisons, 4);
    let arm = |group: usize, metric| Column::of(&result.groups[group], index_of(metric).unwrap());
    let (first, third) = (arm(1, "reset").present, arm(5, "reset").present);
    let moments = Paired::of(&first, &third).unwrap().moments;
    let difference = summary.line(5, "reset").unwrap().difference.unwrap();
    assert_eq!(Some(difference.interval), moments.interval(1.0 - 0.05 / 4.0));
}

#[test]
fn harm_in_no_seed_still_has_an_upper_end() {
    let mut result = made_up();
    set(&mut result, 2, "reset", &some([0.0; 8]));
    set(&mut result, 1, "reset", &some([0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
    let summary = summarise(&result);
    let none = summary.line(2, "reset").unwrap().seeds_hit.unwrap();
    assert_eq!((none.hits, none.share.0), (0, 0.0));
    assert!((none.share.1 - 0.369_416_6).abs() < 1e-6, "1 - 0.025^(1/8)");
    assert_eq!(summary.line(1, "reset").unwrap().seeds_hit.unwrap().hits, 2);
    assert_eq!(summary.line(1, "requests").unwrap().seeds_hit, None);
}

#[test]
fn intervals_stay_among_the_values_a_metric_can_take() {
    let mut result = made_up();
    let mut rare = [0.0; 8];
    rare[3] = 1.0;
    set(&mut result, 1, "failed_share", &some(rare));
    set(&mut result, 1, "excess_failed", &some(rare));
    let summary = summarise(&result);
    let (low, high) = summary.line(1, "failed_share").unwrap().interval.unwrap();
    assert!(low >= 0.0 && high <= 1.0, "{low} {high}");
    let (low, _) = summary.line(1, "excess_failed").unwrap().interval.unwrap();
    assert!(low < 0.0, "an excess may be negative: {low}");
}

#[test]
fn pooled_quantiles_stand_on_all_requests_and_vary_as_the_seeds_do() {
    let result = made_up();
    let summary = summarise(&result);
    let pooled = summary.pooled(1, "ok_p99_ms").unwrap();
    // Every ok request of this strategy took 11 ms, to a thousandth.
    assert!((pooled.value - 11.0).abs() < 0.011);
    assert_eq!(pooled.interval, Some((pooled.value, pooled.value)));
}

#[test]
fn a_strategy_that_fails_less_in_every_seed_is_surely_the_best() {
    let result = made_up();
    let summary = summarise(&result);
    let metric = index_of("excess_failed_share").unwrap();
    let line = summary.best.iter().find(|line| line.metric == metric).unwrap();
    assert_eq!((line.release, &line.chances[..]), (0, &[0.0, 1.0][..]));
}

#[test]
fn harm_per_hundred_deployments_weighs_releases_by_their_shares() {
    let mut study = study();
    let release = |name: &str, share| Release { name: name.into(), version: VersionId(1), share };
    study.releases = vec![release("good", 0.92), release("bad", 0.08)];
    let mut result = run_study(&study, &MadeUp, Some(2), &Silent);
    for (group, failed) in [(0, 1.0), (1, 1.0), (2, 101.0), (3, 1.0), (4, 51.0)] {
        set(&mut result, group, "reset", &some([failed; 8]));
    }
    let summary = summarise(&result);
    let harm: Vec<_> = summary.per_hundred.iter().map(|line| (line.arm, line.harm)).collect();
    assert_eq!(harm, [(0, Harm::FailedRequests), (1, Harm::FailedRequests)]);
    let [recreate, rolling] = &summary.per_hundred[..] else { panic!("two strategies") };
    assert!((recreate.mean - 800.0).abs() < 1e-9 && (rolling.mean - 400.0).abs() < 1e-9);
    assert_eq!(recreate.difference, None);
    let difference = rolling.difference.unwrap();
    assert!((difference.mean + 400.0).abs() < 1e-9);
    assert_eq!(difference.verdict, Verdict::Better);
}

#[test]
fn a_single_seed_has_means_but_no_intervals_and_no_verdicts() {
    let mut study = study();
    study.seeds = 1;
    let summary = summarise(&run_study(&study, &MadeUp, Some(1), &Silent));
    let line = summary.line(2, "requests").unwrap();
    assert_eq!((line.seeds, line.interval, line.difference), (1, None, None));
    assert!(summary.best.is_empty());
}
