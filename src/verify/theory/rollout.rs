//! What a restart of every instance costs: the bounds of a rolling update, the race between a
//! closed listener and the news of it, work cut in flight.
//!
//! Every case is a rolling update of a scenario, with `min_ready` as the gap between restarts.

use serde_json::{Value, json};

use super::inputs::{Inputs, Law, NotModelled, span};
use super::queue::{policy, rate_text, read_process, read_servers};
use super::run::{Effort, Scale, simulate};
use crate::record::{Cause, RunRecord};

/// A figure by the catalogue's name of it.
pub type Figure = (String, f64);

/// Means over replications, and what is added to their tolerances for a short sample.
pub type Sampled = (Vec<Figure>, Vec<Figure>);

/// Start-up of an instance in these cases; the catalogue leaves it open.
pub const BOOT_S: f64 = 1.0;
/// Measured before the first restart, at least.
const LEAD_S: f64 = 2.0;

/// Whether a case is about the bounds of a rolling update.
#[must_use]
pub fn is_bounds(inputs: &Inputs) -> bool {
    inputs.has("replicas") && inputs.has("max_surge") && inputs.has("max_unavailable")
}

/// Pods of a rolling update that starts pods beyond the replicas and misses others.
pub fn bounds(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let replicas = inputs.count("replicas")?.ok_or("replicas are missing")?;
    let surge = inputs.take("max_surge").ok_or("max_surge is missing")?;
    let unavailable = inputs.take("max_unavailable").ok_or("max_unavailable is missing")?;
    inputs.finish()?;
    let window_s = LEAD_S + 10.0 * f64::from(replicas) * BOOT_S + 30.0;
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s };
    let text = restart(
        &scale,
        LEAD_S,
        &json!({
            "traffic": [class("constant", 1.0, json!("1ms"))],
            "service": { "replicas": replicas },
            "rolling": { "max_surge": surge, "max_unavailable": unavailable },
        }),
    );
    let records = simulate(&text, &scale, None)?;
    let capacity = &records[0].capacity;
    let (most, fewest) = (f64::from(capacity.max_active_pods), f64::from(capacity.min_available));
    Ok(vec![
        ("max_total_pods".into(), most),
        ("min_available_pods".into(), fewest),
        ("max_surge_pods".into(), most - f64::from(replicas)),
        ("max_unavailable_pods".into(), f64::from(replicas) - fewest),
    ])
}

/// Whether a case is about requests sent to a listener that has closed.
#[must_use]
pub fn is_race(inputs: &Inputs) -> bool {
    inputs.has("removal_delay_s") && inputs.has("instances")
}

/// Requests lost because an endpoint is listed after its listener has closed.
pub fn race(mut inputs: Inputs, effort: &Effort) -> Result<Sampled, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let instances = inputs.count("instances")?.ok_or("instances are missing")?;
    let word = inputs.word("balancer")?.ok_or("the balancer is missing")?;
    let policy = policy(&word).ok_or_else(|| format!("balancer = {word} has no model"))?;
    let delay_s = inputs.needed("removal_delay_s")?;
    let pre_stop_s = inputs.number("prestop_s")?.unwrap_or(0.0);
    inputs.assume("listener_closes", &["on_sigterm"])?;
    if inputs.number("retry")?.unwrap_or(0.0) != 0.0 {
        return Err("which endpoint a retry goes to is left open".into());
    }
    let gap_s = inputs.needed("gap_between_restarts_s")?;
    let runs = inputs.take("runs").ok_or("runs are missing")?;
    inputs.finish()?;
    let one_restart_s = gap_s.max(delay_s) + pre_stop_s + BOOT_S + 1.0;
    let window_s = LEAD_S + f64::from(instances) * one_restart_s + 10.0;
    let scale = Scale::replications(effort, 1.0, window_s, rate);
    let (mut figures, mut allowances) = (Vec::new(), Vec::new());
    for run in runs.as_array().ok_or("runs are not a list")? {
        let mut run = Inputs::new(run.as_object().ok_or("a run is not a mapping")?);
        let id = run.word("id")?.ok_or("a run has no id")?;
        let surge = run.take("max_surge").ok_or("max_surge is missing")?;
        let unavailable = run.take("max_unavailable").ok_or("max_unavailable is missing")?;
        run.finish()?;
        let text = restart(
            &scale,
            LEAD_S,
            &json!({
                "traffic": [class(process, rate, json!("1ms"))],
                "service": {
                    "replicas": instances,
                    "shutdown": { "pre_stop": span(pre_stop_s), "on_sigterm": "drain" },
                },
                "balancer": { "policy": policy, "propagation": span(delay_s) },
                "rolling": {
                    "max_surge": surge,
                    "max_unavailable": unavailable,
                    "min_ready": span(gap_s),
                },
            }),
        );
        let records = simulate(&text, &scale, None)?;
        let lost = counts(&records, failed);
        figures.push((format!("lost_requests_{id}"), mean(&lost)));
        allowances.push((format!("lost_requests_{id}"), scale.allowance(effort, rate, &lost)));
    }
    Ok((figures, allowances))
}

/// Whether a case is about work that is cut when an instance is stopped.
#[must_use]
pub fn is_cut(inputs: &Inputs) -> bool {
    inputs.has("drain_s") && inputs.has("service") && inputs.has("instances")
}

/// Requests cut because the process ends before they do.
pub fn cut(mut inputs: Inputs, effort: &Effort) -> Result<Sampled, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let service = inputs.take("service").ok_or("service is missing")?;
    let service = Law::read("service", &service)?;
    let instances = inputs.count("instances")?.ok_or("instances are missing")?;
    let servers = read_servers(&mut inputs)?;
    let drains = inputs.numbers("drain_s")?;
    let gap_s = inputs.needed("gap_between_restarts_s")?;
    inputs.finish()?;
    let (mut figures, mut allowances) = (Vec::new(), Vec::new());
    for drain_s in &drains {
        // Who is cut in the first restart was sent before it, and must count: the restarts
        // begin when the system is full of requests that were sent in the window.
        let lead_s = LEAD_S + 20.0 * service.mean_s() + 2.0 * drain_s;
        let window_s = lead_s + f64::from(instances) * (gap_s + BOOT_S + 1.0) + drain_s + 10.0;
        let scale = Scale::replications(effort, 1.0, window_s, rate);
        let abrupt = *drain_s == 0.0;
        let text = restart(
            &scale,
            lead_s,
            &json!({
                "traffic": [class(process, rate, service.scenario())],
                "service": {
                    "replicas": instances,
                    "workers": servers.map_or(json!("unlimited"), |servers| json!(servers)),
                    "shutdown": {
                        "on_sigterm": if abrupt { "abrupt" } else { "drain" },
                        "grace": span(*drain_s),
                    },
                },
                "rolling": { "max_surge": 0, "max_unavailable": 1, "min_ready": span(gap_s) },
            }),
        );
        let records = simulate(&text, &scale, None)?;
        let lost = counts(&records, |record| of_cause(record, Cause::CutInFlight));
        let allowance = scale.allowance(effort, rate, &lost);
        let mut names = vec![format!("lost_total_drain_{drain_s}")];
        if drains.len() == 1 {
            names.push("lost_in_flight_total".into());
        }
        figures.extend(names.iter().map(|name| (name.clone(), mean(&lost))));
        allowances.extend(names.into_iter().map(|name| (name, allowance)));
    }
    Ok((figures, allowances))
}

/// One class of requests.
pub fn class(process: &str, rate: f64, service_time: Value) -> Value {
    json!({
        "name": "all",
        "arrivals": { process: { "rate": rate_text(rate) } },
        "service_time": service_time,
    })
}

/// A scenario that restarts every instance by a rolling update; control loops take no time.
pub fn restart(scale: &Scale, lead_s: f64, parts: &Value) -> Value {
    let mut service = json!({
        "workers": "unlimited",
        "startup": { "schedule": "0s", "pull": "0s", "init": "0s", "boot": span(BOOT_S) },
        "probes": { "startup": "none", "readiness": "listening", "liveness": "none" },
    });
    let mut balancer = json!({ "preset": "ideal", "nodes": 1 });
    for (target, extra) in [(&mut service, "service"), (&mut balancer, "balancer")] {
        if let (Some(target), Some(extra)) = (target.as_object_mut(), parts[extra].as_object()) {
            target.extend(extra.clone());
        }
    }
    let mut rolling = parts["rolling"].clone();
    rolling["progress_deadline"] = json!("none");
    json!({
        "apiVersion": "cutover/v1",
        "name": "theory-restart",
        "seeds": scale.replications,
        "clock": {
            "warmup": span(scale.warmup_s),
            "window": span(scale.window_s),
            "deploy_at": span(lead_s),
        },
        "traffic": parts["traffic"],
        "client": { "timeout": "none" },
        "balancer": balancer,
        "service": service,
        "platform": {
            "lags": {
                "deployment": "0s", "replica_set": "0s", "kubelet": "0s", "removal": "0s",
                "endpoints": "0s", "api": { "qps": 1_000_000, "burst": 1_000_000 },
            },
        },
        "strategies": [{ "name": "restart", "rolling": rolling }],
    })
}

fn failed(record: &RunRecord) -> u64 {
    record.cells.iter().map(|cell| cell.counters.failed()).sum()
}

fn of_cause(record: &RunRecord, cause: Cause) -> u64 {
    record.causes.iter().filter(|row| row.cause == cause).map(|row| row.count).sum()
}

/// A count of every replication.
fn counts(records: &[RunRecord], count: impl Fn(&RunRecord) -> u64) -> Vec<f64> {
    records.iter().map(|record| count(record) as f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
