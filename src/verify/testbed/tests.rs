//! What recordings say, and what becomes of it.

use serde_json::{Value, json};

use super::checks::check;
use super::mapping::study_of;
use super::recording::Recording;
use crate::engine::SimDuration;
use crate::plan::Plan;
use crate::verify::Verdict;

/// A short recording of three instances behind a balancer; `lb` changes the balancer.
fn recorded(kind: &str, lb: &Value) -> Value {
    let mut recording = json!({
        "format": "cutover-testbed-1",
        "id": "own",
        "config": {
            "duration": 10.0, "phases": [0, 10], "rate": 200.0, "dist": "exp:10", "workers": 8, "queue": 64,
            "slots": { "b1": { "ip": 11, "ver": "v1" }, "b2": { "ver": "v1" }, "b3": { "ver": "v1" } },
            "lb": { "kind": kind, "connect_ms": 1000 },
            "client": { "conn": "keepalive", "timeout_ms": 2000, "stale_retry": 0, "uid_cookie": 0 },
        },
        "schedule_planned": [],
        "summary": { "counts": {} },
    });
    for (key, value) in lb.as_object().into_iter().flatten() {
        recording["config"]["lb"][key] = value.clone();
    }
    recording
}

fn read(recording: Value) -> Recording {
    serde_json::from_value(recording).expect("a recording")
}

fn plan(recording: Value) -> Plan {
    study_of(&read(recording)).expect("a scenario").plan
}

/// Why a recording is not modelled.
fn refusal(recording: Value) -> String {
    study_of(&read(recording)).expect_err("it is not modelled")
}

#[test]
fn patience_with_a_server_is_the_recorded_one() {
    for kind in ["haproxy", "nginx"] {
        let plan = plan(recorded(kind, &json!({ "server_ms": 100 })));
        assert_eq!(plan.balancer.server_timeout, Some(SimDuration::from_millis(100)), "{kind}");
    }
    let connections = |patience| recorded("haproxy", &json!({ "mode": "tcp", "server_ms": patience }));
    assert_eq!(plan(connections(10_000)).balancer.server_timeout, None, "clients leave before");
    assert!(refusal(connections(1_000)).contains("server_ms"));
}

#[test]
fn answers_that_no_server_gives_are_nothing_to_try_again() {
    let on = |kind, list: Value| plan(recorded(kind, &list)).balancer.retries.on;
    assert_eq!(on("haproxy", json!({ "retry_on": "504,junk-response" })), []);
    assert_eq!(on("nginx", json!({ "next_upstream": "http_502 http_504" })), []);
}

#[test]
fn a_stopped_nginx_refuses_and_breaks_what_was_refused_and_broken() {
    let mut recording = recorded("nginx", &json!({ "next_upstream": "off" }));
    recording["schedule_planned"] = json!([{ "t": 4, "op": "lb_stop" }, { "t": 6, "op": "lb_start" }]);
    recording["summary"]["counts"]["all"] = json!({
        "ok": { "mean": 1600 }, "refused": { "mean": 398 }, "eof_reused": { "mean": 1 },
        "reset": { "mean": 1 },
    });
    let checks = check(&read(recording));
    let metrics: Vec<&str> = checks.iter().map(|check| check.metric.as_str()).collect();
    assert_eq!(metrics[..2], ["ok, all", "unreachable or cut, all"], "{metrics:?}");
    for check in &checks[..2] {
        assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
    }
}
