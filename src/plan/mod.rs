//! The plan: plain data that holds everything a run needs.
//!
//! `scenario` resolves what a person wrote into a [`Study`]; nothing below reads a file, a
//! clock or the environment. Two equal plans and seeds give equal bytes on any machine. Every
//! type here prints as JSON (`cutover validate --dump plan`). No behaviour but small
//! derivations; ranges are checked where a plan is made.

mod balancer;
mod client;
mod platform;
mod response;
mod routing;
mod script;
mod service;
mod state;
mod store;
mod strategy;
pub mod streams;
#[cfg(test)]
pub mod testing;
mod traffic;
mod version;

pub use balancer::{
    Balancer, BalancerRetries, CheckStart, HealthCheck, Mode, OnError, Outlier, Policy, RetryOn,
    Rotation, SlowStart, Sticky, TieBreak,
};
pub use client::{Backoff, Client, ClientRetries, Connection, Jitter, Pick, Users};
pub use platform::{
    ApiLimit, Hpa, Lags, Lock, NodePlan, Operation, OperationKind, Platform, StateOperation,
};
pub use response::{
    Alert, Analysis, AnalysisMetric, Bound, MetricName, Metrics, OnCall, Response, Rollback, Scope,
    ScopeVersion, Slo, Tickets,
};
pub use routing::{EndpointConditions, Header, Routing};
pub use script::{Action, ActionKind, Own, PlannedInstance, Reload, Script, ServerState};
pub use service::{
    CloseStreams, Discipline, OnSigterm, Probe, Probes, Readiness, Service, Shutdown, Startup,
    UntilListening, WarmFrom, Warmup, Wave,
};
pub use state::{
    Cache, CachePlace, Call, CallTarget, ClassState, Formats, Login, Need, OnWrite, Replace, Rows,
    SessionStore, Sessions, State, Unreadable, VersionState,
};
pub use store::{Fault, FaultKind, FaultTarget, Store};
pub use strategy::{
    BlueGreen, Canary, CanaryStep, CanaryTraffic, ConfigPush, Dns, Generated, IntOrPercent,
    PushStep, Recreate, Rolling, Straggler, Strategy, Switch,
};
pub use traffic::{Arrivals, ProfilePoint, RequestClass, Stream};
pub use version::{Defect, DefectKind, OnlyWhen, Version};

use serde::{Deserialize, Serialize};

use crate::engine::SimDuration;

/// The version that runs before anything is deployed.
pub const STABLE: VersionId = VersionId(0);

/// A version: its place in [`Plan::versions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(pub u16);

/// Everything a comparison needs: the arms to run, over which releases and seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The scenario's name.
    pub name: String,
    /// What it says of itself; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// SHA-256 of the resolved scenario with the text of every file it uses, in hex.
    pub digest: String,
    /// The world before any strategy's `with:`; the no-deploy control runs in it.
    pub plan: Plan,
    /// What is compared, in the scenario's order. Names are unique.
    pub arms: Vec<Arm>,
    /// Index into `arms` of the one the others are compared with.
    pub baseline: usize,
    /// What gets deployed; at least one. Shares add up to 1.
    pub releases: Vec<Release>,
    /// Seeds are `first_seed .. first_seed + seeds`.
    pub first_seed: u64,
    /// How many seeds; at least 1.
    pub seeds: u64,
    /// Whether the no-deploy control runs. False too where nothing is deployed.
    pub control: bool,
    /// What `check` holds the answer against.
    pub objectives: Vec<Objective>,
    /// What the user left out and what was taken for it.
    pub defaults: Vec<DefaultUsed>,
    /// What arms change about the scenario, in their order: for people to read, the worlds are
    /// in the arms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChanged>,
    /// What became of each field of a manifest.
    pub manifest_notes: Vec<ManifestNote>,
    /// Findings of the lint: true of the scenario, but worth a second look.
    pub warnings: Vec<String>,
}

/// One strategy of a study, with its own world where `with:` changes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The strategy's name in the scenario.
    pub name: String,
    /// How it rolls out.
    pub strategy: Strategy,
    /// The world it runs in, if `with:` or a manifest makes it differ from the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Plan>>,
}

/// A version that gets deployed, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Its name in the answer: the version's.
    pub name: String,
    /// What is deployed.
    pub version: VersionId,
    /// Share of deployments, 0 to 1.
    pub share: f64,
}

/// The value taken for a field that the scenario leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultUsed {
    /// The field, such as `balancer.propagation`.
    pub path: String,
    /// What was taken, spelt as the scenario would spell it.
    pub value: String,
    /// Where the default comes from.
    pub source: String,
}

/// A field that an arm changes in its own world, by `with:` or a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChanged {
    /// The arm's name.
    pub arm: String,
    /// The field, as the arm spells it.
    pub path: String,
    /// Its value there, on one line, as a scenario would spell it.
    pub value: String,
}

/// What became of one field of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestNote {
    /// The file, as the scenario names it.
    pub file: String,
    /// The field, such as `spec.template.spec.containers[0].lifecycle.preStop`.
    pub field: String,
    /// Used as written, approximated, or ignored.
    pub verdict: ManifestVerdict,
    /// How, or why not.
    pub note: String,
}

/// Whether a manifest's field takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManifestVerdict {
    /// As written.
    Used,
    /// In a simpler form, as the note says.
    Approximated,
    /// Not at all.
    Ignored,
}

/// A limit that a metric must keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// A column of `runs.csv`.
    pub metric: String,
    /// Only requests of this class.
    pub class: Option<String>,
    /// The limit, in the metric's unit.
    pub at_most: f64,
    /// The limit holds for this share of seeds; `None`: for the mean over seeds.
    pub in_seeds: Option<f64>,
}

/// Everything one run needs but the strategy, the release and the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// When things happen.
    pub clock: Clock,
    /// Named spans of the window for reports.
    pub phases: Vec<Phase>,
    /// Request classes; at least one. Names are unique.
    pub classes: Vec<RequestClass>,
    /// Who sends the requests, and what they do when one fails.
    pub client: Client,
    /// What stands between clients and instances.
    pub balancer: Balancer,
    /// The service being deployed.
    pub service: Service,
    /// What carries its pods.
    pub platform: Platform,
    /// The versions there are; the first runs before the deployment.
    pub versions: Vec<Version>,
    /// Named instances, where scripts act on them; empty: pods on the platform.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<PlannedInstance>,
    /// Sessions, caches, schema and settings.
    #[serde(default, skip_serializing_if = "State::is_empty")]
    pub state: State,
    /// Databases and the like behind the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<Store>,
    /// What goes wrong, whatever is deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What an operator does. A `deploy` without a version deploys the release's.
    pub operations: Vec<Operation>,
    /// Who notices harm, and what they do.
    pub response: Response,
    /// Judges that strategies call by name.
    pub analyses: Vec<Analysis>,
    /// Price of an instance for an hour, in `currency`.
    pub instance_hour_cost: f64,
    /// Three-letter code of the currency.
    pub currency: String,
}

/// The simulated clock. The run starts at zero with the warm-up; the window follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The wall clock at the window's start: nanoseconds since 1970-01-01T00:00Z.
    pub start_unix_ns: i64,
    /// Seconds that local time is ahead of UTC at the window's start.
    pub utc_offset_s: i32,
    /// Simulated, not measured.
    pub warmup: SimDuration,
    /// Measured.
    pub window: SimDuration,
    /// The rollout begins this long into the window.
    pub deploy_at: SimDuration,
}

/// A named span of the window, counted from the window's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name in reports.
    pub name: String,
    /// Start, included.
    pub from: SimDuration,
    /// End, excluded.
    pub to: SimDuration,
}
