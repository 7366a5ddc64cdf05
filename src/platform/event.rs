//! The platform's own events: what is due when, by pod or replica set.
//!
//! An event about a container carries the container's `life`; it is stale, and ignored, once
//! the container has ended or been restarted.

use super::PodId;

/// A due event of the platform's own. Opaque to the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformEvent(pub(super) Kind);

/// Which of a pod's probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Startup,
    Readiness,
    Liveness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The replica-set controller learns of a change.
    SetWake { set: u32 },
    /// The next slow-start batch of creations is sent.
    CreateBatch { set: u32 },
    /// A creation call has succeeded.
    CreatePod { set: u32 },
    /// A deletion call has succeeded.
    DeletePod { pod: PodId },
    /// The calls of a pass are done: now its status update.
    SetStatus { set: u32 },
    /// The set has been read again after a conflict.
    SetReread { set: u32 },
    /// The status update has arrived.
    SetPublish { set: u32 },
    /// The event recorder of the replica-set controller posts its next event.
    PostEvent,
    /// A node has been found.
    Bound { pod: PodId },
    /// Image and init containers are done: the container starts.
    Started { pod: PodId },
    /// The process listens, or exits if that is its defect.
    Booted { pod: PodId, life: u32 },
    /// The pod has been ready for `minReadySeconds`.
    Available { pod: PodId, since: u64 },
    /// A probe's tick.
    Probe { pod: PodId, life: u32, which: Which },
    /// A probe's answer.
    Probed { pod: PodId, life: u32, which: Which, success: bool },
    /// The process exits by itself.
    Crash { pod: PodId, life: u32 },
    /// The back-off before a restart is over.
    Restart { pod: PodId, life: u32 },
    /// The kubelet has seen the deletion.
    StopSeen { pod: PodId },
    /// SIGTERM.
    Sigterm { pod: PodId, life: u32 },
    /// The process obeys SIGTERM.
    Obey { pod: PodId, life: u32 },
    /// SIGKILL.
    Sigkill { pod: PodId, life: u32 },
    /// The pod object is removed.
    Remove { pod: PodId },
    /// The endpoint controller has seen a change.
    Endpoint { pod: PodId },
    /// The next eviction call of a drain is answered.
    DrainNext { drain: u32 },
}
