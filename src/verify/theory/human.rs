//! People who notice, look and roll back: how long harm lasts, and how much of it there is.
//!
//! A defect that is fully exposed from one instant on is a configuration pushed to everybody. Its
//! failed requests alone are simulated: a share of a Poisson stream is a Poisson stream. An alert
//! sees the first of them; the catalogue's chain of times is that of the people on call.

use serde_json::json;

use super::inputs::{Inputs, Law, NotModelled, span};
use super::rollout::Figure;
use super::run::{Effort, Scale, simulate};
use crate::record::RolloutOutcome;

/// Failed requests a second that are simulated; each stands for as many as the case has more.
const FAILED_PER_S: f64 = 0.4;
/// The simulated time, in means of the whole chain.
const MEANS: f64 = 10.0;
/// Chains, unless the effort allows fewer.
const CHAINS: u64 = 4_000;

/// Whether a case is about a chain of people's times.
#[must_use]
pub fn is_chain(inputs: &Inputs) -> bool {
    ["detect", "ack", "rollback", "p_error"].into_iter().all(|name| inputs.has(name))
}

/// Time to mitigate and failed requests.
pub fn chain(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let mut law = |name: &str| {
        let value = inputs.take(name).ok_or_else(|| format!("{name} is missing"))?;
        Law::read(name, &value)
    };
    let (detect, ack, rollback) = (law("detect")?, law("ack")?, law("rollback")?);
    let failed_per_s = inputs.needed("rate_per_s")? * inputs.needed("p_error")?;
    inputs.finish()?;
    let mean_s = detect.mean_s() + ack.mean_s() + rollback.mean_s();
    let mut scale = Scale::replications(effort, 0.0, MEANS * mean_s, FAILED_PER_S);
    scale.replications = scale.replications.min(CHAINS);
    let text = json!({
        "apiVersion": "cutover/v1",
        "name": "theory-people",
        "seeds": scale.replications,
        "clock": { "warmup": "0s", "window": span(scale.window_s), "deploy_at": "0s" },
        "traffic": [{
            "name": "failed",
            "arrivals": { "poisson": { "rate": format!("{FAILED_PER_S}/s") } },
            "service_time": "1ms",
        }],
        "service": { "replicas": 1, "workers": "unlimited" },
        "versions": { "candidate": { "errors": "100%" } },
        "response": {
            "metrics": { "scrape": "1s", "window": "1s", "delay": "0s" },
            "alerts": [{ "name": "errors", "metric": "error_rate", "above": "1%" }],
            "on_call": {
                "acknowledge": detect.scenario(),
                "diagnose": ack.scenario(),
                "decide": rollback.scenario(),
                "off_hours": { "factor": 1 },
            },
            "rollback": "on_call",
        },
        "strategies": [{ "name": "push", "config_push": { "propagation": "0s" } }],
    });
    let (mut lasted_s, mut failed) = (0.0, 0);
    for record in simulate(&text, &scale, None)? {
        let times = record.rollout;
        let (Some(started), Some(finished)) = (times.started, times.finished) else {
            return Err("a chain outlasted the simulated time".into());
        };
        if times.outcome != RolloutOutcome::RolledBack {
            return Err("a chain outlasted the simulated time".into());
        }
        lasted_s += (finished - started).as_secs_f64();
        failed += record.cells.iter().map(|cell| cell.counters.failed()).sum::<u64>();
    }
    let chains = scale.replications as f64;
    Ok(vec![
        ("mean_time_to_mitigate_s".into(), lasted_s / chains),
        ("mean_failed_requests".into(), failed as f64 / chains * failed_per_s / FAILED_PER_S),
    ])
}
