//! Evictions and the PodDisruptionBudget.
//!
//! A budget of `minAvailable` lets an eviction through while more pods are healthy than it
//! asks for; a percentage is of `spec.replicas`, rounded up. Pods that are pending or have
//! ended are not protected; a running pod that is not ready may go while the budget holds
//! (the default `unhealthyPodEvictionPolicy`, IfHealthyBudget). A drain does not cordon the
//! node: pods take nodes in turn whatever happens to the node.

use std::collections::VecDeque;

use super::cluster::Platform;
use super::event::Kind;
use super::pod::Phase;
use super::{Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{IntOrPercent, VersionId};

/// A drain under way: one eviction call after another.
pub(super) struct Drain {
    left: VecDeque<PodId>,
    /// Refused in this round, for the next one.
    refused: VecDeque<PodId>,
    retry: SimDuration,
}

impl Platform {
    /// Evicts the first pods of a version; what the budget refuses stays.
    pub fn evict_first(&mut self, now: SimTime, version: VersionId, count: u32, out: &mut Outbox) {
        for id in self.first_pods(version, count, false) {
            if self.may_evict(id) {
                self.delete(now, id, out);
            }
        }
    }

    /// Evicts every pod that is on a node now, one call after another; what the budget refuses
    /// is tried again in rounds, `retry` after the last.
    pub fn drain(&mut self, now: SimTime, node: u32, retry: SimDuration, out: &mut Outbox) {
        let left = (0..self.pods.len() as u32).map(PodId);
        let left = left.filter(|id| {
            let pod = &self.pods[id.0 as usize];
            pod.node == node && pod.active() && pod.scheduled
        });
        let drain = self.drains.len() as u32;
        self.drains.push(Drain { left: left.collect(), refused: VecDeque::new(), retry });
        out.later.push((now + self.lags.call, PlatformEvent(Kind::DrainNext { drain })));
    }

    pub(super) fn drain_next(&mut self, now: SimTime, index: u32, out: &mut Outbox) {
        let round = &mut self.drains[index as usize];
        let Some(id) = round.left.pop_front() else { return };
        if self.pods[id.0 as usize].active() {
            if self.may_evict(id) {
                self.delete(now, id, out);
            } else {
                self.drains[index as usize].refused.push_back(id);
            }
        }
        let drain = &mut self.drains[index as usize];
        let mut at = now + self.lags.call;
        if drain.left.is_empty() {
            drain.left = std::mem::take(&mut drain.refused);
            at += drain.retry;
        }
        if !drain.left.is_empty() {
            out.later.push((at, PlatformEvent(Kind::DrainNext { drain: index })));
        }
    }

    fn may_evict(&self, id: PodId) -> bool {
        let Some(budget) = self.budget else { return true };
        let pod = &self.pods[id.0 as usize];
        let wanted = match budget {
            IntOrPercent::Int(count) => u64::from(count),
            IntOrPercent::Percent(percent) => {
                (u64::from(percent) * u64::from(self.replicas)).div_ceil(100)
            }
        };
        let healthy = u64::from(self.counts.ready);
        match pod.phase {
            Phase::Pending => true,
            _ if !pod.ready => healthy >= wanted,
            _ => healthy > wanted,
        }
    }
}
