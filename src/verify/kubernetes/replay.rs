//! A recording's rollout, simulated: the figures that are held against the recorded ones.

use std::collections::BTreeMap;

use super::mapping::Case;
use crate::engine::SimTime;
use crate::plan::{EndpointConditions, VersionId};
use crate::platform::Effect;
use crate::record::{EventKind, RolloutTimes};
use crate::simulation::rollout::alone::run_alone;
use crate::simulation::rollout::{Rollout, RolloutEffect};

/// `spec`, and `replicas`, `ready`, `available` of the status.
pub type Sizes = [u32; 4];

/// How an endpoint changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointTurn {
    /// It appeared, not ready.
    Added,
    /// It turned ready.
    Ready,
    /// It is no longer ready, but has not gone.
    Unready,
    /// It was removed.
    Removed,
}

/// What came of a simulated rollout. Times are in seconds.
#[derive(Debug, Default)]
pub struct Replay {
    /// Fewest pods ready and not being deleted.
    pub min_ready: u32,
    /// Fewest ready endpoints.
    pub min_ready_endpoints: u32,
    /// Most pods, terminating ones included.
    pub max_existing: u32,
    /// Most pods without terminating ones.
    pub max_active: u32,
    /// Pods created after the start.
    pub created: u32,
    /// When the rollout was complete.
    pub complete_at: Option<f64>,
    /// When the last deleted pod was gone.
    pub all_gone_at: Option<f64>,
    /// When the deadline condition appeared.
    pub deadline_at: Option<f64>,
    /// Every change of a replica set.
    pub sets: Vec<(f64, VersionId, Sizes)>,
    /// Every turn of an endpoint.
    pub endpoints: Vec<(f64, VersionId, EndpointTurn)>,
}

/// Simulates a case without traffic. The seed decides which of equal pods are deleted, and
/// nothing else.
#[must_use]
pub fn replay(case: &Case, seed: u64) -> Replay {
    let mut watch = Watch::default();
    watch.replay.min_ready = u32::MAX;
    watch.replay.min_ready_endpoints = u32::MAX;
    let end = SimTime(case.plan.clock.window.0);
    let rollout = run_alone(
        &case.plan,
        Some(&case.strategy),
        Some(case.release),
        seed,
        end,
        |now, rollout, effects| watch.see(now, rollout, effects),
    );
    let RolloutTimes { finished, .. } = rollout.times();
    watch.replay.complete_at = finished.map(SimTime::as_secs_f64);
    watch.replay
}

#[derive(Default)]
struct Watch {
    replay: Replay,
    versions: Vec<VersionId>,
    endpoints: BTreeMap<u32, EndpointConditions>,
    sizes: BTreeMap<VersionId, Sizes>,
}

impl Watch {
    fn see(&mut self, now: SimTime, rollout: &Rollout, effects: &[RolloutEffect]) {
        let t = now.as_secs_f64();
        for effect in effects {
            if let RolloutEffect::Platform(effect) = effect {
                self.see_effect(t, effect);
            }
        }
        let counts = rollout.counts();
        self.replay.min_ready = self.replay.min_ready.min(counts.ready);
        self.replay.max_existing = self.replay.max_existing.max(counts.existing);
        self.replay.max_active = self.replay.max_active.max(counts.active);
        for set in rollout.replica_sets() {
            let sizes = [set.spec, set.replicas, set.ready, set.available];
            if self.sizes.insert(set.version, sizes) != Some(sizes) {
                self.replay.sets.push((t, set.version, sizes));
            }
        }
    }

    fn see_effect(&mut self, t: f64, effect: &Effect) {
        match effect {
            Effect::Created { version, .. } => {
                self.versions.push(*version);
                self.replay.created += u32::from(t > 0.0);
            }
            Effect::Gone { .. } => self.replay.all_gone_at = Some(t),
            Effect::Endpoint { pod, conditions } => self.see_endpoint(t, pod.0, *conditions),
            Effect::Log(EventKind::ProgressDeadlineExceeded) => {
                self.replay.deadline_at.get_or_insert(t);
            }
            _ => {}
        }
    }

    fn see_endpoint(&mut self, t: f64, pod: u32, conditions: Option<EndpointConditions>) {
        let version = self.versions[pod as usize];
        let before = match conditions {
            Some(conditions) => self.endpoints.insert(pod, conditions),
            None => self.endpoints.remove(&pod),
        };
        let was_ready = before.is_some_and(|before| before.ready);
        let turn = match conditions {
            None => Some(EndpointTurn::Removed),
            Some(now) if now.ready && !was_ready => Some(EndpointTurn::Ready),
            Some(now) if !now.ready && was_ready => Some(EndpointTurn::Unready),
            Some(now) if !now.ready && before.is_none() => Some(EndpointTurn::Added),
            Some(_) => None,
        };
        if t > 0.0 {
            self.replay.endpoints.extend(turn.map(|turn| (t, version, turn)));
            let ready = self.endpoints.values().filter(|conditions| conditions.ready).count();
            let least = &mut self.replay.min_ready_endpoints;
            *least = (*least).min(ready as u32);
        }
    }
}
