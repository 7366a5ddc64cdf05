//! The log of a run: what happened to the rollout, for the story and for `events.jsonl`.

use serde::{Deserialize, Serialize};

use super::outcome::{Cause, Outcome};
use crate::engine::SimTime;
use crate::plan::VersionId;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, on the run's clock.
    pub at: SimTime,
    /// What.
    pub kind: EventKind,
}

/// What can happen. Instances are named by their number in the run (pods in order of
/// creation from 0), versions by their place in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is one sentence; its fields are named in it")]
pub enum EventKind {
    /// A version starts to be deployed.
    RolloutStarted { version: VersionId },
    /// Every wanted pod is of the new version and available, and it has all the traffic.
    RolloutCompleted { version: VersionId },
    /// The rollout waits.
    RolloutPaused { reason: String },
    /// The rollout goes on.
    RolloutResumed,
    /// The controller gives the rollout up.
    RolloutAborted { reason: String },
    /// The version from before is back on all wanted pods and has all the traffic.
    RolledBack { version: VersionId },
    /// No progress for `progressDeadlineSeconds`.
    ProgressDeadlineExceeded,
    /// A replica set's wanted size changed.
    ReplicaSetScaled { version: VersionId, from: u32, to: u32 },
    /// A pod object appeared.
    InstanceCreated { instance: u32, version: VersionId },
    /// A node was found for it.
    InstanceScheduled { instance: u32, version: VersionId },
    /// Its container runs.
    InstanceRunning { instance: u32, version: VersionId },
    /// Its Ready condition turned true.
    InstanceReady { instance: u32, version: VersionId },
    /// Its Ready condition turned false.
    InstanceUnready { instance: u32, version: VersionId },
    /// Ready for `minReadySeconds`.
    InstanceAvailable { instance: u32, version: VersionId },
    /// Its process ended by itself.
    InstanceCrashed { instance: u32, version: VersionId },
    /// Its container runs again.
    InstanceRestarted { instance: u32, version: VersionId },
    /// It failed for good: the node evicted it.
    InstanceFailed { instance: u32, version: VersionId },
    /// Its deletion was requested.
    InstanceTerminating { instance: u32, version: VersionId },
    /// It is no more.
    InstanceGone { instance: u32, version: VersionId },
    /// A balancer node may use an instance.
    EndpointAdded { instance: u32, balancer_node: u32 },
    /// A balancer node may no longer use an instance.
    EndpointRemoved { instance: u32, balancer_node: u32 },
    /// The candidate's share of the traffic was set (as it takes effect at the balancer).
    WeightSet { candidate: f64 },
    /// Routes beside the weight were set: the share of requests copied to the candidate, and
    /// the share of users whose header leads them to it (as they take effect at the balancer).
    RoutesSet { mirror: f64, header: f64 },
    /// All traffic goes to a version.
    TrafficSwitched { to: VersionId },
    /// A judge measured.
    AnalysisMeasured { metric: String, value: Option<f64>, verdict: String },
    /// A judge finished.
    AnalysisFinished { analysis: String, verdict: String },
    /// An alert's condition held long enough.
    AlertFired { alert: String, value: f64 },
    /// Somebody was paged.
    Paged { alert: String },
    /// Somebody looks at it.
    Acknowledged,
    /// Somebody knows what it is.
    Diagnosed,
    /// Somebody, or something, decided to roll back.
    RollbackDecided { by: String },
    /// A configuration was pushed to so many instances of all.
    ConfigPushed { version: VersionId, instances: u32, of: u32 },
    /// An instance uses another configuration from now on.
    InstanceConfigured { instance: u32, version: VersionId },
    /// An instance cannot use its new configuration and stays with the last good one.
    ConfigRefused { instance: u32, version: VersionId },
    /// An instance that a configuration had broken has been put right.
    InstanceRepaired { instance: u32, version: VersionId },
    /// An operation of the scenario was carried out.
    Operation { what: String },
    /// An injected fault begins.
    FaultStarted { fault: String },
    /// It ends.
    FaultEnded { fault: String },
    /// One failed request of many, hop by hop.
    RequestFailed(FailedRequest),
}

/// The way of a failed request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedRequest {
    /// Class, by its place in the plan.
    pub class: u16,
    /// The user, where it has one.
    pub user: Option<u32>,
    /// When it was meant to be sent.
    pub sent: SimTime,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub cause: Cause,
    /// Its attempts.
    pub hops: Vec<Hop>,
}

/// One attempt or balancer try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// When.
    pub at: SimTime,
    /// Which balancer node.
    pub balancer_node: u32,
    /// Where to, if anywhere.
    pub instance: Option<u32>,
    /// What came of it.
    pub result: String,
}
