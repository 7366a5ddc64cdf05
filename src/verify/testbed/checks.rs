//! What is held against a recording: outcomes overall and by phase, latency of the ok requests,
//! and when errors begin and end.
//!
//! The testbed tells apart who reported a failure and how a broken connection looked; here an
//! outcome is what happened. The groups compared are sums of its classes: `unreachable` (nobody
//! listened, or no server in rotation: the balancer's 502 or 503, a refused connection), `cut`
//! (the connection broke while a request was in it), and the classes with names of their own.
//! Behind a balancer of connections, both look like a connection that was closed: one group.

use std::collections::BTreeMap;

use super::mapping::{SEEDS, study_of};
use super::recording::{Figure, Recording};
use crate::engine::SimDuration;
use crate::experiment::{Runner, Simulator};
use crate::record::{Cause, Outcome, PhaseTally, RunKey, RunRecord};
use crate::simulation::RunOptions;
use crate::verify::{Check, Verdict};

/// Allowance for what a request takes outside of service and queues: the testbed's noise floor.
const LATENCY_FLOOR_MS: f64 = 1.0;
const LATENCY_SHARE: f64 = 0.02;
/// Share of the rate above which a second counts as one of errors.
const ERROR_SECOND: f64 = 0.05;
/// Share of the rate above which there are some errors in a second.
const SOME_ERRORS: f64 = 0.01;

/// Checks a recording.
#[must_use]
pub fn check(recording: &Recording) -> Vec<Check> {
    let study = match study_of(recording) {
        Ok(study) => study,
        Err(what) => return vec![not_modelled(recording, &what)],
    };
    let options = RunOptions {
        timeline_width: SimDuration::from_secs(1),
        log: false,
        failure_samples: 0,
        detail_small_up_to: None,
    };
    let simulator = Simulator { study: &study, options };
    let key = |seed| RunKey { arm: Some(0), release: Some(0), seed };
    let runs: Vec<RunRecord> = (1..=SEEDS).map(|seed| simulator.run(key(seed))).collect();
    let names: Vec<&str> = study.plan.phases.iter().map(|phase| phase.name.as_str()).collect();
    let mut phases: BTreeMap<&str, Vec<PhaseTally>> = BTreeMap::new();
    for run in &runs {
        let mut all = PhaseTally::default();
        for (name, tally) in names.iter().zip(&run.phases) {
            phases.entry(name).or_default().push(tally.clone());
            all.merge(tally);
        }
        phases.entry("all").or_default().push(all);
    }
    let mut checks = Vec::new();
    for (phase, tallies) in &phases {
        counts(recording, phase, tallies, &mut checks);
    }
    for (phase, tallies) in &phases {
        latencies(recording, phase, tallies, &mut checks);
    }
    timeline(recording, &runs, &mut checks);
    checks
}

fn not_modelled(recording: &Recording, what: &str) -> Check {
    Check {
        case: recording.id.clone(),
        metric: what.to_owned(),
        expected: String::new(),
        got: String::new(),
        tolerance: String::new(),
        verdict: Verdict::NotModelled,
    }
}

/// What a class of the recording counts as. An nginx that is stopped refuses connections and
/// breaks the ones that it has; one that is not closes a few when it is reloaded.
fn group(class: &str, recording: &Recording) -> &'static str {
    let lb = &recording.config.lb;
    let connections = lb.mode.as_deref() == Some("tcp");
    let nginx = lb.kind.as_deref() == Some("nginx");
    let stops = recording.schedule_planned.iter().any(|step| step.op == "lb_stop");
    match class {
        "ok" => "ok",
        "app_500" => "app_error",
        "app_503_full" => "full",
        "timeout" | "lb_504" => "timeout",
        "session_lost" => "unauthorized",
        "lb_502" | "refused" if nginx => "unreachable or cut",
        _ if connections || (nginx && stops) => "unreachable or cut",
        "lb_502" => "cut",
        "lb_503" | "refused" => "unreachable",
        _ if nginx => "closed by a reload",
        _ => "cut",
    }
}

/// What a cause of ours counts as.
fn our_group(outcome: Outcome, cause: Cause, recording: &Recording) -> &'static str {
    let lb = &recording.config.lb;
    let merged = lb.mode.as_deref() == Some("tcp") || lb.kind.as_deref() == Some("nginx");
    match outcome {
        Outcome::Ok => "ok",
        Outcome::AppError => "app_error",
        Outcome::Timeout => "timeout",
        Outcome::Unauthorized => "unauthorized",
        Outcome::Overflow if cause == Cause::Overload && lb.server_maxconn.is_none() => "full",
        _ if merged => "unreachable or cut",
        Outcome::Overflow | Outcome::Refused => "unreachable",
        Outcome::Reset => "cut",
    }
}

fn counts(recording: &Recording, phase: &str, tallies: &[PhaseTally], checks: &mut Vec<Check>) {
    let Some(recorded) = recording.summary.counts.get(phase) else { return };
    let mut expected: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for (class, figure) in recorded {
        let sum = expected.entry(group(class, recording)).or_default();
        sum.0 += figure.mean;
        sum.1 += figure.sd * figure.sd;
        sum.2 = sum.2.max(figure.tolerance);
    }
    let mut tally = PhaseTally::default();
    tallies.iter().for_each(|run| tally.merge(run));
    let mut got: BTreeMap<&str, f64> = BTreeMap::new();
    let mut add = |group, count: u64| {
        *got.entry(group).or_default() += count as f64 / SEEDS as f64;
    };
    add("ok", tally.outcomes[Outcome::Ok as usize]);
    for outcome in Outcome::ALL {
        for cause in Cause::ALL {
            let count = tally.causes[outcome as usize][cause as usize];
            if count > 0 {
                add(our_group(outcome, cause, recording), count);
            }
        }
    }
    let mut groups: Vec<&str> = expected.keys().chain(got.keys()).copied().collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let (mean, variance, listed) = expected.get(group).copied().unwrap_or_default();
        let got = got.get(group).copied().unwrap_or(0.0);
        let own = (2.5 * variance.sqrt()).max(2.5 * mean.max(1.0).sqrt()).max(0.05 * mean);
        let tolerance = own.max(listed);
        checks.push(compared(recording, format!("{group}, {phase}"), mean, got, tolerance, 1));
    }
}

fn latencies(recording: &Recording, phase: &str, tallies: &[PhaseTally], checks: &mut Vec<Check>) {
    let Some(recorded) = recording.summary.latency_ok.get(phase) else { return };
    let unreliable = recording.runs.iter().any(|run| run.latency_tail_unreliable);
    // Stalls of the generator by half a second or more reach down to the 90th percentile.
    let figures = [("p50", 0.5, false), ("p90", 0.9, true), ("p99", 0.99, true)];
    for (name, q, tail) in figures {
        let Some(figure) = recorded.get(&format!("{name}_ms")) else { continue };
        if tail && unreliable {
            continue;
        }
        // As in the recording: each run's quantile, then the mean over the runs.
        let quantiles: Vec<f64> = tallies
            .iter()
            .filter_map(|run| run.ok.quantile(q))
            .map(|nanoseconds| nanoseconds as f64 / 1e6)
            .collect();
        if quantiles.is_empty() {
            continue;
        }
        let got = quantiles.iter().sum::<f64>() / quantiles.len() as f64;
        let Figure { mean, sd, tolerance } = *figure;
        let allowed = 2.5 * sd + LATENCY_FLOOR_MS + LATENCY_SHARE * mean;
        let metric = format!("ok {name} (ms), {phase}");
        let tolerance = tolerance.max(allowed).max(chance(&quantiles, recording.runs.len()));
        checks.push(compared(recording, metric, mean, got, tolerance, 2));
    }
}

/// How far the mean of the recording's few runs may lie from ours by chance, by the spread
/// between our own runs: 2.5 standard errors.
fn chance(values: &[f64], recorded_runs: usize) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let variance = squares / (count - 1.0).max(1.0);
    2.5 * (variance * (1.0 / recorded_runs.max(1) as f64 + 1.0 / count)).sqrt()
}

/// Spans of seconds in which more than a twentieth of the requests fail, for people.
fn spans(failed: &[f64], rate: f64) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (second, _) in failed.iter().enumerate().filter(|(_, count)| **count > ERROR_SECOND * rate)
    {
        match spans.last_mut() {
            Some((_, last)) if second == *last + 1 => *last = second,
            _ => spans.push((second, second)),
        }
    }
    let spans: Vec<String> = spans.iter().map(|(from, to)| format!("{from}-{to}")).collect();
    spans.join(" ")
}

/// Whether wherever the one has a second of errors, the other has some at most a second away.
fn covers(one: &[f64], other: &[f64], rate: f64) -> bool {
    one.iter().enumerate().filter(|(_, count)| **count > ERROR_SECOND * rate).all(|(second, _)| {
        let near = second.saturating_sub(1)..(second + 2).min(other.len());
        other[near].iter().any(|count| *count > SOME_ERRORS * rate)
    })
}

/// The median over the runs of each second: an edge that is at random in a run stays one.
fn medians(runs: impl Iterator<Item = Vec<f64>>, seconds: usize) -> Vec<f64> {
    let runs: Vec<Vec<f64>> = runs.collect();
    let median = |second: usize| {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.get(second).copied()).collect();
        values.sort_unstable_by(f64::total_cmp);
        match values.len() {
            0 => 0.0,
            n if n % 2 == 1 => values[n / 2],
            n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
        }
    };
    (0..seconds).map(median).collect()
}

fn timeline(recording: &Recording, runs: &[RunRecord], checks: &mut Vec<Check>) {
    let rate = recording.config.rate;
    let seconds = recording.config.duration.ceil() as usize;
    let recorded = recording.runs.iter().map(|run| {
        let mut failed = vec![0.0; seconds];
        for (second, count) in run.timeline_1s.not_ok.values().flatten() {
            if let Some(at) = second.parse::<usize>().ok().filter(|at| *at < seconds) {
                failed[at] += count;
            }
        }
        failed
    });
    let ours = runs.iter().map(|run| {
        let buckets = run.timeline.buckets.iter();
        buckets.map(|bucket| bucket.outcomes[1..].iter().sum::<u64>() as f64).collect()
    });
    let (recorded, ours) = (medians(recorded, seconds), medians(ours, seconds));
    let (theirs, mine) = (spans(&recorded, rate), spans(&ours, rate));
    if theirs.is_empty() && mine.is_empty() {
        return;
    }
    let same = covers(&recorded, &ours, rate) && covers(&ours, &recorded, rate);
    checks.push(Check {
        case: recording.id.clone(),
        metric: "seconds of errors".to_owned(),
        expected: theirs,
        got: mine,
        tolerance: "1 s".to_owned(),
        verdict: if same { Verdict::Ok } else { Verdict::Off },
    });
}

fn compared(
    recording: &Recording,
    metric: String,
    expected: f64,
    got: f64,
    tolerance: f64,
    digits: usize,
) -> Check {
    Check {
        case: recording.id.clone(),
        metric,
        expected: format!("{expected:.digits$}"),
        got: format!("{got:.digits$}"),
        tolerance: format!("{tolerance:.digits$}"),
        verdict: if (expected - got).abs() <= tolerance { Verdict::Ok } else { Verdict::Off },
    }
}
