//! The autoscaler in whole runs: replicas follow the load, and what a rollout does to it.

use crate::engine::Distribution;
use crate::plan::*;
use crate::record::{EventKind, RunRecord};

use super::fixture::{class, deploy, options, plan, rolling, seconds};

/// Five instances of four workers that an autoscaler keeps half busy.
fn scaled(rate: f64) -> Plan {
    let mut plan = plan();
    plan.classes = vec![class("browse", rate)];
    plan.classes[0].service_time = Distribution::Exponential { mean: 1e8 };
    plan.service.queue = None;
    plan.clock.window = seconds(1200.0);
    plan.clock.deploy_at = seconds(900.0);
    plan.platform.hpa = Some(Hpa {
        min: 2,
        max: 40,
        target: 0.5,
        tolerance: 0.1,
        sync: seconds(15.0),
        metrics: seconds(15.0),
        scale_down_window: seconds(300.0),
    });
    plan
}

/// Sizes that the autoscaler asked for, and when, in seconds of the run.
fn sizes(plan: &Plan, strategy: &Strategy) -> (Vec<(f64, u32)>, RunRecord) {
    let key = crate::record::RunKey { arm: Some(0), release: Some(0), seed: 1 };
    let options = super::RunOptions { log: true, ..options() };
    let record = super::run(plan, Some(strategy), Some(VersionId(1)), key, &options);
    let size = |event: &crate::record::Event| {
        let EventKind::Operation { what } = &event.kind else { return None };
        let to = what.strip_prefix("autoscaler: from ")?.split(' ').nth(2)?.parse().ok()?;
        Some((event.at.0 as f64 / 1e9, to))
    };
    (record.events.iter().filter_map(size).collect(), record)
}

#[test]
fn replicas_follow_the_load_up_at_once_and_down_after_the_window() {
    let (up, record) = sizes(&scaled(190.0), &rolling(1, 0));
    // 19 workers are busy: ten pods of four would be 47.5 % busy.
    assert!(up[0].0 < 45.0, "{up:?}");
    assert!((9..=11).contains(&up.last().expect("it grows").1), "{up:?}");
    assert!(record.capacity.max_active_pods >= 9);

    let (down, _) = sizes(&scaled(20.0), &rolling(1, 0));
    assert!((285.0..=345.0).contains(&down[0].0), "{down:?}");
    assert_eq!(down.last().map(|(_, to)| *to), Some(2));
}

#[test]
fn a_load_near_the_target_changes_nothing() {
    let (sizes, _) = sizes(
        &scaled(100.0),
        &Strategy::Recreate(Recreate { min_ready: seconds(0.0), progress_deadline: None }),
    );
    // The recreated pods come up cold and all at once, so what happens after it is no matter.
    assert!(sizes.iter().all(|(at, _)| *at > 900.0), "{sizes:?}");
}

#[test]
fn the_size_changes_in_mid_rollout_and_both_versions_follow() {
    let mut plan = scaled(100.0);
    plan.versions[1].slowdown = vec![2.0];
    plan.clock.deploy_at = seconds(60.0);
    let record = deploy(&plan, &rolling(1, 0), 1);
    // The new version needs twice the work: ten pods instead of five.
    assert_eq!(record.rollout.outcome, crate::record::RolloutOutcome::Completed);
    assert!((9..=14).contains(&record.capacity.max_active_pods), "{:?}", record.capacity);
}
