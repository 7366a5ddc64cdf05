//! Records made by hand, with answers worked out by hand.

use super::*;
use crate::engine::SimTime;
use crate::experiment::fixture::{self, count};
use crate::plan::{Pick, VersionId};
use crate::record::{RolloutOutcome, RunKey, Users};

const MILLISECOND: u64 = 1_000_000;

fn key(arm: Option<u16>) -> RunKey {
    RunKey { arm, release: arm.map(|_| 0), seed: 7 }
}

fn at(window_second: u64) -> Option<SimTime> {
    Some(SimTime::ZERO + SimDuration::from_secs(10 + window_second))
}

/// The control of a run: 3 requests of class 0 failed. Its harm series stays empty, so that every
/// failure of the run counts.
fn control() -> Control {
    let mut record = fixture::record(key(None));
    count(&mut record.cells[2], Outcome::Overflow, 3, MILLISECOND);
    record.capacity.instance_ns = 400_000_000_000;
    Control::of(&record)
}

fn row_of(record: &RunRecord) -> Row {
    reduce(&fixture::plan(), record, Some(&control())).row
}

#[test]
fn counts_add_up_over_classes_and_versions() {
    let mut record = fixture::record(key(Some(0)));
    count(&mut record.cells[0], Outcome::Ok, 90, 20 * MILLISECOND);
    count(&mut record.cells[1], Outcome::AppError, 6, 5 * MILLISECOND);
    count(&mut record.cells[5], Outcome::Refused, 3, MILLISECOND);
    record.cells[3].counters.requests += 1;
    record.cells[3].counters.attempts += 2;
    record.cells[3].counters.in_flight += 1;
    let row = row_of(&record);
    for (column, expected) in [
        ("requests", 100.0),
        ("attempts", 101.0),
        ("ok", 90.0),
        ("app_error", 6.0),
        ("refused", 3.0),
        ("reset", 0.0),
        ("in_flight", 1.0),
        ("failed_share", 0.09),
        ("excess_failed", 6.0),
        ("excess_failed_share", 0.06),
    ] {
        assert_eq!(row.value(column), Some(expected), "{column}");
    }
}

#[test]
fn latency_of_ok_requests_is_kept_apart_from_that_of_all() {
    let mut record = fixture::record(key(Some(0)));
    // In nanoseconds below 2,048, where the histogram is exact: 1 … 100 over two cells.
    for latency in 1..=100 {
        count(&mut record.cells[latency as usize % 2], Outcome::Ok, 1, latency);
    }
    count(&mut record.cells[2], Outcome::Timeout, 100, 1_000);
    record.worst_minute_ok_p99_ns = Some(2 * MILLISECOND);
    let row = row_of(&record);
    for (column, nanoseconds) in [
        ("ok_mean_ms", 50.5),
        ("ok_p50_ms", 50.0),
        ("ok_p90_ms", 90.0),
        ("ok_p95_ms", 95.0),
        ("ok_p99_ms", 99.0),
        ("ok_p999_ms", 100.0),
        ("all_mean_ms", (5_050.0 + 100_000.0) / 200.0),
        ("all_p99_ms", 1_000.0),
        ("max_ms", 1_000.0),
        ("worst_minute_ok_p99_ms", 2e6),
    ] {
        assert_eq!(row.value(column), Some(nanoseconds / 1e6), "{column}");
    }
}

#[test]
fn queues_and_workers_are_ratios_of_times() {
    let mut record = fixture::record(key(Some(0)));
    record.wait_ns = 30 * u128::from(MILLISECOND);
    record.accepted = 12;
    record.busy_ns = 300;
    record.ready_worker_ns = 400;
    let row = row_of(&record);
    assert_eq!(row.value("mean_wait_ms"), Some(2.5));
    assert_eq!(row.value("utilisation"), Some(0.75));
}

#[test]
fn columns_that_do_not_apply_are_empty() {
    let record = fixture::record(key(None));
    let row = reduce(&fixture::plan(), &record, None).row;
    for column in [
        "failed_share",
        "excess_failed",
        "excess_failed_share",
        "ok_mean_ms",
        "ok_p99_ms",
        "max_ms",
        "mean_wait_ms",
        "utilisation",
        "users_active",
        "sessions_lost",
        "deploy_s",
        "impact_s",
        "detect_s",
        "mitigate_s",
        "exposed_s",
        "candidate_requests",
        "extra_instance_s",
        "cost",
    ] {
        assert_eq!(row.value(column), None, "{column}");
    }
    assert_eq!(row.outcome, RolloutOutcome::None);
    assert_eq!(row.value("requests"), Some(0.0));
}

#[test]
fn users_count_where_requests_have_some() {
    let mut plan = fixture::plan();
    plan.client.users = Some(crate::plan::Users { count: 9, pick: Pick::Uniform });
    let mut record = fixture::record(key(Some(0)));
    record.users = Users { active: 8, affected: 2, sessions_lost: 1 };
    let row = reduce(&plan, &record, None).row;
    assert_eq!(row.value("users_active"), Some(8.0));
    assert_eq!(row.value("users_affected"), Some(2.0));
    assert_eq!(row.value("sessions_lost"), Some(1.0));
}

#[test]
fn times_run_from_the_rollouts_start_and_from_the_first_harm() {
    let mut record = fixture::record(key(Some(0)));
    record.harm.counts[5] = 3; // Before the rollout.
    record.harm.counts[32] = 4;
    record.harm.counts[40] = 1;
    record.rollout.detected = at(47);
    let row = row_of(&record);
    for (column, expected) in [
        ("deploy_s", 40.0),
        ("impact_s", 12.0),
        ("detect_s", 15.0),
        ("mitigate_s", 9.0),
        ("exposed_s", 25.0),
        ("candidate_requests", 500.0),
    ] {
        assert_eq!(row.value(column), Some(expected), "{column}");
    }
    assert_eq!(row.censored, Censored::default());
}

#[test]
fn what_had_not_ended_with_the_window_is_censored_and_counts_so_far() {
    let mut record = fixture::record(key(Some(0)));
    (50..100).for_each(|second| record.harm.counts[second] = 2);
    record.rollout.finished = None;
    record.rollout.outcome = RolloutOutcome::Unfinished;
    let row = row_of(&record);
    assert_eq!(row.value("deploy_s"), Some(80.0));
    assert_eq!(row.value("impact_s"), Some(30.0));
    assert_eq!(row.value("detect_s"), Some(50.0));
    assert_eq!(row.value("mitigate_s"), Some(50.0));
    assert_eq!(row.censored, Censored { deploy: true, detect: true, mitigate: true });
}

#[test]
fn an_alarm_before_the_first_harm_detects_it_at_once() {
    let mut record = fixture::record(key(Some(0)));
    record.harm.counts[60] = 9;
    record.rollout.detected = at(55);
    let row = row_of(&record);
    assert_eq!((row.value("detect_s"), row.censored.detect), (Some(0.0), false));
}

#[test]
fn without_harm_there_is_nothing_to_detect_or_mitigate() {
    let mut record = fixture::record(key(Some(0)));
    record.harm.counts[5] = 3;
    let row = row_of(&record);
    assert_eq!((row.value("impact_s"), row.value("detect_s")), (None, None));
    assert_eq!((row.value("mitigate_s"), row.value("deploy_s")), (None, Some(40.0)));
}

#[test]
fn instances_are_compared_with_the_control_and_priced_by_the_hour() {
    let mut plan = fixture::plan();
    plan.instance_hour_cost = 0.5;
    let mut record = fixture::record(key(Some(0)));
    record.capacity.instance_ns = 7_200_000_000_000;
    record.capacity.min_available = 3;
    record.capacity.min_routable = 2;
    record.capacity.max_pods = 6;
    let row = reduce(&plan, &record, Some(&control())).row;
    for (column, expected) in [
        ("instance_s", 7_200.0),
        ("extra_instance_s", 6_800.0),
        ("cost", 1.0),
        ("min_available", 3.0),
        ("min_routable", 2.0),
        ("max_pods", 6.0),
    ] {
        assert_eq!(row.value(column), Some(expected), "{column}");
    }
}

#[test]
fn classes_have_a_row_a_version_that_answered_and_a_total() {
    let mut record = fixture::record(key(Some(0)));
    count(&mut record.cells[0], Outcome::Ok, 10, 100);
    count(&mut record.cells[1], Outcome::Ok, 30, 200);
    count(&mut record.cells[2], Outcome::Refused, 5, 300);
    let reduced = reduce(&fixture::plan(), &record, Some(&control()));
    let place = |name| index_of(name).unwrap();
    let found: Vec<_> = reduced
        .class_rows
        .iter()
        .map(|row| (row.class, row.version, row.values[place("requests")]))
        .collect();
    assert_eq!(
        found,
        [
            (0, Some(VersionId(0)), Some(10.0)),
            (0, Some(VersionId(1)), Some(30.0)),
            (0, None, Some(5.0)),
        ]
    );
    let [browse, pay] = &reduced.class_totals[..] else { panic!("two classes") };
    assert_eq!(browse.values[place("requests")], Some(45.0));
    assert_eq!(browse.values[place("ok_p50_ms")], Some(200.0 / 1e6));
    assert_eq!(browse.values[place("excess_failed")], Some(2.0));
    assert_eq!(pay.values[place("requests")], Some(0.0));
    assert_eq!(pay.values[place("failed_share")], None);
}

#[test]
#[should_panic(expected = "requests were lost or counted twice: class 1 on version Some(0) has 2")]
fn a_lost_request_stops_everything() {
    let mut record = fixture::record(key(Some(0)));
    count(&mut record.cells[3], Outcome::Ok, 1, 1);
    record.cells[3].counters.requests += 1;
    let _ = row_of(&record);
}
