//! `cutover import`, and commands that are given a bare manifest.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use super::{Desk, Told};

const CHECKOUT: &str = include_str!("../data/kubectl/checkout.yaml");

fn desk() -> Desk {
    let desk = Desk::shop();
    fs::write(desk.path("d.yaml"), CHECKOUT).expect("the manifest");
    desk
}

#[test]
fn what_import_writes_is_valid_and_the_list_goes_to_stderr() {
    let desk = desk();
    let told = desk.run(&["import", "kubernetes", "d.yaml"]);
    assert!(told.err.contains("approximated  (PodDisruptionBudget).spec.maxUnavailable"));
    assert!(told.err.contains("ignored       (Widget unrelated)"));
    fs::write(desk.path("written.yaml"), told.done()).expect("the scenario");
    assert!(desk.run(&["validate", "written.yaml"]).done().contains("No warnings."));
    let told = desk.run(&["import", "kubernetes", "d.yaml", "--quiet"]);
    assert_eq!(told.err, "");
}

#[test]
fn import_reads_stdin() {
    let desk = desk();
    let mut child = desk
        .command(&["import", "kubernetes", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(CHECKOUT.as_bytes()).expect("it reads");
    drop(stdin);
    let told = Told::of(&child.wait_with_output().expect("it ends"));
    assert!(told.done().starts_with("# Deployment shop/checkout, from stdin."));
}

#[test]
fn what_cannot_be_imported_is_refused() {
    let desk = desk();
    fs::write(desk.path("empty.yaml"), "").expect("a file");
    fs::write(desk.path("broken.yaml"), "a: [\n").expect("a file");
    fs::write(desk.path("binary.yaml"), [0xff, 0xfe, 0, 1]).expect("a file");
    for (line, part) in [
        (&["import", "kubernetes", "no-such.yaml"][..], "is not there"),
        (&["import", "kubernetes", "."], "is not a regular file"),
        (&["import", "kubernetes", "empty.yaml"], "no Deployment"),
        (&["import", "kubernetes", "broken.yaml"], "broken.yaml:"),
        (&["import", "kubernetes", "binary.yaml"], "UTF-8"),
        (&["import", "kubernetes", "shop.yaml"], "no Deployment"),
        (&["import", "kubernetes", "d.yaml", "--name=chekout"], "allowed: shop/checkout"),
        (&["import", "kubernetes"], "error[CUT0069]"),
        (&["import", "recording", "shop.yaml"], "no recorded rollout"),
    ] {
        let message = desk.run(line).refused();
        assert!(message.contains(part), "{line:?}: {message}");
    }
}

#[test]
fn a_bare_manifest_is_run_as_kubectl_would_show_it() {
    let desk = desk();
    let told = desk.run(&["run", "d.yaml", "--no-charts", "--set", "clock.window=4m"]);
    assert!(
        told.err.contains("d.yaml is a manifest: assumed 240 requests a second"),
        "{}",
        told.err
    );
    let out = told.done();
    assert!(out.contains("deployment/checkout\n"), "{out}");
    for part in ["├─ checkout-", "└─ checkout-", "READY", "Terminating", "ContainerCreating"]
    {
        assert!(out.contains(part), "{part}\n{out}");
    }
    let study = desk.read("results/checkout/run/study.json");
    assert!(study.contains("spec.template.spec.initContainers"), "the list is kept");
    desk.run(&["validate", "d.yaml"]).done();
}

#[test]
fn a_recording_can_be_written_as_a_scenario() {
    let desk = Desk::shop();
    let root = env!("CARGO_MANIFEST_DIR");
    let recording = format!("{root}/tests/data/k8s-rollouts/rollover-10.json");
    let text = desk.run(&["import", "recording", &recording]).done();
    fs::write(desk.path("rollover.yaml"), text).expect("the scenario");
    let out = desk.run(&["run", "rollover.yaml", "--no-charts"]).done();
    assert_eq!(out.matches("─ rollover-10-").count(), 3, "three replica sets\n{out}");
}

#[test]
fn a_changed_or_broken_recording_is_noticed() {
    let desk = Desk::shop();
    let root = env!("CARGO_MANIFEST_DIR");
    let text =
        fs::read_to_string(format!("{root}/tests/data/k8s-rollouts/tiny-2-1-1.json")).unwrap();
    fs::create_dir(desk.path("folder")).expect("a folder");
    fs::write(desk.path("folder/good.json"), &text).expect("a file");
    assert!(desk.run(&["verify", "folder"]).done().contains(", 0 off"));
    fs::write(desk.path("empty.json"), "[]").expect("a file");
    assert!(desk.run(&["verify", "empty.json"]).refused().contains("no case"));
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = value["summary"]["min_ready_pods"].as_u64().unwrap();
    value["summary"]["min_ready_pods"] = (expected + 1).into();
    fs::write(desk.path("changed.json"), value.to_string()).expect("a file");
    let told = desk.run(&["verify", "changed.json"]);
    assert_eq!(told.code, Some(1));
    assert!(told.out.contains("off") && told.out.contains("min_ready_pods"), "{}", told.out);
    value.as_object_mut().unwrap().remove("summary");
    fs::write(desk.path("folder/broken.json"), value.to_string()).expect("a file");
    let message = desk.run(&["verify", "folder"]).refused();
    assert!(message.contains("broken.json") && message.contains("summary"), "{message}");
}
