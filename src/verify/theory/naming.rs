//! A switch by DNS: who still goes to the old address.
//!
//! The new version answers every request with an error, so that the share of requests that are
//! ok in a phase is the share that went to the old address.

use serde_json::json;

use super::inputs::{Inputs, NotModelled, span};
use super::queue::rate_text;
use super::rollout::Figure;
use super::run::{Effort, Scale, simulate};
use crate::record::{Outcome, PhaseTally};

/// Caches, where the case does not suggest a number.
const CACHES: f64 = 100_000.0;
/// Requests of the run.
const REQUESTS: f64 = 2e6;
/// Measured before the switch.
const LEAD_S: f64 = 10.0;

/// Whether a case is about clients that follow a name.
#[must_use]
pub fn is_switch(inputs: &Inputs) -> bool {
    inputs.has("ttl_s") && inputs.has("cutover_t_s")
}

/// The share of requests at the old address at given times, and their area over time.
pub fn switch(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let ttl_s = inputs.needed("ttl_s")?;
    let cutover_s = inputs.needed("cutover_t_s")?;
    let times = inputs.numbers("t_s")?;
    inputs.finish()?;
    let last_s = times.iter().copied().fold(ttl_s, f64::max) - cutover_s;
    let window_s = LEAD_S + last_s.max(ttl_s) + 0.05 * ttl_s;
    let rate = REQUESTS.min(effort.most_requests) / window_s;
    // Each phase is centred on its time, so that a straight line is read without a bias.
    let half_s = (0.01 * ttl_s).min(1.0);
    let mut phases = Vec::new();
    for (number, time) in times.iter().enumerate() {
        let at = LEAD_S + time - cutover_s;
        let (from, to) = (span((at - half_s).max(0.0)), span(at + half_s));
        phases.push(json!({ "name": format!("t{number}"), "from": from, "to": to }));
    }
    phases.push(json!({ "name": "after", "from": span(LEAD_S), "to": span(window_s) }));
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s };
    let caches = effort.suggestion("caches").unwrap_or(CACHES);
    let text = json!({
        "apiVersion": "cutover/v1",
        "name": "theory-dns",
        "seeds": 1,
        "clock": { "warmup": "1s", "window": span(window_s), "deploy_at": span(LEAD_S) },
        "phases": phases,
        "traffic": [{
            "name": "all",
            "arrivals": { "constant": { "rate": rate_text(rate) } },
            "service_time": "1ms",
        }],
        "client": { "timeout": "none", "users": { "count": caches as u64, "pick": "uniform" } },
        "balancer": { "preset": "ideal" },
        "service": {
            "replicas": 1,
            "workers": "unlimited",
            "startup": { "schedule": "0s", "pull": "0s", "init": "0s", "boot": "0s" },
            "probes": { "startup": "none", "readiness": "listening", "liveness": "none" },
        },
        "platform": {
            "lags": {
                "deployment": "0s", "replica_set": "0s", "kubelet": "0s", "removal": "0s",
                "endpoints": "0s", "api": { "qps": 1_000_000, "burst": 1_000_000 },
            },
        },
        "versions": { "stable": {}, "candidate": { "errors": "100%" } },
        "strategies": [{ "name": "dns", "blue_green": {
            "switch": { "dns": { "ttl": span(ttl_s) } },
            "verify": "0s",
            "keep_old": span(2.0 * window_s),
        } }],
    });
    let record = simulate(&text, &scale, None)?.remove(0);
    let stale = |phase: &PhaseTally| phase.outcomes[Outcome::Ok as usize] as f64;
    let mut figures = Vec::new();
    for (time, phase) in times.iter().zip(&record.phases) {
        figures.push((format!("stale_share_at_{time}"), stale(phase) / phase.requests as f64));
    }
    let after = record.phases.last().ok_or("a run without phases")?;
    figures.push(("stale_request_seconds_per_unit_rate".into(), stale(after) / rate));
    Ok(figures)
}
