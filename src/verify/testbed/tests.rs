//! What recordings say, and what becomes of it.

use serde_json::{Value, json};

use super::checks::check;
use super::mapping::study_of;
use super::recording::Recording;
use crate::engine::SimDuration;
use crate::plan::{Action, ActionKind, OnSigterm, Plan, Reload, Strategy, Study};
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
    let connections =
        |patience| recorded("haproxy", &json!({ "mode": "tcp", "server_ms": patience }));
    assert_eq!(plan(connections(10_000)).balancer.server_timeout, None, "clients leave before");
    assert!(refusal(connections(1_000)).contains("server_ms"));
}

#[test]
fn answers_that_no_server_gives_are_nothing_to_try_again() {
    let on = |kind, list: Value| plan(recorded(kind, &list)).balancer.retries.on;
    assert_eq!(on("haproxy", json!({ "retry_on": "504,junk-response" })), []);
    assert_eq!(on("haproxy", json!({ "retry_on": "401 404 502 0rtt-rejected" })), []);
    assert_eq!(on("nginx", json!({ "next_upstream": "http_502 http_504" })), []);
    assert_eq!(on("nginx", json!({ "next_upstream": "http_404 http_429 invalid_header" })), []);
    let mut sessions = recorded("haproxy", &json!({ "retry_on": "401" }));
    sessions["config"]["sessions"] = json!("memory");
    assert!(refusal(sessions).contains("401"), "a user without a session is answered so");
}

#[test]
fn a_stopped_nginx_refuses_and_breaks_what_was_refused_and_broken() {
    let mut recording = recorded("nginx", &json!({ "next_upstream": "off" }));
    recording["schedule_planned"] =
        json!([{ "t": 4, "op": "lb_stop" }, { "t": 6, "op": "lb_start" }]);
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

#[test]
fn what_has_no_model_is_named_and_never_passed_over() {
    let haproxy = || recorded("haproxy", &json!({ "nbthread": 1, "balance": "roundrobin" }));
    let with = |place: &str, name: &str, value: Value| {
        let mut recording = haproxy();
        let at = recording.pointer_mut(place).expect("a place in the recording");
        at[name] = value;
        recording
    };
    assert!(study_of(&read(haproxy())).is_ok());
    let refused = [
        with("/config/lb", "nbthread", json!(4)),
        with("/config/lb", "http_reuse", json!("never")),
        with("/config/lb", "keepalive", json!(32)),
        with("/config/client", "stale_retry", json!(1)),
        with("/config/client", "uid_cookie", json!(1)),
        with("/config", "pool", json!("small")),
        with("/config/slots/b1", "cpu", json!(0.5)),
    ];
    let names = ["nbthread", "http_reuse", "keepalive", "stale_retry", "uid_cookie", "pool", "cpu"];
    for (recording, name) in refused.into_iter().zip(names) {
        assert!(refusal(recording).contains(&format!("`{name}`")), "{name}");
    }
    assert!(study_of(&read(with("/config/lb", "http_reuse", Value::Null))).is_ok());

    let reload = |over: Value| {
        let mut recording = haproxy();
        recording["schedule_planned"] = json!([{ "t": 1, "op": "lb_reload", "over": over }]);
        recording
    };
    assert!(refusal(reload(json!({ "balance": "leastconn" }))).contains("`balance`"));
    assert!(study_of(&read(reload(json!({ "balance": "roundrobin" })))).is_ok(), "as it was");
}

#[test]
fn a_slot_and_a_step_have_workers_and_a_queue_of_their_own() {
    let mut recording = recorded("haproxy", &json!({}));
    recording["config"]["slots"]["b1"]["workers"] = json!(2);
    recording["config"]["slots"]["b1"]["on_term"] = json!("abrupt");
    recording["schedule_planned"] =
        json!([{ "t": 1, "op": "start", "slot": "b2", "workers": 3, "queue": 5 }]);
    let study = study_of(&read(recording)).expect("a scenario");
    let own = &study.plan.instances[0].own;
    assert_eq!(own.workers, Some(2));
    assert_eq!(own.shutdown.as_ref().map(|it| it.on_sigterm), Some(OnSigterm::Abrupt));
    let [Action { kind: ActionKind::Start { own, .. }, .. }] = &script(&study)[..] else {
        panic!("one start")
    };
    assert_eq!((own.workers, own.queue), (Some(3), Some(5)));
}

fn script(study: &Study) -> Vec<Action> {
    let Strategy::Scripted(script) = &study.arms[0].strategy else { panic!("a script") };
    script.actions.clone()
}

/// The actions of commands of HAProxy's runtime API.
fn commanded(weight: u32, commands: &[&str]) -> Vec<ActionKind> {
    let mut recording = recorded("haproxy", &json!({}));
    recording["config"]["slots"]["b1"]["weight"] = json!(weight);
    let step = |command: &&str| json!({ "t": 1, "op": "lb", "cmd": command });
    recording["schedule_planned"] = commands.iter().map(step).collect();
    let study = study_of(&read(recording)).expect("a scenario");
    script(&study).into_iter().map(|action| action.kind).collect()
}

#[test]
fn a_weight_in_per_cent_is_of_the_configured_one_in_whole_numbers() {
    let of = |configured, share: &str| {
        let actions = commanded(configured, &[&format!("set weight be/b1 {share}")]);
        let [ActionKind::Weight { instance: 0, weight }] = actions[..] else { panic!("a weight") };
        weight
    };
    assert_eq!(of(100, "50%"), 50);
    assert_eq!(of(100, "50"), 50);
    assert_eq!(of(1, "50%"), 0, "HAProxy divides whole numbers");
    assert_eq!(of(200, "200%"), 256);
}

#[test]
fn commands_that_move_no_traffic_are_no_steps() {
    assert_eq!(commanded(1, &["clear counters all", "show stat"]), []);
}

#[test]
fn a_reload_says_which_group_and_which_members_are_in_the_new_configuration() {
    let groups = json!({ "blue": ["b1"], "green": ["b2", "b3"] });
    let mut recording = recorded("haproxy", &json!({ "groups": groups, "active": "blue" }));
    recording["schedule_planned"] = json!([
        { "t": 1, "op": "lb_reload", "over": { "active": "green" } },
        { "t": 2, "op": "lb_reload", "over": { "members": ["b1", "b3"] } },
        { "t": 3, "op": "lb_reload" },
    ]);
    let study = study_of(&read(recording)).expect("a scenario");
    let reloads: Vec<ActionKind> = script(&study).into_iter().map(|action| action.kind).collect();
    let reload = |members, active| ActionKind::Reload(Reload { members, active });
    let expected = [reload(None, Some(1)), reload(Some(vec![0, 2]), None), reload(None, None)];
    assert_eq!(reloads, expected);
}

#[test]
fn nginx_pays_for_new_connections_to_its_servers() {
    let overhead =
        |keepalive| plan(recorded("nginx", &json!({ "keepalive": keepalive }))).balancer.overhead.0;
    assert_eq!(overhead(32), 368_000);
    assert_eq!(overhead(0), 463_000);
}
