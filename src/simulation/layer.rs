//! What brings about the rollout of a run: the platform with its controllers, or a script.

use super::rollout::{Judged, Rollout, RolloutEvent, RolloutOutbox, World};
use super::script::{Script, ScriptEvent};
use crate::engine::SimTime;
use crate::plan::{Plan, STABLE, Strategy, VersionId};
use crate::platform::PodId;
use crate::record::RolloutTimes;

/// One of the two.
pub(super) enum Layer {
    /// Pods on a platform.
    Cluster(Box<Rollout>),
    /// Named instances and planned actions.
    Script(Box<Script>),
}

/// A due event of either.
#[derive(Clone, Copy, Debug)]
pub(super) enum LayerEvent {
    /// Of the platform, the controller or the operator.
    Cluster(RolloutEvent),
    /// Of the script.
    Script(ScriptEvent),
}

/// Where either leaves what it wants done.
#[derive(Debug, Default)]
pub(super) struct LayerOutbox {
    /// Of the cluster; its effects are the script's too.
    pub cluster: RolloutOutbox,
    /// Later events of the script.
    pub script: Vec<(SimTime, ScriptEvent)>,
}

impl LayerOutbox {
    /// Empties it of the later events, and keeps its room: every probe leaves one here.
    pub fn drain_later(&mut self) -> impl Iterator<Item = (SimTime, LayerEvent)> {
        let cluster = self.cluster.later.drain(..);
        let script = self.script.drain(..);
        cluster
            .map(|(at, event)| (at, LayerEvent::Cluster(event)))
            .chain(script.map(|(at, event)| (at, LayerEvent::Script(event))))
    }

    /// Whether nothing is left to be done.
    pub fn is_empty(&self) -> bool {
        self.cluster.later.is_empty() && self.cluster.effects.is_empty() && self.script.is_empty()
    }
}

impl Layer {
    /// The layer of a run.
    pub fn new(
        plan: &Plan,
        strategy: Option<&Strategy>,
        release: Option<VersionId>,
        seed: u64,
    ) -> Self {
        if plan.instances.is_empty() {
            return Self::Cluster(Box::new(Rollout::new(plan, strategy, release, seed)));
        }
        let script = match strategy {
            Some(Strategy::Scripted(script)) => script.actions.clone(),
            _ => Vec::new(),
        };
        let candidate = release.unwrap_or(STABLE);
        Self::Script(Box::new(Script::new(plan, script, candidate, seed)))
    }

    /// Puts what runs from the start in place.
    pub fn start(&mut self, out: &mut LayerOutbox) {
        match self {
            Self::Cluster(rollout) => rollout.start(&mut out.cluster),
            Self::Script(script) => script.start(out),
        }
    }

    /// Carries out a due event.
    pub fn handle(
        &mut self,
        now: SimTime,
        event: LayerEvent,
        world: &dyn World,
        out: &mut LayerOutbox,
    ) {
        match (self, event) {
            (Self::Cluster(rollout), LayerEvent::Cluster(event)) => {
                rollout.handle(now, event, world, &mut out.cluster);
            }
            (Self::Script(script), LayerEvent::Script(event)) => script.handle(now, event, out),
            _ => unreachable!("events go to the layer that asked for them"),
        }
    }

    /// A process that had stopped accepting has finished and exited.
    pub fn process_exited(&mut self, now: SimTime, pod: PodId, out: &mut LayerOutbox) {
        match self {
            Self::Cluster(rollout) => rollout.process_exited(now, pod, &mut out.cluster),
            Self::Script(script) => script.process_exited(now, pod, out),
        }
    }

    /// A fault kills a process. A script's process stays down until it is started again.
    pub fn crash(&mut self, now: SimTime, pod: PodId, out: &mut LayerOutbox) {
        match self {
            Self::Cluster(rollout) => rollout.crash(now, pod, &mut out.cluster),
            Self::Script(script) => script.end(pod.0, out),
        }
    }

    /// How the rollout went up to now.
    pub fn times(&self) -> RolloutTimes {
        match self {
            Self::Cluster(rollout) => rollout.times(),
            Self::Script(script) => script.times(),
        }
    }

    /// Which versions metrics are about: what ran before, and what is on trial.
    pub fn judged(&self) -> Judged {
        match self {
            Self::Cluster(rollout) => rollout.judged(),
            Self::Script(script) => script.judged,
        }
    }

    /// An alert fired.
    pub fn detected(&mut self, now: SimTime) {
        match self {
            Self::Cluster(rollout) => rollout.detected(now),
            Self::Script(script) => script.detected(now),
        }
    }

    /// Somebody asks for the rollout to be given up; a script goes on as planned.
    pub fn request_abort(&mut self, now: SimTime, by: &str, out: &mut LayerOutbox) {
        if let Self::Cluster(rollout) = self {
            rollout.request_abort(now, by, &mut out.cluster);
        }
    }
}
