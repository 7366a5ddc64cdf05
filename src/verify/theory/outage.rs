//! A time in which nobody serves, and what becomes of the requests of it: they wait and are
//! served afterwards (a stall), or nobody ever answers them.
//!
//! Every case is a rolling update of the only instance, without a readiness gate: the old one
//! goes at once, and the new one takes its time. A measured upgrade is replayed from what was
//! measured of its cause. Where its length was not, that is the free parameter, and is taken from
//! the measured number of failures; latencies must follow.

use serde_json::{Value, json};

use super::inputs::{Inputs, NotModelled, span};
use super::queue::read_process;
use super::rollout::{Figure, class, restart};
use super::run::{Scale, load, log_options, simulate_one};
use crate::engine::{Histogram, SimDuration};
use crate::record::{Bucket, RunRecord};
use crate::simulation::RunOptions;

/// Measured before the outage, at least.
const LEAD_S: f64 = 5.0;

/// One instance is replaced by one that does not listen for some seconds.
struct Outage {
    /// From the stop of the old one to the first answer of the new one.
    lasts_s: f64,
    /// What connections meet meanwhile.
    until_listening: &'static str,
    /// From the switch to the balancer's news of it, in which the old one refuses.
    news_s: f64,
}

impl Outage {
    /// The scenario: requests of one class, `more` of the service, clients who give up after
    /// so long.
    fn scenario(
        &self,
        (scale, lead_s): (&Scale, f64),
        class: &Value,
        more: &Value,
        timeout_s: Option<f64>,
    ) -> Value {
        let mut service = json!({
            "replicas": 1,
            "workers": "unlimited",
            "queue": "unlimited",
            "startup": {
                "schedule": "0s", "pull": "0s", "init": "0s", "boot": span(self.lasts_s),
                "until_listening": self.until_listening,
            },
            "probes": { "startup": "none", "readiness": "none", "liveness": "none" },
        });
        if let (Some(service), Some(more)) = (service.as_object_mut(), more.as_object()) {
            service.extend(more.clone());
        }
        // Whoever connects waits by himself: no proxy gives up before he does.
        let mode = if self.until_listening == "lose" { "tcp" } else { "http" };
        let mut text = restart(
            scale,
            lead_s,
            &json!({
                "traffic": [class],
                "service": service,
                "balancer": { "mode": mode, "propagation": span(self.news_s) },
                "rolling": { "max_surge": 1, "max_unavailable": 0 },
            }),
        );
        text["client"]["timeout"] = timeout_s.map_or(json!("none"), |timeout| json!(span(timeout)));
        text
    }
}

fn run(text: &Value, options: &RunOptions) -> Result<RunRecord, NotModelled> {
    Ok(simulate_one(&load(text)?, 1, options))
}

/// The figures of all requests, failed ones among them, in seconds.
fn latencies(ok: &Histogram, failed: &Histogram) -> Vec<Figure> {
    let mut all = ok.clone();
    all.merge(failed);
    let seconds = |value: Option<f64>| value.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9);
    let quantile = |q| seconds(all.quantile(q).map(|value| value as f64));
    vec![
        ("mean_latency_s".into(), seconds(all.mean())),
        ("p50_latency_s".into(), quantile(0.5)),
        ("p90_latency_s".into(), quantile(0.9)),
        ("p95_latency_s".into(), quantile(0.95)),
        ("p99_latency_s".into(), quantile(0.99)),
        ("max_latency_s".into(), seconds(all.max().map(|value| value as f64))),
    ]
}

/// Whether a case is about an outage in which requests queue for a server of known capacity.
#[must_use]
pub fn is_backlog(inputs: &Inputs) -> bool {
    inputs.has("outage_s") && inputs.has("capacity_per_s")
}

/// The backlog of an outage and how it drains.
pub fn backlog(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let capacity = inputs.needed("capacity_per_s")?;
    let outage_s = inputs.needed("outage_s")?;
    let queue = inputs.count("queue_capacity")?;
    let timeout_s = inputs.number("client_timeout_s")?;
    inputs.finish()?;
    if capacity <= rate {
        return Err("the backlog never drains".into());
    }
    let drains_s = rate * outage_s / (capacity - rate);
    let scale = Scale {
        replications: 1,
        warmup_s: 1.0,
        window_s: LEAD_S + outage_s + 1.5 * drains_s + 10.0,
    };
    let outage = Outage { lasts_s: outage_s, until_listening: "hold", news_s: 0.0 };
    let text = outage.scenario(
        (&scale, LEAD_S),
        &class(process, rate, json!(span(1.0 / capacity))),
        &json!({ "workers": 1, "queue": queue.map_or(json!("unlimited"), |queue| json!(queue)) }),
        timeout_s,
    );
    let width_s = outage_s / 1000.0;
    let options = RunOptions {
        timeline_width: SimDuration::from_secs_f64(width_s),
        detail_small_up_to: Some(0),
        ..log_options(scale.window_s, 0)
    };
    let record = run(&text, &options)?;
    let buckets = &record.timeline.buckets;
    let inside = |bucket: &Bucket| bucket.in_system;
    let peak = buckets.iter().map(inside).max().unwrap_or(0);
    let restart = ((LEAD_S + outage_s) / width_s) as usize;
    let drained = buckets.iter().skip(restart).position(|bucket| bucket.in_system <= 1);
    let drained_s = drained.map_or(f64::NAN, |place| (place + 1) as f64 * width_s);
    let detail = record.detail.as_ref().ok_or("no details of waits")?;
    let mean_wait_s = detail.waits.sum() as f64 / 1e9 / record.waited.max(1) as f64;
    let longest = record.cells.iter().filter_map(|cell| cell.ok.max()).max();
    Ok(vec![
        ("peak_backlog".into(), peak as f64),
        ("drain_after_restart_s".into(), drained_s),
        ("requests_delayed".into(), record.waited as f64),
        ("max_latency_s".into(), longest.map_or(f64::NAN, |longest| longest as f64 / 1e9)),
        ("mean_latency_of_delayed_s".into(), mean_wait_s + 1.0 / capacity),
    ])
}

/// Whether a case is about a run of some length with a stall in it.
#[must_use]
pub fn is_stall(inputs: &Inputs) -> bool {
    inputs.has("stall_s") && inputs.has("run_s")
}

/// Latencies of a run with a stall in it, before which some requests may have been refused.
pub fn stall(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let run_s = inputs.needed("run_s")?;
    let stall_s = inputs.needed("stall_s")?;
    let refused = inputs.number("refused_requests")?.unwrap_or(0.0);
    let base_s = inputs.number("base_latency_s")?.unwrap_or(0.0);
    let timeout_s = inputs.number("client_timeout_s")?;
    agree_on_requests(&mut inputs, rate * run_s)?;
    inputs.finish()?;
    let news_s = refused / rate;
    let lead_s = (run_s - stall_s - news_s) / 2.0;
    if lead_s <= 0.0 {
        return Err("the stall is longer than the run".into());
    }
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s: run_s };
    let outage = Outage { lasts_s: stall_s + news_s, until_listening: "hold", news_s };
    let class = class(process, rate, json!(span(base_s)));
    let text = outage.scenario((&scale, lead_s), &class, &json!({}), timeout_s);
    let record = run(&text, &log_options(run_s, 0))?;
    let (mut ok, mut failed) = (Histogram::new(), Histogram::new());
    for cell in &record.cells {
        ok.merge(&cell.ok);
        failed.merge(&cell.failed);
    }
    let mut figures = latencies(&ok, &failed);
    figures.extend(shares(ok.len(), failed.len()));
    Ok(figures)
}

fn shares(ok: u64, failed: u64) -> Vec<Figure> {
    vec![
        ("failed_requests".into(), failed as f64),
        ("success_ratio".into(), ok as f64 / (ok + failed).max(1) as f64),
    ]
}

/// Takes the number of requests, which follows from rate and time.
fn agree_on_requests(inputs: &mut Inputs, sent: f64) -> Result<(), NotModelled> {
    match inputs.number("requests")? {
        Some(requests) if (requests - sent).abs() > 0.01 * sent => {
            Err(format!("{requests} requests are not those of the rate and the run's length"))
        }
        _ => Ok(()),
    }
}

/// Whether a case is about a run in part of which nobody answers.
#[must_use]
pub fn is_silence(inputs: &Inputs) -> bool {
    inputs.has("run_s") && inputs.has("client_timeout_s") && !inputs.has("stall_s")
}

/// Latencies and failures of a run in part of which nobody ever answers. `failed` is what was
/// counted, for cases that do not say how long that was.
pub fn silence(mut inputs: Inputs, failed: Option<f64>) -> Result<Vec<Figure>, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let run_s = inputs.needed("run_s")?;
    let timeout_s = inputs.needed("client_timeout_s")?;
    let base_s = inputs.number("base_latency_s")?.unwrap_or(0.001);
    let outage_s = inputs.number("outage_s")?.or(failed.map(|failed| failed / rate));
    let outage_s = outage_s.ok_or("neither the outage's length nor the failures are known")?;
    agree_on_requests(&mut inputs, rate * run_s)?;
    inputs.finish()?;
    let lead_s = (run_s - outage_s) / 2.0;
    if lead_s <= 0.0 {
        return Err("the outage is longer than the run".into());
    }
    // What is sent in the run ends after it.
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s: run_s + timeout_s + 1.0 };
    let outage = Outage { lasts_s: outage_s, until_listening: "lose", news_s: 0.0 };
    let class = class(process, rate, json!(span(base_s)));
    let mut text = outage.scenario((&scale, lead_s), &class, &json!({}), Some(timeout_s));
    text["phases"] = json!([{ "name": "run", "from": "0s", "to": span(run_s) }]);
    let record = run(&text, &log_options(scale.window_s, 0))?;
    let run = record.phases.first().ok_or("no phase")?;
    let mut figures = latencies(&run.ok, &run.failed);
    figures.extend(shares(run.ok.len(), run.failed.len()));
    Ok(figures)
}
