//! Strategies: rollout controllers as pure decision makers.
//!
//! A controller never touches the world. When something it watches changes, or a timer it
//! asked for expires, it gets an [`Observation`] of what a real controller could see (replica
//! sets, *reported* metrics with their lag) and answers with [`Command`]s, which the world
//! carries out with its own delays and failures. So a canary cannot peek at the truth, and
//! each controller is tested without a simulation.

pub mod argo;
pub mod blue_green;
pub mod canary;
pub mod config_push;
#[cfg(test)]
mod conformance;
pub mod deployment;
#[cfg(test)]
mod fake;
pub mod judge;
pub mod people;

use crate::engine::SimTime;
pub use crate::plan::Routing;
use crate::plan::{AnalysisMetric, CanaryTraffic, IntOrPercent, Plan, Strategy, VersionId};
use crate::record::{EventKind, RolloutOutcome};

/// A rollout controller.
pub trait Controller {
    /// One pass over the observed state: at most one kind of change, as real controllers do.
    fn pass(&mut self, seen: &Observation<'_>) -> Decision;

    /// An operator changes the strategy's parameters in mid-rollout. What the controller
    /// cannot change leaves it as it is.
    fn reconfigure(&mut self, _strategy: &Strategy) {}
}

/// The controller of a strategy, for the service of a plan.
#[must_use]
pub fn controller(strategy: &Strategy, plan: &Plan) -> Box<dyn Controller> {
    match strategy {
        Strategy::Recreate(_) | Strategy::Rolling(_) => {
            Box::new(deployment::Deployment::new(strategy, plan.service.replicas))
        }
        Strategy::BlueGreen(params) => Box::new(blue_green::BlueGreenController::new(params, plan)),
        Strategy::Canary(params) => Box::new(canary::CanaryController::new(params, plan)),
        Strategy::ConfigPush(params) => Box::new(config_push::PushController::new(params, plan)),
        Strategy::Scripted(_) => unreachable!("scripts run without a controller"),
    }
}

/// What a controller can see.
pub struct Observation<'a> {
    /// The run's clock.
    pub now: SimTime,
    /// The wall clock, nanoseconds since 1970 (conditions carry whole seconds of it).
    pub unix_ns: i64,
    /// Counts the changes of the object's spec (`metadata.generation`).
    pub generation: u64,
    /// `spec.replicas`.
    pub replicas: u32,
    /// `spec.paused`.
    pub paused: bool,
    /// The version of the pod template: what ought to run.
    pub target: VersionId,
    /// The version that ran before this rollout, to which an abort goes back. It stays what it
    /// was until a rollout has finished as completed: a rollout that stalled, was rolled back
    /// or was overtaken by a newer one leaves it alone.
    pub stable: VersionId,
    /// Every replica set, in order of creation.
    pub replica_sets: &'a [ReplicaSetView],
    /// The traffic routing last commanded.
    pub routing: Routing,
    /// A person asked for the rollout to be given up (or an automatic rule did). Stays true
    /// until the next deployment.
    pub abort_requested: bool,
    /// How often a person has told the rollout to go on since it began: each time ends one
    /// wait for a person (Argo's `promote`).
    pub resumes: u32,
    /// A person is in a hurry: steps, pauses and analyses are skipped (Argo's `promote --full`).
    /// What a rollback after the end of a rollout asks for.
    pub promote_full: bool,
    /// Instances that a pushed configuration is on its way to.
    pub pushing: u32,
    /// Reported metrics.
    pub metrics: &'a dyn ReportedMetrics,
}

/// A replica set as its status reports it, delays included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSetView {
    /// The version its pods run.
    pub version: VersionId,
    /// Deployment revision.
    pub revision: u32,
    /// `spec.replicas`.
    pub spec: u32,
    /// Whether the status below is of the current spec.
    pub observed: bool,
    /// `status.replicas`: pods that are not being deleted.
    pub replicas: u32,
    /// `status.readyReplicas`.
    pub ready: u32,
    /// `status.availableReplicas`: ready for `minReadySeconds`.
    pub available: u32,
    /// `status.terminatingReplicas`: pods that are being deleted and have not ended.
    pub terminating: u32,
    /// Pods of it in a non-terminal phase, terminating ones included.
    pub existing: u32,
    /// The desired-replicas annotation.
    pub desired_annotation: Option<u32>,
    /// The max-replicas annotation.
    pub max_annotation: Option<u32>,
}

/// Metrics as the monitoring system would answer a query now.
pub trait ReportedMetrics {
    /// The metric over the last window that is visible now; `None`: not enough data.
    fn query(&self, metric: &AnalysisMetric) -> Option<f64>;
}

/// What a controller wants done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Carried out in order.
    pub commands: Vec<Command>,
    /// When to be woken at the latest, even if nothing changes. The present instant means
    /// another pass as soon as the controller's queue allows.
    pub wake_at: Option<SimTime>,
}

/// A change that a controller asks the platform for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Creates the replica set of a version if it is not there, and sets its size and the
    /// annotations that proportional scaling reads.
    Scale {
        /// Whose.
        version: VersionId,
        /// `spec.replicas`.
        to: u32,
        /// The desired-replicas annotation.
        desired_annotation: u32,
        /// The max-replicas annotation.
        max_annotation: u32,
    },
    /// Sets annotations alone (a size that is already right).
    Annotate {
        /// Whose.
        version: VersionId,
        /// The desired-replicas annotation.
        desired_annotation: u32,
        /// The max-replicas annotation.
        max_annotation: u32,
    },
    /// Sets the Deployment revision of a replica set: an old one is used again.
    Revise {
        /// Whose.
        version: VersionId,
        /// The new revision.
        revision: u32,
    },
    /// Deletes an empty replica set beyond the history limit.
    Remove {
        /// Whose.
        version: VersionId,
    },
    /// Writes the rollout object's own status: a call to the API server, whose echo causes one
    /// more pass.
    Report,
    /// Sets where the traffic goes.
    Route(Routing),
    /// Pushes a version to running instances as their configuration.
    Push {
        /// What.
        version: VersionId,
        /// To whom.
        to: PushTo,
    },
    /// Has a configuration generated, and pushed to everybody.
    Generate {
        /// What a good one is.
        good: VersionId,
        /// What a bad one is.
        bad: VersionId,
        /// Chance of a bad one.
        chance: f64,
    },
    /// Writes a line into the run's log.
    Log(EventKind),
    /// The rollout has ended (another operation may start a new one); said in every pass in
    /// which it holds. Passes go on: sets may still have to be scaled down or resized. A stalled
    /// rollout may finish again, when its pods come up after all or a person acts (then
    /// `RolloutResumed` is logged first); the last word counts.
    Finish(RolloutOutcome),
}

/// Whom a configuration is pushed to. Others keep what they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushTo {
    /// Everybody.
    All,
    /// The instances in so many places, from the first.
    First(u32),
    /// The instances of a wave (its place in the plan's list).
    Wave(u16),
}

/// Where the traffic goes before anything is deployed: a strategy that moves traffic by a
/// selector or a router has it in place from the start.
#[must_use]
pub fn initial_routing(strategy: &Strategy, stable: VersionId) -> Routing {
    match strategy {
        Strategy::BlueGreen(_) => Routing::Only(stable),
        Strategy::Canary(canary) if canary.traffic == CanaryTraffic::Weights => {
            Routing::Only(stable)
        }
        _ => Routing::All,
    }
}

/// What the max-replicas annotation of a set that is not rolled out has beyond the replicas.
#[must_use]
pub fn surge_annotation(strategy: &Strategy, replicas: u32) -> u32 {
    match strategy {
        Strategy::Rolling(rolling) => {
            deployment::rules::fenceposts(rolling.max_surge, rolling.max_unavailable, replicas).0
        }
        Strategy::Recreate(_)
        | Strategy::BlueGreen(_)
        | Strategy::Canary(_)
        | Strategy::ConfigPush(_)
        | Strategy::Scripted(_) => 0,
    }
}

/// Resolves a count or percentage; percentages round up if `up`, else down.
#[must_use]
pub fn resolve(value: IntOrPercent, replicas: u32, up: bool) -> u32 {
    match value {
        IntOrPercent::Int(count) => count,
        IntOrPercent::Percent(percent) => {
            let product = u64::from(percent) * u64::from(replicas);
            (if up { product.div_ceil(100) } else { product / 100 }) as u32
        }
    }
}
