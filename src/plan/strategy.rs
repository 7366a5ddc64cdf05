//! Strategies: the parameters of a rollout.

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// How a version is rolled out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Stop all, then start all: a Kubernetes Deployment of type Recreate.
    Recreate(Recreate),
    /// A Kubernetes Deployment of type RollingUpdate.
    Rolling(Rolling),
    /// A second full set beside the first, then a switch.
    BlueGreen(BlueGreen),
    /// A growing share of the traffic.
    Canary(Canary),
    /// A file that reaches processes while they run.
    ConfigPush(ConfigPush),
    /// Planned control actions on named instances.
    Scripted(super::Script),
}

impl Strategy {
    /// Whether a router keeps each user on one side of a split.
    #[must_use]
    pub fn is_sticky(&self) -> bool {
        matches!(self, Self::Canary(canary) if canary.sticky)
    }

    /// The name by which clients find the service, where it is what a switch changes.
    #[must_use]
    pub fn dns(&self) -> Option<&Dns> {
        match self {
            Self::BlueGreen(BlueGreen { switch: Switch::Dns(dns), .. }) => Some(dns),
            _ => None,
        }
    }

    /// `minReadySeconds`.
    #[must_use]
    pub fn min_ready(&self) -> SimDuration {
        match self {
            Self::Recreate(recreate) => recreate.min_ready,
            Self::Rolling(rolling) => rolling.min_ready,
            Self::BlueGreen(blue_green) => blue_green.min_ready,
            Self::Canary(canary) => canary.min_ready,
            Self::ConfigPush(_) | Self::Scripted(_) => SimDuration::ZERO,
        }
    }
}

/// A count, or a share of the replicas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntOrPercent {
    /// Pods.
    Int(u32),
    /// Percent of the replicas.
    Percent(u32),
}

/// Parameters of `Recreate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recreate {
    /// `minReadySeconds`.
    pub min_ready: SimDuration,
    /// `progressDeadlineSeconds`; `None`: no deadline.
    pub progress_deadline: Option<SimDuration>,
}

/// Parameters of `RollingUpdate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rolling {
    /// Pods beyond the replicas; percent rounds up.
    pub max_surge: IntOrPercent,
    /// Pods that may be missing; percent rounds down.
    pub max_unavailable: IntOrPercent,
    /// `minReadySeconds`: available is ready for this long.
    pub min_ready: SimDuration,
    /// `progressDeadlineSeconds`; `None`: no deadline.
    pub progress_deadline: Option<SimDuration>,
}

/// Parameters of blue-green.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlueGreen {
    /// How traffic moves.
    pub switch: Switch,
    /// The new set is watched this long without traffic, after it is available.
    pub verify: SimDuration,
    /// A judge that must be content before the switch.
    pub pre_analysis: Option<String>,
    /// A judge that watches after the switch; its failure switches back.
    pub post_analysis: Option<String>,
    /// The old set is kept this long after the switch (Argo's `scaleDownDelaySeconds`).
    pub keep_old: SimDuration,
    /// `minReadySeconds` of both sets.
    pub min_ready: SimDuration,
    /// The rollout is given up if the new set makes no progress for this long.
    pub progress_deadline: Option<SimDuration>,
}

/// How traffic moves from blue to green.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// All at once: a service selector.
    Atomic,
    /// In equal steps: a router's weights.
    Weights {
        /// How many steps.
        steps: u32,
        /// Between steps.
        every: SimDuration,
    },
    /// The name points to the other set; clients follow when their entry expires.
    Dns(Dns),
}

/// A name that clients resolve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// How long clients are told to keep an entry.
    pub ttl: SimDuration,
    /// Clients that keep it for longer.
    pub stragglers: Vec<Straggler>,
}

/// A kind of clients that keep an entry for longer than they are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Straggler {
    /// Of all clients.
    pub share: f64,
    /// How long each of them keeps an entry, in nanoseconds; `None`: for ever.
    pub hold: Option<Distribution>,
}

/// Parameters of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// What moves the traffic.
    pub traffic: CanaryTraffic,
    /// What happens, in order; at the end the candidate takes over.
    pub steps: Vec<CanaryStep>,
    /// A router keeps each user on one side of a split; else it draws for each request.
    #[serde(default)]
    pub sticky: bool,
    /// Watches from the first step to the last; its failure aborts.
    pub background_analysis: Option<String>,
    /// Pods beyond the replicas (replica share only).
    pub max_surge: IntOrPercent,
    /// Pods that may be missing (replica share only).
    pub max_unavailable: IntOrPercent,
    /// The old set is kept this long after the end (Argo's `scaleDownDelaySeconds`).
    pub keep_old: SimDuration,
    /// `minReadySeconds` of both sets.
    pub min_ready: SimDuration,
    /// The rollout is given up if it makes no progress for this long.
    pub progress_deadline: Option<SimDuration>,
}

/// What moves a canary's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryTraffic {
    /// A router's weights; the canary has as many pods as its weight needs, the stable set
    /// keeps all of its own.
    Weights,
    /// The share of pods; both versions stand behind one service.
    Replicas,
}

/// Parameters of a configuration push: the candidate is a file, not a build. It reaches
/// processes while they run, and nothing is restarted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigPush {
    /// From the push to an instance's use of the file, in nanoseconds; drawn for each push and
    /// instance. The way back takes as long.
    pub propagation: Distribution,
    /// What happens, in order; at the end everybody gets the file. Empty: at once.
    pub steps: Vec<PushStep>,
    /// The file is generated again and again, now good, now bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// Watches from the first step to the last; its failure aborts.
    pub background_analysis: Option<String>,
}

/// One step of a configuration push.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushStep {
    /// The file goes to this share of the instances, 0 to 1, in the order of their places.
    Share(f64),
    /// The file goes to the wave of this place in the plan's list as well.
    Wave(u16),
    /// Waits; `None`: for a person, for ever.
    Pause(Option<SimDuration>),
    /// Waits for a judge's verdict.
    Analysis(String),
}

/// A file that is generated anew every so often, and pushed to everybody: the candidate with
/// some chance, else the one from before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// From file to file.
    pub every: SimDuration,
    /// Chance of the candidate at first.
    pub bad: f64,
    /// Chance of the candidate in the end.
    pub rises_to: f64,
    /// From the first chance to the last, linearly; after it the generator is upgraded.
    pub over: SimDuration,
}

impl Generated {
    /// The chance of the candidate, this long after the first file.
    #[must_use]
    pub fn chance(&self, after: SimDuration) -> f64 {
        if after >= self.over {
            return self.rises_to;
        }
        self.bad + (self.rises_to - self.bad) * (after.0 as f64 / self.over.0 as f64)
    }
}

/// One step of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryStep {
    /// The candidate's share of the traffic, 0 to 1.
    Weight(f64),
    /// Waits; `None`: for a person, for ever.
    Pause(Option<SimDuration>),
    /// Waits for a judge's verdict.
    Analysis(String),
    /// Requests with a header go to the candidate whatever the weight (Argo's
    /// `setHeaderRoute`); `None` ends that.
    Header(Option<super::Header>),
    /// A share of the requests, 0 to 1, is also sent to the candidate, and its answers are
    /// thrown away (Argo's `setMirrorRoute`); 0 ends that.
    Mirror(f64),
    /// The candidate's pods as a share of the replicas, whatever the weight (Argo's
    /// `setCanaryScale`); `None`: what the weight needs.
    Scale(Option<f64>),
}
