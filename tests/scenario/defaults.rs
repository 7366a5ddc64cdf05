//! Every default of a minimal scenario, with its source.

use cutover::plan::{Readiness, Rollback, Strategy};

use super::{loaded, minimal};

#[test]
fn a_minimal_scenario_takes_these_defaults() {
    let study = loaded(&minimal(""));
    let rows: Vec<String> =
        study.defaults.iter().map(|used| format!("{}: {}", used.path, used.value)).collect();
    let listed: Vec<&str> = include_str!("defaults.txt").lines().collect();
    assert_eq!(rows, listed);
    assert!(study.defaults.iter().all(|used| !used.source.is_empty()));
}

#[test]
fn kubernetes_defaults_are_kubernetes_own() {
    let study = loaded(&minimal(""));
    let Readiness::Probe(probe) = &study.plan.service.probes.readiness else { panic!("no probe") };
    assert_eq!((probe.period.as_secs_f64(), probe.timeout.as_secs_f64()), (10.0, 1.0));
    assert_eq!((probe.success_threshold, probe.failure_threshold), (1, 3));
    assert_eq!(study.plan.service.shutdown.grace.as_secs_f64(), 30.0);
    let Strategy::Rolling(rolling) = &study.arms[0].strategy else { panic!("not rolling") };
    assert_eq!(rolling.progress_deadline.unwrap().as_secs_f64(), 600.0);
    assert_eq!(study.plan.platform.lags, cutover::plan::Lags::measured());
    assert_eq!(study.plan.response.rollback, Rollback::Controller);
    assert_eq!((study.seeds, study.first_seed, study.control), (100, 1, true));
    assert_eq!(
        study.plan.versions.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(),
        ["stable", "candidate"]
    );
    assert_eq!(study.releases[0].name, "candidate");
}

#[test]
fn a_preset_changes_defaults_and_gives_way_to_fields() {
    let study = loaded(&minimal("balancer: {preset: haproxy, retries: {max: 1}}\n"));
    let retries = &study.plan.balancer.retries;
    assert_eq!((retries.max, retries.redispatch), (1, false));
    let used = |path: &str| {
        study.defaults.iter().find(|used| used.path == path).map(|used| used.source.as_str())
    };
    assert_eq!(used("balancer.retries.redispatch"), Some("HAProxy: no option redispatch"));
    assert_eq!(used("balancer.retries.max"), None);
}

#[test]
fn an_empty_list_of_operations_deploys_nothing() {
    let study = loaded(&minimal("operations: []\n"));
    assert!(!study.control && study.plan.operations.is_empty());
}

#[test]
fn a_balancers_queue_is_as_patient_as_its_connects_unless_it_says_otherwise() {
    let patience = |fields: &str| {
        let study = loaded(&minimal(&format!("balancer: {{preset: haproxy{fields}}}\n")));
        study.plan.balancer.queue_timeout.as_secs_f64()
    };
    assert_eq!(patience(""), 5.0);
    assert_eq!(patience(", connect_timeout: 300ms"), 0.3);
    assert_eq!(patience(", connect_timeout: 300ms, queue_timeout: 2s"), 2.0);
}
