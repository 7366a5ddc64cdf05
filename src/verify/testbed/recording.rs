//! The format of a recorded rollout behind a load balancer (`cutover-testbed-1`): the parts
//! that are held against the simulator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fields that nothing here reads: they must be seen, not passed over.
pub type Others = BTreeMap<String, Value>;

/// What `format` says in a file of this format.
pub const FORMAT: &str = "cutover-testbed-1";

/// A recording.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// The format.
    pub format: String,
    /// Its name.
    pub id: String,
    /// What it is about.
    #[serde(default)]
    pub title: String,
    /// The configuration.
    pub config: Config,
    /// The steps as planned.
    #[serde(default)]
    pub schedule_planned: Vec<Step>,
    /// Figures over the runs.
    pub summary: Summary,
    /// The runs.
    #[serde(default)]
    pub runs: Vec<Run>,
}

/// The configuration of load, instances, balancer and client.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Length of the arrival schedule in seconds.
    pub duration: f64,
    /// Arrivals a second.
    pub rate: f64,
    /// Service time: `det:MS`, `exp:MS`, `lognormal:MS:SIGMA`.
    pub dist: String,
    /// Worker slots.
    pub workers: u32,
    /// Places behind them.
    pub queue: u32,
    /// From start to listening, in milliseconds.
    #[serde(default)]
    pub startup_ms: f64,
    /// `none`, `memory`, `shared`.
    #[serde(default)]
    pub sessions: Option<String>,
    /// `graceful`, `abrupt`, `prestop:S`.
    #[serde(default)]
    pub on_term: Option<String>,
    /// From SIGTERM to the end, in milliseconds.
    #[serde(default)]
    pub drain_timeout_ms: Option<f64>,
    /// What a health check is answered during the preStop time: `ok` or not.
    #[serde(default)]
    pub prestop_health: Option<String>,
    /// The instances by name.
    pub slots: BTreeMap<String, Slot>,
    /// "During": from, to, in seconds.
    #[serde(default)]
    pub phases: Option<[f64; 2]>,
    /// The load balancer.
    #[serde(default)]
    pub lb: Balancer,
    /// The clients.
    #[serde(default)]
    pub client: Client,
    /// Anything else.
    #[serde(flatten)]
    pub others: Others,
}

/// What a process has of its own.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Process {
    /// Worker slots.
    #[serde(default)]
    pub workers: Option<u32>,
    /// Places behind them.
    #[serde(default)]
    pub queue: Option<u32>,
    /// Service time.
    #[serde(default)]
    pub dist: Option<String>,
    /// Share of errors.
    #[serde(default)]
    pub err: Option<f64>,
    /// From start to listening, in milliseconds.
    #[serde(default)]
    pub startup_ms: Option<f64>,
    /// What it does at SIGTERM.
    #[serde(default)]
    pub on_term: Option<String>,
    /// Warm-up as `PENALTY:SECONDS:first`.
    #[serde(default)]
    pub warmup: Option<String>,
    /// Anything else.
    #[serde(flatten)]
    pub others: Others,
}

/// An instance that the balancer knows.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Slot {
    /// The last part of its address, which says nothing about it.
    #[serde(default)]
    pub ip: Option<Value>,
    /// Its version.
    #[serde(default)]
    pub ver: Option<String>,
    /// Runs before the first arrival.
    #[serde(default)]
    pub run: Option<bool>,
    /// In maintenance before the first arrival.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// Its weight.
    #[serde(default)]
    pub weight: Option<u32>,
    /// What its processes have of their own.
    #[serde(flatten)]
    pub process: Process,
}

/// The load balancer's configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields are named as in the balancers' own configuration")]
pub struct Balancer {
    pub kind: Option<String>,
    pub mode: Option<String>,
    pub balance: Option<String>,
    pub check: Option<bool>,
    pub inter_ms: Option<f64>,
    pub fastinter_ms: Option<f64>,
    pub downinter_ms: Option<f64>,
    pub fall: Option<u32>,
    pub rise: Option<u32>,
    pub retries: Option<u32>,
    pub redispatch: Option<bool>,
    pub retry_on: Option<String>,
    pub observe: Option<String>,
    pub cookie: Option<String>,
    pub server_maxconn: Option<u32>,
    pub on_marked_down: Option<String>,
    pub slowstart_ms: Option<f64>,
    pub connect_ms: Option<f64>,
    pub server_ms: Option<f64>,
    pub queue_ms: Option<f64>,
    pub check_timeout_ms: Option<f64>,
    pub groups: Option<BTreeMap<String, Vec<String>>>,
    pub active: Option<String>,
    pub max_fails: Option<u32>,
    pub fail_timeout_s: Option<f64>,
    pub next_upstream: Option<String>,
    pub next_tries: Option<u32>,
    pub hash: Option<String>,
    pub members: Option<Vec<String>>,
    pub keepalive: Option<u32>,
    pub nbthread: Option<u32>,
    #[serde(flatten)]
    pub others: Others,
}

/// The load generator's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Client {
    /// `keepalive` or `new`.
    #[serde(default)]
    pub conn: Option<String>,
    /// Patience with an attempt, in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<f64>,
    /// Attempts beyond the first.
    #[serde(default)]
    pub retries: Option<u32>,
    /// Base of the pause before a retry, in milliseconds.
    #[serde(default)]
    pub backoff_ms: Option<f64>,
    /// Users; 0: nobody in particular, no cookies.
    #[serde(default)]
    pub users: Option<u32>,
    /// Anything else.
    #[serde(flatten)]
    pub others: Others,
}

/// A planned step.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// When, in seconds.
    pub t: f64,
    /// `start`, `term`, `kill`, `lb`, `lb_reload`, `lb_stop`, `lb_start`.
    pub op: String,
    /// The instance.
    #[serde(default)]
    pub slot: Option<String>,
    /// The version that is started.
    #[serde(default)]
    pub ver: Option<String>,
    /// A command of HAProxy's runtime API.
    #[serde(default)]
    pub cmd: Option<String>,
    /// What a reload changes in the configuration.
    #[serde(default)]
    pub over: Option<Others>,
    /// What the started process has of its own.
    #[serde(flatten)]
    pub process: Process,
}

/// Figures over the runs of a recording.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Summary {
    /// Requests by phase and outcome.
    #[serde(default)]
    pub counts: BTreeMap<String, BTreeMap<String, Figure>>,
    /// Latency of the ok ones by phase and statistic.
    #[serde(default)]
    pub latency_ok: BTreeMap<String, BTreeMap<String, Figure>>,
}

/// A figure over the runs.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Figure {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    #[serde(default)]
    pub sd: f64,
    /// How far a prediction may lie away.
    #[serde(default)]
    pub tolerance: f64,
}

/// One run.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Run {
    /// The generator stalled: tails say nothing.
    #[serde(default)]
    pub latency_tail_unreliable: bool,
    /// By second of the intended send time.
    #[serde(default)]
    pub timeline_1s: Timeline,
}

/// Counts by second.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Timeline {
    /// Sent.
    #[serde(default)]
    pub sent: Vec<f64>,
    /// Failed, by outcome and second.
    #[serde(default)]
    pub not_ok: BTreeMap<String, BTreeMap<String, f64>>,
}
