//! The shipped scenarios about traffic and the life cycle of instances, each with its signature
//! and its fix.

use std::path::Path;

use super::shipped::{Row, compare, mean, number, rows};

fn about(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, not {expected} ± {tolerance}");
}

fn runs(results: &Path) -> Vec<Row> {
    rows(&results.join("runs.csv"))
}

/// A column of the timeline of a strategy.
fn series(results: &Path, strategy: &str, column: &str) -> Vec<f64> {
    let line = rows(&results.join("timeline.csv"));
    let of = line.iter().filter(|row| row["strategy"] == strategy);
    let values: Vec<f64> = of.map(|row| row[column].parse().unwrap_or(0.0)).collect();
    assert!(!values.is_empty(), "{strategy} has a timeline");
    values
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// The row of a strategy in `phases.csv`, where there is one phase.
fn phase(results: &Path, strategy: &str) -> Row {
    let rows = rows(&results.join("phases.csv"));
    rows.into_iter().find(|row| row["strategy"] == strategy).expect("a phase of the strategy")
}

fn failed(phase: &Row) -> f64 {
    number(phase, "requests") - number(phase, "ok")
}

/// A quantile of the ok requests of a strategy, in milliseconds.
fn quantile(results: &Path, strategy: &str, column: &str) -> f64 {
    mean(&runs(results), strategy, column)
}

#[test]
fn without_a_readiness_gate_the_outage_fails_and_the_timeout_is_the_median() {
    let (_place, results) = compare("readiness-missing", &["--seeds", "2"]);
    let bare = phase(&results, "no-gate");
    about("failed share", failed(&bare) / number(&bare, "requests"), 0.643, 0.013);
    about("p50 of all", number(&bare, "all_p50_ms"), 30_000.0, 300.0);
    about("mean of all", number(&bare, "all_mean_ms"), 19_300.0, 400.0);
    // What a gate leaves is the race: 100/s for 110 ms.
    let gate = phase(&results, "gate");
    about("with a gate", failed(&gate), 11.0, 2.0);
    about("p50 with a gate", number(&gate, "all_p50_ms"), 1.0, 0.1);
    assert_eq!(failed(&phase(&results, "gate-and-prestop")), 0.0);
    let runs = runs(&results);
    // The cost: the rollout waits for the new instance.
    about("rollout", mean(&runs, "gate", "deploy_s"), 38.7, 0.5);
    assert!(mean(&runs, "no-gate", "deploy_s") < 0.2);
}

#[test]
fn a_stall_at_the_switch_is_a_ramp_of_latencies_and_no_error() {
    let (_place, results) = compare("switch-stall", &["--seeds", "2"]);
    let of = |column| quantile(&results, "stall", column);
    about("mean", of("all_mean_ms"), 579.0, 12.0);
    about("p95", of("ok_p95_ms"), 5_334.0, 107.0);
    about("p99", of("ok_p99_ms"), 7_734.0, 155.0);
    about("longest", of("max_ms"), 8_334.0, 100.0);
    assert_eq!(of("failed_share"), 0.0);
    assert!(quantile(&results, "overlap", "max_ms") < 2.0);
    about("rollout", quantile(&results, "overlap", "deploy_s"), 8.4, 0.1);
    // Who waits for each answer before sending the next request does not see it.
    let closed = "traffic.web.arrivals={users: {count: 10, think: 100ms}}";
    let (_place, results) = compare("switch-stall", &["--seeds", "2", "--set", closed]);
    assert!(quantile(&results, "stall", "ok_p99_ms") < 10.0, "coordinated omission");
    about("requests", quantile(&results, "stall", "requests"), 5_100.0, 100.0);
}

#[test]
fn an_exit_at_sigterm_cuts_what_littles_law_says_is_inside() {
    let (_place, results) = compare("hard-kill-in-flight", &["--seeds", "16", "--no-control"]);
    let runs = runs(&results);
    // Some 10 from run to run, so the mean of sixteen misses 8 % once in a thousand sets of seeds.
    about("cut", mean(&runs, "abrupt", "reset"), 100.0, 8.0);
    assert_eq!(mean(&runs, "drains", "reset"), 0.0);
    assert_eq!(mean(&runs, "abrupt", "refused"), 0.0, "no race beside the cut");
    let time = |strategy| mean(&runs, strategy, "instance_s");
    about("what draining costs", time("drains") - time("abrupt"), 17.0, 5.0);
}

#[test]
fn a_grace_period_cuts_what_is_longer() {
    let (_place, results) = compare("drain-deadline-cuts", &["--seeds", "24", "--no-control"]);
    let runs = runs(&results);
    // rate × E[(S - D)+]; counts of a Poisson law, so three standard deviations of the mean of 24.
    for (strategy, expected) in
        [("five-seconds", 32.1), ("ten-seconds", 11.5), ("thirty-seconds", 1.12)]
    {
        let tolerance = 3.5 * f64::sqrt(expected / 24.0);
        about(strategy, mean(&runs, strategy, "reset"), expected, tolerance);
    }
    assert!(mean(&runs, "two-minutes", "reset") < 0.2);
    let time = |strategy| mean(&runs, strategy, "instance_s");
    about("what it costs", time("two-minutes") - time("five-seconds"), 111.0, 15.0);
}

#[test]
fn sticky_sessions_move_more_than_once_and_end_up_uneven() {
    let (_place, results) = compare("sticky-skew", &["--seeds", "3", "--no-control"]);
    let runs = runs(&results);
    about("moves", mean(&runs, "one-by-one", "sessions_lost") / 5000.0, 1.681, 0.034);
    let hottest = series(&results, "one-by-one", "hottest");
    about("fullest", *hottest.last().expect("an end"), 1.757, 0.06);
    assert_eq!(mean(&runs, "blue-green", "sessions_lost"), 5000.0, "each once");
    let even = *series(&results, "blue-green", "hottest").last().expect("an end");
    assert!((1.0..1.12).contains(&even), "{even}");
    assert_eq!(mean(&runs, "shared-sessions", "sessions_lost"), 0.0);
    about("twice the instances", mean(&runs, "blue-green", "max_pods"), 20.0, 0.0);
}

#[test]
fn cold_instances_serve_as_many_slow_requests_at_any_pace_but_need_not_queue() {
    let (_place, results) = compare("cold-jit-warmup", &["--seeds", "1", "--no-control"]);
    for strategy in ["equal-weights", "slow-start", "least-request"] {
        let slow: f64 = series(&results, strategy, "cold").iter().sum();
        about(strategy, slow, 20_000.0, 0.5);
    }
    let highest = |strategy| most(&series(&results, strategy, "ok_p99_ms"));
    assert!(highest("equal-weights") > 6_000.0, "{}", highest("equal-weights"));
    assert!(highest("slow-start") < 600.0, "{}", highest("slow-start"));
    assert!(highest("least-request") < 300.0, "{}", highest("least-request"));
}

#[test]
fn a_broken_instance_with_a_good_health_check_draws_traffic_under_least_request() {
    for (rate, expected) in [(10, 0.11), (40, 0.16), (80, 0.29), (160, 0.51)] {
        let set = format!("traffic.api.arrivals.poisson.rate={rate}/s");
        let seeds = if rate < 80 { "8" } else { "2" };
        let (_place, results) = compare("shallow-health-check", &["--seeds", seeds, "--set", &set]);
        let runs = runs(&results);
        about("least-request", mean(&runs, "least-request", "failed_share"), expected, 0.012);
        about("round-robin", mean(&runs, "round-robin", "failed_share"), 0.1, 0.002);
        assert_eq!(failed(&phase(&results, "ejection")), 0.0, "after detection, at {rate}/s");
    }
}

#[test]
fn a_lying_health_check_empties_the_rotation_unless_few_are_left_to_believe() {
    let (_place, results) = compare("health-check-lies", &["--seeds", "2"]);
    assert_eq!(number(&phase(&results, "believes-checks"), "ok"), 0.0);
    assert_eq!(failed(&phase(&results, "panic-threshold")), 0.0);
    let runs = runs(&results);
    assert_eq!(mean(&runs, "panic-threshold", "excess_failed"), 0.0);
    assert_eq!(mean(&runs, "believes-checks", "min_available"), 10.0, "all pods are well");
}

#[test]
fn checks_that_wait_for_a_worker_turn_three_missing_instances_into_an_outage() {
    let (_place, results) = compare("health-check-death-spiral", &["--seeds", "2"]);
    let share = |strategy| {
        let phase = phase(&results, strategy);
        failed(&phase) / number(&phase, "requests")
    };
    assert_eq!(share("two-at-once"), 0.0, "used to 100 %");
    assert!(share("three-at-once") > 0.3, "used to 114 %: {}", share("three-at-once"));
    assert_eq!(share("three-panic"), 0.0);
    assert_eq!(share("three-own-port"), 0.0);
    let runs = runs(&results);
    assert!(mean(&runs, "three-panic", "failed_share") < 0.01, "overload latency, no collapse");
    assert_eq!(mean(&runs, "two-at-once", "excess_failed"), 0.0);
}

#[test]
fn streams_outlive_a_drain_by_their_residual_life_unless_they_are_closed() {
    let (_place, results) = compare("drain-never-ends", &["--seeds", "2", "--no-control"]);
    let runs = runs(&results);
    let cut = |strategy| mean(&runs, strategy, "streams_cut") / 20_000.0;
    // exp(-300/600), and (2/3)·(200/300)^0.5 for the heavy tail.
    about("exponential", cut("waits"), 0.6065, 0.012);
    about("heavy tail", cut("heavy-tail"), 0.5443, 0.012);
    assert_eq!(cut("closes-over-4-minutes"), 0.0);
    // The cost: they come back at the rate at which they are closed, beside the usual 33 a second.
    let sent = series(&results, "closes-over-4-minutes", "sent");
    let each = mean(&runs, "closes-over-4-minutes", "requests") / sent.iter().sum::<f64>();
    about("the timeline holds all", each, 1.0, 1e-9);
    let per_second = most(&sent) / (480.0 / sent.len() as f64);
    assert!((100.0..170.0).contains(&per_second), "{per_second}");
    let herd = most(&series(&results, "waits", "sent")) / (480.0 / sent.len() as f64);
    assert!(herd > 5_000.0, "the cut ones come back within a second: {herd}");
    about("both sets until the last stream", mean(&runs, "waits", "max_pods"), 20.0, 0.0);
}

#[test]
fn a_herd_of_clients_needs_as_long_as_it_takes_to_accept_them() {
    let (_place, results) = compare("reconnect-herd", &["--seeds", "1", "--no-control"]);
    let backlog = |strategy| series(&results, strategy, "in_system");
    let width = 180.0 / backlog("at-once").len() as f64;
    let over = |strategy| {
        let waiting = backlog(strategy);
        let from = waiting.iter().position(|count| *count > 1_000.0).expect("a backlog");
        let to = waiting.iter().rposition(|count| *count > 1_000.0).expect("a backlog");
        (to + 1 - from) as f64 * width
    };
    about("floor without jitter", over("at-once"), 80.0, 1.6);
    about("floor with too little", over("jitter-20s"), 80.0, 1.6);
    about("all at once", most(&backlog("at-once")), 200_000.0, 4_000.0);
    about("after 20 s", most(&backlog("jitter-20s")), 150_000.0, 3_000.0);
    for strategy in ["jitter-90s", "closes-over-90s"] {
        assert!(most(&backlog(strategy)) < 100.0, "{strategy}: {}", most(&backlog(strategy)));
    }
    let runs = runs(&results);
    for strategy in ["at-once", "jitter-20s", "jitter-90s", "closes-over-90s"] {
        about(strategy, mean(&runs, strategy, "streams_closed"), 200_000.0, 200.0);
        assert_eq!(mean(&runs, strategy, "streams_cut"), 0.0);
    }
}
