//! The end of a pod: deletion, preStop, SIGTERM, grace, SIGKILL, removal.
//!
//! The grace period runs from the deletion and includes the preStop sleep; after it a process
//! has at least two seconds between SIGTERM and SIGKILL (`minimumGracePeriodInSeconds` in
//! `pkg/kubelet/kuberuntime`). A pod whose container never started is removed at once.

use super::cluster::Platform;
use super::event::Kind;
use super::pod::{Container, Phase};
use super::{Effect, Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{OnSigterm, VersionId};

const SHORTEST_GRACE: SimDuration = SimDuration::from_secs(2);

impl Platform {
    /// A deletion call of the replica-set controller has succeeded.
    pub(super) fn on_delete_pod(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.pods[id.0 as usize].deleted.is_none() {
            self.delete(now, id, out);
            self.record_event(now, self.pods[id.0 as usize].set, out);
        }
    }

    /// Deletes the first pods of a version through the API.
    pub fn delete_first(&mut self, now: SimTime, version: VersionId, count: u32, out: &mut Outbox) {
        for id in self.first_pods(version, count, false) {
            self.delete(now, id, out);
        }
    }

    /// The first pods of a version turn to phase Failed, as in a node-pressure eviction.
    pub fn kill_first(&mut self, now: SimTime, version: VersionId, count: u32, out: &mut Outbox) {
        for id in self.first_pods(version, count, true) {
            if self.pods[id.0 as usize].has_process() {
                out.effects.push(Effect::ProcessEnded { pod: id, crashed: true });
            }
            self.change(now, id, out, |pod| {
                (pod.phase, pod.container) = (Phase::Failed, Container::Waiting);
                (pod.ready, pod.available) = (false, false);
                pod.life += 1;
            });
        }
    }

    /// The first active pods of a version in order of creation.
    pub(super) fn first_pods(&self, version: VersionId, count: u32, running: bool) -> Vec<PodId> {
        let fits = |id: &PodId| {
            let pod = &self.pods[id.0 as usize];
            pod.version == version && pod.active() && (!running || pod.phase == Phase::Running)
        };
        (0..self.pods.len() as u32).map(PodId).filter(fits).take(count as usize).collect()
    }

    /// A pod's deletion is requested.
    pub(super) fn delete(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if !pod.scheduled || pod.terminal() {
            self.change(now, id, out, |pod| {
                pod.deleted = Some(now);
                pod.phase = Phase::Gone;
            });
            return;
        }
        self.change(now, id, out, |pod| pod.deleted = Some(now));
        let at = now + self.lags.kubelet;
        out.later.push((at, PlatformEvent(Kind::StopSeen { pod: id })));
    }

    /// The kubelet has seen the deletion.
    pub(super) fn on_stop_seen(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        match (pod.phase, pod.deleted) {
            (Phase::Pending, _) => {
                let at = now + self.lags.removal;
                out.later.push((at, PlatformEvent(Kind::Remove { pod: id })));
            }
            (Phase::Running, Some(_)) if !pod.has_process() => self.process_ended(now, id, out),
            (Phase::Running, Some(since)) => self.begin_stop(now, id, since, out),
            _ => {}
        }
    }

    /// The kubelet stops a container whose grace period began at `since`.
    pub(super) fn begin_stop(&mut self, now: SimTime, id: PodId, since: SimTime, out: &mut Outbox) {
        let (shutdown, life) = (&self.service.shutdown, self.pods[id.0 as usize].life);
        let term = now + shutdown.pre_stop.min(shutdown.grace);
        let kill = (since + shutdown.grace).max(term + SHORTEST_GRACE);
        out.later.push((kill, PlatformEvent(Kind::Sigkill { pod: id, life })));
        if term == now {
            self.on_sigterm(now, id, life, out);
        } else {
            out.later.push((term, PlatformEvent(Kind::Sigterm { pod: id, life })));
        }
    }

    pub(super) fn on_sigterm(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        if !self.runs(id, life) || self.service.shutdown.on_sigterm == OnSigterm::Ignore {
            return;
        }
        let pod = &mut self.pods[id.0 as usize];
        if pod.container == Container::Booting {
            pod.container = Container::GivingUp;
        }
        let linger = self.delays.linger(pod.who());
        if linger == SimDuration::ZERO {
            self.on_obey(now, id, life, out);
        } else {
            out.later.push((now + linger, PlatformEvent(Kind::Obey { pod: id, life })));
        }
    }

    /// The process does what SIGTERM asks of it.
    pub(super) fn on_obey(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        if !self.runs(id, life) {
            return;
        }
        let pod = &mut self.pods[id.0 as usize];
        let drains = self.service.shutdown.on_sigterm == OnSigterm::Drain;
        if drains && pod.container == Container::Listening {
            pod.container = Container::Draining;
            out.effects.push(Effect::StopAccepting { pod: id });
        } else if pod.container != Container::Draining {
            self.end_process(now, id, false, out);
        }
    }

    pub(super) fn on_sigkill(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        if self.runs(id, life) {
            self.end_process(now, id, false, out);
        }
    }

    /// The world says that a process which had stopped accepting has finished and exited.
    pub fn process_exited(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.pods[id.0 as usize].container == Container::Draining {
            self.process_ended(now, id, out);
        }
    }

    pub(super) fn on_remove(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        self.change(now, id, out, |pod| pod.phase = Phase::Gone);
    }
}
