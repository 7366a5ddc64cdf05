//! One pass: the sets as they were read, and what has been decided on top of that.

use super::history::{self, OldSet};
use super::progress::Status;
use super::resize::{Resizable, Resize};
use super::rules::{self, Kind, Size, Stale};
use crate::strategy::{Command, Decision, Observation, ReplicaSetView};

pub(super) struct Pass<'a> {
    pub(super) seen: &'a Observation<'a>,
    pub(super) decision: Decision,
    kind: Kind,
    /// `status.replicas` of the Deployment before the pass.
    status_replicas: u32,
    sets: Vec<ReplicaSetView>,
    new: Option<usize>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(seen: &'a Observation<'a>, kind: Kind, status_replicas: u32) -> Self {
        let sets = seen.replica_sets.to_vec();
        let new = sets.iter().position(|set| set.version == seen.target);
        Self { seen, decision: Decision::default(), kind, status_replicas, sets, new }
    }

    fn total(&self) -> u32 {
        self.sets.iter().map(|set| set.spec).sum()
    }

    /// Sets a size, with the annotations that go with every such write.
    fn scale(&mut self, index: usize, to: u32) {
        let replicas = self.seen.replicas;
        let annotations = (replicas, replicas + self.kind.surge(replicas));
        let set = &mut self.sets[index];
        set.spec = to;
        set.observed = false;
        set.desired_annotation = Some(annotations.0);
        set.max_annotation = Some(annotations.1);
        self.decision.commands.push(Command::Scale {
            version: set.version,
            to,
            desired_annotation: annotations.0,
            max_annotation: annotations.1,
        });
    }

    /// Sets a size or, where that is right already, the annotations alone.
    pub(super) fn scale_and_annotate(&mut self, index: usize, to: Option<u32>) {
        let Some(to) = to else { return };
        let replicas = self.seen.replicas;
        let (desired, most) = (replicas, replicas + self.kind.surge(replicas));
        let set = &mut self.sets[index];
        if set.spec != to {
            self.scale(index, to);
        } else if (set.desired_annotation, set.max_annotation) != (Some(desired), Some(most)) {
            (set.desired_annotation, set.max_annotation) = (Some(desired), Some(most));
            self.decision.commands.push(Command::Annotate {
                version: set.version,
                desired_annotation: desired,
                max_annotation: most,
            });
        }
    }

    /// Whether an active set was last written for another `spec.replicas`.
    pub(super) fn is_resize(&self) -> bool {
        self.sets.iter().any(|set| {
            set.spec > 0
                && set.desired_annotation.is_some_and(|desired| desired != self.seen.replicas)
        })
    }

    pub(super) fn resize_input(&self) -> Resize {
        let rolling = matches!(self.kind, Kind::Rolling { .. });
        Resize {
            replicas: self.seen.replicas,
            surge: rolling.then(|| self.kind.surge(self.seen.replicas)),
            status_replicas: self.status_replicas,
            sets: self
                .sets
                .iter()
                .map(|set| Resizable {
                    spec: set.spec,
                    available: set.available,
                    desired_annotation: set.desired_annotation,
                    max_annotation: set.max_annotation,
                })
                .collect(),
            new: self.new,
        }
    }

    /// Whether the set of the template exists. One from an earlier revision gets the next
    /// revision, which makes it the newest.
    pub(super) fn reuse_new_set(&mut self) -> bool {
        let Some(new) = self.new else { return false };
        let others = self.sets.iter().enumerate().filter(|&(index, _)| index != new);
        let revision = others.map(|(_, set)| set.revision).max().unwrap_or(0) + 1;
        let set = &mut self.sets[new];
        if set.revision < revision {
            set.revision = revision;
            self.decision.commands.push(Command::Revise { version: set.version, revision });
        }
        true
    }

    /// The size at which the new set is created.
    pub(super) fn new_set_size(&self) -> u32 {
        self.kind.new_set_size(self.seen.replicas, 0, self.total())
    }

    pub(super) fn create_new_set(&mut self, size: u32) {
        let revision = self.sets.iter().map(|set| set.revision).max().unwrap_or(0) + 1;
        self.sets.push(ReplicaSetView {
            version: self.seen.target,
            revision,
            spec: 0,
            observed: false,
            replicas: 0,
            ready: 0,
            available: 0,
            terminating: 0,
            existing: 0,
            desired_annotation: None,
            max_annotation: None,
        });
        let index = self.sets.len() - 1;
        self.new = Some(index);
        self.scale(index, size);
    }

    pub(super) fn reconcile_new(&mut self) -> bool {
        let new = self.new.expect("the new set exists");
        let spec = self.sets[new].spec;
        let size = rules::reconcile_new(self.kind, self.seen.replicas, spec, self.total());
        if let Some(size) = size {
            self.scale(new, size);
        }
        size.is_some()
    }

    pub(super) fn reconcile_old(&mut self) -> Result<bool, Stale> {
        let new = self.new.expect("the new set exists");
        let size = |set: &ReplicaSetView| Size { spec: set.spec, available: set.available };
        let indices: Vec<usize> =
            (0..self.sets.len()).filter(|&i| i != new && self.sets[i].spec > 0).collect();
        let mut old: Vec<Size> = indices.iter().map(|&index| size(&self.sets[index])).collect();
        let new = size(&self.sets[new]);
        let moved = rules::reconcile_old(self.kind, self.seen.replicas, &mut old, new);
        for (&index, decided) in indices.iter().zip(&old) {
            if self.sets[index].spec != decided.spec {
                self.scale(index, decided.spec);
            }
        }
        moved
    }

    /// Recreate: every old set goes to 0 at once.
    pub(super) fn stop_old_sets(&mut self) -> bool {
        let old: Vec<usize> = (0..self.sets.len())
            .filter(|&index| Some(index) != self.new && self.sets[index].spec > 0)
            .collect();
        old.iter().for_each(|&index| self.scale(index, 0));
        !old.is_empty()
    }

    /// Recreate: old pods are reported, or run still, terminating ones included.
    pub(super) fn old_pods_run(&self) -> bool {
        let old = self.sets.iter().enumerate().filter(|&(index, _)| Some(index) != self.new);
        old.into_iter().any(|(_, set)| set.replicas > 0 || set.existing > 0)
    }

    /// Deletes old sets beyond the history limit.
    pub(super) fn clean_up(&mut self, limit: u32) {
        let indices: Vec<usize> =
            (0..self.sets.len()).filter(|&index| Some(index) != self.new).collect();
        let old: Vec<OldSet> = indices
            .iter()
            .map(|&index| &self.sets[index])
            .map(|set| OldSet {
                spec: set.spec,
                replicas: set.replicas,
                observed: set.observed,
                revision: Some(set.revision),
                deleting: false,
            })
            .collect();
        for place in history::sets_to_delete(&old, limit) {
            let version = self.sets[indices[place]].version;
            self.decision.commands.push(Command::Remove { version });
        }
    }

    /// `calculateStatus`: sums over what the sets report.
    pub(super) fn status(&self) -> Status {
        let mut status = Status { generation: self.seen.generation, ..Status::default() };
        for set in &self.sets {
            status.replicas += set.replicas;
            status.ready += set.ready;
            status.available += set.available;
            status.terminating += set.terminating;
        }
        status.updated = self.new.map_or(0, |new| self.sets[new].replicas);
        status
    }

    /// Asks for one status write at the end of the pass.
    pub(super) fn report_once(&mut self) {
        if self.decision.commands.last() != Some(&Command::Report) {
            self.decision.commands.push(Command::Report);
        }
    }
}
