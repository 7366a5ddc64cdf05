//! Rollouts without traffic: pods' lives, probes, defects, going back.

mod pushes;

use super::alone::{Idle, run_alone, run_in};
use super::*;
use crate::engine::{Distribution, SimDuration};
use crate::plan::testing::plan;
use crate::plan::{
    AnalysisMetric, Defect, DefectKind, IntOrPercent, OnSigterm, OperationKind, Probe, Readiness,
    Rolling, Version,
};
use crate::platform::ProbeAnswer;
use crate::record::RolloutOutcome;

const NEW: VersionId = VersionId(1);
const END: SimTime = SimTime(600_000_000_000);

fn secs(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + secs(seconds)
}

fn version(name: &str) -> Version {
    Version {
        name: name.to_owned(),
        slowdown: vec![1.0],
        errors: vec![0.0],
        boot: None,
        init: None,
        linger: None,
        state: crate::plan::VersionState::default(),
        defects: Vec::new(),
    }
}

fn defective(kind: DefectKind) -> Version {
    Version { defects: vec![Defect { kind, ordinals: None }], ..version("new") }
}

/// Four pods that boot in 5 s; the new version is deployed at 10 s.
fn small() -> Plan {
    let mut plan = plan();
    plan.service.replicas = 4;
    plan.service.startup.boot = Distribution::constant(secs(5.0));
    plan.versions = vec![version("old"), version("new")];
    plan.clock.deploy_at = secs(10.0);
    plan.operations =
        vec![Operation { at: SimDuration::ZERO, kind: OperationKind::Deploy { version: None } }];
    plan
}

fn then(plan: &mut Plan, seconds: f64, kind: OperationKind) {
    plan.operations.push(Operation { at: secs(seconds), kind });
}

fn one_by_one() -> Strategy {
    Strategy::Rolling(Rolling {
        max_surge: IntOrPercent::Int(1),
        max_unavailable: IntOrPercent::Int(0),
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(secs(60.0)),
    })
}

/// The log of a rollout, and how it ended.
fn logged(plan: &Plan, world: &dyn World) -> (Vec<(SimTime, EventKind)>, Rollout) {
    let mut log = Vec::new();
    let mut watch = |now: SimTime, _: &Rollout, effects: &[RolloutEffect]| {
        for effect in effects {
            if let RolloutEffect::Platform(Effect::Log(kind)) = effect {
                log.push((now, kind.clone()));
            }
        }
    };
    let strategy = one_by_one();
    let rollout = run_in(world, plan, Some(&strategy), Some(NEW), 1, END, &mut watch);
    (log, rollout)
}

fn times_of(log: &[(SimTime, EventKind)], wanted: impl Fn(&EventKind) -> bool) -> Vec<SimTime> {
    log.iter().filter(|(_, kind)| wanted(kind)).map(|&(at, _)| at).collect()
}

fn is_ready(kind: &EventKind) -> bool {
    matches!(kind, EventKind::InstanceReady { version, .. } if *version == NEW)
}

fn probe(period: f64) -> Probe {
    Probe {
        initial_delay: SimDuration::ZERO,
        period: secs(period),
        timeout: secs(1.0),
        success_threshold: 1,
        failure_threshold: 3,
        shares_workers: false,
    }
}

/// A world whose processes answer every probe alike.
struct Always(ProbeAnswer);

impl Workload for Always {
    fn probe(&self, _: PodId, _: bool) -> ProbeAnswer {
        self.0
    }
}

impl ReportedMetrics for Always {
    fn query(&self, _: &AnalysisMetric) -> Option<f64> {
        None
    }
}

impl World for Always {}

#[test]
fn a_healthy_rollout_completes_without_losing_a_pod() {
    let mut least = u32::MAX;
    let watch = |_: SimTime, rollout: &Rollout, _: &[RolloutEffect]| {
        least = least.min(rollout.counts().ready);
    };
    let rollout = run_alone(&small(), Some(&one_by_one()), Some(NEW), 1, END, watch);
    let times = rollout.times();
    assert_eq!(times.outcome, RolloutOutcome::Completed);
    assert_eq!(times.started, Some(at(10.0)));
    assert!(times.finished.expect("an end") > at(30.0), "four pods one after another");
    assert_eq!(least, 4);
    assert_eq!(rollout.counts().existing, 4);
}

#[test]
fn the_control_deploys_nothing() {
    for (strategy, release) in [(None, Some(NEW)), (Some(one_by_one()), None)] {
        let rollout = run_alone(&small(), strategy.as_ref(), release, 1, END, |_, _, _| {});
        assert_eq!(rollout.times().outcome, RolloutOutcome::None);
        assert!(rollout.replica_sets().iter().all(|set| set.version == VersionId(0)));
    }
}

#[test]
fn a_pod_is_ready_at_the_first_tick_after_it_listens() {
    let mut plan = small();
    plan.service.probes.readiness = Readiness::Probe(probe(3.0));
    let (log, _) = logged(&plan, &Idle);
    let running = times_of(
        &log,
        |kind| matches!(kind, EventKind::InstanceRunning { version, .. } if *version == NEW),
    );
    let ready = times_of(&log, is_ready);
    assert_eq!(ready.len(), 4);
    for (running, ready) in running.iter().zip(&ready) {
        assert_eq!(*ready, *running + secs(6.0));
    }
}

#[test]
fn the_startup_probe_holds_the_readiness_probe_back() {
    let mut plan = small();
    plan.service.probes.readiness = Readiness::Probe(probe(100.0));
    plan.service.probes.startup = Some(probe(3.0));
    let (log, _) = logged(&plan, &Idle);
    let ready = times_of(&log, is_ready);
    // Readiness is asked as soon as the startup probe has succeeded, not a period later.
    assert!(ready[0] < at(17.0), "{ready:?}");
}

#[test]
fn a_container_that_fails_its_startup_probe_is_restarted() {
    let mut plan = small();
    plan.service.startup.boot = Distribution::constant(secs(100.0));
    plan.service.probes.startup = Some(probe(3.0));
    let (log, _) = logged(&plan, &Idle);
    assert_eq!(times_of(&log, is_ready), []);
    let running = times_of(&log, |kind| matches!(kind, EventKind::ProgressDeadlineExceeded));
    assert_eq!(running.len(), 1, "the rollout gets stuck");
}

#[test]
fn a_hung_process_is_killed_at_the_end_of_its_grace() {
    let mut plan = small();
    plan.operations.clear();
    plan.service.probes.liveness = Some(probe(10.0));
    plan.service.shutdown.on_sigterm = OnSigterm::Ignore;
    let mut ended = Vec::new();
    let mut watch = |now: SimTime, _: &Rollout, effects: &[RolloutEffect]| {
        let killed = |effect: &&RolloutEffect| {
            matches!(effect, RolloutEffect::Platform(Effect::ProcessEnded { .. }))
        };
        ended.extend(effects.iter().filter(killed).map(|_| now));
    };
    let world = Always(ProbeAnswer::Silence);
    let strategy = one_by_one();
    run_in(&world, &plan, Some(&strategy), Some(NEW), 1, at(75.0), &mut watch);
    // Three silent ticks, a second's patience with the last, and 30 s of grace.
    assert_eq!(ended.len(), 4);
    assert!(ended.iter().all(|&end| end >= at(51.0) && end < at(62.0)), "{ended:?}");
}

#[test]
fn a_pod_without_a_probe_is_ready_before_it_listens() {
    let mut plan = small();
    plan.service.probes.readiness = Readiness::None;
    let (_, rollout) = logged(&plan, &Idle);
    assert!(rollout.times().finished.expect("an end") < at(11.0));
}

#[test]
fn a_version_that_never_gets_ready_stalls_and_hurts_nobody() {
    let mut plan = small();
    plan.versions[1] = defective(DefectKind::NeverReady);
    let (log, rollout) = logged(&plan, &Idle);
    let late = times_of(&log, |kind| matches!(kind, EventKind::ProgressDeadlineExceeded));
    assert_eq!(late.len(), 1);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Stalled);
    assert_eq!(rollout.times().detected, Some(late[0]));
    assert_eq!(rollout.counts().ready, 4);
}

#[test]
fn a_crash_loop_restarts_at_once_and_then_ever_later() {
    let mut plan = small();
    plan.versions[1] = defective(DefectKind::CrashLoop);
    let (log, _) = logged(&plan, &Idle);
    let crashes = times_of(&log, |kind| matches!(kind, EventKind::InstanceCrashed { .. }));
    let pauses: Vec<u64> =
        crashes.windows(2).map(|pair| (pair[1] - pair[0]).0 / 1_000_000_000 - 5).collect();
    assert_eq!(pauses[..6], [0, 10, 20, 40, 80, 160]);
}

#[test]
fn a_rollback_that_is_automatic_undoes_at_the_deadline() {
    let mut plan = small();
    plan.versions[1] = defective(DefectKind::StuckPending);
    plan.response.rollback = Rollback::Automatic;
    let (_, rollout) = logged(&plan, &Idle);
    let times = rollout.times();
    assert_eq!(times.outcome, RolloutOutcome::RolledBack);
    assert_eq!(times.rollback_decided, times.detected);
    let sets = rollout.replica_sets();
    assert_eq!((sets[0].spec, sets[1].spec), (4, 0));
    assert_eq!(sets[0].revision, 3, "the old set is the newest revision now");
}

#[test]
fn an_undo_goes_back_to_the_revision_before() {
    let mut plan = small();
    plan.versions.push(version("third"));
    then(&mut plan, 100.0, OperationKind::Deploy { version: Some(VersionId(2)) });
    then(&mut plan, 200.0, OperationKind::Undo);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::RolledBack);
    let sizes: Vec<u32> = rollout.replica_sets().iter().map(|set| set.spec).collect();
    assert_eq!(sizes, [0, 4, 0]);
}

#[test]
fn a_paused_rollout_stands_still_until_it_is_resumed() {
    let mut plan = small();
    then(&mut plan, 1.0, OperationKind::Pause);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Stalled);
    let sizes: Vec<u32> = rollout.replica_sets().iter().map(|set| set.spec).collect();
    assert_eq!(sizes, [4, 1]);
    then(&mut plan, 100.0, OperationKind::Resume);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Completed);
}

#[test]
fn saying_how_to_go_on_with_nothing_is_no_rollout() {
    let strategy = one_by_one();
    for kind in
        [OperationKind::Pause, OperationKind::Resume, OperationKind::SetStrategy { strategy }]
    {
        let mut plan = small();
        plan.operations.clear();
        then(&mut plan, 0.0, kind.clone());
        let (_, rollout) = logged(&plan, &Idle);
        let times = rollout.times();
        assert_eq!((times.outcome, times.started), (RolloutOutcome::None, None), "{kind:?}");
    }
    // A pause before the deployment holds it up all the same.
    let mut plan = small();
    plan.operations.clear();
    then(&mut plan, 0.0, OperationKind::Pause);
    then(&mut plan, 10.0, OperationKind::Deploy { version: None });
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Stalled);
    assert_eq!(rollout.times().started, Some(at(20.0)));
    then(&mut plan, 100.0, OperationKind::Resume);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Completed);
}

#[test]
fn pods_beyond_the_quota_wait_for_room() {
    let mut plan = small();
    plan.platform.surge_quota = Some(0);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Stalled, "a surge of one has no room");
    plan.platform.surge_quota = Some(1);
    let (_, rollout) = logged(&plan, &Idle);
    assert_eq!(rollout.times().outcome, RolloutOutcome::Completed);
}

#[test]
fn an_image_is_pulled_once_for_each_node() {
    let mut plan = small();
    plan.service.startup.pull = Distribution::constant(secs(30.0));
    plan.service.startup.boot = Distribution::constant(secs(1.0));
    plan.platform.nodes.count = 2;
    let (log, _) = logged(&plan, &Idle);
    let ready = times_of(&log, is_ready);
    let gaps: Vec<u64> =
        ready.windows(2).map(|pair| (pair[1] - pair[0]).0 / 1_000_000_000).collect();
    assert_eq!(gaps, [31, 1, 1], "the second node pulls too, later pods find the image there");
}

#[test]
fn the_pre_stop_sleep_is_part_of_the_grace() {
    let mut plan = small();
    plan.service.shutdown.pre_stop = secs(20.0);
    plan.service.shutdown.linger = Distribution::constant(secs(20.0));
    let (log, _) = logged(&plan, &Idle);
    let deleted = times_of(&log, |kind| matches!(kind, EventKind::InstanceTerminating { .. }));
    let gone = times_of(&log, |kind| matches!(kind, EventKind::InstanceGone { .. }));
    assert_eq!(gone[0] - deleted[0], secs(30.0));
}

#[test]
fn a_disruption_budget_holds_a_drain_back() {
    let mut plan = small();
    plan.platform.pdb_min_available = Some(IntOrPercent::Percent(75));
    plan.operations.clear();
    then(&mut plan, 0.0, OperationKind::Drain { node: 0, retry: secs(1.0) });
    let mut least = u32::MAX;
    let watch = |_: SimTime, rollout: &Rollout, _: &[RolloutEffect]| {
        least = least.min(rollout.counts().ready);
    };
    let rollout = run_alone(&plan, Some(&one_by_one()), Some(NEW), 1, END, watch);
    assert_eq!(least, 3);
    assert_eq!(rollout.counts().ready, 4);
}

#[test]
fn crashes_come_as_often_as_their_mean_time_says() {
    let mut plan = small();
    plan.operations.clear();
    plan.service.crash_mtbf = Some(secs(50.0));
    plan.service.startup.boot = Distribution::Constant(0.0);
    let mut crashes = 0;
    let watch = |_: SimTime, _: &Rollout, effects: &[RolloutEffect]| {
        let crashed = |effect: &&RolloutEffect| {
            let RolloutEffect::Platform(Effect::Log(kind)) = effect else { return false };
            matches!(kind, EventKind::InstanceCrashed { .. })
        };
        crashes += effects.iter().filter(crashed).count();
    };
    // The back-off starts over only after ten quiet minutes, so only first crashes are many.
    plan.service.replicas = 200;
    run_alone(&plan, Some(&one_by_one()), Some(NEW), 1, at(10.0), watch);
    // 200 processes over 10 s at one in 50 s: 40 expected, and at most a few restarts.
    assert!((22..60).contains(&crashes), "{crashes}");
}
