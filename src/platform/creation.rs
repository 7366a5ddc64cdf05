//! From a pod's creation to its container's start: a node, the image, init containers. And
//! the pods that run when the simulation begins.

use super::cluster::Platform;
use super::delays::Who;
use super::event::Kind;
use super::pod::{Container, Defects, Phase, Pod, Probers};
use super::replica_set::{ReplicaSet, SetStatus};
use super::{Effect, Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{DefectKind, STABLE, Version, VersionId};

/// The pods of the start have been ready for a day.
const OLD_S: i64 = 86_400;

impl Platform {
    /// Puts the pods of the stable version in place: running, ready, available, published.
    pub fn start(&mut self, annotations: (u32, u32), out: &mut Outbox) {
        let now = SimTime::ZERO;
        let replicas = self.replicas;
        let mut set = ReplicaSet::new(STABLE, 1, replicas);
        (set.spec, set.generation, set.annotations) = (replicas, 1, Some(annotations));
        self.sets.push(set);
        for _ in 0..replicas {
            let id = self.new_pod(now, 0, out);
            let born_s = self.wall.unix_s(now) - OLD_S;
            self.placed += 1;
            self.images.ready_at(STABLE, self.pods[id.0 as usize].node, now, SimDuration::ZERO);
            self.change(now, id, out, |pod| {
                (pod.phase, pod.container, pod.life) = (Phase::Running, Container::Listening, 1);
                (pod.has_room, pod.scheduled) = (true, true);
                (pod.ready, pod.available) = (true, true);
                (pod.ready_s, pod.created_s) = (born_s, born_s);
                pod.probers.started = true;
                pod.seasoned = true;
                pod.published = pod.endpoint();
            });
            out.effects.push(Effect::Listening { pod: id });
            let conditions = self.pods[id.0 as usize].published;
            out.effects.push(Effect::Endpoint { pod: id, conditions });
            self.resume_probes(now, id, out);
            self.schedule_crash(now, id, out);
            self.schedule_defect_crash(now, id, out);
        }
        self.sets[0].status = SetStatus { generation: 1, ..self.status_of(0) };
        self.woken = false;
    }

    /// A creation call has succeeded.
    pub(super) fn on_create_pod(&mut self, now: SimTime, set: u32, out: &mut Outbox) {
        let id = self.new_pod(now, set, out);
        self.change(now, id, out, |pod| pod.phase = Phase::Pending);
        self.place(now, id, out);
        self.record_event(now, set, out);
    }

    fn new_pod(&mut self, now: SimTime, set: u32, out: &mut Outbox) -> PodId {
        let id = PodId(self.pods.len() as u32);
        let version = self.sets[set as usize].version;
        let ordinal = self.ordinals[usize::from(version.0)];
        self.ordinals[usize::from(version.0)] += 1;
        let node = id.0 % self.node_count;
        let place = self.take_place(id);
        let cost = self.costs.iter().find(|(v, o, _)| (*v, *o) == (version, ordinal));
        self.pods.push(Pod {
            version,
            set,
            ordinal,
            node,
            created_s: self.wall.unix_s(now),
            has_room: false,
            scheduled: false,
            phase: Phase::Gone,
            container: Container::Waiting,
            life: 0,
            container_started: now,
            seasoned: false,
            restarting: false,
            restarts: 0,
            backoff: super::backoff::CrashBackoff::default(),
            probers: Probers::default(),
            ready: false,
            ready_since: now,
            ready_s: 0,
            available: false,
            deleted: None,
            cost: cost.map_or(0, |&(_, _, cost)| cost),
            tie: self.delays.tie(Who { version, ordinal, restarts: 0 }),
            defects: defects(&self.versions[usize::from(version.0)], ordinal),
            published: None,
        });
        self.sets[set as usize].pods.push(id);
        out.effects.push(Effect::Created { pod: id, version, ordinal, node, place });
        id
    }

    /// Gives a pod the lowest place that nobody has.
    fn take_place(&mut self, id: PodId) -> u32 {
        let all_held = self.counts.active as usize == self.places.len();
        let is_free = |held: &PodId| !self.pods[held.0 as usize].active();
        let free = if all_held { None } else { self.places.iter().position(is_free) };
        let place = free.unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(id);
        }
        self.places[place] = id;
        place as u32
    }

    /// The pod has a node: image and init containers come next.
    pub(super) fn on_bound(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if !pod.active() || pod.defects.stuck_pending {
            return;
        }
        self.change(now, id, out, |pod| pod.scheduled = true);
        let pod = &self.pods[id.0 as usize];
        let (who, node, seen) = (pod.who(), pod.node, now + self.lags.kubelet);
        let pulled = self.images.ready_at(who.version, node, seen, self.delays.pull(who));
        let at = pulled + self.delays.init(who);
        out.later.push((at, PlatformEvent(Kind::Started { pod: id })));
    }

    /// Image and init containers are done.
    pub(super) fn on_started(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.pods[id.0 as usize].active() {
            self.begin_container(now, id, out);
        }
    }
}

/// The defects of one pod of a version.
fn defects(version: &Version, ordinal: u32) -> Defects {
    let mut found = Defects::default();
    for defect in &version.defects {
        if defect.ordinals.as_ref().is_some_and(|hit| !hit.contains(&ordinal)) {
            continue;
        }
        match &defect.kind {
            DefectKind::CrashLoop | DefectKind::ConfigInvalid { .. } => found.crash_loop = true,
            DefectKind::NeverReady => found.never_ready = true,
            DefectKind::StuckPending => found.stuck_pending = true,
            DefectKind::CrashAfterReady { after, backoff } => {
                found.crash_after_ready = Some((*after, backoff.clone()));
            }
            DefectKind::Leak { lasts } => found.crash_after_ready = Some((*lasts, Vec::new())),
            // What the served world does with requests is its own business.
            DefectKind::Hang { .. }
            | DefectKind::StartsLate { .. }
            | DefectKind::ShallowHealth { .. }
            | DefectKind::OnlyWhen(_)
            | DefectKind::FailingChecks { .. } => {}
        }
    }
    found
}

/// The version of a pod, for the world that asks by number.
impl Platform {
    /// Which version a pod runs.
    #[must_use]
    pub fn version_of(&self, pod: PodId) -> VersionId {
        self.pods[pod.0 as usize].version
    }
}
