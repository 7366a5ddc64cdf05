//! Arms that change other fields, and releases.

use cutover::scenario::{NoFiles, Overrides, load_text};

use super::{loaded, minimal};

const ARMS: &str = "\
name: arms
traffic: [{name: web, arrivals: {poisson: {rate: 100/s}}, service_time: 20ms}]
baseline: b
strategies:
  - {name: a, rolling: {}, with: {service.shutdown.pre_stop: 5s, balancer.preset: haproxy}}
  - {name: b, recreate: {}}
  - {name: c, rolling: {}, with: {service.replicas: 10}}
";

#[test]
fn an_arm_has_a_world_of_its_own_only_where_it_differs() {
    let study = loaded(ARMS);
    let own: Vec<bool> = study.arms.iter().map(|arm| arm.plan.is_some()).collect();
    assert_eq!(own, [true, false, false]);
    let plan = study.arms[0].plan.as_ref().unwrap();
    assert_eq!(plan.service.shutdown.pre_stop.as_secs_f64(), 5.0);
    assert_eq!(plan.balancer.retries.max, 3);
    assert_eq!(plan.clock, study.plan.clock);
    assert_eq!(study.baseline, 1);
}

#[test]
fn strategies_can_be_picked_by_name() {
    let overrides = Overrides { strategies: vec!["b".into(), "c".into()], ..Overrides::default() };
    let study = load_text("x", ARMS, &NoFiles, &overrides).unwrap();
    assert_eq!(study.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(study.baseline, 0);
}

#[test]
fn the_only_other_version_is_the_one_that_is_deployed() {
    let study = loaded(&minimal("versions: {v2: {errors: 1%}}\n"));
    assert_eq!(study.releases[0].name, "v2");
    assert_eq!(study.plan.versions[1].errors, [0.01]);
}

#[test]
fn the_digest_tells_scenarios_apart_and_nothing_else() {
    let digest = |text: &str| loaded(text).digest;
    let plain = digest(&minimal(""));
    assert_eq!(plain, digest(&minimal("seeds: 7\n# a comment\n")));
    assert_eq!(plain, digest(&minimal("client: {timeout: 15s}\n")));
    assert_ne!(plain, digest(&minimal("client: {timeout: 16s}\n")));
}

#[test]
fn an_automatic_window_covers_the_slowest_arm() {
    let window = |more: &str| loaded(&minimal(more)).plan.clock.window.as_secs_f64();
    assert_eq!(window(""), 600.0);
    let slow = "service: {startup: {boot: 5m}}\n";
    assert!(window(slow) > 600.0 && window(slow) % 60.0 == 0.0);
    let people =
        "response: {rollback: on_call, alerts: [{name: e, metric: error_rate, above: 5%}]}\n";
    assert!(window(people) > 3600.0);
    assert_eq!(window("clock: {window: 7m}\n"), 420.0);
}
