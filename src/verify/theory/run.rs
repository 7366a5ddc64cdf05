//! Runs the scenario of a case: how long, how often, and through the one path there is.

use serde_json::{Map, Value};

use super::inputs::NotModelled;
use crate::engine::SimDuration;
use crate::plan::Study;
use crate::record::{RunKey, RunRecord};
use crate::scenario::{self, NoFiles, Overrides};
use crate::simulation::{self, RunOptions};

/// How much work may go into a case.
#[derive(Clone, Debug)]
pub struct Effort {
    /// The case's own suggestion: requests, replications, warm-up.
    pub suggested: Map<String, Value>,
    /// Requests of one model, at most.
    pub most_requests: f64,
}

/// Standard errors that a short sample adds to a tolerance.
const STANDARD_ERRORS: f64 = 3.0;

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
    /// A number that the case suggests.
    #[must_use]
    pub fn suggestion(&self, name: &str) -> Option<f64> {
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

    /// As many replications of one length as the case suggests and the effort allows.
    #[must_use]
    pub fn replications(effort: &Effort, warmup_s: f64, window_s: f64, rate: f64) -> Self {
        let suggested = effort.suggestion("replications").unwrap_or(200.0);
        let requests = (warmup_s + window_s) * rate;
        let replications = suggested.min(effort.most_requests / requests).max(1.0) as u64;
        Self { replications, warmup_s, window_s }
    }

    /// What is added to the tolerance of a mean of these values, one a replication, where the
    /// effort allows fewer replications than the whole catalogue runs, for which the tolerance
    /// was set: three of the sample's own standard errors. A single run has none and adds none.
    #[must_use]
    pub fn allowance(&self, effort: &Effort, rate: f64, values: &[f64]) -> f64 {
        let whole = Effort { most_requests: super::WHOLE, ..effort.clone() };
        let whole = Self::replications(&whole, self.warmup_s, self.window_s, rate);
        let runs = values.len() as f64;
        if whole.replications <= self.replications || values.len() < 2 {
            return 0.0;
        }
        let mean = values.iter().sum::<f64>() / runs;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        STANDARD_ERRORS * (squares / (runs - 1.0) / runs).sqrt()
    }

    /// All measured time.
    #[must_use]
    pub fn measured_s(&self) -> f64 {
        self.window_s * self.replications as f64
    }
}

/// Buckets of a run's timeline: as often are the instances looked at.
const BUCKETS: f64 = 400.0;

/// The study of a scenario's text.
///
/// # Errors
/// What is wrong with the text: the case asks for more than a scenario can say.
pub fn load(scenario: &Value) -> Result<Study, NotModelled> {
    let text = scenario.to_string();
    let overrides = Overrides { allow_huge: true, ..Overrides::default() };
    scenario::load_text("theory", &text, &NoFiles, &overrides).map_err(|problem| {
        let what = problem.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str());
        what.collect::<Vec<_>>().join("; ")
    })
}

/// Runs a scenario for every replication; requests of at most `small_s` count as small.
pub fn simulate(
    text: &Value,
    scale: &Scale,
    small_s: Option<f64>,
) -> Result<Vec<RunRecord>, NotModelled> {
    let study = load(text)?;
    let options = RunOptions {
        timeline_width: SimDuration::from_secs_f64(scale.window_s / BUCKETS),
        log: false,
        failure_samples: 0,
        detail_small_up_to: small_s.map(|seconds| SimDuration::from_secs_f64(seconds).0),
    };
    let seeds = 1..=scale.replications;
    Ok(seeds.map(|seed| simulate_one(&study, seed, &options)).collect())
}

/// One run of a study's first arm and release.
pub fn simulate_one(study: &Study, seed: u64, options: &RunOptions) -> RunRecord {
    let arm = &study.arms[0];
    let plan = arm.plan.as_deref().unwrap_or(&study.plan);
    let key = RunKey { arm: Some(0), release: Some(0), seed };
    simulation::run(plan, Some(&arm.strategy), Some(study.releases[0].version), key, options)
}

/// Options of a run whose log is read, with so many failed requests of a kind.
#[must_use]
pub fn log_options(window_s: f64, failure_samples: u32) -> RunOptions {
    RunOptions {
        timeline_width: SimDuration::from_secs_f64(window_s / BUCKETS),
        log: true,
        failure_samples,
        detail_small_up_to: None,
    }
}
