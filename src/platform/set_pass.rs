//! The replica-set controller: passes over one set.
//!
//! A pass lists the set's pods once, then creates what is missing (in slow-start batches of
//! 1, 2, 4, …, each sent when the one before has succeeded) or deletes what is too much (all
//! at once), and at its end writes the status of what it had *found at its beginning*. Calls
//! wait for tokens of the controller's client, so under a rate limit a pass over a big step
//! lasts seconds, and the status lags by as much. A status write that meets a newer spec is
//! refused and tried once more. Changes during a pass cause one more after it. Source: `pkg/controller/replicaset/replica_set.go`.

use super::cluster::Platform;
use super::event::Kind;
use super::replica_set::SetStatus;
use super::victims::{Candidate, Ranking};
use super::{Outbox, PlatformEvent, PodId};
use crate::engine::SimTime;

/// Most pods that one pass creates or deletes.
const BURST: u32 = 500;

impl Platform {
    pub(super) fn on_set_wake(&mut self, now: SimTime, set: u32, out: &mut Outbox) {
        let worker = &mut self.sets[set as usize].worker;
        if worker.busy {
            worker.dirty = true;
        } else {
            self.begin_pass(now, set, out);
        }
    }

    fn begin_pass(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let found = self.status_of(index);
        let set = &mut self.sets[index as usize];
        set.worker.busy = true;
        set.worker.dirty = false;
        set.worker.found = found;
        set.worker.writes_seen = set.writes;
        set.worker.again = false;
        if set.spec > found.replicas {
            set.worker.remaining = (set.spec - found.replicas).min(BURST);
            set.worker.batch = 1;
            self.create_batch(now, index, out);
        } else if set.spec < found.replicas {
            let count = (found.replicas - set.spec).min(BURST);
            let mut done = now;
            for pod in self.victims(now, index, count) {
                done = self.api.take(now) + self.lags.call;
                out.later.push((done, PlatformEvent(Kind::DeletePod { pod })));
            }
            out.later.push((done, PlatformEvent(Kind::SetStatus { set: index })));
        } else {
            self.write_status(now, index, out);
        }
    }

    pub(super) fn create_batch(&mut self, now: SimTime, set: u32, out: &mut Outbox) {
        let worker = &mut self.sets[set as usize].worker;
        let batch = worker.batch.min(worker.remaining);
        worker.remaining -= batch;
        worker.batch *= 2;
        let last = worker.remaining == 0;
        let mut done = now;
        for _ in 0..batch {
            done = self.api.take(now) + self.lags.call;
            out.later.push((done, PlatformEvent(Kind::CreatePod { set })));
        }
        let next = if last { Kind::SetStatus { set } } else { Kind::CreateBatch { set } };
        out.later.push((done, PlatformEvent(next)));
    }

    pub(super) fn write_status(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let set = &self.sets[index as usize];
        if set.worker.found == set.status {
            self.end_pass(now, index, out);
        } else {
            let at = self.api.take(now) + self.lags.call;
            out.later.push((at, PlatformEvent(Kind::SetPublish { set: index })));
        }
    }

    /// The status update arrives. Where the set has been written since the pass read it, the
    /// API server refuses; the controller reads the set again and tries once more.
    pub(super) fn on_status_written(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let set = &mut self.sets[index as usize];
        if set.worker.writes_seen != set.writes && !set.worker.again {
            set.worker.again = true;
            let at = self.api.take(now) + self.lags.call;
            out.later.push((at, PlatformEvent(Kind::SetReread { set: index })));
            return;
        }
        set.status = set.worker.found;
        self.woken = true;
        self.end_pass(now, index, out);
    }

    pub(super) fn on_reread(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let at = self.api.take(now) + self.lags.call;
        out.later.push((at, PlatformEvent(Kind::SetPublish { set: index })));
    }

    fn end_pass(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let worker = &mut self.sets[index as usize].worker;
        worker.busy = false;
        if worker.dirty {
            self.begin_pass(now, index, out);
        }
    }

    /// The status of a set's pods as they are now.
    pub(super) fn status_of(&self, index: u32) -> SetStatus {
        let set = &self.sets[index as usize];
        let mut status = SetStatus { generation: set.generation, ..SetStatus::default() };
        for pod in set.pods.iter().map(|id| &self.pods[id.0 as usize]) {
            let active = pod.active();
            status.replicas += u32::from(active);
            status.ready += u32::from(active && pod.ready);
            status.available += u32::from(active && pod.available);
            status.terminating += u32::from(!active && !pod.terminal());
        }
        status
    }

    /// The pods that a set gives up first.
    fn victims(&self, now: SimTime, index: u32, count: u32) -> Vec<PodId> {
        let mut neighbours = vec![0; self.node_count as usize];
        for set in &self.sets {
            for pod in set.pods.iter().map(|id| &self.pods[id.0 as usize]) {
                neighbours[pod.node as usize] += u32::from(pod.active() && pod.scheduled);
            }
        }
        let mut ranked: Vec<(PodId, Candidate)> = self.sets[index as usize]
            .pods
            .iter()
            .filter(|id| self.pods[id.0 as usize].active())
            .map(|&id| (id, self.candidate(id, &neighbours)))
            .collect();
        let unix_ns = self.wall.unix_ns(now);
        let ranking = Ranking::of(ranked.iter().map(|(_, pod)| pod), unix_ns);
        ranked.sort_by(|(_, a), (_, b)| ranking.order(a, b));
        ranked.into_iter().take(count as usize).map(|(id, _)| id).collect()
    }

    fn candidate(&self, id: PodId, neighbours: &[u32]) -> Candidate {
        let pod = &self.pods[id.0 as usize];
        Candidate {
            scheduled: pod.scheduled,
            running: pod.phase == super::pod::Phase::Running,
            ready_s: pod.ready.then_some(pod.ready_s),
            cost: pod.cost,
            neighbours: if pod.scheduled { neighbours[pod.node as usize] } else { 0 },
            restarts: pod.restarts,
            created_s: pod.created_s,
            tie: pod.tie,
        }
    }

    /// The controller records an event about a set, if the recorder lets it through.
    pub(super) fn record_event(&mut self, now: SimTime, set: u32, out: &mut Outbox) {
        if self.sets[set as usize].allowance.allow(now) {
            self.recorder.waiting += 1;
            if self.recorder.waiting == 1 {
                self.post_event(now, out);
            }
        }
    }

    pub(super) fn on_event_posted(&mut self, now: SimTime, out: &mut Outbox) {
        self.recorder.waiting -= 1;
        if self.recorder.waiting > 0 {
            self.post_event(now, out);
        }
    }

    fn post_event(&mut self, now: SimTime, out: &mut Outbox) {
        let at = self.api.take(now) + self.lags.call;
        out.later.push((at, PlatformEvent(Kind::PostEvent)));
    }
}
