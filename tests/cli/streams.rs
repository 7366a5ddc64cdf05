//! stdout carries the answer and nothing else; notes, progress and errors go to stderr.

use std::process::Stdio;

use super::{Desk, Told};

const LINE: [&str; 4] = ["compare", "shop.yaml", "--seeds=2", "--no-charts"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&LINE[..], more].concat()
}

#[test]
fn a_piped_answer_has_no_colour_unless_asked_for() {
    let desk = Desk::shop();
    assert!(!desk.run(&LINE).done().contains('\u{1b}'));
    assert!(desk.run(&with(&["--color=always"])).done().contains('\u{1b}'));
    let asked_not_to = desk.command(&LINE).env("NO_COLOR", "1").output().expect("it runs");
    assert!(!Told::of(&asked_not_to).done().contains('\u{1b}'));
}

#[test]
fn quiet_says_nothing_but_the_answer() {
    let desk = Desk::shop();
    let told = desk.run(&with(&["--quiet"]));
    assert_eq!(told.err, "");
    assert!(told.done().contains("rolling"));
}

#[test]
fn progress_is_drawn_on_a_terminal_or_if_asked_for() {
    let desk = Desk::shop();
    assert!(!desk.run(&LINE).err.contains(" of 14 runs"));
    assert!(!desk.run(&with(&["--progress=never"])).err.contains(" of 14 runs"));
    let told = desk.run(&with(&["--progress=always"]));
    assert!(told.err.contains("14 of 14 runs"), "{told:#?}");
    assert!(!told.done().contains(" runs,"));
}

#[test]
fn formats_are_what_their_names_say() {
    let desk = Desk::shop();
    let json = desk.run(&with(&["--format=json"])).done();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["scenario"], "shop");
    let table = desk.run(&with(&["--format=csv"])).done();
    assert!(table.starts_with("strategy,release,metric,unit,mean,ci_low,ci_high"));
    assert_eq!(table, desk.read("results/shop/compare/summary.csv"));
    assert!(desk.run(&with(&["--format=markdown"])).done().contains("| --- |"));
}

#[test]
fn a_dash_is_a_scenario_on_stdin() {
    let desk = Desk::shop();
    let piped = |arguments: &[&str], text: &str| {
        std::fs::write(desk.path("piped"), text).expect("a file");
        let file = std::fs::File::open(desk.path("piped")).expect("a file");
        let output = desk.command(arguments).stdin(file).output();
        std::fs::remove_file(desk.path("piped")).expect("a file");
        Told::of(&output.expect("it runs"))
    };
    let named = desk.run(&LINE).done();
    let line = ["compare", "-", "--seeds=2", "--no-charts"];
    assert_eq!(piped(&line, super::SHOP).done(), named);
    // A sweep reads its scenario once for each point.
    let sweep = ["sweep", "-", "--over=service.replicas=4,6", "--seeds=1", "--no-charts"];
    assert!(piped(&sweep, super::SHOP).done().contains("service.replicas"));
    let wrong = piped(&["validate", "-"], &super::SHOP.replace("replicas: 4", "replicas: none"));
    assert!(wrong.refused().contains("--> stdin:"), "the place");
    let beside = super::SHOP
        .replace("{ name: rolling, rolling: {} }", "{ name: rolling, manifest: d.yaml }");
    assert!(piped(&["validate", "-"], &beside).refused().contains("there is no such file"));
    let manifest = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/scenario/deployment.yaml"),
    );
    let told = piped(&["validate", "-"], &manifest.expect("a manifest"));
    assert!(told.err.contains("stdin is a manifest"), "{told:#?}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let desk = Desk::shop();
    let mut child = desk
        .command(&["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let told = Told::of(&child.wait_with_output().expect("it ends"));
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{told:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_stdout_is_a_failure_to_write() {
    let desk = Desk::shop();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = desk.command(&["schema"]).stdout(full).output().expect("it runs");
    let told = Told::of(&output);
    assert_eq!(told.code, Some(3), "{told:#?}");
    assert!(told.err.starts_with("error[CUT0070]: cannot write to stdout"), "{told:#?}");
}
