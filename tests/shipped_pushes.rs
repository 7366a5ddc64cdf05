//! The shipped scenarios about configuration pushes, each with its signature and its fix; the
//! Friday among them.

use std::path::Path;

use cutover::engine::maths::{exp, ln};

use super::shipped::{Row, compare, mean, number, rows};

fn about(what: &str, got: f64, expected: f64, share: f64) {
    assert!((got / expected - 1.0).abs() <= share, "{what}: {got}, not {expected} ± {share}");
}

#[test]
fn a_push_to_everybody_fails_everything_until_it_is_undone_and_a_stage_its_share() {
    let (_place, results) = compare("global-config-push", &["--seeds", "4"]);
    let runs = rows(&results.join("runs.csv"));
    let failed = |strategy| mean(&runs, strategy, "excess_failed");
    // 100 a second, a hundredth of the published case; 27 minutes, and 3 minutes of 1 %.
    about("27 minutes of all", failed("all-at-once"), 162_000.0, 0.02);
    about("three minutes of 1 %", failed("staged"), 180.0, 0.1);
    about("stages", failed("stopped-at-450s") / failed("staged-stopped-at-450s"), 8.6, 0.03);
    assert_eq!(failed("keeps-last-good"), 0.0);
    assert_eq!(mean(&runs, "all-at-once", "max_traffic_exposed"), 1.0);
    assert_eq!(mean(&runs, "staged", "max_traffic_exposed"), 0.01);
}

#[test]
fn machines_that_a_file_has_crashed_come_back_one_by_one_after_the_file_is_gone() {
    let rate = "traffic.check-in.arrivals.poisson.rate=0.01/s";
    let (_place, results) = compare("config-push-crash", &["--seeds", "4", "--set", rate]);
    let line = rows(&results.join("timeline.csv"));
    let back = |strategy: &str, days: f64| {
        let at = 540.0 + 78.0 * 60.0 + days * 86_400.0;
        let of = line.iter().filter(|row| row["strategy"] == strategy);
        let row = of.min_by(|a, b| {
            let off = |row: &&Row| (number(row, "t_s") - at).abs();
            off(a).total_cmp(&off(b))
        });
        number(row.expect("a timeline"), "instances_routable") / 200.0
    };
    assert_eq!(back("all-at-once", -0.03), 0.0, "all are down before the revert");
    about("a day later", back("all-at-once", 1.0), 1.0 - exp(-24.0 / 52.0), 0.1);
    about("ten days later", back("all-at-once", 10.0), 0.99, 0.01);
    assert_eq!(back("restarts-heal", 0.1), 1.0, "a revert heals a crash loop");
    let runs = rows(&results.join("runs.csv"));
    assert_eq!(mean(&runs, "staged", "min_available"), 180.0);
    assert_eq!(mean(&runs, "keeps-last-good", "min_available"), 200.0);
}

#[test]
fn a_flapping_file_hides_from_who_wants_three_failures_in_a_row() {
    let only = ["three-in-a-row", "unnoticed", "rate-over-a-window", "pinned"];
    let mut arguments = vec!["--seeds", "300", "--set", "traffic.web.arrivals.poisson.rate=0.1/s"];
    only.iter().for_each(|name| arguments.extend(["--strategy", name]));
    let (_place, results) = compare("config-flapping", &arguments);
    let runs = rows(&results.join("runs.csv"));
    // A check every five minutes, the first on average after half of that: the mean number of
    // tosses to three in a row is 14.
    let checks = mean(&runs, "three-in-a-row", "deploy_s") / 300.0 + 0.5;
    about("checks", checks, 14.0, 0.12);
    about("duty", mean(&runs, "unnoticed", "failed_share"), 0.5 * 715.0 / 720.0, 0.02);
    let noticed = mean(&runs, "rate-over-a-window", "mitigate_s");
    assert!(noticed < 300.0, "within one period: {noticed}");
    assert_eq!(mean(&runs, "pinned", "excess_failed"), 0.0);
}

#[test]
fn four_percent_of_the_sites_are_half_of_the_requests() {
    let (_place, results) = compare("unequal-wave", &["--seeds", "3"]);
    let runs = rows(&results.join("runs.csv"));
    let exposed = |strategy, of: &str| mean(&runs, strategy, &format!("max_{of}_exposed"));
    about("busy sites", exposed("busy-first", "instances"), 0.04, 1e-9);
    about("their traffic", exposed("busy-first", "traffic"), 0.5, 1e-9);
    about("quiet sites", exposed("quiet-first", "instances"), 0.6, 1e-9);
    about("their traffic", exposed("quiet-first", "traffic"), 0.05, 1e-9);
    let phases = rows(&results.join("phases.csv"));
    let failed = |strategy: &str| {
        let row = phases.iter().find(|row| row["strategy"] == strategy).expect("a phase");
        number(row, "app_error") / number(row, "requests")
    };
    about("requests of the first wave", failed("busy-first"), 0.5, 0.02);
    about("low traffic first", failed("quiet-first"), 0.05, 0.06);
}

/// A column added up over a span of the timeline, as a share of another.
fn share(results: &Path, strategy: &str, of: &str, to: &str) -> f64 {
    let line = rows(&results.join("timeline.csv"));
    let half = line.iter().filter(|row| row["strategy"] == strategy).filter(|row| {
        let at = number(row, "t_s");
        (1500.0..3300.0).contains(&at)
    });
    let sum = half.fold((0.0, 0.0), |sum, row| (sum.0 + number(row, of), sum.1 + number(row, to)));
    sum.0 / sum.1
}

#[test]
fn a_friday_push_left_at_half_logs_out_half_of_the_requests_and_no_dashboard_moves() {
    let only = [
        "left-at-half",
        "alert-on-log-ins",
        "two-phase",
        "version-sticky",
        "blue-green",
        "canary-on-log-ins",
    ];
    let mut arguments = vec!["--seeds", "3", "--set", "clock.window=12h", "--set", "phases=[]"];
    only.iter().for_each(|name| arguments.extend(["--strategy", name]));
    let (_place, results) = compare("friday-deploy", &arguments);
    let forced = share(&results, "left-at-half", "forced_logins", "sent");
    about("forced log-ins of requests", forced, 0.5, 0.04);
    // Four fifths of what is answered reads.
    let stale = share(&results, "left-at-half", "stale_reads", "ok") / 0.8;
    about("stale of answered reads", stale, 0.5, 0.04);
    let runs = rows(&results.join("runs.csv"));
    let of = |strategy, column| mean(&runs, strategy, column);
    let errors: f64 = ["app_error", "refused", "reset", "overflow"]
        .iter()
        .map(|column| of("left-at-half", column))
        .sum();
    assert!(errors < 0.001 * of("left-at-half", "requests"), "HTTP 5xx: {errors}");
    let affected = of("left-at-half", "users_affected") / of("left-at-half", "users_active");
    assert!(affected > 0.9, "far more than half of the users: {affected}");
    let saved = |strategy| of(strategy, "excess_failed") / of("left-at-half", "excess_failed");
    assert!(saved("alert-on-log-ins") < 0.6);
    for strategy in ["two-phase", "version-sticky"] {
        assert!(of(strategy, "excess_failed") < 2.0, "{strategy}");
    }
    about("once each", of("blue-green", "logouts_per_user"), 1.0, 0.02);
    assert!(saved("canary-on-log-ins") < 0.05, "{}", saved("canary-on-log-ins"));
    assert_eq!(of("two-phase", "stale_reads") + of("blue-green", "stale_reads"), 0.0);
    assert!(of("blue-green", "extra_instance_s") > 10.0 * 3600.0, "a second fleet for an hour");
}

/// Mean of the logarithm of a column over the seeds of a strategy, and half of its 95 % interval.
fn log_mean(runs: &[Row], strategy: &str, value: impl Fn(&Row) -> f64) -> (f64, f64) {
    let logs: Vec<f64> =
        runs.iter().filter(|row| row["strategy"] == strategy).map(|row| ln(value(row))).collect();
    let count = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let spread = logs.iter().map(|log| (log - mean) * (log - mean)).sum::<f64>() / (count - 1.0);
    (mean, 2.1 * (spread / count).sqrt())
}

#[test]
fn friday_costs_more_than_tuesday_by_its_traffic_and_its_people_not_by_its_defect() {
    let window = ["--seeds", "16", "--set", "clock.window=12h", "--set", "phases=[]"];
    let of = |scenario, strategies: &[&'static str]| {
        let mut arguments = window.to_vec();
        strategies.iter().for_each(|name| arguments.extend(["--strategy", name]));
        let (_place, results) = compare(scenario, &arguments);
        rows(&results.join("runs.csv"))
    };
    let friday = of("friday-deploy", &["left-at-half", "by-day"]);
    let tuesday = of("tuesday-deploy", &["left-at-half"]);
    let harm = |row: &Row| number(row, "excess_failed");
    let lasts = |row: &Row| number(row, "mitigate_s");
    let ratio = |of: (f64, f64), to: (f64, f64)| (of.0 - to.0, (of.1 * of.1 + to.1 * to.1).sqrt());
    let all =
        ratio(log_mean(&friday, "left-at-half", harm), log_mean(&tuesday, "left-at-half", harm));
    let per_second = |row: &Row| harm(row) / lasts(row);
    let traffic = ratio(
        log_mean(&friday, "left-at-half", per_second),
        log_mean(&tuesday, "left-at-half", per_second),
    );
    let people =
        ratio(log_mean(&friday, "left-at-half", lasts), log_mean(&friday, "by-day", lasts));
    let exposure =
        ratio(log_mean(&friday, "by-day", lasts), log_mean(&tuesday, "left-at-half", lasts));
    assert!((traffic.0 + people.0 + exposure.0 - all.0).abs() < 1e-9, "the parts are the whole");
    let between = |what: &str, part: (f64, f64), least: f64, most: f64| {
        let (low, high) = (exp(part.0 - part.1), exp(part.0 + part.1));
        assert!(low > least && high < most, "{what}: {low} to {high}");
    };
    between("all", all, 1.0, 2.6);
    between("traffic", traffic, 1.1, 1.8);
    between("people", people, 1.0, 2.2);
    between("exposure", exposure, 0.5, 1.05);
}
