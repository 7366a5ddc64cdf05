//! Versions and their defects.

use serde::{Deserialize, Serialize};

use super::VersionState;
use crate::engine::{Distribution, SimDuration};

/// A version of the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Service-time multiplier by class.
    pub slowdown: Vec<f64>,
    /// Chance that a request is answered 500, by class. Drawn once a request: a retry on an
    /// instance of the same version fails again.
    pub errors: Vec<f64>,
    /// Boot time of this version where it differs from the service's.
    pub boot: Option<Distribution>,
    /// Time of the init containers of this version where it differs from the service's.
    #[serde(default)]
    pub init: Option<Distribution>,
    /// How long its process serves on after SIGTERM, where that differs from the service's.
    #[serde(default)]
    pub linger: Option<Distribution>,
    /// What it does with state.
    #[serde(default)]
    pub state: VersionState,
    /// What is wrong with its pods.
    pub defects: Vec<Defect>,
}

/// When a defect shows that most requests never meet; what is `None` is no condition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlyWhen {
    /// A request class, by its place in the plan.
    pub class: Option<u8>,
    /// A share of the users, always the same ones, 0 to 1.
    pub users: Option<f64>,
    /// Requests in progress in the instance, the answered one among them, at least.
    pub in_progress: Option<u32>,
    /// Share of the requests that fail then.
    pub errors: f64,
}

/// Something wrong with the pods of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defect {
    /// What.
    pub kind: DefectKind,
    /// Only these pods, by ordinal within the version from 0; `None`: all.
    pub ordinals: Option<Vec<u32>>,
}

/// Kinds of defects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectKind {
    /// The process exits while booting, again and again: CrashLoopBackOff.
    CrashLoop,
    /// The process runs and listens, but its readiness probe never succeeds.
    NeverReady,
    /// The container never starts (image cannot be pulled, no room).
    StuckPending,
    /// The process exits this long after it became ready, and again after each restart.
    CrashAfterReady {
        /// From ready to the exit.
        after: SimDuration,
        /// Pauses before the restarts; the last one repeats. Empty: the kubelet's back-off.
        backoff: Vec<SimDuration>,
    },
    /// The process stops answering this long after it began to listen, but keeps its port.
    Hang {
        /// From listening to the hang.
        after: SimDuration,
    },
    /// A process that gets the version as a configuration while it runs cannot use it. In a pod
    /// that starts with it there is no earlier file: the process exits while booting.
    ConfigInvalid {
        /// It stays with the last good file; else it exits, and again after each restart.
        keeps_last_good: bool,
        /// The damage outlasts the file: once another is pushed, putting the instance right
        /// takes this long, in nanoseconds. `None`: the next restart finds the good file.
        repair: Option<Distribution>,
    },
    /// Errors and slowdown of the version begin this long after the process listens.
    StartsLate {
        /// From listening on.
        after: SimDuration,
    },
    /// Broken, while probes and health checks succeed.
    ShallowHealth {
        /// Share of requests answered with an error, of all classes.
        errors: f64,
        /// Service time of requests in nanoseconds, of all classes; `None`: the class's.
        service_time: Option<Distribution>,
    },
    /// Memory grows from the start of the process until it is killed, and again after each
    /// restart.
    Leak {
        /// From ready to the kill.
        lasts: SimDuration,
    },
    /// Requests that meet all of the conditions are answered with an error.
    OnlyWhen(OnlyWhen),
    /// Serves as it should, while probes and health checks fail from this long after it began
    /// to listen.
    FailingChecks {
        /// From listening on.
        after: SimDuration,
    },
}
