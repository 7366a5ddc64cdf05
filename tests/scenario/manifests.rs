//! Deployment manifests: what they give, and what is said about each field.

use cutover::plan::{IntOrPercent, ManifestVerdict, OnSigterm, Readiness, Strategy, Study};
use cutover::scenario::{Embedded, Overrides, load_text};

const MANIFEST: &str = include_str!("../../scenarios/elb-weekday/deployment.yaml");

fn with_manifest(manifest: &'static str, more: &str) -> Study {
    let text = format!(
        "name: m\ntraffic: [{{name: web, arrivals: {{poisson: {{rate: 10/s}}}}, service_time: 20ms}}]\n\
         strategies: [{{name: k, manifest: k.yaml}}]\n{more}"
    );
    let file: (&'static str, &'static [u8]) = ("k.yaml", manifest.as_bytes());
    let files = Embedded(Box::leak(Box::new([file])));
    load_text("m", &text, &files, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn a_deployment_gives_its_strategy_and_the_life_of_its_pods() {
    let study = with_manifest(MANIFEST, "");
    let Strategy::Rolling(rolling) = &study.arms[0].strategy else { panic!("not rolling") };
    assert_eq!(rolling.max_surge, IntOrPercent::Percent(25));
    assert_eq!(rolling.min_ready.as_secs_f64(), 5.0);
    let service = &study.arms[0].plan.as_ref().unwrap().service;
    assert_eq!(service.replicas, 8);
    assert_eq!(
        (service.shutdown.pre_stop.as_secs_f64(), service.shutdown.grace.as_secs_f64()),
        (5.0, 45.0)
    );
    assert_eq!(service.shutdown.on_sigterm, OnSigterm::Drain);
    let Readiness::Probe(readiness) = &service.probes.readiness else { panic!("no probe") };
    assert_eq!((readiness.period.as_secs_f64(), readiness.timeout.as_secs_f64()), (5.0, 2.0));
    assert_eq!(service.probes.startup.as_ref().unwrap().failure_threshold, 60);
    assert_eq!(service.probes.liveness.as_ref().unwrap().failure_threshold, 6);
    assert!(study.warnings.iter().any(|warning| warning.contains("replicas 8 (the scenario: 10)")));
}

/// Paths of the leaves of a manifest, as `kubectl explain` writes them.
fn leaves(value: &cutover::scenario::yaml::Node, path: &str, found: &mut Vec<String>) {
    for entry in value.entries() {
        let path =
            if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
        leaves(&entry.value, &path, found);
    }
    for (index, item) in value.items().iter().enumerate() {
        leaves(item, &format!("{path}[{index}]"), found);
    }
    if value.entries().is_empty() && value.items().is_empty() {
        found.push(path.to_owned());
    }
}

#[test]
fn every_field_of_a_manifest_is_accounted_for() {
    let study = with_manifest(MANIFEST, "");
    let tree = cutover::scenario::yaml::parse(0, MANIFEST).unwrap().documents.remove(0);
    let mut fields = Vec::new();
    leaves(&tree, "", &mut fields);
    assert!(fields.len() > 40);
    for field in fields {
        let told = study.manifest_notes.iter().filter(|note| {
            field
                .strip_prefix(&note.field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        assert_eq!(told.count(), 1, "{field}");
    }
}

#[test]
fn a_silent_manifest_means_kubernetes_defaults() {
    let silent = "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: a}]}}}\n";
    let study =
        with_manifest(silent, "service: {shutdown: {pre_stop: 9s, grace: 99s}, replicas: 3}\n");
    let service = &study.arms[0].plan.as_ref().unwrap().service;
    assert_eq!(service.probes.readiness, Readiness::None);
    assert_eq!((service.shutdown.pre_stop.0, service.shutdown.grace.as_secs_f64()), (0, 30.0));
    assert_eq!(service.replicas, 3, "an autoscaler's business");
}

#[test]
fn the_scenario_overrides_its_base() {
    let base =
        with_manifest(MANIFEST, "base: k.yaml\nservice: {replicas: 4, probes: {liveness: none}}\n");
    let service = &base.plan.service;
    assert_eq!((service.replicas, service.shutdown.grace.as_secs_f64()), (4, 45.0));
    assert!(service.probes.liveness.is_none() && service.probes.startup.is_some());
    let note = base.manifest_notes.iter().find(|note| note.field == "spec.replicas").unwrap();
    assert_eq!(note.verdict, ManifestVerdict::Ignored);
    assert_eq!(note.note, "the scenario's own `service.replicas` stands");
}

#[test]
fn a_hook_that_only_sleeps_is_used_and_any_other_approximated() {
    for (hook, seconds, verdict) in [
        ("{sleep: {seconds: 7}}", 7.0, ManifestVerdict::Used),
        ("{exec: {command: [sleep, '7']}}", 7.0, ManifestVerdict::Used),
        ("{exec: {command: [/bin/sleep, 7s]}}", 7.0, ManifestVerdict::Used),
        ("{exec: {command: [/bin/sh, -c, sleep 7]}}", 7.0, ManifestVerdict::Used),
        (
            "{exec: {command: [sh, -c, 'sleep 7 && nginx -s quit']}}",
            7.0,
            ManifestVerdict::Approximated,
        ),
        ("{exec: {command: [/drain.sh]}}", 0.0, ManifestVerdict::Approximated),
        ("{httpGet: {path: /drain, port: 80}}", 0.0, ManifestVerdict::Approximated),
    ] {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nspec: {{template: {{spec: {{containers: [{{lifecycle: {{preStop: {hook}}}}}]}}}}}}\n"
        );
        let study = with_manifest(Box::leak(text.into_boxed_str()), "");
        let shutdown = &study.arms[0].plan.as_ref().unwrap().service.shutdown;
        assert_eq!(shutdown.pre_stop.as_secs_f64(), seconds, "{hook}");
        let note =
            study.manifest_notes.iter().find(|note| note.field.ends_with("preStop")).unwrap();
        assert_eq!(note.verdict, verdict, "{hook}");
    }
}
