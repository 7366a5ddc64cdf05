//! The kubelet's probes of a container.
//!
//! Ticks come every period from the container's start. While a startup probe has not
//! succeeded the others hold; its success makes the readiness probe run at once. Failing the
//! startup or liveness probe restarts the container; failing readiness only changes the Ready
//! condition. Once a pod is being deleted only the readiness probe goes on.

use super::cluster::Platform;
use super::event::{Kind, Which};
use super::pod::{Container, Pod};
use super::prober::tick_from;
use super::{Outbox, PlatformEvent, PodId, ProbeAnswer, Workload};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{Probe, Readiness};

impl Platform {
    fn probe_of(&self, which: Which) -> Option<&Probe> {
        let probes = &self.service.probes;
        match which {
            Which::Startup => probes.startup.as_ref(),
            Which::Liveness => probes.liveness.as_ref(),
            Which::Readiness => match &probes.readiness {
                Readiness::Probe(probe) => Some(probe),
                Readiness::None | Readiness::Listening => None,
            },
        }
    }

    /// A container has started: so do its probes.
    pub(super) fn begin_probes(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.service.probes.startup.is_some() {
            self.next_tick(now, id, Which::Startup, out);
        } else {
            self.pods[id.0 as usize].probers.started = true;
            self.next_tick(now, id, Which::Readiness, out);
            self.next_tick(now, id, Which::Liveness, out);
        }
    }

    /// The probes of a pod that has been running: its container started at some time before
    /// the run, so its ticks have a random phase and its initial delays are over.
    pub(super) fn resume_probes(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let probes = [Which::Readiness, Which::Liveness].map(|which| self.probe_of(which));
        let longest = probes.into_iter().flatten().map(|probe| probe.period).max();
        let phase = self.delays.probe_phase(self.pods[id.0 as usize].who());
        let span = longest.unwrap_or(SimDuration::ZERO).0 as f64 * phase;
        self.pods[id.0 as usize].container_started = now + SimDuration(span as u64);
        self.next_tick(now, id, Which::Readiness, out);
        self.next_tick(now, id, Which::Liveness, out);
    }

    /// Schedules the first tick at or after `from`.
    fn next_tick(&self, from: SimTime, id: PodId, which: Which, out: &mut Outbox) {
        if let Some(probe) = self.probe_of(which) {
            let pod = &self.pods[id.0 as usize];
            let kind = Kind::Probe { pod: id, life: pod.life, which };
            out.later.push((tick(pod, from, probe), PlatformEvent(kind)));
        }
    }

    pub(super) fn on_probe(
        &mut self,
        now: SimTime,
        id: PodId,
        life: u32,
        which: Which,
        workload: &dyn Workload,
        out: &mut Outbox,
    ) {
        let pod = &self.pods[id.0 as usize];
        let held = which != Which::Readiness && (pod.deleted.is_some() || pod.restarting);
        if !self.runs(id, life) || held || (which == Which::Startup && pod.probers.started) {
            return;
        }
        let probe = self.probe_of(which).expect("only probes that exist have ticks");
        let doomed = which == Which::Readiness && pod.defects.never_ready;
        let answer = if pod.container != Container::Listening || doomed {
            ProbeAnswer::Failure
        } else {
            workload.probe(id, probe.shares_workers)
        };
        let (success, took) = match answer {
            ProbeAnswer::Success(took) if took <= probe.timeout => (true, took),
            ProbeAnswer::Success(_) | ProbeAnswer::Silence => (false, probe.timeout),
            ProbeAnswer::Failure => (false, SimDuration::ZERO),
        };
        // The worker waits for the answer; a tick that falls into the wait comes right after.
        let next = tick(pod, SimTime(now.0 + 1), probe).max(now + took);
        out.later.push((next, PlatformEvent(Kind::Probe { pod: id, life, which })));
        if took == SimDuration::ZERO {
            self.on_probed(now, id, which, success, out);
        } else {
            let kind = Kind::Probed { pod: id, life, which, success };
            out.later.push((now + took, PlatformEvent(kind)));
        }
    }

    pub(super) fn on_probed(
        &mut self,
        now: SimTime,
        id: PodId,
        which: Which,
        success: bool,
        out: &mut Outbox,
    ) {
        let probe = self.probe_of(which).expect("only probes that exist have answers").clone();
        let probers = &mut self.pods[id.0 as usize].probers;
        let verdict = match which {
            Which::Startup => probers.startup.record(success, &probe),
            Which::Readiness => probers.readiness.record(success, &probe),
            Which::Liveness => probers.liveness.record(success, &probe),
        };
        match (which, verdict) {
            (_, None) | (Which::Liveness, Some(true)) => {}
            (Which::Readiness, Some(ready)) => self.set_ready(now, id, ready, out),
            (Which::Startup, Some(true)) => self.on_startup_succeeded(now, id, out),
            (Which::Startup | Which::Liveness, Some(false)) => self.restart(now, id, out),
        }
    }

    fn on_startup_succeeded(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        pod.probers.started = true;
        let life = pod.life;
        if self.probe_of(Which::Readiness).is_some() {
            let kind = Kind::Probe { pod: id, life, which: Which::Readiness };
            out.later.push((now, PlatformEvent(kind)));
        }
        self.next_tick(now, id, Which::Liveness, out);
    }

    /// The kubelet kills a container that fails its probe; its grace period begins now.
    fn restart(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        if !pod.restarting && pod.deleted.is_none() {
            pod.restarting = true;
            self.begin_stop(now, id, now, out);
        }
    }
}

/// The first tick of a pod's probe at or after `from`.
fn tick(pod: &Pod, from: SimTime, probe: &Probe) -> SimTime {
    let delay = if pod.seasoned { SimDuration::ZERO } else { probe.initial_delay };
    tick_from(pod.container_started, from, probe.period, delay)
}
