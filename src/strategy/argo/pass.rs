//! One pass of a controller: what it sees, and the orders it gives.

use super::SetSize;
use crate::engine::SimTime;
use crate::plan::VersionId;
use crate::record::{EventKind, RolloutOutcome};
use crate::strategy::{Command, Decision, Observation, PushTo, ReplicaSetView, Routing};

/// What a pass sees and decides.
pub struct Pass<'a> {
    /// The observation of this pass.
    pub seen: &'a Observation<'a>,
    decision: Decision,
}

impl<'a> Pass<'a> {
    pub fn new(seen: &'a Observation<'a>) -> Self {
        Self { seen, decision: Decision::default() }
    }

    /// The set of a version, if it was ever created.
    pub fn set(&self, version: VersionId) -> Option<&'a ReplicaSetView> {
        self.seen.replica_sets.iter().find(|set| set.version == version)
    }

    pub fn size(&self, version: VersionId) -> SetSize {
        let size = |set: &ReplicaSetView| SetSize { spec: set.spec, available: set.available };
        self.set(version).map_or_else(SetSize::default, size)
    }

    /// The sets of other versions than these, oldest first.
    pub fn others(&self, than: [VersionId; 2]) -> impl Iterator<Item = &'a ReplicaSetView> {
        self.seen.replica_sets.iter().filter(move |set| !than.contains(&set.version))
    }

    /// Whether no other version has pods left that are not being deleted.
    pub fn is_alone(&self, version: VersionId) -> bool {
        self.others([version; 2]).all(|set| set.spec == 0 && set.replicas == 0)
    }

    /// Gives a set its size, if it has another. Says whether it had to.
    pub fn scale(&mut self, version: VersionId, to: u32, surge: u32) -> bool {
        if self.size(version).spec == to {
            return false;
        }
        let desired_annotation = self.seen.replicas;
        self.decision.commands.push(Command::Scale {
            version,
            to,
            desired_annotation,
            max_annotation: desired_annotation + surge,
        });
        true
    }

    /// Sends the traffic somewhere, if it goes elsewhere now.
    pub fn route(&mut self, routing: Routing) {
        if self.seen.routing != routing {
            self.decision.commands.push(Command::Route(routing));
        }
    }

    /// Pushes a version to running instances as their configuration.
    pub fn push(&mut self, version: VersionId, to: PushTo) {
        self.decision.commands.push(Command::Push { version, to });
    }

    /// Has a configuration generated: the good or the bad one of two.
    pub fn generate(&mut self, (good, bad): (VersionId, VersionId), chance: f64) {
        self.decision.commands.push(Command::Generate { good, bad, chance });
    }

    pub fn log(&mut self, event: EventKind) {
        self.decision.commands.push(Command::Log(event));
    }

    /// Reports an end. It is said in every pass in which it holds: somebody may have asked for
    /// another end state and got it.
    pub fn finish(&mut self, outcome: RolloutOutcome) {
        self.decision.commands.push(Command::Finish(outcome));
    }

    /// Asks for a pass at an instant, or before.
    pub fn wake_at(&mut self, at: SimTime) {
        let earliest = self.decision.wake_at.map_or(at, |other| other.min(at));
        self.decision.wake_at = Some(earliest);
    }

    /// Asks for another pass soon: there is more to do than one pass does.
    pub fn again(&mut self) {
        self.wake_at(self.seen.now);
    }

    pub fn decide(self) -> Decision {
        self.decision
    }
}
