//! Retries that keep an overload alive, and herds that come back at once.

use serde_json::{Value, json};

use super::inputs::{Inputs, NotModelled, span};
use super::queue::rate_text;
use super::rollout::Figure;
use super::run::{load, simulate_one};
use crate::engine::SimDuration;
use crate::record::{Bucket, Counters, Outcome, RunRecord};
use crate::simulation::RunOptions;

/// A scenario without a deployment: one class, one instance without limits of its own.
fn steady(window_s: f64, arrivals: &Value, client: &Value, more: &Value) -> Value {
    let mut class = json!({ "name": "all", "arrivals": arrivals, "service_time": "0s" });
    if let Some(call) = more.get("calls") {
        class["calls"] = call.clone();
    }
    let mut text = json!({
        "apiVersion": "cutover/v1",
        "name": "theory-overload",
        "seeds": 1,
        "clock": { "warmup": "0s", "window": span(window_s), "deploy_at": "0s" },
        "operations": [],
        "traffic": [class],
        "client": client,
        "balancer": { "preset": "ideal", "nodes": 1 },
        "service": { "replicas": 1, "workers": "unlimited", "queue": "unlimited" },
        "strategies": [{ "name": "nothing", "rolling": {} }],
    });
    for field in ["service", "stores", "faults"] {
        if let Some(value) = more.get(field) {
            text[field] = value.clone();
        }
    }
    if let Some(service_time) = more.get("service_time") {
        text["traffic"][0]["service_time"] = service_time.clone();
    }
    text
}

fn run(text: &Value, width_s: f64) -> Result<RunRecord, NotModelled> {
    let options = RunOptions {
        timeline_width: SimDuration::from_secs_f64(width_s),
        log: false,
        failure_samples: 0,
        detail_small_up_to: None,
    };
    Ok(simulate_one(&load(text)?, 1, &options))
}

fn sum(buckets: &[Bucket], count: impl Fn(&Bucket) -> u64) -> f64 {
    buckets.iter().map(count).sum::<u64>() as f64
}

/// One worker that serves at exactly a rate.
fn one_worker() -> Value {
    json!({ "replicas": 1, "workers": 1, "queue": "unlimited" })
}

/// Whether a case is about the thresholds of retries.
#[must_use]
pub fn is_amplification(inputs: &Inputs) -> bool {
    inputs.has("capacity_per_s") && inputs.has("max_attempts")
}

/// What retries make of a load at most, and below which load that still fits the capacity.
pub fn amplification(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let capacity = inputs.needed("capacity_per_s")?;
    let attempts = inputs.count("max_attempts")?.ok_or("max_attempts are missing")?;
    inputs.finish()?;
    // Twice the capacity is offered for a minute, so that the queue grows until every attempt
    // times out; then nothing is sent any more, and all requests come to their end.
    let timeout_s = 1.0;
    let load_s = 60.0;
    let window_s = load_s + timeout_s * f64::from(attempts) + 1.0;
    let client = json!({
        "timeout": span(timeout_s),
        "retries": {
            "max": attempts - 1,
            "on": ["timeout"],
            "backoff": { "base": "0s", "cap": "0s", "jitter": "none" },
        },
    });
    let rate = rate_text(2.0 * capacity);
    let points = json!([
        { "at": "0s", "rate": rate },
        { "at": span(load_s - 1e-6), "rate": rate },
        { "at": span(load_s), "rate": "0/s" },
    ]);
    let text = steady(
        window_s,
        &json!({ "profile": { "points": points } }),
        &client,
        &json!({ "service": one_worker(), "service_time": span(1.0 / capacity) }),
    );
    let record = run(&text, 1.0)?;
    let served = record.accepted as f64 / (record.busy_ns as f64 / 1e9);
    let mut all = Counters::default();
    record.cells.iter().for_each(|cell| all.merge(&cell.counters));
    // Who was served in time had waited for less than one attempt's patience.
    let in_time = all.outcomes[Outcome::Ok as usize];
    let factor = (all.attempts - in_time) as f64 / (all.requests - in_time) as f64;
    Ok(vec![
        ("max_amplification".into(), factor),
        ("always_recovers_below_offered_per_s".into(), served / factor),
    ])
}

/// Whether a case is about clients that come back at once.
#[must_use]
pub fn is_herd(inputs: &Inputs) -> bool {
    inputs.has("clients") && inputs.has("accept_per_s")
}

/// A herd that is spread over some seconds.
const JITTER_S: f64 = 20.0;

/// Clients that come back within some seconds, to a server of a fixed rate.
pub fn herd(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let clients = inputs.needed("clients")?;
    let accept = inputs.needed("accept_per_s")?;
    inputs.finish()?;
    let window_s = (1.5 * clients / accept).max(2.0 * JITTER_S);
    let rate = clients / JITTER_S;
    let points = json!([
        { "at": "0s", "rate": rate_text(rate) },
        { "at": span(JITTER_S - 1e-6), "rate": rate_text(rate) },
        { "at": span(JITTER_S), "rate": "0/s" },
    ]);
    let text = steady(
        window_s,
        &json!({ "profile": { "points": points } }),
        &json!({ "timeout": "none" }),
        &json!({ "service": one_worker(), "service_time": span(1.0 / accept) }),
    );
    let width_s = 0.5;
    let record = run(&text, width_s)?;
    let buckets = &record.timeline.buckets;
    let spread = (JITTER_S / width_s) as usize;
    let sent = sum(&buckets[..spread], |bucket| bucket.sent);
    let empty = buckets.iter().skip(1).position(|bucket| bucket.in_system == 0);
    let drained = empty.map_or(f64::NAN, |place| (place + 2) as f64 * width_s);
    // What was served while there was work to do.
    let busy_s = record.busy_ns as f64 / 1e9;
    let served = record.accepted as f64 / busy_s;
    Ok(vec![
        ("min_uniform_jitter_window_s".into(), clients / served),
        (format!("rate_with_jitter_{JITTER_S}s"), sent / JITTER_S),
        (format!("backlog_after_{JITTER_S}s_jitter"), buckets[spread - 1].in_system as f64),
        ("drain_time_s".into(), drained),
    ])
}

/// Whether a case is about a measured retry storm.
#[must_use]
pub fn is_storm(inputs: &Inputs) -> bool {
    inputs.has("runs") && inputs.has("client_timeout_s") && inputs.has("max_retries")
}

/// A trigger: by how much it cuts the capacity, for how long, under which load.
#[derive(Clone, Debug)]
struct Trigger {
    id: String,
    cut: f64,
    lasts_s: f64,
    offered: f64,
}

/// Before the trigger, and after it.
const CALM_S: f64 = 5.0;
const AFTER_S: f64 = 45.0;

/// A database under load whose processor is cut for some seconds. The one free parameter, its
/// capacity, is fitted: between the least with which the first trigger is survived and the
/// greatest with which the second is not.
pub fn storm(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let default_rate = inputs.needed("offered_per_s")?;
    let timeout_s = inputs.needed("client_timeout_s")?;
    let retries = inputs.count("max_retries")?.ok_or("max_retries are missing")?;
    inputs.word("free_parameter")?;
    let runs = inputs.take("runs").ok_or("runs are missing")?;
    inputs.finish()?;
    let mut triggers = Vec::new();
    for run in runs.as_array().ok_or("runs are not a list")? {
        let mut run = Inputs::new(run.as_object().ok_or("a run is not a mapping")?);
        triggers.push(Trigger {
            id: run.word("id")?.ok_or("a run has no id")?,
            cut: run.needed("cpu_cut")?,
            lasts_s: run.needed("trigger_s")?,
            offered: run.number("offered_per_s")?.unwrap_or(default_rate),
        });
        run.finish()?;
    }
    let [survived, fatal, ..] = triggers.as_slice() else { return Err("two runs at least".into()) };
    let client = json!({
        "timeout": span(timeout_s),
        "retries": {
            "max": retries,
            "on": ["timeout"],
            "backoff": { "base": "100ms", "cap": "100ms", "jitter": "full" },
        },
    });
    let least = |trigger: &Trigger| -> Result<f64, NotModelled> {
        let (mut low, mut high) = (trigger.offered, 8.0 * trigger.offered);
        for _ in 0..9 {
            let middle = f64::midpoint(low, high);
            if triggered(trigger, middle, &client)?.recovers { high = middle } else { low = middle }
        }
        Ok(f64::midpoint(low, high))
    };
    let capacity = f64::midpoint(least(survived)?, least(fatal)?);
    let mut figures = Vec::new();
    for trigger in &triggers {
        let outcome = triggered(trigger, capacity, &client)?;
        let id = &trigger.id;
        figures.push((format!("recovers_{id}"), f64::from(u8::from(outcome.recovers))));
        figures.push((format!("{id}_attempts_over_offered_plateau"), outcome.attempts));
        figures.push((format!("{id}_goodput_over_offered"), outcome.goodput));
    }
    Ok(figures)
}

/// What became of a trigger, over the last fifteen seconds.
struct Aftermath {
    recovers: bool,
    attempts: f64,
    goodput: f64,
}

fn triggered(trigger: &Trigger, capacity: f64, client: &Value) -> Result<Aftermath, NotModelled> {
    let workers = 16.0;
    let window_s = CALM_S + trigger.lasts_s + AFTER_S;
    let text = steady(
        window_s,
        &json!({ "poisson": { "rate": rate_text(trigger.offered) } }),
        client,
        &json!({
            "calls": { "db": 1 },
            "stores": [{
                "name": "db",
                "workers": workers as u32,
                "timeout": "none",
                "service_time": { "exponential": { "mean": span(workers / capacity) } },
            }],
            "faults": [{
                "kind": "slow", "target": "db", "at": span(CALM_S), "for": span(trigger.lasts_s),
                "factor": 1.0 / (1.0 - trigger.cut),
            }],
        }),
    );
    let record = run(&text, 1.0)?;
    let buckets = &record.timeline.buckets;
    // Requests sent in the last seconds are still trying at the end.
    let end = buckets.len() - 18;
    let last = &buckets[end - 12..end];
    let sent = sum(last, |bucket| bucket.sent);
    let goodput = sum(last, |bucket| bucket.outcomes[Outcome::Ok as usize]) / sent;
    let attempts = sum(last, |bucket| bucket.store_calls) / sent;
    Ok(Aftermath { recovers: goodput > 0.9, attempts, goodput })
}
