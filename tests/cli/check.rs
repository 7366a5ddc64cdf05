//! `cutover check`: objectives, exit codes, formats.

use super::{Desk, SHOP};

/// The shop with an objective.
fn desk(objectives: &str) -> Desk {
    Desk::with(&format!("{SHOP}objectives: [ {objectives} ]\n"))
}

fn check(desk: &Desk, more: &[&str]) -> super::Told {
    desk.run(&[&["check", "shop.yaml", "--no-charts", "--strategy=rolling"][..], more].concat())
}

#[test]
fn an_objective_holds_fails_or_cannot_be_told() {
    for (objective, code, word) in [
        ("{ metric: ok_p50_ms, at_most: 500 }", 0, "holds"),
        ("{ metric: ok_p50_ms, class: pay, at_most: 1 }", 1, "fails"),
        ("{ metric: requests, at_most: 1000000, in_seeds: 95% }", 4, "inconclusive"),
    ] {
        let told = check(&desk(objective), &[]);
        assert_eq!(told.code, Some(code), "{objective}: {told:#?}");
        assert!(told.out.contains(word), "{told:#?}");
    }
}

#[test]
fn a_limit_beyond_the_control_needs_one() {
    let desk = desk("{ metric: excess_failed_share, at_most: 1% }");
    let message = check(&desk, &["--no-control"]).refused();
    assert!(
        message.starts_with("error[CUT0027]: ") && message.contains("--no-control"),
        "{message}"
    );
    let message = check(&desk, &["--set=operations=[]"]).refused();
    assert!(message.contains("nothing is deployed here"), "{message}");
    // The objectives of a scenario are no business of the other commands.
    desk.run(&["compare", "shop.yaml", "--no-control", "--no-charts", "--seeds=2"]).done();
}

#[test]
fn a_failure_outranks_what_cannot_be_told() {
    let two =
        "{ metric: requests, at_most: 1000000, in_seeds: 95% }, { metric: ok_p50_ms, at_most: 1 }";
    assert_eq!(check(&desk(two), &[]).code, Some(1));
}

#[test]
fn pipelines_read_junit_json_and_markdown() {
    let desk = desk("{ metric: ok_p50_ms, at_most: 1 }, { metric: ok_p50_ms, at_most: 500 }");
    let junit = check(&desk, &["--format=junit"]).out;
    assert!(junit.starts_with("<?xml version=\"1.0\""), "{junit}");
    assert!(junit.contains("tests=\"4\" failures=\"2\" errors=\"0\""), "{junit}");
    assert_eq!(junit.matches("<failure type=\"fails\" message=").count(), 2);
    let json = check(&desk, &["--format=json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["verdict"], &json["scenario"]), (&"fails".into(), &"shop".into()));
    assert_eq!(json["objectives"][0]["verdict"], "fails");
    assert_eq!(json["objectives"][3]["verdict"], "holds");
    assert!(check(&desk, &["--format=markdown"]).out.contains("| --- |"));
    assert!(desk.read("results/shop/check/runs.csv").contains("rolling"));
}
