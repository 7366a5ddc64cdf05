//! The rollout layer by itself: no requests, every process healthy, every drain empty.
//!
//! What is left of a run when nobody calls the service: used to hold the platform and the
//! controllers against recordings and tables, and to test them.

use super::{Rollout, RolloutEffect, RolloutOutbox, World};
use crate::engine::{Calendar, SimDuration, SimTime};
use crate::plan::{AnalysisMetric, Plan, Strategy, VersionId};
use crate::platform::{Effect, PodId, ProbeAnswer, Workload};
use crate::strategy::ReportedMetrics;

/// A world in which nothing is asked and every process is well.
#[derive(Clone, Copy, Debug)]
pub struct Idle;

impl Workload for Idle {
    fn probe(&self, _: PodId, _: bool) -> ProbeAnswer {
        ProbeAnswer::Success(SimDuration::ZERO)
    }
}

impl ReportedMetrics for Idle {
    fn query(&self, _: &AnalysisMetric) -> Option<f64> {
        None
    }
}

impl World for Idle {}

/// Runs a plan's rollout without traffic up to `end`. `watch` is called after each event with
/// what came of it.
pub fn run_alone(
    plan: &Plan,
    strategy: Option<&Strategy>,
    release: Option<VersionId>,
    seed: u64,
    end: SimTime,
    mut watch: impl FnMut(SimTime, &Rollout, &[RolloutEffect]),
) -> Rollout {
    run_in(&Idle, plan, strategy, release, seed, end, &mut watch)
}

/// The same in another world.
pub(super) fn run_in(
    world: &dyn World,
    plan: &Plan,
    strategy: Option<&Strategy>,
    release: Option<VersionId>,
    seed: u64,
    end: SimTime,
    watch: &mut dyn FnMut(SimTime, &Rollout, &[RolloutEffect]),
) -> Rollout {
    let mut rollout = Rollout::new(plan, strategy, release, seed);
    let mut calendar = Calendar::default();
    let mut events = Vec::new();
    let mut out = RolloutOutbox::default();
    let mut now = SimTime::ZERO;
    rollout.start(&mut out);
    loop {
        let mut next = 0;
        while next < out.effects.len() {
            if let RolloutEffect::Platform(Effect::StopAccepting { pod }) = out.effects[next] {
                rollout.process_exited(now, pod, &mut out);
            }
            next += 1;
        }
        for (at, event) in out.later.drain(..) {
            calendar.push(at, events.len() as u32);
            events.push(event);
        }
        watch(now, &rollout, &out.effects);
        out.effects.clear();
        match calendar.pop() {
            Some((at, number)) if at <= end => {
                now = at;
                rollout.handle(now, events[number as usize], world, &mut out);
            }
            _ => return rollout,
        }
    }
}
