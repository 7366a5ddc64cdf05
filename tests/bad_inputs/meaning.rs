//! What is well formed but means nothing: references, contradictions, distributions, limits.

use cutover::scenario::{NoFiles, Overrides, load_text};

use super::keeps_the_contract;

/// A small valid scenario; tests replace a part of it.
const SMALL: &str = "\
name: small
clock: {window: 20m}
traffic:
  - {name: web, arrivals: {poisson: {rate: 50/s}}, service_time: {lognormal: {p50: 20ms, p99: 90ms}}}
client: {timeout: 2s}
service: {replicas: 4}
versions: {stable: {}, candidate: {errors: 1%}}
operations: [{at: 0s, deploy: {}}]
response: {rollback: controller}
analyses: [{name: guard, metrics: [{metric: error_rate, above: 5%}]}]
strategies:
  - {name: rolling, rolling: {max_surge: 1}}
  - {name: canary, canary: {steps: [{weight: 10%}, {analysis: guard}, {weight: 50%}]}}
";

/// Each row: class, what to replace, by what, exit code, what the message must name.
const ROWS: &[(&str, &str, &str, u8, &[&str])] = &[
    ("B04", "replicas: 4", "replicas: 0", 2, &["service.replicas"]),
    ("B04", "window: 20m", "window: 0s", 2, &["clock.window"]),
    ("B04", "name: small", "name: small\nseeds: 0", 2, &["seeds"]),
    ("B04", "rate: 50/s", "rate: 0/s", 2, &["traffic.web.arrivals.poisson.rate"]),
    ("B05", "traffic:", "releases: [{version: candidate, share: 99%}]\ntraffic:", 2, &["99%"]),
    ("B07", "window: 20m", "window: 2600000h", 2, &["clock.window"]),
    ("B07", "window: 20m", "warmup: 1200000h, window: 1200000h", 2, &["clock.warmup"]),
    ("B10", "rate: 50/s", "rate: 1000000000000/s", 5, &["core-hours", "--allow-huge"]),
    (
        "B11",
        "window: 20m}",
        "window: 90000h}\nseeds: 1000",
        5,
        &["trillion requests", "--allow-huge"],
    ),
    ("B12", "p50: 20ms, p99: 90ms", "median: 20ms, sigma: -1", 2, &["sigma"]),
    ("B12", "lognormal: {p50: 20ms, p99: 90ms}", "pareto: {scale: 20ms, shape: 0}", 2, &["shape"]),
    (
        "B12",
        "lognormal: {p50: 20ms, p99: 90ms}",
        "pareto: {scale: 20ms, shape: 1}",
        2,
        &["shape", "cap"],
    ),
    (
        "B12",
        "lognormal: {p50: 20ms, p99: 90ms}",
        "pareto: {scale: 20ms, shape: 2, cap: 1ms}",
        2,
        &["cap", "scale"],
    ),
    ("B12", "p50: 20ms, p99: 90ms", "p50: 90ms, p99: 20ms", 2, &["p50", "p99"]),
    ("B12", "p50: 20ms, p99: 90ms", "p50: 90ms, mean: 20ms", 2, &["`p50` and `p99`"]),
    ("B12", "lognormal: {p50: 20ms, p99: 90ms}", "uniform: {min: 3s, max: 1s}", 2, &["min", "max"]),
    (
        "B12",
        "lognormal: {p50: 20ms, p99: 90ms}",
        "hyperexponential: {means: [1s], weights: [50%]}",
        2,
        &["weights"],
    ),
    ("C01", "analysis: guard", "analysis: gaurd", 2, &["did you mean `guard`?"]),
    ("C01", "deploy: {}", "deploy: {version: canddate}", 2, &["did you mean `candidate`?"]),
    ("C01", "traffic:", "baseline: roling\ntraffic:", 2, &["did you mean `rolling`?"]),
    ("C01", "errors: 1%", "errors: {wep: 1%}", 2, &["did you mean `web`?"]),
    (
        "C01",
        "traffic:",
        "objectives: [{metric: ok_p99, at_most: 1}]\ntraffic:",
        2,
        &["did you mean `ok_p99_ms`?"],
    ),
    (
        "C03",
        "max_surge: 1",
        "max_surge: 0, max_unavailable: 0",
        2,
        &["max_surge", "max_unavailable"],
    ),
    (
        "C03",
        "max_surge: 1",
        "maxSurge: 0%, maxUnavailable: 0",
        2,
        &["max_surge", "max_unavailable"],
    ),
    ("C03", "weight: 50%", "weight: 5%", 2, &["5%", "10%", "earlier weight"]),
    ("C03", "weight: 50%", "weight: 150%", 2, &["150%"]),
    ("C03", "rolling: {max_surge: 1}", "rolling: {}, recreate: {}", 2, &["only one of these"]),
    ("C04", "at: 0s, deploy", "at: 19m, deploy", 2, &["after the end of the window"]),
    ("C04", "window: 20m", "window: 20m, deploy_at: 20m", 2, &["clock.deploy_at"]),
    (
        "C04",
        "traffic:",
        "phases: [{name: late, from: 30m, to: 40m}]\ntraffic:",
        2,
        &["phases.late.from"],
    ),
    (
        "C06",
        "[{at: 0s, deploy: {}}]",
        "[{at: 0s, deploy: {}}, {at: 0s, deploy: {}}]",
        2,
        &["same instant"],
    ),
    ("C07", "{name: canary, ", "{name: Rolling, ", 2, &["upper and lower case"]),
    ("C07", "{name: canary, ", "{name: \"ro\u{301}lling\", ", 2, &["name"]),
    ("A05", "client: {timeout: 2s}", "client: {pre_stop: 2s}", 2, &["service.shutdown"]),
    ("A05", "timeout: 2s", "timeuot: 2s", 2, &["did you mean `timeout`?"]),
    ("A06", "max_surge: 1", "max_surge: 1, maxSurge: 2", 2, &["first given at"]),
    ("A10", "replicas: 4", "replicas: \"4\"", 2, &["without quotes"]),
    (
        "",
        "traffic:",
        "state: {sessions: {login: {class: nobody}}}\ntraffic:",
        2,
        &["no request class"],
    ),
    (
        "",
        "traffic:",
        "faults: [{kind: refuse, target: instances}]\ntraffic:",
        2,
        &["not modelled yet"],
    ),
    ("", "client: {timeout: 2s}", "balancer: {preset: traefik}", 2, &["nginx"]),
    ("", "client: {timeout: 2s}", "client: {connection: pipelined}", 2, &["keepalive"]),
    (
        "",
        "rolling: {max_surge: 1}",
        "codedeploy: CodeDeployDefault.ECSLinear10PercentEvery1Minute",
        2,
        &["did you mean `CodeDeployDefault.ECSLinear10PercentEvery1Minutes`"],
    ),
    ("", "errors: 1%", "defects: [{leak: {per_hour: 9, base: 600}}]", 2, &["killed at 512 MiB"]),
    (
        "",
        "rolling: {max_surge: 1}",
        "rolling: {}, with: {clock.window: 5m}",
        2,
        &["an arm cannot change `clock`"],
    ),
    (
        "",
        "rolling: {max_surge: 1}",
        "rolling: {}, with: {traffic.web.arrivals.poisson.rate: 5/s}",
        2,
        &["arrivals"],
    ),
    (
        "",
        "rolling: {max_surge: 1}",
        "rolling: {}, with: {service.replica: 5}",
        2,
        &["did you mean `replicas`?"],
    ),
    (
        "",
        "rolling: {max_surge: 1}",
        "rolling: {}, with: {service.replicas: no}",
        2,
        &["service.replicas"],
    ),
    (
        "",
        "deploy: {}}",
        "deploy: {}}, {at: 1m, drain: {node: 99}}",
        2,
        &["operations[1].drain.node", "there is no node 99", "0 to 2"],
    ),
    (
        "",
        "deploy: {}}]",
        "deploy: {}}, {at: 1m, drain: {node: 1}}]\nplatform: {nodes: 1}",
        2,
        &["there is no node 1", "allowed: 0"],
    ),
];

#[test]
fn the_small_scenario_is_taken() {
    load_text("small", SMALL, &NoFiles, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}"));
}

#[test]
fn what_means_nothing_is_refused_and_named() {
    let mut wrong = Vec::new();
    for (class, part, instead, exit, named) in ROWS {
        assert!(SMALL.contains(part), "{part}");
        let text = SMALL.replacen(part, instead, 1);
        match load_text("small", &text, &NoFiles, &Overrides::default()) {
            Ok(_) => wrong.push(format!("{class} {instead}: taken")),
            Err(problem) => {
                let shown = problem.to_string();
                let unnamed: Vec<&&str> =
                    named.iter().filter(|name| !shown.contains(**name)).collect();
                if problem.exit != *exit || !unnamed.is_empty() {
                    wrong.push(format!(
                        "{class} {instead}: exit {}, not named {unnamed:?}\n{shown}",
                        problem.exit
                    ));
                }
                if let Err(complaint) = keeps_the_contract(&problem) {
                    wrong.push(complaint);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_flag_lifts_the_limit_on_work() {
    let text = SMALL.replace("rate: 50/s", "rate: 1000000000000/s");
    let overrides = Overrides { allow_huge: true, ..Overrides::default() };
    assert!(load_text("small", &text, &NoFiles, &overrides).is_ok());
}

#[test]
fn overrides_are_checked_like_the_scenario() {
    let set = |path: &str, value: &str| Overrides {
        set: vec![(path.to_owned(), value.to_owned())],
        ..Overrides::default()
    };
    let study =
        load_text("small", SMALL, &NoFiles, &set("strategies.canary.canary.keep_old", "1m"))
            .unwrap();
    assert_ne!(
        study.digest,
        load_text("small", SMALL, &NoFiles, &Overrides::default()).unwrap().digest
    );
    for (path, value, named) in [
        ("service.replicas", "no", "--set service.replicas:1:1"),
        ("service.replika", "3", "did you mean `replicas`?"),
        ("service.replicas", "", "--set path.to.field=VALUE"),
        ("service.replicas", "[", "CUT0004"),
        ("strategies.canary.rolling", "{max_surge: 0, max_unavailable: 0}", "CUT0022"),
    ] {
        let problem = load_text("small", SMALL, &NoFiles, &set(path, value)).unwrap_err();
        assert!(
            problem.exit == 2 && problem.to_string().contains(named),
            "{path}={value}\n{problem}"
        );
    }
    let overrides = Overrides { strategies: vec!["cannary".to_owned()], ..Overrides::default() };
    let problem = load_text("small", SMALL, &NoFiles, &overrides).unwrap_err();
    assert!(problem.to_string().contains("did you mean `canary`?"), "{problem}");
    let overrides = Overrides { seeds: Some(0), ..Overrides::default() };
    assert_eq!(load_text("small", SMALL, &NoFiles, &overrides).unwrap_err().exit, 2);
}
