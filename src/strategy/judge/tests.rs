//! A judge on scripted answers of the monitoring system.

use std::cell::RefCell;

use super::rules::Phase;
use super::*;
use crate::plan::{Bound, MetricName};

/// Answers queries from a list, one a query; then from its last value. There is traffic.
struct Script(RefCell<Vec<Option<f64>>>);

impl Script {
    fn of(values: &[Option<f64>]) -> Self {
        Self(RefCell::new(values.iter().rev().copied().collect()))
    }
}

impl ReportedMetrics for Script {
    fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
        if metric.metric == MetricName::RequestRate {
            return Some(0.5);
        }
        let mut left = self.0.borrow_mut();
        if left.len() > 1 { left.pop().flatten() } else { left[0] }
    }
}

fn errors_above(limit: f64) -> AnalysisMetric {
    AnalysisMetric {
        metric: MetricName::ErrorRate,
        scope: Scope { class: None, version: Some(ScopeVersion::Candidate) },
        bound: Bound::Above(limit),
        min_requests: 1,
    }
}

fn analysis() -> Analysis {
    Analysis {
        name: "guard".to_owned(),
        initial_delay: SimDuration::from_secs(30),
        interval: SimDuration::from_secs(60),
        count: Some(4),
        failure_limit: 1,
        inconclusive_limit: 1,
        metrics: vec![errors_above(0.05)],
    }
}

/// Measures at every due instant until the judge has finished: the instants in seconds from
/// its start, and the verdict.
fn sit(analysis: &Analysis, reported: &dyn ReportedMetrics) -> (Vec<u64>, Phase) {
    let start = SimTime::ZERO + SimDuration::from_secs(100);
    let mut judge = Judge::new(analysis, &["web".to_owned()], start);
    let mut instants = Vec::new();
    while let Some(due) = judge.next_due() {
        judge.measure(due, reported);
        instants.push(due.since(start).0 / 1_000_000_000);
        assert!(instants.len() < 100, "the judge never finishes");
    }
    (instants, judge.phase())
}

#[test]
fn a_content_judge_measures_count_times_an_interval_apart() {
    let verdict = sit(&analysis(), &Script::of(&[Some(0.01)]));
    assert_eq!(verdict, (vec![30, 90, 150, 210], Phase::Successful));
}

#[test]
fn it_fails_at_one_more_than_the_failure_limit() {
    let script = Script::of(&[Some(0.06), Some(0.01), Some(0.06)]);
    assert_eq!(sit(&analysis(), &script), (vec![30, 90, 150], Phase::Failed));
}

#[test]
fn a_value_on_the_limit_does_not_break_it() {
    assert_eq!(sit(&analysis(), &Script::of(&[Some(0.05)])).1, Phase::Successful);
}

#[test]
fn without_any_attempt_it_tries_again_every_ten_seconds_and_gives_up_at_the_fifth() {
    struct Silence(Option<f64>);
    impl ReportedMetrics for Silence {
        fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
            (metric.metric == MetricName::RequestRate).then_some(self.0).flatten()
        }
    }
    for silence in [Silence(None), Silence(Some(0.0))] {
        assert_eq!(sit(&analysis(), &silence), (vec![30, 40, 50, 60, 70], Phase::Error));
    }
}

#[test]
fn tries_without_any_attempt_do_not_count() {
    struct LateStart(std::cell::Cell<u32>);
    impl ReportedMetrics for LateStart {
        fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
            if metric.metric == MetricName::RequestRate {
                return None;
            }
            self.0.set(self.0.get() + 1);
            (self.0.get() > 2).then_some(0.0)
        }
    }
    let verdict = sit(&analysis(), &LateStart(std::cell::Cell::new(0)));
    assert_eq!(verdict, (vec![30, 40, 50, 110, 170, 230], Phase::Successful));
}

#[test]
fn with_too_few_attempts_it_gives_no_verdict() {
    assert_eq!(sit(&analysis(), &Script::of(&[None])), (vec![30, 90], Phase::Inconclusive));
}

#[test]
fn gaps_within_the_limit_are_forgiven_and_count() {
    let script = Script::of(&[None, Some(0.0)]);
    assert_eq!(sit(&analysis(), &script), (vec![30, 90, 150, 210], Phase::Successful));
}

#[test]
fn a_bound_relative_to_the_stable_version_asks_for_both() {
    struct Both;
    impl ReportedMetrics for Both {
        fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
            let stable = metric.scope.version == Some(ScopeVersion::Stable);
            Some(if stable { 0.01 } else { 0.021 })
        }
    }
    let mut twice = analysis();
    twice.metrics[0].bound = Bound::AboveStableTimes(2.0);
    assert_eq!(sit(&twice, &Both).1, Phase::Failed);
    twice.metrics[0].bound = Bound::AboveStableTimes(2.2);
    assert_eq!(sit(&twice, &Both).1, Phase::Successful);
}

#[test]
fn a_bad_metric_stops_the_others() {
    struct SlowButRight;
    impl ReportedMetrics for SlowButRight {
        fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
            Some(if metric.metric == MetricName::LatencyP99 { 9.0 } else { 0.0 })
        }
    }
    let mut two = analysis();
    two.metrics.push(AnalysisMetric {
        metric: MetricName::LatencyP99,
        bound: Bound::Above(0.4),
        ..errors_above(0.0)
    });
    assert_eq!(sit(&two, &SlowButRight), (vec![30, 90], Phase::Failed));
}

#[test]
fn an_analysis_without_a_count_goes_on_until_it_is_stopped() {
    let endless = Analysis { count: None, ..analysis() };
    let mut judge = Judge::new(&endless, &["web".to_owned()], SimTime::ZERO);
    for _ in 0..50 {
        let due = judge.next_due().expect("it is still running");
        judge.measure(due, &Script::of(&[Some(0.0)]));
    }
    assert_eq!(judge.phase(), Phase::Running);
    let log = judge.stop();
    assert_eq!((judge.phase(), judge.next_due()), (Phase::Successful, None));
    let finished =
        EventKind::AnalysisFinished { analysis: "guard".into(), verdict: "successful".into() };
    assert_eq!(log, [finished]);
}

#[test]
fn stopping_before_the_first_measurement_is_a_success() {
    let mut judge = Judge::new(&analysis(), &["web".to_owned()], SimTime::ZERO);
    judge.stop();
    assert_eq!(judge.phase(), Phase::Successful);
}

#[test]
fn the_log_names_metrics_as_monitoring_systems_do() {
    let mut of_a_class = analysis();
    of_a_class.metrics[0].scope.class = Some(0);
    let mut judge = Judge::new(&of_a_class, &["web".to_owned()], SimTime::ZERO);
    let log = judge.measure(SimTime::ZERO + SimDuration::from_secs(30), &Script::of(&[Some(0.5)]));
    let measured = EventKind::AnalysisMeasured {
        metric: r#"error_rate{class="web",version="candidate"}"#.into(),
        value: Some(0.5),
        verdict: "failed".into(),
    };
    assert_eq!(log, [measured]);
}
