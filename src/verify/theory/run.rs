//! Runs the scenario of a case: how long, how often, and through the one path there is.

use serde_json::{Map, Value};

use super::inputs::NotModelled;

/// How much work may go into a case.
#[derive(Clone, Debug)]
pub struct Effort {
    /// The case's own suggestion: requests, replications, warm-up.
    pub suggested: Map<String, Value>,
    /// Requests of one model, at most.
    pub most_requests: f64,
    /// Worker threads.
    pub threads: usize,
}

/// Independent replications of one length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// How many runs.
    pub replications: u64,
    /// Simulated and not measured, a run.
    pub warmup_s: f64,
    /// Measured, a run.
    pub window_s: f64,
}

/// Replications of a steady-state case.
const REPLICATIONS: u64 = 8;
/// Requests where the case suggests no number.
const REQUESTS: f64 = 2e6;

impl Effort {
    fn suggestion(&self, name: &str) -> Option<f64> {
        self.suggested.get(name).and_then(Value::as_f64)
    }
}

impl Scale {
    /// Enough for the suggested number of requests at a rate, in the steady state.
    #[must_use]
    pub fn requests(effort: &Effort, rate: f64) -> Self {
        let suggested = ["requests", "completions"].iter().find_map(|name| effort.suggestion(name));
        let requests = suggested.unwrap_or(REQUESTS).min(effort.most_requests);
        let discarded = effort.suggestion("discard_warmup_fraction").unwrap_or(0.05);
        let window_s = requests / rate / REPLICATIONS as f64;
        Self { replications: REPLICATIONS, warmup_s: window_s * discarded, window_s }
    }

    /// All measured time.
    #[must_use]
    pub fn measured_s(&self) -> f64 {
        self.window_s * self.replications as f64
    }
}
