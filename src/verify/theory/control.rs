//! Filling up after a cold start, the time a health check takes to see a failure, and the keys
//! that a hash moves when an instance joins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::inputs::{Inputs, Law, NotModelled, span};
use super::queue::{rate_text, read_process};
use super::rollout::Figure;
use super::run::{Effort, Scale, load, log_options, simulate, simulate_one};
use crate::engine::SimDuration;
use crate::platform::{Seen, wanted};
use crate::record::EventKind;

/// Whether a case is about the way from an empty system to a full one.
#[must_use]
pub fn is_fill(inputs: &Inputs) -> bool {
    inputs.has("t_s") && inputs.has("service") && inputs.has("arrivals")
}

/// Requests in service at given times after a cold start.
pub fn fill(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let (process, rate) = read_process(&mut inputs)?;
    let service = inputs.take("service").ok_or("service is missing")?;
    let service = Law::read("service", &service)?;
    inputs.assume("servers", &["infinite"])?;
    let times = inputs.numbers("t_s")?;
    inputs.finish()?;
    let mut figures = Vec::new();
    for time in times {
        // A window that ends at the time asked for: what is in flight then is the answer.
        let scale = Scale::replications(effort, 0.0, time, rate);
        let text = steady(
            &scale,
            &json!({
                "arrivals": { process: { "rate": rate_text(rate) } },
                "service_time": service.scenario(),
            }),
            json!({ "replicas": 1, "workers": "unlimited" }),
            json!({}),
        );
        let records = simulate(&text, &scale, None)?;
        let in_flight: u64 = records
            .iter()
            .flat_map(|record| &record.cells)
            .map(|cell| cell.counters.in_flight)
            .sum();
        let mean = in_flight as f64 / scale.replications as f64;
        // The catalogue writes whole seconds as `1.0s`.
        figures.push((format!("mean_in_flight_at_{time}s"), mean));
        figures.push((format!("mean_in_flight_at_{time:.1}s"), mean));
    }
    Ok(figures)
}

/// Whether a case is about how long a health check takes to see a failure.
#[must_use]
pub fn is_detection(inputs: &Inputs) -> bool {
    inputs.has("period_s") && inputs.has("failure_threshold")
}

/// Balancer nodes and instances of the detection case: each pair has a phase of its own.
const DETECTION_NODES: u32 = 500;
const DETECTION_INSTANCES: u32 = 40;

/// From a failure to the last of the failed checks that take an instance out of rotation.
pub fn detection(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let period_s = inputs.needed("period_s")?;
    let fall = inputs.count("failure_threshold")?.ok_or("failure_threshold is missing")?;
    let timeout_s = inputs.number("probe_timeout_s")?.unwrap_or(0.0);
    inputs.finish()?;
    // A process that hangs lets a check run into its timeout; one that is gone refuses it.
    let failure_s = period_s * f64::from(fall + 3) + timeout_s;
    let scale = Scale { replications: 1, warmup_s: 2.0 * period_s, window_s: 2.0 * failure_s };
    let hangs = timeout_s > 0.0;
    let check = json!({
        "interval": span(period_s),
        "timeout": span(if hangs { timeout_s } else { period_s / 2.0 }),
        "fall": fall,
        "rise": 1,
    });
    let mut text = steady(
        &scale,
        &json!({ "arrivals": { "constant": { "rate": "1/s" } }, "service_time": "1ms" }),
        json!({ "replicas": DETECTION_INSTANCES, "workers": "unlimited" }),
        // The platform's own news of the failure comes too late to matter.
        json!({ "nodes": DETECTION_NODES, "health_check": check, "propagation": span(failure_s) }),
    );
    let failure = scale.warmup_s + failure_s;
    text["clock"]["warmup"] = json!(span(failure));
    text["clock"]["deploy_at"] = json!("0s");
    if hangs {
        text["versions"] =
            json!({ "stable": { "defects": [{ "hang": { "after": span(failure) } }] } });
    } else {
        text["operations"] = json!([{
            "kill": { "version": "stable", "count": DETECTION_INSTANCES }
        }]);
    }
    let study = load(&text)?;
    let record = simulate_one(&study, 1, &log_options(scale.window_s, 0));
    let failed_at = SimDuration::from_secs_f64(failure).0;
    let delays: Vec<f64> = record
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::EndpointRemoved { .. }))
        .filter(|event| event.at.0 >= failed_at)
        .map(|event| (event.at.0 - failed_at) as f64 / 1e9)
        .filter(|delay| *delay < failure_s)
        .collect();
    let pairs = (DETECTION_NODES * DETECTION_INSTANCES) as usize;
    if delays.len() != pairs {
        return Err(format!("{} of {pairs} failures were seen", delays.len()));
    }
    Ok(vec![
        ("mean_detect_s".into(), delays.iter().sum::<f64>() / pairs as f64),
        ("min_detect_s".into(), delays.iter().copied().fold(f64::INFINITY, f64::min)),
        ("max_detect_s".into(), delays.iter().copied().fold(0.0, f64::max)),
    ])
}

/// Whether a case is about keys that move when instances join.
#[must_use]
pub fn is_hash(inputs: &Inputs) -> bool {
    inputs.has("instances_before") && inputs.has("instances_after")
}

/// Share of users that another instance serves after instances have joined.
pub fn hash(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let before = inputs.count("instances_before")?.ok_or("instances_before is missing")?;
    let after = inputs.count("instances_after")?.ok_or("instances_after is missing")?;
    inputs.finish()?;
    let mut figures = Vec::new();
    // The share of the new instance differs from ring to ring; the modulus has no chance in it.
    for (name, policy, keys, rings) in
        [("consistent", "ring_hash", 5_000, 100), ("modulo", "modulo_hash", 60_000, 1)]
    {
        let (mut users, mut moved) = (0, 0);
        for seed in 1..=rings {
            let old = placement(before, policy, keys, seed)?;
            let new = placement(after, policy, keys, seed)?;
            users += old.len();
            moved += old.iter().filter(|&(user, place)| new.get(user) != Some(place)).count();
        }
        figures.push((format!("fraction_moved_{name}"), moved as f64 / users as f64));
    }
    Ok(figures)
}

/// Where each user's requests go: every one fails, so that the log names its instance.
fn placement(
    instances: u32,
    policy: &str,
    keys: u32,
    seed: u64,
) -> Result<BTreeMap<u32, u32>, NotModelled> {
    let scale = Scale { replications: 1, warmup_s: 0.0, window_s: f64::from(keys) / 1000.0 };
    let mut text = steady(
        &scale,
        &json!({ "arrivals": { "constant": { "rate": "1000/s" } }, "service_time": "1ms" }),
        json!({ "replicas": instances, "workers": "unlimited" }),
        json!({ "policy": policy }),
    );
    text["client"]["users"] = json!({ "count": keys, "pick": "in_turn" });
    text["versions"] = json!({ "stable": { "errors": "100%" } });
    let study = load(&text)?;
    let record = simulate_one(&study, seed, &log_options(scale.window_s, u32::MAX));
    let mut places = BTreeMap::new();
    for event in &record.events {
        if let EventKind::RequestFailed(request) = &event.kind
            && let (Some(user), Some(hop)) = (request.user, request.hops.last())
            && let Some(instance) = hop.instance
        {
            places.insert(user, instance);
        }
    }
    if places.len() < keys as usize * 99 / 100 {
        return Err(format!("{} of {keys} users were seen", places.len()));
    }
    Ok(places)
}

/// A scenario in which nothing is deployed.
fn steady(scale: &Scale, class: &Value, service: Value, balancer: Value) -> Value {
    let mut class = class.clone();
    class["name"] = json!("all");
    let mut balancer = balancer;
    balancer["preset"] = json!("ideal");
    json!({
        "apiVersion": "cutover/v1",
        "name": "theory-steady",
        "seeds": scale.replications,
        "clock": { "warmup": span(scale.warmup_s), "window": span(scale.window_s), "deploy_at": "0s" },
        "traffic": [class],
        "client": { "timeout": "none" },
        "balancer": balancer,
        "service": service,
        "operations": [],
        "strategies": [{ "name": "steady", "rolling": {} }],
    })
}

/// Whether a case is about an autoscaler's rule.
#[must_use]
pub fn is_autoscaler(inputs: &Inputs) -> bool {
    inputs.has("replicas") && inputs.has("target") && inputs.has("observed")
}

/// The replicas that an autoscaler wants at given utilisations: the rule itself, as a
/// simulated utilisation is never the exact one of a case.
pub fn autoscaler(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let replicas = inputs.count("replicas")?.ok_or("replicas are missing")?;
    let target = inputs.needed("target")?;
    let observed = inputs.numbers("observed")?;
    let tolerance = inputs.number("tolerance")?.unwrap_or(0.1);
    inputs.finish()?;
    let figure = |used: f64| {
        let pods = vec![Seen::Ready(used); replicas as usize];
        (format!("desired_at_{used}"), f64::from(wanted(replicas, &pods, target, tolerance)))
    };
    Ok(observed.into_iter().map(figure).collect())
}
