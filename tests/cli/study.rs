//! Studies from start to end: the files they leave, and that nothing but the scenario and the
//! seeds decides their bytes.

use super::{Desk, assert_same_files, contents, rows};

#[test]
fn a_comparison_leaves_every_promised_file_and_an_answer() {
    let desk = Desk::shop();
    let told = desk.run(&["compare", "shop.yaml", "--seeds", "3"]);
    assert!(told.err.contains("requests (") && told.err.contains("events ("), "{}", told.err);
    assert!(told.err.contains("results in results/shop/compare"), "{}", told.err);
    let answer = told.done();
    for word in ["recreate", "rolling", "canary", "(no deploy)", "release", "Why requests failed"] {
        assert!(answer.contains(word), "{word} in\n{answer}");
    }
    let files = contents(&desk.path("results/shop/compare"));
    for name in [
        "study.json",
        "runs.csv",
        "classes.csv",
        "summary.csv",
        "timeline.csv",
        "report.html",
        "latency/rolling.hlog",
        "latency/rolling.hgrm",
    ] {
        assert!(files.contains_key(std::path::Path::new(name)), "{name} in {:?}", files.keys());
    }
    assert!(files.keys().any(|name| name.starts_with("charts")));
    assert_eq!(desk.names(), ["results", "shop.yaml"]);
}

#[test]
fn every_request_has_one_outcome_or_is_in_flight() {
    let desk = Desk::shop();
    desk.run(&["compare", "shop.yaml", "--no-charts"]).done();
    let rows = rows(&desk.read("results/shop/compare/runs.csv"));
    assert_eq!(rows.len(), 4 * (1 + 3 * 2), "control, strategies times releases, four seeds each");
    for row in rows {
        let number = |name: &str| row[name].parse::<u64>().expect("a whole number");
        let outcomes =
            ["ok", "app_error", "refused", "reset", "overflow", "timeout", "unauthorized"];
        let sum: u64 = outcomes.into_iter().map(number).sum();
        assert_eq!(number("requests"), sum + number("in_flight"), "{row:?}");
        assert!(number("requests") > 3_000, "{row:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let desk = Desk::shop();
    for threads in ["1", "2", "5"] {
        desk.run(&["compare", "shop.yaml", "--seeds=3", "--threads", threads, "--out", threads])
            .done();
    }
    assert_same_files(&desk.path("1"), &desk.path("2"));
    assert_same_files(&desk.path("1"), &desk.path("5"));
}

#[test]
fn a_run_is_the_row_of_its_seed_in_the_comparison() {
    let desk = Desk::shop();
    desk.run(&["compare", "shop.yaml", "--no-charts"]).done();
    let compared = rows(&desk.read("results/shop/compare/runs.csv"));
    for strategy in ["recreate", "rolling", "canary"] {
        let line = ["run", "shop.yaml", "--no-charts", "--release=bad", "--seed=3", "--strategy"];
        let told = desk.run(&[&line[..], &[strategy]].concat());
        assert!(told.done().contains(strategy));
        let run = rows(&desk.read("results/shop/run/runs.csv"));
        let of = |rows: &[std::collections::BTreeMap<String, String>], name: &str| {
            let found = rows.iter().find(|row| {
                row["strategy"] == name
                    && row["seed"] == "3"
                    && (row["release"] == "bad" || name.starts_with('('))
            });
            found.cloned().unwrap_or_else(|| panic!("a row of {name}"))
        };
        assert_eq!(of(&run, strategy), of(&compared, strategy));
        assert_eq!(of(&run, "(no deploy)"), of(&compared, "(no deploy)"));
    }
    assert!(desk.read("results/shop/run/events.jsonl").contains("\"rollout_started\""));
}

#[test]
fn leaving_strategies_out_changes_nothing_about_those_that_stay() {
    let scenario = super::SHOP.replace("window: 1m, ", "");
    let desk = Desk::with(&scenario);
    desk.run(&["compare", "shop.yaml", "--seeds=1", "--no-charts", "--out=all"]).done();
    let line = ["compare", "shop.yaml", "--seeds=1", "--no-charts", "--out=one"];
    desk.run(&[&line[..], &["--strategy=recreate"]].concat()).done();
    let all = rows(&desk.read("all/runs.csv"));
    for row in rows(&desk.read("one/runs.csv")) {
        assert!(all.contains(&row), "{row:?}");
    }
}

#[test]
fn a_folder_of_the_same_scenario_is_replaced_whole() {
    let desk = Desk::shop();
    desk.run(&["compare", "shop.yaml", "--seeds=2", "--out=out"]).done();
    let charts = contents(&desk.path("out")).len();
    desk.run(&["compare", "shop.yaml", "--seeds=2", "--out=out", "--no-charts"]).done();
    assert!(contents(&desk.path("out")).len() < charts);
    assert_eq!(desk.names(), ["out", "shop.yaml"]);
}

#[test]
fn without_a_control_nothing_is_called_excess() {
    let desk = Desk::shop();
    desk.run(&["compare", "shop.yaml", "--seeds=2", "--no-control", "--no-charts"]).done();
    for row in rows(&desk.read("results/shop/compare/runs.csv")) {
        assert_ne!(row["strategy"], "(no deploy)");
        assert_eq!((row["excess_failed"].as_str(), row["mitigate_s"].as_str()), ("", ""));
    }
}

#[test]
fn seeds_are_counted_from_the_first() {
    let desk = Desk::shop();
    let line = ["compare", "shop.yaml", "--seeds=2", "--seed=41", "--strategy=rolling"];
    desk.run(&[&line[..], &["--no-charts"]].concat()).done();
    let rows = rows(&desk.read("results/shop/compare/runs.csv"));
    let seeds: Vec<&str> = rows.iter().map(|row| row["seed"].as_str()).collect();
    assert_eq!(seeds, ["41", "42", "41", "42", "41", "42"]);
}
