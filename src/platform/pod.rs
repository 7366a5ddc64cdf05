//! A pod: its phase, its container, its conditions.

use super::EndpointConditions;
use super::backoff::CrashBackoff;
use super::delays::Who;
use super::prober::Prober;
use crate::engine::{SimDuration, SimTime};
use crate::plan::VersionId;

/// `status.phase`, and `Gone` once the object is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Gone,
}

/// The one container of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// It has not started yet, or waits for its restart.
    Waiting,
    /// The process starts up.
    Booting,
    /// The process listens.
    Listening,
    /// The process has closed its listener and finishes what is inside.
    Draining,
    /// The process was told to stop before it listened, and no longer starts up.
    GivingUp,
}

/// What is wrong with a pod, from its version's defects.
#[derive(Clone, Debug, Default)]
pub(super) struct Defects {
    pub(super) crash_loop: bool,
    /// The container is not restarted: the damage outlasts its cause.
    pub(super) held: bool,
    pub(super) never_ready: bool,
    pub(super) stuck_pending: bool,
    /// From ready to the exit, and the pauses before the restarts.
    pub(super) crash_after_ready: Option<(SimDuration, Vec<SimDuration>)>,
}

/// The probes of one container.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probers {
    /// The startup probe has succeeded, or there is none.
    pub(super) started: bool,
    pub(super) startup: Prober,
    pub(super) readiness: Prober,
    pub(super) liveness: Prober,
}

pub(super) struct Pod {
    pub(super) version: VersionId,
    pub(super) set: u32,
    pub(super) ordinal: u32,
    pub(super) node: u32,
    pub(super) created_s: i64,
    /// Its room on the node is taken.
    pub(super) has_room: bool,
    pub(super) scheduled: bool,
    pub(super) phase: Phase,
    pub(super) container: Container,
    /// Counts the container's starts and ends; events about an earlier one are stale.
    pub(super) life: u32,
    pub(super) container_started: SimTime,
    /// The container ran before the simulation began.
    pub(super) seasoned: bool,
    /// The stop of the running container ends in a restart, not in the pod's end.
    pub(super) restarting: bool,
    pub(super) restarts: u32,
    pub(super) backoff: CrashBackoff,
    pub(super) probers: Probers,
    pub(super) ready: bool,
    pub(super) ready_since: SimTime,
    pub(super) ready_s: i64,
    pub(super) available: bool,
    /// When its deletion was requested.
    pub(super) deleted: Option<SimTime>,
    pub(super) cost: i32,
    pub(super) tie: u64,
    pub(super) defects: Defects,
    /// The endpoint as last published.
    pub(super) published: Option<EndpointConditions>,
}

impl Pod {
    pub(super) fn who(&self) -> Who {
        Who { version: self.version, ordinal: self.ordinal, restarts: self.restarts }
    }

    /// Succeeded, Failed or gone.
    pub(super) fn terminal(&self) -> bool {
        !matches!(self.phase, Phase::Pending | Phase::Running)
    }

    /// Counted by its replica set.
    pub(super) fn active(&self) -> bool {
        self.deleted.is_none() && !self.terminal()
    }

    /// A process runs in it.
    pub(super) fn has_process(&self) -> bool {
        self.container != Container::Waiting
    }

    /// Takes room on a node.
    pub(super) fn placed(&self) -> bool {
        self.has_room && !self.terminal()
    }

    /// The endpoint that the pod ought to have.
    pub(super) fn endpoint(&self) -> Option<EndpointConditions> {
        (self.phase == Phase::Running).then(|| EndpointConditions {
            ready: self.ready && self.deleted.is_none(),
            serving: self.ready,
            terminating: self.deleted.is_some(),
        })
    }
}
