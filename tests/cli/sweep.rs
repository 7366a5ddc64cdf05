//! `cutover sweep` and `cutover diff`.

use super::Desk;

const SWEEP: [&str; 4] = ["sweep", "shop.yaml", "--strategy=rolling", "--seeds=2"];

fn sweep(desk: &Desk, more: &[&str]) -> super::Told {
    desk.run(&[&SWEEP[..], more].concat())
}

#[test]
fn a_curve_is_told_drawn_and_written_the_same_for_any_threads() {
    let desk = Desk::shop();
    let over = "--over=service.shutdown.pre_stop=0s,5s";
    let told = sweep(&desk, &[over, "--out=one", "--threads=1"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    assert!(told.out.contains("service.shutdown.pre_stop"), "{told:#?}");
    assert!(told.err.contains("point 2 of 2: service.shutdown.pre_stop=5s"), "{told:#?}");
    let again = sweep(&desk, &[over, "--out=two", "--threads=3"]);
    assert_eq!(told.out, again.out);
    for file in ["sweep.csv", "study.json", "charts/sweep-good.svg"] {
        assert_eq!(desk.read(&format!("one/{file}")), desk.read(&format!("two/{file}")), "{file}");
    }
    assert!(desk.read("one/sweep.csv").starts_with("service.shutdown.pre_stop,strategy,release,"));
    // The same scenario's sweep may be repeated in place, with other values too.
    assert_eq!(sweep(&desk, &["--over=service.replicas=4,6", "--out=one"]).code, Some(0));
}

#[test]
fn ranges_make_a_tornado() {
    let desk = Desk::shop();
    let told = sweep(
        &desk,
        &[
            "--over=service.replicas=4..8",
            "--over=balancer.propagation=0s..3s",
            "--metric=failed_share",
            "--format=json",
            "--no-charts",
        ],
    );
    assert_eq!(told.code, Some(0), "{told:#?}");
    let root: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&root["design"], &root["metric"]), (&"tornado".into(), &"failed_share".into()));
    assert_eq!(root["points"].as_array().expect("points").len(), 5);
    assert_eq!(root["points"][0]["values"], serde_json::json!([null, null]));
}

#[test]
fn a_sweep_that_makes_no_sense_runs_nothing() {
    let desk = Desk::shop();
    for options in [
        &[][..],
        &["--over=service.replicas=4"],
        &["--over=service.replicas=4,many"],
        &["--over=service.replica=4,6"],
        &["--over=service.replicas=4,6", "--metric=ok_p98_ms"],
        &["--over=service.replicas=4,6", "--over=service.workers=1..2"],
    ] {
        let told = sweep(&desk, options);
        assert_eq!(told.code, Some(2), "{options:?}: {told:#?}");
        assert!(told.err.starts_with("error[CUT"), "{told:#?}");
        assert!(told.out.is_empty());
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn two_folders_are_held_against_one_another() {
    let desk = Desk::shop();
    let compare = |out: &str, more: &[&str]| {
        let line = ["compare", "shop.yaml", "--no-charts", "--seeds=3", out];
        assert_eq!(desk.run(&[&line[..], more].concat()).code, Some(0));
    };
    compare("--out=before", &["--strategy=recreate", "--strategy=rolling"]);
    compare("--out=after", &["--strategy=rolling", "--set=service.startup.boot=25s"]);
    let told = desk.run(&["diff", "before", "before"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    assert!(told.out.contains("No relevant change."), "{told:#?}");
    let told = desk.run(&["diff", "before", "after", "--exit-code"]);
    assert_eq!(told.code, Some(6), "{told:#?}");
    for said in ["the scenarios differ", "only in the first: recreate", "deploy_s", "worse"] {
        assert!(told.out.contains(said), "{said}: {told:#?}");
    }
    let markdown = desk.run(&["diff", "before", "after", "--format=markdown"]);
    assert_eq!(markdown.code, Some(0));
    assert!(markdown.out.contains("| strategy |"), "{markdown:#?}");
    for (folder, why) in [(".", "there is no study.json"), ("nowhere", "there is no study.json")] {
        let told = desk.run(&["diff", "before", folder]);
        assert_eq!(told.code, Some(2), "{told:#?}");
        assert!(told.err.contains("error[CUT0072]") && told.err.contains(why), "{told:#?}");
    }
    std::fs::write(desk.path("after/runs.csv"), "strategy,release\n").expect("a file");
    let told = desk.run(&["diff", "before", "after"]);
    assert!(told.err.contains("no column seed"), "{told:#?}");
}
