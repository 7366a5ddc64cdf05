//! What carries the service: pods, kubelets, the replica-set controller, endpoints, nodes.
//!
//! The platform is a state machine of its own: it is handed its due [`PlatformEvent`]s, asks
//! for later ones, and reports [`Effect`]s on the served world. It knows nothing of requests;
//! the world answers its probes through [`Workload`] and tells it when a process has ended.
//!
//! Sources of the rules: kubernetes/kubernetes `pkg/controller/replicaset`,
//! `pkg/controller/controller_utils.go`, `pkg/kubelet/{kuberuntime,prober}`,
//! kubernetes/endpointslice, and recordings of the 1.36.2 controllers. Left out: the
//! scheduler's choice of nodes (pods take nodes in turn), image garbage collection, pod
//! garbage collection, node failures.

mod account;
mod api;
mod autoscaler;
mod backoff;
mod cluster;
mod configuration;
mod creation;
mod delays;
mod disruption;
mod endpoints;
mod event;
mod nodes;
mod pod;
mod prober;
mod probing;
mod process;
mod replica_set;
mod set_pass;
mod stop;
mod victims;
mod wall;

pub use api::TokenBucket;
pub use autoscaler::{Autoscaler, Seen, wanted};
pub use cluster::Platform;
pub use event::PlatformEvent;
pub use wall::WallClock;

use crate::engine::{SimDuration, SimTime};
pub use crate::plan::EndpointConditions;
use crate::plan::VersionId;
use crate::record::EventKind;
/// A pod: its number in the run, in order of creation from 0. The served world uses the same
/// number for the instance inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(pub u32);

/// What the platform does to the served world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A pod object exists.
    Created {
        /// Its number: one more than the last.
        pod: PodId,
        /// Its version.
        version: VersionId,
        /// Its place among the pods of the version, from 0.
        ordinal: u32,
        /// The node it will run on (known once it is scheduled; nodes are taken in turn).
        node: u32,
        /// Its place in the fleet: the lowest that no active pod has.
        place: u32,
    },
    /// The process listens and serves from now on.
    Listening {
        /// Whose.
        pod: PodId,
    },
    /// The process has been told to stop and obeys: it closes its listener and finishes what
    /// is inside. The world answers with [`Workload`]-side `process_exited` once it is empty.
    StopAccepting {
        /// Whose.
        pod: PodId,
    },
    /// The process ends now: by SIGKILL, an abrupt exit, a crash or a liveness failure.
    /// Whatever is inside is cut; its port refuses.
    ProcessEnded {
        /// Whose.
        pod: PodId,
        /// It ended by itself or was killed by a probe, not as part of a stop.
        crashed: bool,
    },
    /// The EndpointSlice changed (after the endpoint controller's lag). Balancer nodes learn
    /// of it after their own propagation delay.
    Endpoint {
        /// Whose.
        pod: PodId,
        /// New conditions; `None`: the endpoint was removed.
        conditions: Option<EndpointConditions>,
    },
    /// The pod object is gone.
    Gone {
        /// Whose.
        pod: PodId,
    },
    /// A line for the run's log.
    Log(EventKind),
    /// Counts of ready and available pods changed (for utilisation and the capacity record).
    Counts(PodCounts),
}

/// Pods by state, over all versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCounts {
    /// Existing, terminating ones included (until the object is gone).
    pub existing: u32,
    /// On a node: scheduled there, and not in a terminal phase. What is paid for.
    pub placed: u32,
    /// Existing and not being deleted, and not in a terminal phase.
    pub active: u32,
    /// Ready and not being deleted.
    pub ready: u32,
    /// Available (ready for `minReadySeconds`) and not being deleted.
    pub available: u32,
}

/// What a probe meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// Success, after this long.
    Success(SimDuration),
    /// Refused or answered with an error, at once.
    Failure,
    /// No answer: fails after the probe's timeout.
    Silence,
}

/// The served world, as the platform sees it.
pub trait Workload {
    /// Asks a listening process how it is. The platform itself answers for processes that do
    /// not listen, and for the `never_ready` defect.
    fn probe(&self, pod: PodId, shares_workers: bool) -> ProbeAnswer;

    /// What a pod used of the CPU it requested (1 is all of it), as the metrics pipeline shows
    /// it now; `None` where it has no figure of it.
    fn usage(&self, _: PodId) -> Option<(f64, Measured)> {
        None
    }
}

/// The span that a figure is the mean of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// When it ended.
    pub end: SimTime,
    /// How long it was.
    pub span: SimDuration,
}

/// Where the platform leaves what it wants done: later events of its own, and effects.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Events to hand back at their times. Events of one instant keep this order.
    pub later: Vec<(SimTime, PlatformEvent)>,
    /// In order.
    pub effects: Vec<Effect>,
}
