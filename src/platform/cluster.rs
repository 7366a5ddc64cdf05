//! The platform's state, and the ways in.

use std::collections::VecDeque;

use super::api::TokenBucket;
use super::delays::Delays;
use super::disruption::Drain;
use super::event::Kind;
use super::nodes::Images;
use super::pod::Pod;
use super::replica_set::{Recorder, ReplicaSet};
use super::{Outbox, PlatformEvent, PodCounts, PodId, WallClock, Workload};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{IntOrPercent, Lags, Plan, Service, Version, VersionId};

/// Pods, their kubelets, the replica-set controller and the endpoint controller.
pub struct Platform {
    pub(super) service: Service,
    pub(super) versions: Vec<Version>,
    pub(super) lags: Lags,
    pub(super) delays: Delays,
    pub(super) wall: WallClock,
    pub(super) node_count: u32,
    pub(super) quota: Option<u32>,
    pub(super) budget: Option<IntOrPercent>,
    pub(super) drains: Vec<Drain>,
    pub(super) costs: Vec<(VersionId, u32, i32)>,
    /// `spec.replicas` of the Deployment: what the quota and the disruption budget count from.
    pub(super) replicas: u32,
    pub(super) min_ready: SimDuration,
    /// Every pod of the run, by number.
    pub(super) pods: Vec<Pod>,
    /// The pod that has each place in the fleet, or had it last.
    pub(super) places: Vec<PodId>,
    /// Every replica set of the run, in order of creation.
    pub(super) sets: Vec<ReplicaSet>,
    /// The next ordinal of each version.
    pub(super) ordinals: Vec<u32>,
    pub(super) images: Images,
    /// Pods that have room, and those that wait for some.
    pub(super) placed: u32,
    pub(super) waiting: VecDeque<PodId>,
    pub(super) counts: PodCounts,
    pub(super) api: TokenBucket,
    pub(super) recorder: Recorder,
    /// Something that the Deployment controller watches has changed.
    pub(super) woken: bool,
}

impl Platform {
    /// The platform of a plan, before its pods are there.
    #[must_use]
    pub fn new(plan: &Plan, seed: u64) -> Self {
        let platform = &plan.platform;
        Self {
            service: plan.service.clone(),
            versions: plan.versions.clone(),
            lags: platform.lags.clone(),
            delays: Delays::new(plan, seed),
            wall: WallClock::new(&plan.clock),
            node_count: platform.nodes.count.max(1),
            quota: platform.surge_quota,
            budget: platform.pdb_min_available,
            drains: Vec::new(),
            costs: platform.deletion_costs.clone(),
            replicas: plan.service.replicas,
            min_ready: SimDuration::ZERO,
            pods: Vec::new(),
            places: Vec::new(),
            sets: Vec::new(),
            ordinals: vec![0; plan.versions.len()],
            images: Images::default(),
            placed: 0,
            waiting: VecDeque::new(),
            counts: PodCounts::default(),
            api: TokenBucket::new(&platform.lags.api),
            recorder: Recorder::default(),
            woken: false,
        }
    }

    /// Carries out a due event.
    pub fn handle(
        &mut self,
        now: SimTime,
        event: PlatformEvent,
        workload: &dyn Workload,
        out: &mut Outbox,
    ) {
        match event.0 {
            Kind::SetWake { set } => self.on_set_wake(now, set, out),
            Kind::CreateBatch { set } => self.create_batch(now, set, out),
            Kind::CreatePod { set } => self.on_create_pod(now, set, out),
            Kind::DeletePod { pod } => self.on_delete_pod(now, pod, out),
            Kind::SetStatus { set } => self.write_status(now, set, out),
            Kind::SetReread { set } => self.on_reread(now, set, out),
            Kind::SetPublish { set } => self.on_status_written(now, set, out),
            Kind::PostEvent => self.on_event_posted(now, out),
            Kind::Bound { pod } => self.on_bound(now, pod, out),
            Kind::Started { pod } => self.on_started(now, pod, out),
            Kind::Booted { pod, life } => self.on_booted(now, pod, life, out),
            Kind::Available { pod, since } => self.on_available(now, pod, since, out),
            Kind::Probe { pod, life, which } => {
                self.on_probe(now, pod, life, which, workload, out);
            }
            Kind::Probed { pod, life, which, success } => {
                if self.runs(pod, life) {
                    self.on_probed(now, pod, which, success, out);
                }
            }
            Kind::Crash { pod, life } => self.on_crash(now, pod, life, out),
            Kind::Restart { pod, life } => self.on_restart(now, pod, life, out),
            Kind::StopSeen { pod } => self.on_stop_seen(now, pod, out),
            Kind::Sigterm { pod, life } => self.on_sigterm(now, pod, life, out),
            Kind::Obey { pod, life } => self.on_obey(now, pod, life, out),
            Kind::Sigkill { pod, life } => self.on_sigkill(now, pod, life, out),
            Kind::Remove { pod } => self.on_remove(now, pod, out),
            Kind::Endpoint { pod } => self.on_endpoint(pod, out),
            Kind::DrainNext { drain } => self.drain_next(now, drain, out),
        }
    }

    /// Whether something that the Deployment controller watches has changed since last asked.
    pub fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }

    /// Pods by state.
    #[must_use]
    pub fn counts(&self) -> PodCounts {
        self.counts
    }

    /// Sets `spec.replicas`, which quota and disruption budget count from.
    pub fn set_replicas(&mut self, now: SimTime, replicas: u32, out: &mut Outbox) {
        self.replicas = replicas;
        self.place_waiting(now, out);
    }

    /// Sets `minReadySeconds` for pods that become ready from now on.
    pub fn set_min_ready(&mut self, min_ready: SimDuration) {
        self.min_ready = min_ready;
    }

    /// Whether the container that an event is about still runs.
    pub(super) fn runs(&self, id: PodId, life: u32) -> bool {
        let pod = &self.pods[id.0 as usize];
        pod.life == life && pod.has_process()
    }
}
