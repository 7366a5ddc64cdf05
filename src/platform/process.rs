//! The process in a container: start, listening, crash, restart, end.

use super::cluster::Platform;
use super::event::Kind;
use super::pod::{Container, Phase, Probers};
use super::{Effect, Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::Readiness;
use crate::record::EventKind;

impl Platform {
    /// A container starts, for the first time or again.
    pub(super) fn begin_container(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        self.change(now, id, out, |pod| {
            pod.phase = Phase::Running;
            pod.container = Container::Booting;
            pod.life += 1;
            pod.container_started = now;
            pod.seasoned = false;
            pod.probers = Probers::default();
        });
        let pod = &self.pods[id.0 as usize];
        let (life, boot) = (pod.life, self.delays.boot(pod.who()));
        out.later.push((now + boot, PlatformEvent(Kind::Booted { pod: id, life })));
        self.schedule_crash(now, id, out);
        self.begin_probes(now, id, out);
        if self.service.probes.readiness == Readiness::None {
            self.set_ready(now, id, true, out);
        }
    }

    /// The process has started up: it listens, unless it is made to crash here.
    pub(super) fn on_booted(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        if pod.life != life || pod.container != Container::Booting {
            return;
        }
        if pod.defects.crash_loop {
            self.crash(now, id, out);
            return;
        }
        pod.container = Container::Listening;
        let fit = !pod.defects.never_ready;
        out.effects.push(Effect::Listening { pod: id });
        if fit && self.service.probes.readiness == Readiness::Listening {
            self.set_ready(now, id, true, out);
        }
    }

    /// Draws when the process crashes by itself.
    pub(super) fn schedule_crash(&self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if let Some(after) = self.delays.crash(pod.who()) {
            let life = pod.life;
            out.later.push((now + after, PlatformEvent(Kind::Crash { pod: id, life })));
        }
    }

    /// A pod that crashes some time after it became ready has become ready.
    pub(super) fn schedule_defect_crash(&self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if let Some((after, _)) = &pod.defects.crash_after_ready {
            let life = pod.life;
            out.later.push((now + *after, PlatformEvent(Kind::Crash { pod: id, life })));
        }
    }

    pub(super) fn on_crash(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        if self.runs(id, life) {
            self.crash(now, id, out);
        }
    }

    /// The process dies of something outside of it; the kubelet restarts it as after any crash.
    pub fn crash_process(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.pods[id.0 as usize].has_process() {
            self.crash(now, id, out);
        }
    }

    fn crash(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let version = self.pods[id.0 as usize].version;
        let kind = EventKind::InstanceCrashed { instance: id.0, version };
        out.effects.push(Effect::Log(kind));
        self.end_process(now, id, true, out);
    }

    /// The process ends at once; what is inside is cut.
    pub(super) fn end_process(&mut self, now: SimTime, id: PodId, crashed: bool, out: &mut Outbox) {
        out.effects.push(Effect::ProcessEnded { pod: id, crashed });
        self.process_ended(now, id, out);
    }

    /// No process runs any more: the pod ends if it is being deleted, or else restarts it.
    pub(super) fn process_ended(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let deleted = self.pods[id.0 as usize].deleted.is_some();
        self.change(now, id, out, |pod| {
            pod.container = Container::Waiting;
            pod.life += 1;
            pod.restarting = false;
            (pod.ready, pod.available) = (false, false);
            if deleted {
                pod.phase = Phase::Succeeded;
            }
        });
        if deleted {
            let at = now + self.lags.removal;
            out.later.push((at, PlatformEvent(Kind::Remove { pod: id })));
        } else {
            let pause = self.restart_pause(now, id);
            let life = self.pods[id.0 as usize].life;
            out.later.push((now + pause, PlatformEvent(Kind::Restart { pod: id, life })));
        }
    }

    fn restart_pause(&mut self, now: SimTime, id: PodId) -> SimDuration {
        let pod = &mut self.pods[id.0 as usize];
        match &pod.defects.crash_after_ready {
            Some((_, pauses)) if !pauses.is_empty() => {
                pauses[(pod.restarts as usize).min(pauses.len() - 1)]
            }
            _ => pod.backoff.next(now),
        }
    }

    pub(super) fn on_restart(&mut self, now: SimTime, id: PodId, life: u32, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        if pod.life == life && pod.active() && !pod.defects.held {
            pod.restarts += 1;
            let version = pod.version;
            let kind = EventKind::InstanceRestarted { instance: id.0, version };
            out.effects.push(Effect::Log(kind));
            self.begin_container(now, id, out);
        }
    }
}
