//! Configuration pushes on the platform: who gets which file when, and what a bad one breaks.

use super::*;
use crate::plan::{ConfigPush, Generated, PushStep, Wave};

fn push(steps: Vec<PushStep>) -> ConfigPush {
    ConfigPush {
        propagation: Distribution::constant(secs(1.0)),
        steps,
        generated: None,
        background_analysis: None,
    }
}

/// The log of a push to four pods, deployed at 10 s.
fn log_of(plan: &Plan, params: &ConfigPush, seed: u64) -> Vec<(SimTime, EventKind)> {
    let mut log = Vec::new();
    let strategy = Strategy::ConfigPush(params.clone());
    let watch = |now: SimTime, _: &Rollout, effects: &[RolloutEffect]| {
        let kinds = effects.iter().filter_map(|effect| match effect {
            RolloutEffect::Platform(Effect::Log(kind)) => Some((now, kind.clone())),
            _ => None,
        });
        log.extend(kinds);
    };
    run_alone(plan, Some(&strategy), Some(NEW), seed, END, watch);
    log
}

/// Who got which configuration, in whole seconds.
fn configured(log: &[(SimTime, EventKind)]) -> Vec<(u64, u32, u16)> {
    let of = |(at, kind): &(SimTime, EventKind)| match *kind {
        EventKind::InstanceConfigured { instance, version } => {
            Some((at.0 / 1_000_000_000, instance, version.0))
        }
        _ => None,
    };
    log.iter().filter_map(of).collect()
}

fn invalid(keeps_last_good: bool, repair: Option<Distribution>) -> Plan {
    let mut plan = small();
    plan.versions[1] = defective(DefectKind::ConfigInvalid { keeps_last_good, repair });
    plan
}

/// When pods became ready after something had happened to them.
fn ready(log: &[(SimTime, EventKind)]) -> Vec<SimTime> {
    let mut times = times_of(log, |kind| matches!(kind, EventKind::InstanceReady { .. }));
    times.retain(|&time| time > at(10.0));
    times
}

fn crashes(log: &[(SimTime, EventKind)]) -> usize {
    times_of(log, |kind| matches!(kind, EventKind::InstanceCrashed { .. })).len()
}

#[test]
fn no_pod_is_made_or_stopped_and_each_has_the_file_after_its_propagation() {
    let log = log_of(&small(), &push(Vec::new()), 1);
    assert_eq!(configured(&log), [(11, 0, 1), (11, 1, 1), (11, 2, 1), (11, 3, 1)]);
    let of_pods = |kind: &EventKind| {
        matches!(kind, EventKind::InstanceTerminating { .. } | EventKind::ReplicaSetScaled { .. })
    };
    assert_eq!(times_of(&log, of_pods), []);
    let done = times_of(&log, |kind| matches!(kind, EventKind::RolloutCompleted { .. }));
    assert_eq!(done.len(), 1);
    assert!(done[0] >= at(11.0) && done[0] < at(11.5), "{done:?}");
}

#[test]
fn each_instance_has_a_propagation_of_its_own_drawn_by_seed() {
    let law = Distribution::Exponential { mean: 5e9 };
    let params = ConfigPush { propagation: law, ..push(Vec::new()) };
    let first = log_of(&small(), &params, 1);
    assert_eq!(first, log_of(&small(), &params, 1));
    assert_ne!(configured(&first), configured(&log_of(&small(), &params, 2)));
    let mut plan = small();
    plan.service.replicas = 400;
    let starts = log_of(&plan, &params, 1);
    let of_file = |kind: &EventKind| matches!(kind, EventKind::InstanceConfigured { .. });
    let took: Vec<f64> =
        times_of(&starts, of_file).iter().map(|&there| (there - at(10.0)).as_secs_f64()).collect();
    assert_eq!(took.len(), 400);
    let mean = took.iter().sum::<f64>() / 400.0;
    assert!((mean - 5.0).abs() < 1.0, "{mean}");
}

#[test]
fn shares_take_places_in_order_and_waves_their_own() {
    let mut plan = small();
    let wave = |name: &str, instances| Wave { name: name.to_owned(), instances, traffic: 0.5 };
    plan.service.waves = vec![wave("first", 1), wave("rest", 3)];
    let pause = PushStep::Pause(Some(secs(10.0)));
    let shares = vec![PushStep::Share(0.5), pause.clone()];
    assert_eq!(
        configured(&log_of(&plan, &push(shares), 1)),
        [(11, 0, 1), (11, 1, 1), (21, 2, 1), (21, 3, 1)]
    );
    let waves = vec![PushStep::Wave(1), pause];
    assert_eq!(
        configured(&log_of(&plan, &push(waves), 1)),
        [(11, 1, 1), (11, 2, 1), (11, 3, 1), (21, 0, 1)]
    );
}

#[test]
fn a_revert_overtakes_what_is_still_on_its_way() {
    let mut plan = small();
    then(&mut plan, 0.5, OperationKind::Undo);
    let log = log_of(&plan, &push(Vec::new()), 1);
    // Nobody had the new file yet; everybody is told to have the old one.
    assert_eq!(configured(&log), [(11, 0, 0), (11, 1, 0), (11, 2, 0), (11, 3, 0)]);
    assert_eq!(times_of(&log, |kind| matches!(kind, EventKind::RolledBack { .. })).len(), 1);
}

#[test]
fn a_pod_that_replaces_another_has_the_file_of_its_place() {
    let mut plan = small();
    then(&mut plan, 20.0, OperationKind::Delete { version: STABLE, count: 2 });
    let steps = vec![PushStep::Share(0.25), PushStep::Pause(None)];
    let log = log_of(&plan, &push(steps), 1);
    let files = configured(&log);
    assert_eq!(files[0], (11, 0, 1));
    assert_eq!(files.len(), 2, "of the two replaced only the first place had it: {files:?}");
    assert!(files[1].0 >= 30 && files[1].1 >= 4, "{files:?}");
}

#[test]
fn a_file_that_crashes_its_process_does_so_until_another_is_there() {
    let mut plan = invalid(false, None);
    then(&mut plan, 100.0, OperationKind::Undo);
    let log = log_of(&plan, &push(Vec::new()), 1);
    assert!(crashes(&log) >= 8, "each crashed again after its restart: {}", crashes(&log));
    let back = ready(&log);
    assert_eq!(back.len(), 4);
    assert!(back.iter().all(|&back| back > at(110.0)), "{back:?}");
}

#[test]
fn damage_that_outlasts_the_file_is_repaired_instance_by_instance_from_the_revert_on() {
    let mut plan = invalid(false, Some(Distribution::constant(secs(60.0))));
    then(&mut plan, 100.0, OperationKind::Undo);
    let log = log_of(&plan, &push(Vec::new()), 1);
    assert_eq!(crashes(&log), 4, "nothing restarts them");
    let back = ready(&log);
    assert_eq!(back.len(), 4);
    // Reverted at 110 s, put right at 170 s; the boot takes 5 s.
    assert!(back.iter().all(|&back| back >= at(175.0) && back < at(177.0)), "{back:?}");
}

#[test]
fn whoever_keeps_the_last_good_file_is_as_before() {
    let log = log_of(&invalid(true, None), &push(Vec::new()), 1);
    assert_eq!(configured(&log), []);
    assert_eq!(crashes(&log), 0);
    let refused = times_of(&log, |kind| matches!(kind, EventKind::ConfigRefused { .. }));
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|&time| time >= at(11.0) && time < at(11.1)), "{refused:?}");
}

#[test]
fn in_a_new_pod_there_is_no_earlier_file_to_keep() {
    let mut plan = invalid(true, None);
    then(&mut plan, 20.0, OperationKind::Delete { version: STABLE, count: 1 });
    assert!(crashes(&log_of(&plan, &push(Vec::new()), 1)) > 1);
}

#[test]
fn generated_files_are_bad_as_often_as_their_chance_says() {
    let generated = Generated { every: secs(5.0), bad: 0.25, rises_to: 0.25, over: secs(0.0) };
    let params = ConfigPush { generated: Some(generated), ..push(Vec::new()) };
    let (mut bad, mut all) = (0, 0);
    for seed in 1..20 {
        for (_, kind) in log_of(&small(), &params, seed) {
            if let EventKind::ConfigPushed { version, .. } = kind {
                (bad, all) = (bad + u32::from(version == NEW), all + 1);
            }
        }
    }
    assert_eq!(all, 19 * 118, "one every five seconds from 10 s to 600 s");
    let share = f64::from(bad) / f64::from(all);
    assert!((share - 0.25).abs() < 0.03, "{share}");
}
