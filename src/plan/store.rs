//! Backing stores, and faults of stores, caches and instances.

use serde::{Deserialize, Serialize};

use super::VersionId;
use crate::engine::{Distribution, SimDuration};

/// A database or the like, shared by all instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// Calls served at once; `None`: any number.
    pub workers: Option<u32>,
    /// Calls that wait for a worker; more are refused. `None`: any number.
    pub queue: Option<u32>,
    /// Calls inside at once, waiting ones included; more are refused. `None`: any number.
    pub connections: Option<u32>,
    /// Service time of a read, in nanoseconds.
    pub read: Distribution,
    /// Service time of a write, in nanoseconds.
    pub write: Distribution,
    /// Patience of an instance with a call; what was given up on is served all the same.
    pub timeout: Option<SimDuration>,
    /// Calls beyond the first that an instance makes when one fails.
    pub retries: u32,
}

/// Something that goes wrong for a while, whatever is deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// To what.
    pub target: FaultTarget,
    /// Counted from the deployment instant.
    pub at: SimDuration,
    /// How long; `None`: to the end of the run.
    pub lasts: Option<SimDuration>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Work that begins takes this many times as long.
    Slow(f64),
    /// Nothing moves; what arrives waits.
    Stall,
    /// Connections are refused.
    Refuse,
    /// Calls are taken and never answered.
    Partition,
    /// The process dies (of a cache: its nodes are emptied). It is restarted as usual.
    Kill,
}

/// What is hit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultTarget {
    /// A store (index into the plan's stores).
    Store(u16),
    /// A share of the nodes of a cache (index into the state's caches).
    Cache(u16, f64),
    /// A share of the instances that run then (at least one), of one version or of all.
    Instances(Option<VersionId>, f64),
}
