//! `--until-precision`, and what an answer says of how sure it is.

use super::Desk;

#[test]
fn a_study_grows_until_the_metric_is_precise_enough() {
    let desk = Desk::shop();
    let base = ["compare", "shop.yaml", "--no-charts", "--strategy=rolling", "--seeds=2"];
    let told =
        desk.run(&[&base[..], &["--until-precision=deploy_s=60%", "--max-seeds=8"]].concat());
    assert_eq!(told.code, Some(0), "{told:#?}");
    assert!(told.out.contains("Asked for: deploy_s to ± 60 %. Reached with"), "{told:#?}");
    let report = desk.read("results/shop/compare/report.html");
    assert!(report.contains("--seeds 2 --until-precision deploy_s=60% --max-seeds 8"));

    let told =
        desk.run(&[&base[..], &["--until-precision=ok_mean_ms=0.001%", "--max-seeds=4"]].concat());
    assert_eq!(told.code, Some(4), "the ceiling came first: {told:#?}");
    assert!(told.out.contains("Not reached at the ceiling of 4 seeds"), "{told:#?}");
    assert_eq!(desk.read("results/shop/compare/runs.csv").lines().count(), 1 + 4 * 3);
}

#[test]
fn a_study_that_grew_has_the_rows_of_one_that_did_not() {
    let desk = Desk::shop();
    let base = ["compare", "shop.yaml", "--no-charts", "--strategy=rolling"];
    let grown = ["--seeds=2", "--until-precision=ok_mean_ms=0.001%", "--max-seeds=4"];
    desk.run(&[&base[..], &grown, &["--out=grown", "--threads=1"]].concat());
    desk.run(&[&base[..], &grown, &["--out=again", "--threads=3"]].concat());
    desk.run(&[&base[..], &["--seeds=4", "--out=fixed"]].concat());
    for file in ["runs.csv", "timeline.csv", "classes.csv"] {
        assert_eq!(desk.read(&format!("grown/{file}")), desk.read(&format!("fixed/{file}")));
    }
    for file in ["summary.csv", "verdicts.csv", "quantiles.csv", "study.json", "report.html"] {
        assert_eq!(desk.read(&format!("grown/{file}")), desk.read(&format!("again/{file}")));
    }
    // Two looks must each cover more.
    assert_ne!(desk.read("grown/summary.csv"), desk.read("fixed/summary.csv"));
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let desk = Desk::shop();
    for options in [
        &["--until-precision=ok_p98_ms=5%"][..],
        &["--until-precision=0%"],
        &["--until-precision=tight"],
        &["--max-seeds=5"],
        &["--until-precision=5%", "--max-seeds=2"],
    ] {
        let told = desk.run(&[&["compare", "shop.yaml"][..], options].concat());
        assert_eq!(told.code, Some(2), "{options:?}: {told:#?}");
        assert!(told.err.starts_with("error[CUT"), "{told:#?}");
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn pairing_removes_nine_tenths_of_the_variance_on_the_quickstart() {
    let desk = Desk::shop();
    let told = desk.run(&["compare", "quickstart", "--no-charts", "--format=json"]);
    let root: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    let removed = |strategy: &str| {
        let groups = root["groups"].as_array().expect("groups");
        let group = groups.iter().find(|group| group["strategy"] == strategy).expect("a group");
        let metrics = group["metrics"].as_array().expect("metrics");
        let ok = metrics.iter().find(|metric| metric["metric"] == "ok").expect("answered requests");
        ok["difference"]["variance_removed"].as_f64().expect("both vary")
    };
    // The requests that a rollout costs, seen in the number answered: ten times fewer runs.
    for strategy in ["rolling", "blue-green", "canary"] {
        assert!(removed(strategy) >= 0.9, "{strategy}: {}", removed(strategy));
    }
    let answer = root["answer"].to_string();
    assert!(answer.contains("canary is dominated by blue-green"), "{answer}");
    assert!(answer.contains("Chance to fail the fewest requests"), "{answer}");
}
