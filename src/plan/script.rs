//! Scripts: planned control actions on named instances, for rollouts that no controller runs
//! and for recordings of real ones.
//!
//! An instance here is an address that balancers know (a server in HAProxy's words); a process
//! behind it is started and stopped by the script. Nothing of the platform takes part.

use serde::{Deserialize, Serialize};

use super::VersionId;
use super::service::{Shutdown, Warmup};
use crate::engine::{Distribution, SimDuration};

/// An address and what runs behind it at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedInstance {
    /// Its name. Unique.
    pub name: String,
    /// The version that runs there first.
    pub version: VersionId,
    /// Share in a weighted policy, relative to the others.
    pub weight: u32,
    /// A process serves from the start.
    pub running: bool,
    /// Balancers have it in maintenance at the start.
    pub disabled: bool,
    /// The group it belongs to, of which one is active at a time.
    pub group: Option<u16>,
    /// What its processes have of their own.
    pub own: Own,
}

/// What differs from the service and the version. `None`: nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// Requests it serves at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// Its waiting room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Service times in nanoseconds, of all classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Distribution>,
    /// Multiplies service times, of all classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowdown: Option<f64>,
    /// Share of requests answered with an error, of all classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<f64>,
    /// From start to listening, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Distribution>,
    /// Slower service of a young process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<Warmup>,
    /// How it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<Shutdown>,
}

impl Own {
    /// What is said here, and of the rest what `other` says.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            workers: self.workers.or(other.workers),
            queue: self.queue.or(other.queue),
            service_time: self.service_time.clone().or_else(|| other.service_time.clone()),
            slowdown: self.slowdown.or(other.slowdown),
            errors: self.errors.or(other.errors),
            boot: self.boot.clone().or_else(|| other.boot.clone()),
            warm: self.warm.clone().or_else(|| other.warm.clone()),
            shutdown: self.shutdown.clone().or_else(|| other.shutdown.clone()),
        }
    }
}

/// Planned control actions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// In the order of the file; of one instant in this order.
    pub actions: Vec<Action>,
}

/// One control action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// When, from `clock.deploy_at`.
    pub at: SimDuration,
    /// What.
    pub kind: ActionKind,
}

/// What a script does. Instances by their place in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A process is started; it takes the address over when it listens.
    Start {
        /// Where.
        instance: u32,
        /// Its version; `None`: the one that ran there last.
        version: Option<VersionId>,
        /// What it has of its own, beyond what the instance has.
        own: Box<Own>,
    },
    /// SIGTERM.
    Stop(u32),
    /// SIGKILL.
    Kill(u32),
    /// The balancer's administrative state of an instance.
    ServerState {
        /// Which.
        instance: u32,
        /// From now on.
        state: ServerState,
    },
    /// The balancer's weight of an instance.
    Weight {
        /// Which.
        instance: u32,
        /// From now on; 0: no request but those with a cookie.
        weight: u32,
    },
    /// The group that gets the traffic.
    Activate(u16),
    /// The balancer is reloaded.
    Reload(Reload),
    /// The balancer is stopped: connections to it are refused.
    BalancerStop,
    /// The balancer is started, and reads its configuration.
    BalancerStart,
}

/// A reload of the balancer: it knows its configuration and nothing else, neither what it had
/// found out nor what it was told while it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    /// The instances in the configuration from now on; `None`: the same ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<u32>>,
    /// The group that gets the traffic by the configuration from now on; `None`: the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u16>,
}

/// A server's administrative state (HAProxy's words).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// In rotation.
    #[default]
    Ready,
    /// No request but those with a cookie.
    Drain,
    /// None at all.
    Maint,
}
