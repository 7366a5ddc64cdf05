//! The shipped scenarios about state across versions, each with its signature and its fix.

use std::path::Path;

use super::shipped::{Row, compare, mean, number, rows};

/// A column added up over the timeline between two instants of the window, as a share of
/// another.
fn share(timeline: &[Row], strategy: &str, span: (f64, f64), of: &str, to: &str) -> f64 {
    let (mut part, mut all) = (0.0, 0.0);
    for row in timeline.iter().filter(|row| row["strategy"] == strategy) {
        let at = number(row, "t_s");
        if span.0 <= at && at < span.1 {
            part += number(row, of);
            all += number(row, to);
        }
    }
    assert!(all > 0.0, "{strategy} sends something between {span:?}");
    part / all
}

fn timeline(results: &Path) -> Vec<Row> {
    rows(&results.join("timeline.csv"))
}

fn about(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, not {expected} ± {tolerance}");
}

#[test]
fn half_of_an_incompatible_session_format_forces_every_second_request_to_log_in() {
    let (_place, results) = compare("session-format-incompatible", &["--seeds", "4"]);
    let line = timeline(&results);
    let at_half = |strategy| share(&line, strategy, (240.0, 600.0), "forced_logins", "sent");
    about("both ways", at_half("half"), 0.5, 0.01);
    about("one way", at_half("half-reads-both"), 0.25, 0.01);
    let runs = rows(&results.join("runs.csv"));
    assert_eq!(mean(&runs, "two-phase", "forced_logins"), 0.0);
    for strategy in ["sticky-by-user", "blue-green"] {
        about(strategy, mean(&runs, strategy, "forced_logins"), 1000.0, 10.0);
    }
    assert_eq!(mean(&runs, "half", "users_affected"), 1000.0, "everybody is hit");
    assert!(mean(&runs, "half", "logouts_per_user") > 20.0);
    assert_eq!(mean(&runs, "half", "app_error"), 0.0, "dashboards of 5xx see nothing");
}

#[test]
fn half_of_another_naming_of_keys_gives_every_second_reader_an_old_answer() {
    let (_place, results) = compare("half-stale", &["--seeds", "3"]);
    let line = timeline(&results);
    // A fifth of the requests write.
    let at_half = |strategy| share(&line, strategy, (240.0, 600.0), "stale_reads", "sent") / 0.8;
    about("no expiry", at_half("half"), 0.5, 0.01);
    assert!(at_half("expires") < 0.1);
    let runs = rows(&results.join("runs.csv"));
    for strategy in ["invalidates-all", "same-keys"] {
        assert_eq!(mean(&runs, strategy, "stale_reads"), 0.0, "{strategy}");
    }
    assert_eq!(mean(&runs, "half", "excess_failed"), 0.0);
}

#[test]
fn a_column_dropped_at_half_fails_fifteen_percent_and_thirty_after_the_rollback() {
    let (_place, results) = compare("schema-contract-too-early", &["--seeds", "4"]);
    let line = timeline(&results);
    let failed = |strategy, span| share(&line, strategy, span, "app_error", "sent");
    about("at half", failed("contract-too-early", (380.0, 650.0)), 0.15, 0.01);
    about("rolled back", failed("contract-too-early", (800.0, 1200.0)), 0.30, 0.01);
    assert_eq!(failed("a-release-between", (0.0, 1200.0)), 0.0);
}

#[test]
fn code_before_its_setting_fails_its_share_of_the_requests_that_use_it() {
    let (_place, results) = compare("config-code-order", &["--seeds", "4"]);
    let line = timeline(&results);
    let failed = |strategy| share(&line, strategy, (120.0, 360.0), "app_error", "sent");
    about("a quarter", failed("code-first"), 0.10, 0.01);
    assert_eq!(failed("config-first"), 0.0);
}

#[test]
fn a_migration_that_waits_delays_rate_times_wait_requests() {
    let (_place, results) = compare("migration-lock-queue", &["--seeds", "4"]);
    let runs = rows(&results.join("runs.csv"));
    let requests = mean(&runs, "waits", "requests");
    // 200/s for 15 s wait 7.5 s in the mean; the others take 7 ms.
    let delay_s = (mean(&runs, "waits", "all_mean_ms") - 7.0) / 1e3 * requests;
    about("all delays, in seconds", delay_s, 3000.0 * 7.5, 0.04 * 22_500.0);
    about("the slowest", mean(&runs, "waits", "max_ms"), 15_000.0, 100.0);
    assert!(mean(&runs, "lock-timeout", "max_ms") < 1_100.0, "the lock timeout bounds it");
    assert_eq!(mean(&runs, "waits", "failed_share"), 0.0);
}

#[test]
fn a_cold_cache_sends_the_database_what_the_law_of_its_keys_says() {
    let (_place, results) = compare("cold-cache-stampede", &["--seeds", "4"]);
    let line = timeline(&results);
    let loads: Vec<f64> = line
        .iter()
        .filter(|row| row["strategy"] == "blue-green")
        .map(|row| number(row, "store_calls"))
        .skip_while(|calls| *calls == 0.0)
        .collect();
    // Buckets of a second; the switch lies somewhere in the first.
    about("ten seconds after the switch", (loads[9] + loads[10]) / 2.0, 791.4, 24.0);
    about("the first minute", loads[..60].iter().sum(), 36_465.0, 400.0);
    let runs = rows(&results.join("runs.csv"));
    assert_eq!(mean(&runs, "blue-green", "failed_share"), 0.0);
    let shared = share(&line, "shared-cache", (0.0, 300.0), "store_calls", "sent");
    assert_eq!(shared, 0.0, "a shared cache shows no step");
}

#[test]
fn cache_nodes_swapped_faster_than_they_fill_bring_the_database_down_for_good() {
    let (_place, results) = compare("cache-node-rollout-metastable", &["--seeds", "2"]);
    let line = timeline(&results);
    // Just after the swap, before refilling tells.
    let missed = |strategy| {
        let looked = share(&line, strategy, (20.0, 21.0), "cache_lookups", "sent");
        let hit = share(&line, strategy, (20.0, 21.0), "cache_hits", "sent");
        2000.0 * (looked - hit)
    };
    about("5 %", missed("swap-5-percent"), 1160.0, 60.0);
    about("10 %", missed("swap-10-percent"), 1520.0, 80.0);
    let answered = |strategy| share(&line, strategy, (180.0, 230.0), "ok", "sent");
    for strategy in ["swap-5-percent", "paced"] {
        assert_eq!(answered(strategy), 1.0, "{strategy}");
    }
    assert!(answered("swap-10-percent") < 0.3, "the rollout ended three minutes ago");
}

#[test]
fn one_server_of_eight_on_the_old_build_fails_an_eighth_and_all_after_the_wrong_rollback() {
    let (_place, results) = compare("one-of-eight-left-behind", &["--seeds", "4"]);
    let line = timeline(&results);
    let failed = |strategy, span| share(&line, strategy, span, "app_error", "sent");
    about("left behind", failed("left-behind", (670.0, 1070.0)), 0.125, 0.006);
    assert_eq!(failed("left-behind", (1210.0, 1500.0)), 1.0);
    assert_eq!(failed("flag-off", (1210.0, 1500.0)), 0.0);
    assert_eq!(failed("all-eight", (670.0, 1500.0)), 0.0);
}

#[test]
fn a_retry_storm_outlives_its_trigger_unless_retries_have_a_budget() {
    let (_place, results) = compare("retry-storm-metastable", &["--seeds", "4"]);
    let line = timeline(&results);
    let answered = |strategy| share(&line, strategy, (100.0, 220.0), "ok", "sent");
    assert!(answered("storm") < 0.02, "{}", answered("storm"));
    for strategy in ["short-trigger", "shallow-trigger", "no-retries", "budget", "shed"] {
        assert!(answered(strategy) > 0.999, "{strategy}: {}", answered(strategy));
    }
    // Below C/m the same trigger cannot hold.
    let below = ["--seeds", "3", "--strategy", "storm", "--set"];
    let rate = "traffic.api.arrivals.poisson.rate=250/s";
    let (_place, results) = compare("retry-storm-metastable", &[&below[..], &[rate]].concat());
    let line = timeline(&results);
    assert_eq!(share(&line, "storm", (100.0, 220.0), "ok", "sent"), 1.0);
}

#[test]
fn undoing_the_push_that_began_a_retry_storm_does_not_end_it_but_a_budget_does() {
    let push = [
        "--seeds",
        "3",
        "--strategy",
        "storm",
        "--set",
        "faults[0].factor=1",
        "--set",
        "operations=[{at: 0s, deploy: {}}, {at: 10s, undo: {}}]",
        "--set",
        "versions.candidate.slowdown=5",
        "--set",
        "strategies.storm.config_push={}",
    ];
    let after = |more: &[&str]| {
        let (_place, results) = compare("retry-storm-metastable", &[&push[..], more].concat());
        let runs = rows(&results.join("runs.csv"));
        let undone = runs.iter().filter(|row| row["outcome"] == "rolled_back");
        assert_eq!(undone.count(), 3, "all are back on the version from before");
        share(&timeline(&results), "storm", (100.0, 220.0), "ok", "sent")
    };
    assert!(after(&[]) < 0.02, "a minute and a half after the push was undone");
    assert!(after(&["--set", "client.retries.budget=10%"]) > 0.999);
}
