//! The Deployment controller, pass by pass, over sets that are made up.

use super::*;
use crate::plan::{AnalysisMetric, IntOrPercent, Recreate, Rolling, Routing, VersionId};
use crate::strategy::{ReplicaSetView, ReportedMetrics};

const OLD: VersionId = VersionId(0);
const NEW: VersionId = VersionId(1);
const SECOND_NS: i64 = 1_000_000_000;

struct NoMetrics;

impl ReportedMetrics for NoMetrics {
    fn query(&self, _: &AnalysisMetric) -> Option<f64> {
        None
    }
}

fn rolling(surge: IntOrPercent, unavailable: IntOrPercent) -> Strategy {
    Strategy::Rolling(Rolling {
        max_surge: surge,
        max_unavailable: unavailable,
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(SimDuration::from_secs(10)),
    })
}

fn quarter() -> Strategy {
    rolling(IntOrPercent::Percent(25), IntOrPercent::Percent(25))
}

fn recreate() -> Strategy {
    let progress_deadline = Some(SimDuration::from_secs(10));
    Strategy::Recreate(Recreate { min_ready: SimDuration::ZERO, progress_deadline })
}

/// A set whose status is of its spec and all of whose pods are available.
fn set(version: VersionId, revision: u32, spec: u32) -> ReplicaSetView {
    ReplicaSetView {
        version,
        revision,
        spec,
        observed: true,
        replicas: spec,
        ready: spec,
        available: spec,
        terminating: 0,
        existing: spec,
        desired_annotation: Some(10),
        max_annotation: Some(13),
    }
}

fn seen<'a>(sets: &'a [ReplicaSetView], unix_ns: i64) -> Observation<'a> {
    Observation {
        now: SimTime(unix_ns as u64),
        unix_ns,
        generation: 2,
        replicas: 10,
        paused: false,
        target: NEW,
        stable: OLD,
        replica_sets: sets,
        routing: Routing::All,
        abort_requested: false,
        resumes: 0,
        promote_full: false,
        pushing: 0,
        metrics: &NoMetrics,
    }
}

fn scaled(decision: &Decision) -> Vec<(VersionId, u32)> {
    let sizes = decision.commands.iter().filter_map(|command| match command {
        Command::Scale { version, to, .. } => Some((*version, *to)),
        _ => None,
    });
    sizes.collect()
}

fn passed_deadline(decision: &Decision) -> bool {
    decision.commands.contains(&Command::Log(EventKind::ProgressDeadlineExceeded))
}

#[test]
fn the_opening_pass_creates_the_surge_and_takes_what_may_be_missing() {
    let mut controller = Deployment::new(&quarter(), 10);
    let decision = controller.pass(&seen(&[set(OLD, 1, 10)], 0));
    assert_eq!(scaled(&decision), [(NEW, 3), (OLD, 8)]);
}

#[test]
fn a_later_pass_grows_the_new_set_or_shrinks_the_old_never_both() {
    let mut controller = Deployment::new(&quarter(), 10);
    let new = ReplicaSetView { ready: 3, available: 3, ..set(NEW, 2, 3) };
    let grows = controller.pass(&seen(&[set(OLD, 1, 8), new], 0));
    assert_eq!(scaled(&grows), [(NEW, 5)]);
    let new = ReplicaSetView { spec: 5, ..new };
    let shrinks = controller.pass(&seen(&[set(OLD, 1, 8), new], 0));
    assert_eq!(scaled(&shrinks), [(OLD, 5)]);
}

#[test]
fn broken_old_pods_go_before_healthy_ones() {
    let mut controller = Deployment::new(&quarter(), 10);
    let broken = ReplicaSetView { ready: 0, available: 0, ..set(NEW, 2, 5) };
    let healthy = set(OLD, 1, 8);
    let third = VersionId(2);
    let newest = ReplicaSetView { replicas: 0, ready: 0, available: 0, ..set(third, 3, 0) };
    let sets = [healthy, broken, newest];
    let decision = controller.pass(&Observation { target: third, ..seen(&sets, 0) });
    assert_eq!(scaled(&decision), [(NEW, 0)], "the set of the failed version is emptied first");
}

#[test]
fn a_count_from_before_the_last_step_stops_the_pass() {
    let mut controller = Deployment::new(&quarter(), 10);
    let stale = ReplicaSetView { observed: false, available: 10, ..set(OLD, 1, 8) };
    let new = ReplicaSetView { available: 5, ..set(NEW, 2, 5) };
    let sets = [stale, new];
    let decision = controller.pass(&seen(&sets, 0));
    assert_eq!(decision.commands, []);
    assert_eq!(decision.wake_at, Some(SimTime(5_000_000)), "it tries again soon");
    let again = controller.pass(&seen(&sets, 0));
    assert_eq!(again.wake_at, Some(SimTime(10_000_000)), "and less soon after that");
}

#[test]
fn a_paused_rollout_only_scales() {
    let mut controller = Deployment::new(&quarter(), 10);
    let sets = [set(OLD, 1, 8), set(NEW, 2, 5)];
    let paused = Observation { paused: true, ..seen(&sets, 0) };
    assert_eq!(scaled(&controller.pass(&paused)), []);
    let grown = Observation { replicas: 20, ..paused };
    assert_eq!(scaled(&controller.pass(&grown)), [(OLD, 15), (NEW, 10)]);
}

#[test]
fn a_resize_in_mid_rollout_gives_each_version_its_share() {
    let mut controller = Deployment::new(&quarter(), 10);
    let sets = [set(OLD, 1, 8), set(NEW, 2, 5)];
    let decision = controller.pass(&Observation { replicas: 20, ..seen(&sets, 0) });
    assert_eq!(scaled(&decision), [(OLD, 15), (NEW, 10)]);
}

#[test]
fn recreate_waits_until_nothing_old_runs() {
    let mut controller = Deployment::new(&recreate(), 10);
    let decision = controller.pass(&seen(&[set(OLD, 1, 10)], 0));
    assert_eq!(scaled(&decision), [(OLD, 0)]);
    let terminating = ReplicaSetView { existing: 3, terminating: 3, ..set(OLD, 1, 0) };
    assert_eq!(scaled(&controller.pass(&seen(&[terminating], 0))), []);
    assert_eq!(scaled(&controller.pass(&seen(&[set(OLD, 1, 0)], 0))), [(NEW, 10)]);
}

#[test]
fn an_old_set_that_is_used_again_becomes_the_newest_revision() {
    let mut controller = Deployment::new(&quarter(), 10);
    let sets = [set(OLD, 1, 5), set(NEW, 2, 5)];
    let decision = controller.pass(&Observation { target: OLD, ..seen(&sets, 0) });
    assert_eq!(decision.commands[0], Command::Revise { version: OLD, revision: 3 });
    assert_eq!(scaled(&decision), [(OLD, 8)]);
}

#[test]
fn the_deadline_counts_from_a_whole_second_and_only_sets_a_condition() {
    let mut controller = Deployment::new(&quarter(), 10);
    let start = 7 * SECOND_NS + 900_000_000;
    let sets = [set(OLD, 1, 10)];
    controller.pass(&seen(&sets, start));
    let new = ReplicaSetView { replicas: 3, ready: 0, available: 0, ..set(NEW, 2, 5) };
    let stuck = [set(OLD, 1, 8), new];
    controller.pass(&seen(&stuck, start));
    let idle = controller.pass(&seen(&stuck, start + 1));
    // The condition's second is 7: the deadline passes at 17 and is looked at a second later.
    assert_eq!(idle.wake_at, Some(SimTime(18 * SECOND_NS as u64)));
    assert!(!passed_deadline(&controller.pass(&seen(&stuck, 17 * SECOND_NS))));
    let late = controller.pass(&seen(&stuck, 17 * SECOND_NS + 1));
    assert!(passed_deadline(&late));
    assert_eq!(scaled(&late), []);
    assert!(!passed_deadline(&controller.pass(&seen(&stuck, 30 * SECOND_NS))), "said once");
}

#[test]
fn paused_time_does_not_count_against_the_deadline() {
    let mut controller = Deployment::new(&quarter(), 10);
    let new = ReplicaSetView { ready: 0, available: 0, ..set(NEW, 2, 5) };
    let stuck = [set(OLD, 1, 8), new];
    controller.pass(&seen(&stuck, 0));
    controller.pass(&Observation { paused: true, ..seen(&stuck, SECOND_NS) });
    let resumed = controller.pass(&seen(&stuck, 60 * SECOND_NS));
    assert!(!passed_deadline(&resumed));
    assert!(!passed_deadline(&controller.pass(&seen(&stuck, 69 * SECOND_NS))));
    assert!(passed_deadline(&controller.pass(&seen(&stuck, 71 * SECOND_NS))));
}

#[test]
fn a_rollout_ends_when_all_wanted_pods_are_new_and_available() {
    let mut controller = Deployment::new(&quarter(), 10);
    let done = Command::Finish(RolloutOutcome::Completed);
    let almost = ReplicaSetView { available: 9, ..set(NEW, 2, 10) };
    let decision = controller.pass(&seen(&[set(OLD, 1, 0), almost], 0));
    assert!(!decision.commands.contains(&done));
    let decision = controller.pass(&seen(&[set(OLD, 1, 0), set(NEW, 2, 10)], 0));
    assert!(decision.commands.contains(&done));
    assert_eq!(controller.status().updated, 10);
}

#[test]
fn a_complete_rollout_keeps_ten_old_sets() {
    let mut controller = Deployment::new(&quarter(), 10);
    let mut sets: Vec<ReplicaSetView> = (1..=12).map(|n| set(VersionId(n), n.into(), 0)).collect();
    sets.push(set(VersionId(13), 13, 10));
    let target = VersionId(13);
    controller.pass(&Observation { target, ..seen(&sets, 0) });
    let decision = controller.pass(&Observation { target, ..seen(&sets, 0) });
    let removed: Vec<&Command> = decision
        .commands
        .iter()
        .filter(|command| matches!(command, Command::Remove { .. }))
        .collect();
    let expected = [1, 2].map(|n| Command::Remove { version: VersionId(n) });
    assert_eq!(removed, expected.iter().collect::<Vec<_>>());
}
