//! What an operator can do, while requests are served: every operation of a scenario, three
//! versions, and every recorded rollout with traffic on it.

use cutover::experiment::Simulator;
use cutover::plan::{Study, VersionId};
use cutover::record::{EventKind, RolloutOutcome, RunKey, RunRecord};
use cutover::scenario::{NoFiles, Overrides, load_text};
use cutover::simulation::RunOptions;
use cutover::simulation::rollout::alone::run_alone;
use cutover::verify::kubernetes::mapping::scenario_of;

use super::recordings;

fn load(text: &str) -> Study {
    load_text("operations.yaml", text, &NoFiles, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

/// A run with its log, as `cutover run` makes it.
fn run(study: &Study) -> RunRecord {
    let timeline_width = cutover::engine::SimDuration::from_secs(1);
    let options =
        RunOptions { timeline_width, log: true, failure_samples: 0, detail_small_up_to: None };
    let simulator = Simulator { study, options };
    use cutover::experiment::Runner as _;
    simulator.run(RunKey { arm: Some(0), release: Some(0), seed: 1 })
}

fn shop(operations: &str, strategy: &str, more: &str) -> Study {
    load(&format!(
        "name: shop\n\
         seeds: 1\n\
         clock: {{ warmup: 5s, window: 10m, deploy_at: 10s }}\n\
         traffic: [ {{ name: all, arrivals: {{ poisson: {{ rate: 40/s }} }}, service_time: 10ms }} ]\n\
         service: {{ replicas: 6, startup: {{ boot: 4s }} }}\n\
         versions: {{ stable: {{}}, second: {{}}, third: {{ errors: 100% }} }}\n\
         releases: [ {{ version: second, share: 100% }} ]\n\
         operations: [ {operations} ]\n\
         strategies: [ {{ name: s, {strategy} }} ]\n\
         {more}"
    ))
}

const ROLLING: &str = "rolling: { max_surge: 1, max_unavailable: 0 }";
const CANARY: &str = "canary: { steps: [ { weight: 50% }, { pause: 20s } ] }";

fn count(record: &RunRecord, is: impl Fn(&EventKind) -> bool) -> usize {
    record.events.iter().filter(|event| is(&event.kind)).count()
}

fn created(record: &RunRecord, place: u16) -> usize {
    count(
        record,
        |kind| matches!(kind, EventKind::InstanceCreated { version, .. } if *version == VersionId(place)),
    )
}

/// Operations, the outcome, and the pods created of stable (six are there), second and third.
#[rustfmt::skip]
const OPERATIONS: &[(&str, &str, RolloutOutcome, [usize; 3])] = &[
    ("", ROLLING, RolloutOutcome::None, [6, 0, 0]),
    ("{ deploy: {} }", ROLLING, RolloutOutcome::Completed, [6, 6, 0]),
    ("{ deploy: {} }, { at: 2m, undo: {} }", ROLLING, RolloutOutcome::RolledBack, [12, 6, 0]),
    ("{ deploy: {} }, { at: 2m, undo: {} }", CANARY, RolloutOutcome::RolledBack, [12, 6, 0]),
    ("{ deploy: {} }, { at: 3m, deploy: { version: third } }", ROLLING, RolloutOutcome::Completed, [6, 6, 6]),
    ("{ deploy: {} }, { at: 3m, scale: { replicas: 9 } }", ROLLING, RolloutOutcome::Completed, [6, 9, 0]),
    ("{ deploy: {} }, { at: 8s, pause: {} }", ROLLING, RolloutOutcome::Stalled, [6, 1, 0]),
    ("{ deploy: {} }, { at: 8s, pause: {} }, { at: 2m, resume: {} }", ROLLING, RolloutOutcome::Completed, [6, 6, 0]),
    ("{ deploy: {} }, { at: 1s, set_strategy: { recreate: {} } }", ROLLING, RolloutOutcome::Completed, [6, 6, 0]),
    ("{ kill: { version: stable, count: 2 } }", ROLLING, RolloutOutcome::None, [8, 0, 0]),
    ("{ delete: { version: stable, count: 3 } }", ROLLING, RolloutOutcome::None, [9, 0, 0]),
    ("{ evict: { version: stable, count: 1 } }", ROLLING, RolloutOutcome::None, [7, 0, 0]),
    ("{ drain: { node: 0 } }", ROLLING, RolloutOutcome::None, [8, 0, 0]),
];

#[test]
fn every_operation_does_its_work_under_traffic() {
    for &(operations, strategy, outcome, pods) in OPERATIONS {
        let record = run(&shop(operations, strategy, ""));
        let got = [0, 1, 2].map(|place| created(&record, place));
        assert_eq!((record.rollout.outcome, got), (outcome, pods), "{operations} {strategy}");
        let requests: u64 = record.cells.iter().map(|cell| cell.counters.requests).sum();
        assert!((20_000..30_000).contains(&requests), "{operations}: {requests} requests");
    }
}

#[test]
fn a_budget_holds_evictions_back_until_their_pods_are_replaced() {
    let operations = "{ drain: { node: 0, retry: 1s } }, { evict: { version: stable, count: 6 } }";
    let study = shop(operations, ROLLING, "platform: { pdb: { min_available: 5 } }");
    let record = run(&study);
    assert_eq!(record.capacity.min_ready, 5);
    assert!(created(&record, 0) >= 8, "both pods of the node went in the end");
}

/// An alert on the errors of the version being deployed, or of the one before it.
fn alert_on(role: &str) -> String {
    format!(
        "response: {{ metrics: {{ scrape: 5s, window: 30s, delay: 0s }}, alerts: [ {{ name: bad, \
         metric: error_rate, version: {role}, above: 50%, for: 5s }} ] }}"
    )
}

fn fired(study: &Study) -> usize {
    count(&run(study), |kind| matches!(kind, EventKind::AlertFired { .. }))
}

#[test]
fn alerts_are_about_the_version_being_deployed_whichever_it_is() {
    let operations = "{ deploy: {} }, { at: 3m, deploy: { version: third } }";
    for strategy in [ROLLING, CANARY] {
        assert_eq!(fired(&shop(operations, strategy, &alert_on("candidate"))), 1, "{strategy}");
        assert_eq!(fired(&shop(operations, strategy, &alert_on("stable"))), 0, "{strategy}");
    }
    // The broken version is overtaken, and is then what ran before.
    let operations = "{ deploy: { version: third } }, { at: 4m, deploy: { version: second } }";
    assert_eq!(fired(&shop(operations, ROLLING, &alert_on("candidate"))), 1);
}

#[test]
fn after_an_undo_it_is_still_the_undone_version_that_is_judged() {
    let text = "{ deploy: {} }, { at: 2m, deploy: { version: third } }, { at: 6m, undo: {} }";
    let study = shop(text, ROLLING, "");
    let end = cutover::engine::SimTime(600_000_000_000);
    let mut seen = Vec::new();
    let (arm, release) = (&study.arms[0], Some(study.releases[0].version));
    run_alone(&study.plan, Some(&arm.strategy), release, 1, end, |_, rollout, _| {
        let judged = rollout.judged();
        let pair = (judged.stable.0, judged.candidate.0);
        if seen.last() != Some(&pair) {
            seen.push(pair);
        }
    });
    assert_eq!(seen, [(0, 1), (1, 2)]);
}

#[test]
fn an_undo_of_a_completed_canary_goes_back_although_a_scale_is_under_way() {
    let operations = "{ deploy: {} }, { at: 2m, scale: { replicas: 12 } }, { at: 121s, undo: {} }";
    let record = run(&shop(operations, CANARY, ""));
    assert_eq!(record.rollout.outcome, RolloutOutcome::RolledBack);
    let back = count(
        &record,
        |kind| matches!(kind, EventKind::RolledBack { version } if *version == VersionId(0)),
    );
    assert_eq!(back, 1);
}

#[test]
fn every_recorded_rollout_goes_the_same_way_with_requests_on_it() {
    let mut tried = 0;
    for recording in recordings() {
        let text = scenario_of(&recording).expect("a scenario");
        let quiet = "arrivals: { constant: { rate: 1/h } }, service_time: 1ms";
        assert!(text.contains(quiet));
        let busy = "arrivals: { poisson: { rate: 20/s } }, service_time: 2ms";
        let study = load(&text.replace(quiet, busy));
        let record = run(&study);
        let plan = study.arms[0].plan.as_deref().unwrap_or(&study.plan);
        let end = cutover::engine::SimTime(plan.clock.window.0);
        let (arm, release) = (&study.arms[0], Some(study.releases[0].version));
        let alone = run_alone(plan, Some(&arm.strategy), release, 1, end, |_, _, _| {}).times();
        assert_eq!(record.rollout.outcome, alone.outcome, "{}", recording.name);
        let finished =
            |time: Option<cutover::engine::SimTime>| time.map_or(0.0, |t| t.as_secs_f64());
        let apart = finished(record.rollout.finished) - finished(alone.finished);
        assert!(apart.abs() < 0.05, "{}: {apart} s apart", recording.name);
        let requests: u64 = record.cells.iter().map(|cell| cell.counters.requests).sum();
        assert!(requests as f64 > 15.0 * recording.recorded_until, "{}", recording.name);
        tried += 1;
    }
    assert_eq!(tried, 49);
}
