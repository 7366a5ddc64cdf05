//! The platform that carries the pods, and what operators do to it.

use serde::{Deserialize, Serialize};

use super::VersionId;
use super::strategy::Strategy;
use crate::engine::SimDuration;

/// The cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// Nodes; pods are placed on them in turn.
    pub nodes: NodePlan,
    /// Pods beyond `service.replicas` that can be placed; `None`: any number.
    pub surge_quota: Option<u32>,
    /// PodDisruptionBudget: pods that evictions must leave available; `None`: no budget.
    pub pdb_min_available: Option<super::IntOrPercent>,
    /// HorizontalPodAutoscaler; `None`: replicas stay as they are.
    pub hpa: Option<Hpa>,
    /// `progressDeadlineSeconds`, `revisionHistoryLimit` and the like belong to strategies;
    /// these are the delays of the control loops.
    pub lags: Lags,
    /// pod-deletion-cost annotations by version and ordinal (only where some are set).
    pub deletion_costs: Vec<(VersionId, u32, i32)>,
}

/// A HorizontalPodAutoscaler on CPU utilisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hpa {
    /// `minReplicas`.
    pub min: u32,
    /// `maxReplicas`.
    pub max: u32,
    /// `averageUtilization`, as a share: busy workers of all workers.
    pub target: f64,
    /// A ratio this near to 1 changes nothing.
    pub tolerance: f64,
    /// From one look to the next.
    pub sync: SimDuration,
    /// Each figure is the mean over this span, and new as often.
    pub metrics: SimDuration,
    /// The highest recommendation of this long holds on the way down.
    pub scale_down_window: SimDuration,
}

/// Nodes and zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePlan {
    /// How many nodes.
    pub count: u32,
    /// Zones they are spread over in turn.
    pub zones: u32,
}

/// Delays between the control loops, hop by hop. Defaults are the medians measured on the real
/// Kubernetes 1.36 controllers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lags {
    /// From a change of a Deployment, ReplicaSet or its status to the start of the Deployment
    /// controller's pass over it.
    pub deployment: SimDuration,
    /// From a change of a ReplicaSet or its pods to the start of the ReplicaSet controller's
    /// pass.
    pub replica_set: SimDuration,
    /// One call of a controller to the API server; what it writes is there at its end. A pass
    /// makes its calls one after another, and no other pass over the object starts before.
    pub call: SimDuration,
    /// From a pod's change to the reaction of the scheduler or the kubelet.
    pub kubelet: SimDuration,
    /// From a pod's last process ending to its removal.
    pub removal: SimDuration,
    /// From a pod's change to the EndpointSlice's.
    pub endpoints: SimDuration,
    /// Client rate limit of the controllers.
    pub api: ApiLimit,
}

impl Lags {
    /// The hops that the medians measured on the Kubernetes 1.36.2 controllers add up from,
    /// with kube-controller-manager's own rate limit (`--kube-api-qps 20 --kube-api-burst 30`).
    #[must_use]
    pub fn measured() -> Self {
        Self {
            deployment: SimDuration::from_millis(2),
            replica_set: SimDuration::from_millis(2),
            call: SimDuration::from_millis(5),
            kubelet: SimDuration::from_millis(8),
            removal: SimDuration::from_millis(12),
            endpoints: SimDuration::from_millis(9),
            api: ApiLimit { qps: 20.0, burst: 30 },
        }
    }
}

/// A token bucket on a controller's calls to the API server; each controller has its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiLimit {
    /// Calls per second.
    pub qps: f64,
    /// Bucket size.
    pub burst: u32,
}

/// Something an operator does to state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateOperation {
    /// A column or setting appears or goes.
    Change {
        /// Index into the state's needs.
        need: u16,
        /// Whether it is there from then on.
        exists: bool,
        /// What it locks on the way.
        lock: Option<Lock>,
    },
    /// A backfill: the store is slower meanwhile, and in the end all rows have a format.
    Migrate {
        /// Index into the plan's stores.
        store: u16,
        /// How long it takes.
        takes: SimDuration,
        /// Work that begins meanwhile takes this many times as long.
        slowdown: f64,
        /// What all rows are written in at its end (index into the formats of rows).
        format: Option<u8>,
    },
    /// The nodes of a cache are replaced by others, as its `replace` says.
    ReplaceNodes {
        /// Index into the state's caches.
        cache: u16,
    },
}

/// A lock that a schema change takes: while it waits for what holds the table, and while it
/// works, every call to the store waits behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Index into the plan's stores.
    pub store: u16,
    /// How long the longest read still holds the table when the change begins.
    pub behind: SimDuration,
    /// How long the change itself takes.
    pub takes: SimDuration,
    /// It gives up after waiting for this long, and tries again; `None`: it waits.
    pub timeout: Option<SimDuration>,
    /// From giving up to the next try.
    pub retry: SimDuration,
}

/// Something an operator does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Counted from the deployment instant.
    pub at: SimDuration,
    /// What.
    pub kind: OperationKind,
}

/// What an operator can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Deploys a version (`None`: the release's) with the arm's strategy.
    Deploy {
        /// Which.
        version: Option<VersionId>,
    },
    /// `kubectl rollout undo`: deploys the previous version.
    Undo,
    /// `kubectl scale`.
    Scale {
        /// New `replicas`.
        replicas: u32,
    },
    /// `kubectl rollout pause`.
    Pause,
    /// `kubectl rollout resume`.
    Resume,
    /// Changes the strategy's parameters in mid-rollout.
    SetStrategy {
        /// The new parameters.
        strategy: Strategy,
    },
    /// The first pods of a version turn to phase Failed, as in a node-pressure eviction.
    Kill {
        /// Which version's pods.
        version: VersionId,
        /// How many.
        count: u32,
    },
    /// Deletes the first pods of a version through the API.
    Delete {
        /// Which version's pods.
        version: VersionId,
        /// How many.
        count: u32,
    },
    /// Evicts the first pods of a version, subject to the disruption budget.
    Evict {
        /// Which version's pods.
        version: VersionId,
        /// How many.
        count: u32,
    },
    /// Changes what is outside of the pods.
    State(StateOperation),
    /// Evicts every pod on a node, subject to the disruption budget; refused ones are tried
    /// again every `retry`.
    Drain {
        /// Node number from 0.
        node: u32,
        /// Between tries.
        retry: SimDuration,
    },
}
