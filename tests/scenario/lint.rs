//! Each warning, where it belongs and nowhere else.

use super::{loaded, minimal};

fn warnings(more: &str) -> String {
    loaded(&minimal(more)).warnings.join("\n")
}

#[test]
fn a_sound_scenario_has_no_warnings() {
    assert_eq!(warnings(""), "");
}

#[test]
fn each_warning_names_its_field() {
    for (more, named) in [
        (
            "service: {replicas: 1, workers: 1}\n",
            "utilisation at the peak is 200% before the deployment",
        ),
        (
            "service: {replicas: 4, workers: 1}\nversions: {candidate: {slowdown: 3}}\n",
            "version candidate runs everywhere",
        ),
        ("clock: {warmup: 0s}\n", "warm-up"),
        ("clock: {warmup: 10s}\n", "shorter than the client's timeout"),
        ("clock: {window: 3m}\n", "rollout and recovery may need"),
        ("client: {timeout: 10ms}\n", "more than 1% of web requests"),
        ("service: {probes: {readiness: none}}\n", "readiness probe"),
        ("balancer: {propagation: 3s}\n", "balancers may send to them for 3s"),
        ("service: {shutdown: {pre_stop: 40s}}\n", "grace period of 30s is over"),
        ("response: {rollback: automatic}\n", "none is defined"),
        ("service: {replicas: 3, workers: 1}\n", "max_unavailable"),
        ("seeds: 2\n", "2 seeds"),
    ] {
        // The default of 25 % unavailable is nothing of 3 pods; half of them is one.
        let text = warnings(more);
        let text = if named == "max_unavailable" {
            let scenario = minimal(more).replace("rolling: {}", "rolling: {max_unavailable: 50%}");
            loaded(&scenario).warnings.join("\n")
        } else {
            text
        };
        assert!(text.contains(named), "{more}: {text}");
    }
}

#[test]
fn a_judge_with_too_few_requests_is_told_of() {
    let text = minimal("analyses: [{name: guard, metrics: [{metric: error_rate, above: 5%, version: candidate, min_requests: 100}]}]\n")
        .replace("rolling: {}", "canary: {steps: [{weight: 1%}, {analysis: guard}]}");
    assert!(loaded(&text).warnings.join("\n").contains("fewer than the 100"));
    let enough = text.replace("weight: 1%", "weight: 10%");
    assert_eq!(loaded(&enough).warnings, Vec::<String>::new());
}
