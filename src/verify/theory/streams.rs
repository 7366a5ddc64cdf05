//! Long-lived connections of instances that drain.

use serde_json::json;

use super::inputs::{Inputs, Law, NotModelled, span};
use super::rollout::{Figure, restart};
use super::run::{Effort, Scale, load, log_options, simulate_one};
use crate::engine::SimDuration;
use crate::simulation::RunOptions;

/// Streams where a case suggests no number.
const CONNECTIONS: f64 = 100_000.0;
/// Before the rollout, and from its start to the stop of the old instance.
const LEAD_S: f64 = 1.0;
/// Looked at this often.
const STEP_S: f64 = 0.1;

/// What the name of a lifetime's law begins with.
const LIFETIME: &str = "lifetime_";

/// Whether a case is about streams that outlive a drain.
#[must_use]
pub fn is_drain(inputs: &Inputs) -> bool {
    inputs.has("drain_s") && !inputs.names(LIFETIME).is_empty()
}

/// The share of streams that are still open some time after their instance began to drain.
pub fn drain(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let drains = inputs.numbers("drain_s")?;
    let names = inputs.names(LIFETIME);
    let mut laws = Vec::new();
    for name in &names {
        let value = inputs.take(name).ok_or("a lifetime is missing")?;
        laws.push((&name[LIFETIME.len()..], Law::read(name, &value)?));
    }
    inputs.finish()?;
    let longest = drains.iter().copied().fold(0.0, f64::max);
    let most = effort.most_requests / 4.0;
    let streams = effort.suggestion("connections").unwrap_or(CONNECTIONS).min(most).floor();
    // The new instance needs a moment, the old one stops then.
    let stop_s = LEAD_S + super::rollout::BOOT_S;
    let window_s = stop_s + longest + 5.0;
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s };
    let mut figures = Vec::new();
    for (name, law) in laws {
        let text = restart(
            &scale,
            LEAD_S,
            &json!({
                "traffic": [{
                    "name": "all",
                    "arrivals": { "users": { "count": streams as u64, "think": "0s" } },
                    "stream": { "lifetime": law.scenario() },
                    "service_time": "0s",
                }],
                "service": {
                    "replicas": 1,
                    "shutdown": { "close_streams": "wait", "grace": span(longest + 60.0) },
                },
                "rolling": { "max_surge": 1, "max_unavailable": 0 },
            }),
        );
        let options = RunOptions {
            timeline_width: SimDuration::from_secs_f64(STEP_S),
            ..log_options(window_s, 0)
        };
        let record = simulate_one(&load(&text)?, 1, &options);
        let buckets = &record.timeline.buckets;
        for drain_s in &drains {
            let at = ((stop_s + drain_s) / STEP_S).round() as usize;
            let bucket = buckets.get(at).ok_or("the run is too short")?;
            let open = (bucket.streams - bucket.streams_candidate) as f64 / streams;
            figures.push((format!("open_after_{drain_s}_{name}"), open));
        }
    }
    Ok(figures)
}
