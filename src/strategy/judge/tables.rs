//! The judge's rules against the tables of the real analysis controller.

use serde_json::{Value, json};

use super::rules::{
    Condition, Limits, Phase, Tally, Timing, broken_limit, due_at, is_terminating,
    measurement_phase, metric_phase, run_phase,
};
use crate::engine::{SimDuration, SimTime};
use crate::strategy::conformance::{check, number};

/// The instant at which every table is asked.
const NOW: SimTime = SimTime(SimDuration::from_secs(100_000).0);

fn spelt(phase: Phase) -> Value {
    json!(format!("{phase:?}"))
}

fn phase(name: &Value) -> Phase {
    match name.as_str().expect("a phase is a name") {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Successful" => Phase::Successful,
        "Inconclusive" => Phase::Inconclusive,
        "Error" => Phase::Error,
        "Failed" => Phase::Failed,
        other => panic!("{other}"),
    }
}

fn seconds(value: &Value) -> Option<SimDuration> {
    value.as_u64().map(SimDuration::from_secs)
}

fn ago(value: &Value) -> SimTime {
    SimTime(NOW.0 - seconds(value).expect("an age").0)
}

fn limits(of: &Value, interval: &Value) -> Limits {
    let or = |field: &str, default| of[field].as_u64().map_or(default, |limit| limit as u32);
    let timing = Timing {
        initial_delay: SimDuration::ZERO,
        interval: seconds(interval),
        count: of["count"].as_u64().map(|count| count as u32),
    };
    Limits {
        failure: of["failure_limit"].as_i64().map_or(Some(0), |limit| u32::try_from(limit).ok()),
        inconclusive: or("inconclusive_limit", 0),
        consecutive_error: or("consecutive_error_limit", 4),
        consecutive_success: of["consecutive_success_limit"].as_u64().map(|limit| limit as u32),
        count: timing.effective_count(),
    }
}

fn tally(of: &Value) -> Tally {
    let count = |field: &str| of[field].as_u64().unwrap_or(0) as u32;
    Tally {
        successful: count("successful"),
        failed: count("failed"),
        inconclusive: count("inconclusive"),
        consecutive_error: count("consecutive_error"),
        consecutive_success: count("consecutive_success"),
        last: Some((Phase::Successful, NOW)),
    }
}

#[test]
fn a_metric_stands_where_argo_says_it_stands() {
    // Two cases are of a measurement that is not finished; ours take no time.
    check("argo_assess_metric_status", 30, |row| {
        let (metric, result) = (&row.input["metric"], &row.input["result"]);
        if result["in_flight"] == true {
            return None;
        }
        let mut tally = tally(result);
        if result["measurements"] == 0 {
            tally.last = None;
        }
        let limits = limits(metric, &metric["interval_seconds"]);
        Some(json!({"phase": spelt(metric_phase(&limits, &tally, row.flag("terminating")))}))
    });
}

#[test]
fn limits_break_as_in_argo() {
    check("argo_assess_metric_failure_inconclusive_or_error", 2, |row| {
        let broken = broken_limit(&limits(&row.input, &Value::Null), &tally(&row.input));
        Some(json!({"phase": spelt(broken?)}))
    });
}

#[test]
fn a_measurement_ends_as_argo_says() {
    check("argo_evaluate_result", 5, |row| {
        let condition = |field: &str| match &row.input[field] {
            Value::Null => Condition::Unset,
            Value::Bool(holds) => Condition::Is(*holds),
            _ => Condition::Unknown,
        };
        let phase =
            measurement_phase(condition("success_condition"), condition("failure_condition"));
        Some(json!({"phase": spelt(phase)}))
    });
}

#[test]
fn a_run_is_as_bad_as_its_worst_metric() {
    check("argo_assess_run_status", 1, |row| {
        let phases: Vec<Phase> = row.input["metric_phases"].as_array()?.iter().map(phase).collect();
        Some(json!({"phase": spelt(run_phase(&phases))}))
    });
    check("argo_analysis_is_worse", 10, |row| {
        let worse = phase(&row.input["new"]) > phase(&row.input["current"]);
        Some(json!({"worse": worse}))
    });
}

#[test]
fn a_run_stops_early_when_argo_stops_it() {
    check("argo_run_is_terminating", 5, |row| {
        // Dry runs never count; we have none.
        let wet = |metric: &&Value| metric["dry_run"] == false;
        let phases: Vec<Phase> = row.input["metrics"]
            .as_array()?
            .iter()
            .filter(wet)
            .map(|metric| phase(&metric["phase"]))
            .collect();
        let terminating = is_terminating(row.flag("terminate_requested"), &phases);
        Some(json!({"terminating": terminating}))
    });
}

/// The metrics of a timing table that are still to be measured, with their next instants;
/// `None` where a measurement is in flight.
fn due_times(input: &Value) -> Option<Vec<Option<SimTime>>> {
    let started = match &input["run_started_seconds_ago"] {
        Value::Null => NOW,
        age => ago(age),
    };
    let results = input["results"].as_array()?;
    let phases: Vec<Phase> =
        results.iter().filter(|r| !r.is_null()).map(|r| phase(&r["phase"])).collect();
    let mut times = Vec::new();
    for (index, metric) in input["metrics"].as_array()?.iter().enumerate() {
        let result = results.get(index).unwrap_or(&Value::Null);
        let mut tally = Tally::default();
        let last = &result["last_measurement"];
        if !last.is_null() {
            if last["finished_seconds_ago"].is_null() {
                return None;
            }
            tally.last = Some((phase(&last["phase"]), ago(&last["finished_seconds_ago"])));
            tally.successful = number(&result["count"]);
        }
        let complete = !result.is_null() && phase(&result["phase"]).is_complete();
        let timing = Timing {
            initial_delay: seconds(&metric["initial_delay_seconds"]).unwrap_or(SimDuration::ZERO),
            interval: seconds(&metric["interval_seconds"]),
            count: metric["count"].as_u64().map(|count| count as u32),
        };
        let stopped = complete || is_terminating(false, &phases);
        times.push(if stopped { None } else { due_at(&timing, &tally, started) });
    }
    Some(times)
}

#[test]
fn measurements_are_due_when_argo_takes_them() {
    check("argo_generate_metric_tasks", 6, |row| {
        let due = due_times(&row.input)?.into_iter().flatten().filter(|&at| at <= NOW).count();
        Some(json!({"tasks_due": due}))
    });
    check("argo_next_reconcile", 4, |row| {
        let next = due_times(&row.input)?.into_iter().flatten().min();
        Some(json!({"next_in_seconds": next.map(|at| at.since(NOW).0 / 1_000_000_000)}))
    });
}
