//! Replica sets as API objects: wanted sizes, annotations, reported status.

use super::api::EventAllowance;
use super::cluster::Platform;
use super::event::Kind;
use super::{Effect, Outbox, PlatformEvent, PodId};
use crate::engine::SimTime;
use crate::plan::VersionId;
use crate::record::EventKind;

/// `status` of a replica set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetStatus {
    /// Active pods.
    pub replicas: u32,
    /// Ready ones.
    pub ready: u32,
    /// Available ones.
    pub available: u32,
    /// Pods that are being deleted and have not ended.
    pub terminating: u32,
    /// The generation of the spec that this is the status of.
    pub generation: u64,
}

/// A replica set.
pub struct ReplicaSet {
    /// The version its pods run.
    pub version: VersionId,
    /// Deployment revision.
    pub revision: u32,
    /// `spec.replicas`.
    pub spec: u32,
    /// Counts changes of the spec.
    pub generation: u64,
    /// Counts what others than the replica-set controller have written to it.
    pub(super) writes: u64,
    /// The desired-replicas and max-replicas annotations.
    pub annotations: Option<(u32, u32)>,
    /// As last written.
    pub status: SetStatus,
    /// Removed by the history limit.
    pub removed: bool,
    /// Existing pods, oldest first.
    pub(super) pods: Vec<PodId>,
    pub(super) worker: Worker,
    pub(super) allowance: EventAllowance,
}

/// Where the replica-set controller is with a set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worker {
    /// A pass is under way.
    pub(super) busy: bool,
    /// Something changed meanwhile.
    pub(super) dirty: bool,
    /// When the last wake-up was asked for.
    pub(super) wake_at: Option<SimTime>,
    /// Creations still to be sent, and the size of the next batch.
    pub(super) remaining: u32,
    pub(super) batch: u32,
    /// The status that the pass found when it began.
    pub(super) found: SetStatus,
    /// The version of the object that its status write is for.
    pub(super) writes_seen: u64,
    /// That write has met a conflict and is being tried again.
    pub(super) again: bool,
}

/// The event recorder of the replica-set controller: posts one event after another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recorder {
    pub(super) waiting: u32,
}

impl ReplicaSet {
    pub(super) fn new(version: VersionId, revision: u32, used_events: u32) -> Self {
        Self {
            version,
            revision,
            spec: 0,
            generation: 0,
            writes: 0,
            annotations: None,
            status: SetStatus::default(),
            removed: false,
            pods: Vec::new(),
            worker: Worker::default(),
            allowance: EventAllowance::after(used_events),
        }
    }
}

impl Platform {
    /// Every replica set that exists, in order of creation.
    pub fn replica_sets(&self) -> impl Iterator<Item = &ReplicaSet> {
        self.sets.iter().filter(|set| !set.removed)
    }

    /// Pods of a set that exist and have not ended, terminating ones included.
    #[must_use]
    pub fn unfinished_pods(&self, set: &ReplicaSet) -> u32 {
        let unfinished = |id: &&PodId| !self.pods[id.0 as usize].terminal();
        set.pods.iter().filter(unfinished).count() as u32
    }

    /// Creates the replica set of a version if it is not there, and sets its size and
    /// annotations.
    pub fn scale(
        &mut self,
        now: SimTime,
        version: VersionId,
        to: u32,
        annotations: (u32, u32),
        out: &mut Outbox,
    ) {
        let index = self.set_of(version);
        let set = &mut self.sets[index];
        set.annotations = Some(annotations);
        set.writes += 1;
        self.woken = true;
        if set.spec != to || set.generation == 0 {
            let from = std::mem::replace(&mut set.spec, to);
            set.generation += 1;
            if from != to {
                let kind = EventKind::ReplicaSetScaled { version, from, to };
                out.effects.push(Effect::Log(kind));
            }
            self.wake_set(now, index as u32, out);
        }
    }

    /// Sets the annotations of a version's replica set.
    pub fn annotate(&mut self, version: VersionId, annotations: (u32, u32)) {
        let index = self.set_of(version);
        self.sets[index].annotations = Some(annotations);
        self.sets[index].writes += 1;
        self.woken = true;
    }

    /// Sets the Deployment revision of a version's replica set.
    pub fn set_revision(&mut self, version: VersionId, revision: u32) {
        let index = self.set_of(version);
        self.sets[index].revision = revision;
        self.sets[index].writes += 1;
        self.woken = true;
    }

    /// Deletes the replica set of a version.
    pub fn remove_set(&mut self, version: VersionId) {
        let index = self.set_of(version);
        self.sets[index].removed = true;
        self.woken = true;
    }

    /// The place of a version's replica set; it is created where there is none.
    pub(super) fn set_of(&mut self, version: VersionId) -> usize {
        let there = self.sets.iter().position(|set| set.version == version && !set.removed);
        there.unwrap_or_else(|| {
            let revision = self.replica_sets().map(|set| set.revision).max().unwrap_or(0) + 1;
            self.sets.push(ReplicaSet::new(version, revision, 0));
            self.sets.len() - 1
        })
    }

    /// The replica-set controller will learn of a change of a set or its pods.
    pub(super) fn wake_set(&mut self, now: SimTime, set: u32, out: &mut Outbox) {
        let at = now + self.lags.replica_set;
        let worker = &mut self.sets[set as usize].worker;
        if worker.wake_at != Some(at) {
            worker.wake_at = Some(at);
            out.later.push((at, PlatformEvent(Kind::SetWake { set })));
        }
    }
}
