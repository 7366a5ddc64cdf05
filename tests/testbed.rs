//! Recorded rollouts through real HAProxy and nginx: every one is predicted from its
//! configuration alone.

use std::fs;
use std::path::Path;

use cutover::verify::{Check, Extent, Job, Verdict};

fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/testbed");
    fs::read_to_string(folder.join(format!("{name}.json"))).expect("the recording is there")
}

fn checks(text: &str) -> Vec<Check> {
    let jobs = Job::read(text, Extent::Whole).expect("a recording");
    jobs.iter().flat_map(|job| job.run(Extent::Whole)).collect()
}

/// Every figure of these recordings holds.
fn hold(names: &[&str]) {
    for name in names {
        let checks = checks(&text(name));
        assert!(checks.len() > 5, "{name}: {checks:?}");
        for check in checks {
            assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
        }
    }
}

#[test]
fn the_noise_floor_and_steady_states_hold() {
    hold(&["cal-det-direct", "cal-det-direct-new", "cal-det-haproxy", "cal-det-haproxy-new"]);
    hold(&["cal-det-haproxy-tcp", "cal-det-nginx", "cal-mmc-direct"]);
    hold(&["base-rr-80", "base-leastconn-80", "base-central-80"]);
}

#[test]
fn abrupt_restarts_behind_haproxy_lose_what_they_lost() {
    hold(&["roll-abrupt-retry0", "roll-abrupt-redisp", "roll-abrupt-observe", "solo-check"]);
    hold(&["roll-abrupt-leastconn", "recreate", "roll-drain", "hap-reload"]);
}

#[test]
fn pod_like_rollouts_lose_what_they_lost() {
    hold(&["pod-race-1s", "pod-prestop", "pod-noready", "pod-noready-check"]);
    hold(&["pod-l4-drain", "pod-l4-new-race-2s"]);
}

#[test]
fn switches_and_weights_do_what_they_did() {
    hold(&["bg-clean", "bg-cold", "canary-slow2x", "canary-small", "cap-unavail2"]);
}

#[test]
fn nginx_marks_and_retries_as_it_did() {
    hold(&["ngx-abrupt-default", "ngx-abrupt-ft2", "ngx-reload-race"]);
}

#[test]
fn sessions_in_memory_are_lost_as_they_were() {
    hold(&["sess-noredisp", "sess-roll-nodrain"]);
}

#[test]
fn a_wrong_count_is_seen() {
    let text = text("pod-race-1s");
    let wrong = text.replace("\"lb_503\":{\"mean\":256.5", "\"lb_503\":{\"mean\":456.5");
    assert_ne!(wrong, text);
    let off = checks(&wrong).into_iter().filter(|check| check.verdict == Verdict::Off).count();
    assert!(off >= 1);
}

#[test]
fn what_cannot_be_said_as_a_scenario_is_not_modelled() {
    let text = text("roll-drain").replace("\"roundrobin\"", "\"uri\"");
    let checks = checks(&text);
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].verdict, Verdict::NotModelled);
}
