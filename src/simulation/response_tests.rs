//! What a whole run must show of canaries, blue-green, judges, alerts and people.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{EventKind, Outcome, RolloutOutcome, RunKey, RunRecord};

use super::fixture::{class, options, plan, seconds};
use super::{RunOptions, run};

const CANDIDATE: VersionId = VersionId(1);
/// When the deployment begins, on the run's clock.
const DEPLOYED_S: f64 = 70.0;

/// A plan in which the candidate answers this share of requests with an error.
fn bad_plan(errors: f64) -> Plan {
    let mut plan = plan();
    plan.versions[1].errors = vec![errors];
    plan.service.shutdown.pre_stop = seconds(0.1);
    plan.analyses = vec![guard()];
    plan
}

/// Two bad measurements of three, half a minute apart, fail.
fn guard() -> Analysis {
    Analysis {
        name: "guard".into(),
        initial_delay: seconds(30.0),
        interval: seconds(30.0),
        count: Some(3),
        failure_limit: 1,
        inconclusive_limit: 0,
        metrics: vec![AnalysisMetric {
            metric: MetricName::ErrorRate,
            scope: Scope { class: None, version: Some(ScopeVersion::Candidate) },
            bound: Bound::Above(0.05),
            min_requests: 50,
        }],
    }
}

/// Each step's weight is judged.
fn canary(traffic: CanaryTraffic) -> Canary {
    let judge = || CanaryStep::Analysis("guard".into());
    Canary {
        traffic,
        steps: vec![CanaryStep::Weight(0.2), judge(), CanaryStep::Weight(0.6), judge()],
        sticky: false,
        background_analysis: None,
        max_surge: IntOrPercent::Int(1),
        max_unavailable: IntOrPercent::Int(0),
        keep_old: seconds(30.0),
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(seconds(600.0)),
    }
}

fn blue_green(post_analysis: Option<&str>) -> Strategy {
    Strategy::BlueGreen(BlueGreen {
        switch: Switch::Atomic,
        verify: seconds(30.0),
        pre_analysis: None,
        post_analysis: post_analysis.map(str::to_owned),
        keep_old: seconds(30.0),
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(seconds(600.0)),
    })
}

fn deploy(plan: &Plan, strategy: &Strategy, seed: u64) -> RunRecord {
    let key = RunKey { arm: Some(0), release: Some(0), seed };
    run(plan, Some(strategy), Some(CANDIDATE), key, &RunOptions { log: true, ..options() })
}

/// Requests, and those of them that ended in errors of the version, on the candidate.
fn on_candidate(record: &RunRecord) -> (u64, u64) {
    let cells = record.cells.iter().filter(|cell| cell.version == Some(CANDIDATE));
    cells.fold((0, 0), |(all, bad), cell| {
        let errors = cell.counters.outcomes[Outcome::AppError as usize];
        (all + cell.counters.requests, bad + errors)
    })
}

fn failed(record: &RunRecord) -> u64 {
    record.cells.iter().map(|cell| cell.counters.failed()).sum()
}

/// When events that fit happened, in seconds from the deployment.
fn when(record: &RunRecord, fits: impl Fn(&EventKind) -> bool) -> Vec<f64> {
    let events = record.events.iter().filter(|event| fits(&event.kind));
    events.map(|event| event.at.as_secs_f64() - DEPLOYED_S).collect()
}

#[test]
fn a_good_version_passes_its_judges_and_loses_nothing() {
    for traffic in [CanaryTraffic::Weights, CanaryTraffic::Replicas] {
        let record = deploy(&bad_plan(0.0), &Strategy::Canary(canary(traffic)), 1);
        assert_eq!(record.rollout.outcome, RolloutOutcome::Completed, "{traffic:?}");
        assert_eq!(failed(&record), 0, "{:?}", record.causes);
        assert_eq!(record.capacity.min_available, 5);
    }
}

#[test]
fn the_candidates_share_of_requests_is_its_weight() {
    let record = deploy(&bad_plan(0.0), &Strategy::Canary(canary(CanaryTraffic::Weights)), 1);
    let weights = when(&record, |event| matches!(event, EventKind::WeightSet { .. }));
    // One step is 90 s of 100 requests a second; the rest of the window is all the candidate's.
    let finished = record.rollout.finished.expect("it completed").as_secs_f64() - DEPLOYED_S;
    let (first, second) = (weights[0], weights[1]);
    let expected =
        100.0 * (0.2 * (second - first) + 0.6 * (finished - second) + (540.0 - finished));
    let (requests, _) = on_candidate(&record);
    assert!((requests as f64 - expected).abs() < 4.0 * expected.sqrt(), "{requests}, {expected}");
}

#[test]
fn a_bad_version_is_stopped_at_the_first_step_and_hurts_its_share_for_that_long() {
    let record = deploy(&bad_plan(0.25), &Strategy::Canary(canary(CanaryTraffic::Weights)), 1);
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
    let aborted = when(&record, |event| matches!(event, EventKind::RolloutAborted { .. }));
    // The pod boots for 2 s; judged bad 30 s and 60 s later.
    assert!((aborted[0] - 62.0).abs() < 0.5, "{aborted:?}");
    let (requests, errors) = on_candidate(&record);
    assert!((requests as f64 - 1_200.0).abs() < 140.0, "60 s of a fifth of 100/s: {requests}");
    assert!((errors as f64 - 300.0).abs() < 70.0, "a quarter of them: {errors}");
    assert_eq!(failed(&record), errors, "{:?}", record.causes);
}

#[test]
fn judges_see_what_retries_hide_from_the_client() {
    // Pattern 20 of the failure catalogue: the canary fails always, and one retry elsewhere
    // hides nearly all of it; a judge of attempts by version sees it whole.
    let mut plan = bad_plan(1.0);
    plan.balancer.retries = BalancerRetries {
        max: 1,
        on: vec![RetryOn::AppError],
        redispatch: true,
        pause: SimDuration::ZERO,
        cookie_waits: false,
    };
    let record = deploy(&plan, &Strategy::Canary(canary(CanaryTraffic::Weights)), 1);
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
    let measured: Vec<f64> = record
        .events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::AnalysisMeasured { value, .. } => value,
            _ => None,
        })
        .collect();
    assert_eq!(measured, [1.0, 1.0], "all attempts on the candidate failed");
}

#[test]
fn too_few_requests_give_no_verdict_and_wait_for_a_person() {
    let mut plan = bad_plan(0.25);
    plan.classes = vec![class("browse", 2.0)];
    let record = deploy(&plan, &Strategy::Canary(canary(CanaryTraffic::Weights)), 1);
    assert_eq!(record.rollout.outcome, RolloutOutcome::Stalled);
    assert_eq!(record.timeline.buckets.last().expect("buckets").weight_candidate_bp, 2_000);
}

#[test]
fn blue_green_loses_nothing_and_switches_back_at_once_when_its_judge_fails() {
    let good = deploy(&bad_plan(0.0), &blue_green(Some("guard")), 1);
    assert_eq!((good.rollout.outcome, failed(&good)), (RolloutOutcome::Completed, 0));
    assert_eq!(good.capacity.max_active_pods, 10);

    let bad = deploy(&bad_plan(0.25), &blue_green(Some("guard")), 1);
    assert_eq!(bad.rollout.outcome, RolloutOutcome::RolledBack);
    let (requests, _) = on_candidate(&bad);
    assert!((requests as f64 - 6_000.0).abs() < 310.0, "all traffic for a minute: {requests}");
}

/// More than 5 % errors of all attempts for a minute page somebody, who takes two minutes to
/// look and three to decide.
fn alerted(rollback: Rollback) -> Plan {
    let mut plan = bad_plan(0.25);
    plan.response.alerts = vec![Alert {
        name: "errors".into(),
        metric: MetricName::ErrorRate,
        scope: Scope::default(),
        bound: Bound::Above(0.05),
        hold: seconds(60.0),
    }];
    plan.response.on_call = OnCall {
        acknowledge: Distribution::Constant(120e9),
        diagnose: Distribution::Constant(0.0),
        weekend_factor: None,
        decide: Distribution::Constant(180e9),
        off_hours_factor: 1.0,
    };
    plan.response.rollback = rollback;
    plan
}

#[test]
fn an_alert_rolls_back_at_once_where_that_is_automatic() {
    let record = deploy(&alerted(Rollback::Automatic), &blue_green(None), 1);
    let fired = when(&record, |event| matches!(event, EventKind::AlertFired { .. }));
    let back = when(&record, |event| matches!(event, EventKind::RollbackDecided { .. }));
    // Switched at 32 s; more than a fifth of the minute's attempts are on it 12 s later; then a
    // scrape within 15 s and a minute's hold in looks of 15 s.
    assert!((104.0..=125.0).contains(&fired[0]), "{fired:?}");
    assert_eq!(back, fired[..1]);
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
}

#[test]
fn people_take_their_time_and_then_roll_back() {
    let record = deploy(&alerted(Rollback::OnCall), &blue_green(None), 1);
    let at = |fits: fn(&EventKind) -> bool| when(&record, fits);
    let fired = at(|event| matches!(event, EventKind::AlertFired { .. }));
    assert_eq!(at(|event| matches!(event, EventKind::Paged { .. })), fired[..1]);
    let acknowledged = at(|event| matches!(event, EventKind::Acknowledged));
    let decided = at(|event| matches!(event, EventKind::RollbackDecided { .. }));
    assert!((acknowledged[0] - fired[0] - 120.0).abs() < 1e-6);
    assert!((decided[0] - fired[0] - 300.0).abs() < 1e-6, "{decided:?}");
    // The old set is gone by then: five pods have to boot before the switch back.
    let back = at(|event| matches!(event, EventKind::RolledBack { .. }));
    assert!((2.0..3.0).contains(&(back[0] - decided[0])), "{back:?}");
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
}

#[test]
fn an_alert_before_the_deployment_does_not_use_up_the_page_for_it() {
    let mut plan = alerted(Rollback::OnCall);
    // Something else is wrong before: the stable version fails in the same way.
    plan.versions[0].errors = vec![0.25];
    plan.clock.deploy_at = seconds(200.0);
    let record = deploy(&plan, &blue_green(None), 1);
    let paged = when(&record, |event| matches!(event, EventKind::Paged { .. }));
    assert!(paged[0] < 130.0, "{paged:?}");
    assert_eq!(record.rollout.outcome, RolloutOutcome::Completed, "one alert that went on");
}

#[test]
fn a_failed_verdict_pages_where_people_decide() {
    let mut plan = bad_plan(0.25);
    plan.response = Response { alerts: Vec::new(), ..alerted(Rollback::OnCall).response };
    let record = deploy(&plan, &Strategy::Canary(canary(CanaryTraffic::Weights)), 1);
    let failed = when(&record, |event| matches!(event, EventKind::AnalysisFinished { .. }));
    let decided = when(&record, |event| matches!(event, EventKind::RollbackDecided { .. }));
    assert!((decided[0] - failed[0] - 300.0).abs() < 1e-6, "{failed:?} {decided:?}");
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
}
