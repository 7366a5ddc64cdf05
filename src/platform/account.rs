//! What others see of a pod: every change of it goes through [`Platform::change`], which
//! keeps the counts, writes the log and tells the controllers that watch pods.

use super::cluster::Platform;
use super::event::Kind;
use super::pod::{Phase, Pod};
use super::{Effect, EndpointConditions, Outbox, PlatformEvent, PodCounts, PodId};
use crate::engine::SimTime;
use crate::record::EventKind;

/// What a watcher of the API sees of a pod.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    phase: Phase,
    ready: bool,
    available: bool,
    deleted: bool,
    scheduled: bool,
    endpoint: Option<EndpointConditions>,
}

impl Seen {
    fn of(pod: &Pod) -> Self {
        Self {
            phase: pod.phase,
            ready: pod.ready,
            available: pod.available,
            deleted: pod.deleted.is_some(),
            scheduled: pod.scheduled,
            endpoint: pod.endpoint(),
        }
    }

    fn counts(self) -> PodCounts {
        let exists = self.phase != Phase::Gone;
        let lives = matches!(self.phase, Phase::Pending | Phase::Running);
        let active = lives && !self.deleted;
        PodCounts {
            existing: u32::from(exists),
            placed: u32::from(lives && self.scheduled),
            active: u32::from(active),
            ready: u32::from(active && self.ready),
            available: u32::from(active && self.available),
        }
    }
}

impl PodCounts {
    fn replace(&mut self, before: Self, after: Self) {
        self.existing = self.existing - before.existing + after.existing;
        self.placed = self.placed - before.placed + after.placed;
        self.active = self.active - before.active + after.active;
        self.ready = self.ready - before.ready + after.ready;
        self.available = self.available - before.available + after.available;
    }
}

impl Platform {
    /// Changes a pod and lets everybody who watches know.
    pub(super) fn change(
        &mut self,
        now: SimTime,
        id: PodId,
        out: &mut Outbox,
        edit: impl FnOnce(&mut Pod),
    ) {
        let pod = &mut self.pods[id.0 as usize];
        let (before, held) = (Seen::of(pod), pod.placed());
        edit(pod);
        let (after, set, version) = (Seen::of(pod), pod.set, pod.version);
        let freed = held && !pod.placed();
        if before != after {
            log(id, version, before, after, out);
            let counts = self.counts;
            self.counts.replace(before.counts(), after.counts());
            if self.counts != counts {
                out.effects.push(Effect::Counts(self.counts));
            }
            if before.endpoint != after.endpoint {
                let at = now + self.lags.endpoints;
                out.later.push((at, PlatformEvent(Kind::Endpoint { pod: id })));
            }
            if after.phase == Phase::Gone {
                self.forget(id, set, out);
            }
            self.wake_set(now, set, out);
        }
        if freed {
            self.placed -= 1;
            self.place_waiting(now, out);
        }
    }

    /// Drops a removed pod from its set; the last one gone wakes a Recreate that waits for it.
    fn forget(&mut self, id: PodId, set: u32, out: &mut Outbox) {
        let pods = &mut self.sets[set as usize].pods;
        pods.retain(|&other| other != id);
        self.woken |= pods.is_empty();
        out.effects.push(Effect::Gone { pod: id });
    }

    /// The Ready condition of a pod turns.
    pub(super) fn set_ready(&mut self, now: SimTime, id: PodId, ready: bool, out: &mut Outbox) {
        if self.pods[id.0 as usize].ready == ready {
            return;
        }
        let (wall_s, at_once) = (self.wall.unix_s(now), self.min_ready.0 == 0);
        self.change(now, id, out, |pod| {
            pod.ready = ready;
            pod.available = ready && at_once;
            if ready {
                (pod.ready_since, pod.ready_s) = (now, wall_s);
            }
        });
        if ready && !at_once {
            let at = self.wall.after_whole_second(now, self.min_ready);
            out.later.push((at, PlatformEvent(Kind::Available { pod: id, since: now.0 })));
        }
        if ready {
            self.schedule_defect_crash(now, id, out);
        }
    }

    /// A pod has been ready for `minReadySeconds`, unless its readiness has flapped since.
    pub(super) fn on_available(&mut self, now: SimTime, id: PodId, since: u64, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if pod.ready && pod.ready_since.0 == since {
            self.change(now, id, out, |pod| pod.available = true);
        }
    }
}

fn log(id: PodId, version: crate::plan::VersionId, before: Seen, after: Seen, out: &mut Outbox) {
    let instance = id.0;
    let mut push = |kind| out.effects.push(Effect::Log(kind));
    if before.phase == Phase::Gone {
        push(EventKind::InstanceCreated { instance, version });
    }
    if after.scheduled && !before.scheduled {
        push(EventKind::InstanceScheduled { instance, version });
    }
    if before.phase == Phase::Pending && after.phase == Phase::Running {
        push(EventKind::InstanceRunning { instance, version });
    }
    if after.deleted && !before.deleted {
        push(EventKind::InstanceTerminating { instance, version });
    }
    if after.ready && !before.ready {
        push(EventKind::InstanceReady { instance, version });
    }
    if after.phase == Phase::Failed && before.phase != Phase::Failed {
        push(EventKind::InstanceFailed { instance, version });
    }
    if before.ready && !after.ready && !after.deleted {
        push(EventKind::InstanceUnready { instance, version });
    }
    if after.available && !before.available {
        push(EventKind::InstanceAvailable { instance, version });
    }
    if after.phase == Phase::Gone {
        push(EventKind::InstanceGone { instance, version });
    }
}
