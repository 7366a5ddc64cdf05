//! Stand-in until the platform lands: all pods are there from the start.
use crate::engine::SimTime;
use crate::plan::{EndpointConditions, Plan, Routing, Strategy, VersionId};
use crate::platform::{Effect, PodCounts, PodId, Workload};
use crate::record::RolloutTimes;
use crate::strategy::ReportedMetrics;

/// Events.
#[derive(Clone, Copy, Debug)]
pub enum RolloutEvent {}
/// Effects.
#[derive(Clone, Debug)]
pub enum RolloutEffect {
    /** p */
    Platform(Effect),
    /** r */
    Route(Routing),
}
/// Out.
#[derive(Default, Debug)]
pub struct RolloutOutbox {
    /** l */
    pub later: Vec<(SimTime, RolloutEvent)>,
    /** e */
    pub effects: Vec<RolloutEffect>,
}
/// World.
pub trait World: Workload + ReportedMetrics {}
/// Rollout.
pub struct Rollout {
    replicas: u32,
}
impl Rollout {
    /// n
    pub fn new(plan: &Plan, _: Option<&Strategy>, _: Option<VersionId>, _: u64) -> Self {
        Self { replicas: plan.service.replicas }
    }
    /// s
    pub fn start(&mut self, out: &mut RolloutOutbox) {
        for i in 0..self.replicas {
            let pod = PodId(i);
            out.effects.push(RolloutEffect::Platform(Effect::Created {
                pod,
                version: VersionId(0),
                ordinal: i,
                node: 0,
            }));
            out.effects.push(RolloutEffect::Platform(Effect::Listening { pod }));
            out.effects.push(RolloutEffect::Platform(Effect::Endpoint {
                pod,
                conditions: Some(EndpointConditions {
                    ready: true,
                    serving: true,
                    terminating: false,
                }),
            }));
        }
        let n = self.replicas;
        out.effects.push(RolloutEffect::Platform(Effect::Counts(PodCounts {
            existing: n,
            active: n,
            ready: n,
            available: n,
        })));
    }
    /// h
    pub fn handle(
        &mut self,
        _: SimTime,
        event: RolloutEvent,
        _: &dyn World,
        _: &mut RolloutOutbox,
    ) {
        match event {}
    }
    /// e
    pub fn process_exited(&mut self, _: SimTime, _: PodId, _: &mut RolloutOutbox) {}
    /// a
    pub fn request_abort(&mut self, _: SimTime, _: &str, _: &mut RolloutOutbox) {}
    /// d
    pub fn detected(&mut self, _: SimTime) {}
    /// t
    pub fn times(&self) -> RolloutTimes {
        RolloutTimes::default()
    }
}
