//! The format `k8s-rollout-recording/1`: what the real controllers did in one rollout.
//!
//! Times are seconds from the rollout's start. Only what the checks need is read.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One recorded rollout.
#[derive(Debug, Deserialize)]
pub struct Recording {
    /// The format's name.
    pub format: String,
    /// The rollout's name.
    pub name: String,
    /// The Deployment's spec and the node agent's delays.
    pub config: Config,
    /// What the driver did.
    pub actions: Vec<Action>,
    /// The wall clock of time 0, seconds since 1970.
    pub t0_epoch: f64,
    /// Where it ran.
    pub environment: Environment,
    /// How long it was recorded.
    pub recorded_until: f64,
    /// The main figures.
    pub summary: Summary,
    /// Every change of a replica set.
    pub replicasets: Vec<SetChange>,
    /// Every change of the EndpointSlice.
    pub endpoints: Vec<EndpointChange>,
    /// Every pod.
    pub pods: Vec<PodRecord>,
}

/// The Deployment's spec and the node agent's delays.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// `spec.replicas`.
    pub replicas: u32,
    /// `RollingUpdate` or `Recreate`.
    pub strategy: String,
    /// As in the manifest.
    pub max_surge: Option<Quantity>,
    /// As in the manifest.
    pub max_unavailable: Option<Quantity>,
    /// `minReadySeconds`.
    #[serde(default)]
    pub min_ready_seconds: u64,
    /// `progressDeadlineSeconds`.
    pub progress_deadline_seconds: Option<u64>,
    /// `terminationGracePeriodSeconds`.
    pub termination_grace_period_seconds: f64,
    /// Nodes of the agent.
    pub nodes: u32,
    /// Delays and failures by version.
    pub versions: BTreeMap<String, VersionConfig>,
    /// `minAvailable` of the disruption budget.
    pub pdb_min_available: Option<Quantity>,
    /// Deletion costs of the first version's pods.
    #[serde(default)]
    pub v1_pod_deletion_cost: Vec<i32>,
}

/// A count or a percentage as manifests spell it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Quantity {
    /// A count.
    Count(u32),
    /// Text, such as `25%`.
    Text(String),
}

/// Delays of one version's pods, in seconds, taken in turn by ordinal.
#[derive(Debug, Deserialize)]
pub struct VersionConfig {
    /// From the binding to Running.
    pub start_delay: Vec<f64>,
    /// From Running to Ready.
    pub ready_delay: Vec<f64>,
    /// From the deletion to the end.
    pub term_delay: Vec<f64>,
    /// What is wrong with it.
    pub fail: Option<Fail>,
}

/// What is wrong with a version's pods.
#[derive(Debug, Deserialize)]
pub struct Fail {
    /// Its kind.
    pub kind: String,
    /// Which pods; all if left out.
    pub ordinals: Option<Vec<u32>>,
    /// From ready to the crash.
    pub after: Option<f64>,
    /// Pauses before restarts.
    #[serde(default)]
    pub backoff: Vec<f64>,
}

/// Something the driver did.
#[derive(Debug, Deserialize)]
pub struct Action {
    /// When it was meant to.
    pub t: f64,
    /// When it sent the call.
    pub sent: Option<f64>,
    /// What.
    #[serde(rename = "do")]
    pub what: String,
    /// Which version.
    pub version: Option<String>,
    /// New size.
    pub replicas: Option<u32>,
    /// How many pods.
    pub count: Option<u32>,
    /// New surge.
    pub max_surge: Option<Quantity>,
    /// New unavailability.
    pub max_unavailable: Option<Quantity>,
}

/// Where it ran.
#[derive(Debug, Deserialize)]
pub struct Environment {
    /// The client rate limits, in words.
    pub controller_manager: String,
}

/// The main figures.
#[derive(Debug, Deserialize)]
pub struct Summary {
    /// When the rollout was complete.
    pub complete_at: Option<f64>,
    /// When the last deleted pod was gone.
    pub all_terminated_at: Option<f64>,
    /// When the deadline condition appeared.
    pub progress_deadline_exceeded_at: Option<f64>,
    /// Fewest pods ready and not being deleted.
    pub min_ready_pods: u32,
    /// Fewest ready endpoints.
    pub min_ready_endpoints: u32,
    /// Most pods, terminating ones included.
    pub max_pods_existing: u32,
    /// Most pods without terminating ones.
    pub max_pods_active: u32,
    /// Pods created after time 0.
    pub pods_created: u32,
}

/// A replica set after a change.
#[derive(Clone, Debug, Deserialize)]
pub struct SetChange {
    /// When.
    pub t: f64,
    /// Whose.
    pub version: String,
    /// `spec.replicas`.
    pub spec: u32,
    /// `status.replicas`.
    pub replicas: u32,
    /// `status.readyReplicas`.
    pub ready: u32,
    /// `status.availableReplicas`.
    pub available: u32,
}

/// The EndpointSlice after a change.
#[derive(Clone, Debug, Deserialize)]
pub struct EndpointChange {
    /// When.
    pub t: f64,
    /// Which endpoints changed, and their flags now; none: removed.
    pub changes: Vec<(String, Option<String>)>,
}

/// A pod.
#[derive(Clone, Debug, Deserialize)]
pub struct PodRecord {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When its object was created.
    pub created: f64,
    /// When it first became ready.
    pub ready: Option<f64>,
    /// When its deletion was requested.
    pub deletion_requested: Option<f64>,
    /// When it was gone.
    pub gone: Option<f64>,
}

/// The format's name.
pub const FORMAT: &str = "k8s-rollout-recording/1";
