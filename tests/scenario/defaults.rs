//! Every default of a minimal scenario, with its source.

use cutover::plan::{Readiness, Rollback, Strategy};

use super::{loaded, minimal};

#[test]
fn a_minimal_scenario_takes_these_defaults() {
    let study = loaded(&minimal(""));
    let rows: Vec<String> =
        study.defaults.iter().map(|used| format!("{}: {}", used.path, used.value)).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    apiVersion: cutover/v1
    seeds: 100
    clock.start: 2025-06-02T10:00:00[UTC]
    clock.warmup: 60s
    clock.window: auto: 10m
    clock.deploy_at: 2m
    traffic.web.idempotent: true
    traffic.web.patience: none
    client.users.count: 5000
    client.users.pick: uniform
    client.connection: keepalive
    client.timeout: 15s
    client.deadline: none
    client.retries.max: 0
    client.retries.on: [refused, reset, 502, 503, 504, timeout]
    client.retries.backoff.base: 50ms
    client.retries.backoff.cap: 20s
    client.retries.backoff.jitter: full
    client.retries.budget: none
    balancer.preset: ideal
    balancer.mode: http
    balancer.nodes: 1
    balancer.policy: round_robin
    balancer.sticky: none
    balancer.propagation: 0s
    balancer.health_check: none
    balancer.outlier: none
    balancer.retries.max: 0
    balancer.retries.on: [refused]
    balancer.retries.redispatch: true
    balancer.retries.pause: 1s
    balancer.server_maxconn: none
    balancer.connect_timeout: 5s
    balancer.overhead: 0s
    balancer.slow_start: 0s
    service.replicas: 10
    service.workers: 8
    service.queue: 64
    service.discipline: fcfs
    service.startup.schedule: 1s
    service.startup.pull: 4s
    service.startup.init: 0s
    service.startup.boot: {lognormal: {p50: 8s, p99: 25s}}
    service.startup.warm: none
    service.probes.startup: none
    service.probes.readiness.initial_delay: 0s
    service.probes.readiness.period: 10s
    service.probes.readiness.timeout: 1s
    service.probes.readiness.success_threshold: 1
    service.probes.readiness.failure_threshold: 3
    service.probes.readiness.shares_workers: false
    service.probes.liveness: none
    service.shutdown.pre_stop: 0s
    service.shutdown.on_sigterm: drain
    service.shutdown.linger: 0s
    service.shutdown.grace: 30s
    service.crash.mtbf: none
    platform.nodes: 3
    platform.zones: 1
    platform.surge_quota: unlimited
    platform.pdb: none
    platform.hpa: none
    platform.lags.deployment: 2ms
    platform.lags.replica_set: 2ms
    platform.lags.call: 5ms
    platform.lags.kubelet: 8ms
    platform.lags.removal: 12ms
    platform.lags.endpoints: 9ms
    platform.lags.api.qps: 20
    platform.lags.api.burst: 30
    operations: [{at: 0s, deploy: {}}]
    response.metrics.scrape: 15s
    response.metrics.window: 1m
    response.metrics.delay: 5s
    response.on_call.acknowledge: {lognormal: {median: 4m, sigma: 0.8}}
    response.on_call.decide: {lognormal: {p50: 15m, p99: 60m}}
    response.on_call.off_hours.factor: 2
    response.rollback: controller
    cost.instance_hour: 0
    cost.currency: USD
    strategies.rolling.rolling.max_surge: 25%
    strategies.rolling.rolling.max_unavailable: 25%
    strategies.rolling.rolling.min_ready: 0s
    strategies.rolling.rolling.progress_deadline: 10m
    "#);
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
