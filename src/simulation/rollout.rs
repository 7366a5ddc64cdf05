//! The rollout layer: platform, controller and operator, tied together.
//!
//! It is driven by its own events, acts on the served world through [`RolloutEffect`]s, and
//! runs without any traffic too, which is how it is held against recordings of real rollouts.
//! The controller works as one of kube-controller-manager does: a change that it watches
//! reaches its queue after a lag; a pass reads what is there, and its writes go out one after
//! another, each a call to the API server under the client's rate limit; changes meanwhile
//! cause one more pass after it. Nothing here is periodic but probes.

pub mod alone;
mod carry;
mod going_back;
mod operations;
mod outcome;
mod push;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::engine::SimTime;
use crate::engine::rng::Key;
use crate::plan::{
    Operation, Plan, Rollback, Routing, STABLE, StateOperation, Strategy, VersionId, streams,
};
use crate::platform::{Autoscaler, Effect, Outbox, Platform, PlatformEvent, PodCounts, PodId};
use crate::platform::{TokenBucket, WallClock, Workload};
use crate::record::EventKind;
use crate::strategy::{self, Command, Controller, Observation, ReplicaSetView, ReportedMetrics};

use outcome::Course;

/// A due event of the rollout layer. Opaque to the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutEvent(Due);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// The platform's business.
    Platform(PlatformEvent),
    /// The controller's queue has something.
    Wake,
    /// The controller asked to be woken at this time.
    Timer(SimTime),
    /// A call of the controller to the API server has succeeded.
    Written,
    /// The operator acts.
    Operation(u32),
    /// A pushed configuration reaches a pod.
    FileThere { pod: u32, push: u64 },
    /// Somebody has put a pod right that a configuration had broken.
    Repaired { pod: u32, push: u64 },
    /// The autoscaler looks at the pods.
    Autoscale,
}

/// What the rollout layer does to the served world.
#[derive(Clone, Debug, PartialEq)]
pub enum RolloutEffect {
    /// Something happened to pods, endpoints or the log.
    Platform(Effect),
    /// The routing was set; balancer nodes learn of it after their own delay.
    Route(Routing),
    /// A script changed the balancer, or what is behind its addresses.
    Server(super::script::ServerChange),
    /// The operator changes what is outside of the pods.
    State(StateOperation),
    /// A pod's process uses another configuration: it behaves as this version from now on.
    Configured {
        /// Whose.
        pod: PodId,
        /// Which.
        version: VersionId,
    },
}

/// Where the rollout layer leaves what it wants done.
#[derive(Debug, Default)]
pub struct RolloutOutbox {
    /// Events to hand back at their times. Events of one instant keep this order.
    pub later: Vec<(SimTime, RolloutEvent)>,
    /// In order.
    pub effects: Vec<RolloutEffect>,
}

impl RolloutOutbox {
    fn log(&mut self, kind: EventKind) {
        self.effects.push(RolloutEffect::Platform(Effect::Log(kind)));
    }
}

/// The served world, as the rollout layer sees it.
pub trait World: Workload + ReportedMetrics {}

/// What an operator has written into the rollout's object.
#[derive(Clone, Copy, Debug)]
struct Spec {
    generation: u64,
    replicas: u32,
    paused: bool,
    target: VersionId,
    stable: VersionId,
    /// The stable version before the last completed rollout.
    previous: VersionId,
    routing: Routing,
    abort_requested: bool,
    resumes: u32,
    promote_full: bool,
}

/// Who is judged against whom by metrics and alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What ran before the last deployment of something else.
    pub stable: VersionId,
    /// What was deployed then. Going back changes nothing: it is this that goes.
    pub candidate: VersionId,
}

/// Where the controller is with its object.
#[derive(Debug, Default)]
struct Worker {
    busy: bool,
    dirty: bool,
    wake_at: Option<SimTime>,
    timer: Option<SimTime>,
    /// What is left to carry out of the last decision.
    commands: VecDeque<Command>,
}

/// Platform, controller and operator of one run.
pub struct Rollout {
    platform: Platform,
    wall: WallClock,
    /// `None`: nothing is deployed.
    controller: Option<Box<dyn Controller>>,
    strategy: Option<Strategy>,
    release: VersionId,
    /// Names of versions, for the log.
    names: Vec<String>,
    operations: Vec<Operation>,
    /// What operations count from.
    deploy_at: SimTime,
    policy: Rollback,
    lag: crate::plan::Lags,
    api: TokenBucket,
    spec: Spec,
    judged: Judged,
    worker: Worker,
    course: Course,
    /// Where the strategy pushes configurations.
    configurations: Option<Box<push::Configurations>>,
    autoscaler: Option<Autoscaler>,
    autoscaler_key: Key,
    inner: Outbox,
}

impl Rollout {
    /// The rollout layer of a run. Without a strategy or a release nothing is deployed and
    /// operations are left out: the control.
    #[must_use]
    pub fn new(
        plan: &Plan,
        strategy: Option<&Strategy>,
        release: Option<VersionId>,
        seed: u64,
    ) -> Self {
        let strategy = strategy.filter(|_| release.is_some());
        let routing = strategy.map_or(Routing::All, |s| strategy::initial_routing(s, STABLE));
        let mut platform = Platform::new(plan, seed);
        if let Some(strategy) = strategy {
            platform.set_min_ready(strategy.min_ready());
        }
        Self {
            platform,
            wall: WallClock::new(&plan.clock),
            controller: strategy.map(|strategy| strategy::controller(strategy, plan)),
            strategy: strategy.cloned(),
            release: release.unwrap_or(STABLE),
            names: plan.versions.iter().map(|version| version.name.clone()).collect(),
            operations: if strategy.is_some() { plan.operations.clone() } else { Vec::new() },
            deploy_at: SimTime::ZERO + plan.clock.warmup + plan.clock.deploy_at,
            policy: plan.response.rollback,
            lag: plan.platform.lags.clone(),
            api: TokenBucket::new(&plan.platform.lags.api),
            spec: Spec {
                generation: 1,
                replicas: plan.service.replicas,
                paused: false,
                target: STABLE,
                stable: STABLE,
                previous: STABLE,
                routing,
                abort_requested: false,
                resumes: 0,
                promote_full: false,
            },
            judged: Judged { stable: STABLE, candidate: release.unwrap_or(STABLE) },
            worker: Worker::default(),
            course: Course::default(),
            configurations: push::Configurations::of(plan, strategy, seed),
            autoscaler: plan.platform.hpa.as_ref().map(Autoscaler::new),
            autoscaler_key: Key::of_seed(seed).purpose(streams::AUTOSCALER_PHASE),
            inner: Outbox::default(),
        }
    }

    /// Puts the stable version's pods in place and plans the operator's day.
    pub fn start(&mut self, out: &mut RolloutOutbox) {
        let replicas = self.spec.replicas;
        let surge = self.strategy.as_ref().map_or(0, |s| strategy::surge_annotation(s, replicas));
        self.platform.start((replicas, replicas + surge), &mut self.inner);
        self.flush(SimTime::ZERO, out);
        if self.spec.routing != Routing::All {
            out.effects.push(RolloutEffect::Route(self.spec.routing));
        }
        if let Some(autoscaler) = &self.autoscaler {
            let sync = autoscaler.sync().0 as f64;
            let first = SimTime((self.autoscaler_key.unit(0) * sync) as u64);
            out.later.push((first, RolloutEvent(Due::Autoscale)));
        }
        for (index, operation) in self.operations.iter().enumerate() {
            let at = self.deploy_at + operation.at;
            out.later.push((at, RolloutEvent(Due::Operation(index as u32))));
        }
    }

    /// Carries out a due event.
    pub fn handle(
        &mut self,
        now: SimTime,
        event: RolloutEvent,
        world: &dyn World,
        out: &mut RolloutOutbox,
    ) {
        match event.0 {
            Due::Platform(event) => self.platform.handle(now, event, world, &mut self.inner),
            Due::Wake => {
                // Where news travel in no time at all, this instant may ask for another pass.
                self.worker.wake_at = self.worker.wake_at.filter(|&at| at != now);
                self.on_wake(now, world, out);
            }
            Due::Timer(at) if self.worker.timer == Some(at) => {
                self.worker.timer = None;
                self.on_wake(now, world, out);
            }
            Due::Timer(_) => {}
            Due::Written => self.on_written(now, out),
            Due::Operation(index) => self.operate(now, index as usize, out),
            Due::FileThere { pod, push } => self.on_file(now, pod, push, out),
            Due::Repaired { pod, push } => self.on_repaired(now, pod, push, out),
            Due::Autoscale => self.autoscale(now, world, out),
        }
        self.flush(now, out);
    }

    /// A process that had stopped accepting has finished and exited.
    pub fn process_exited(&mut self, now: SimTime, pod: PodId, out: &mut RolloutOutbox) {
        self.platform.process_exited(now, pod, &mut self.inner);
        self.flush(now, out);
    }

    /// A pod's process dies of a fault.
    pub fn crash(&mut self, now: SimTime, pod: PodId, out: &mut RolloutOutbox) {
        self.platform.crash_process(now, pod, &mut self.inner);
        self.flush(now, out);
    }

    /// Every replica set as its status reports it, in order of creation.
    #[must_use]
    pub fn replica_sets(&self) -> Vec<ReplicaSetView> {
        self.platform
            .replica_sets()
            .map(|set| ReplicaSetView {
                version: set.version,
                revision: set.revision,
                spec: set.spec,
                observed: set.status.generation == set.generation,
                replicas: set.status.replicas,
                ready: set.status.ready,
                available: set.status.available,
                terminating: set.status.terminating,
                existing: self.platform.unfinished_pods(set),
                desired_annotation: set.annotations.map(|(desired, _)| desired),
                max_annotation: set.annotations.map(|(_, most)| most),
            })
            .collect()
    }

    /// Who is judged against whom.
    #[must_use]
    pub fn judged(&self) -> Judged {
        self.judged
    }

    /// Pods by state.
    #[must_use]
    pub fn counts(&self) -> PodCounts {
        self.platform.counts()
    }

    /// Passes on what the platform has left, and wakes the controller if it watches that.
    fn flush(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        let later = self.inner.later.drain(..);
        out.later.extend(later.map(|(at, event)| (at, RolloutEvent(Due::Platform(event)))));
        for effect in std::mem::take(&mut self.inner.effects) {
            let created = match effect {
                Effect::Created { pod, place, .. } => Some((pod, place)),
                _ => None,
            };
            out.effects.push(RolloutEffect::Platform(effect));
            if let Some((pod, place)) = created {
                self.configure_new(now, pod, place, out);
            }
        }
        if self.platform.take_woken() {
            self.wake(now + self.lag.deployment, out);
        }
    }

    /// Puts the controller's object into its queue at a time.
    fn wake(&mut self, at: SimTime, out: &mut RolloutOutbox) {
        if self.course.has_begun() && self.worker.wake_at != Some(at) {
            self.worker.wake_at = Some(at);
            out.later.push((at, RolloutEvent(Due::Wake)));
        }
    }

    fn on_wake(&mut self, now: SimTime, world: &dyn World, out: &mut RolloutOutbox) {
        if self.worker.busy {
            self.worker.dirty = true;
            return;
        }
        let views = self.replica_sets();
        let Some(controller) = &mut self.controller else { return };
        let spec = self.spec;
        let decision = controller.pass(&Observation {
            now,
            unix_ns: self.wall.unix_ns(now),
            generation: spec.generation,
            replicas: spec.replicas,
            paused: spec.paused,
            target: spec.target,
            stable: spec.stable,
            replica_sets: &views,
            routing: spec.routing,
            abort_requested: spec.abort_requested,
            resumes: spec.resumes,
            promote_full: spec.promote_full,
            pushing: self.configurations.as_ref().map_or(0, |configs| configs.pushing()),
            metrics: world,
        });
        self.worker.busy = true;
        self.worker.commands.extend(decision.commands);
        self.worker.timer = decision.wake_at.filter(|&at| at > now);
        match decision.wake_at {
            Some(at) if at > now => out.later.push((at, RolloutEvent(Due::Timer(at)))),
            Some(_) => self.wake(now + self.lag.deployment, out),
            None => {}
        }
        self.carry_on(now, out);
    }
}
