//! Evictions and the PodDisruptionBudget.
//!
//! A budget of `minAvailable` lets an eviction through while more pods are healthy than it
//! asks for; a percentage is of `spec.replicas`, rounded up. Pods that are pending or have
//! ended are not protected; a running pod that is not ready may go while the budget holds
//! (the default `unhealthyPodEvictionPolicy`, IfHealthyBudget). A drain does not cordon the
//! node: pods take nodes in turn whatever happens to the node.

use super::cluster::Platform;
use super::event::Kind;
use super::pod::Phase;
use super::{Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{IntOrPercent, VersionId};

impl Platform {
    /// Evicts the first pods of a version; what the budget refuses stays.
    pub fn evict_first(&mut self, now: SimTime, version: VersionId, count: u32, out: &mut Outbox) {
        for id in self.first_pods(version, count, false) {
            self.evict_or_retry(now, id, out);
        }
    }

    /// Evicts every pod on a node; what the budget refuses is tried again every `retry`.
    pub fn drain(&mut self, now: SimTime, node: u32, retry: SimDuration, out: &mut Outbox) {
        let there: Vec<PodId> = (0..self.pods.len() as u32)
            .map(PodId)
            .filter(|id| {
                let pod = &self.pods[id.0 as usize];
                pod.node == node && pod.active() && pod.scheduled
            })
            .collect();
        for id in there {
            self.pods[id.0 as usize].evict_every = Some(retry);
            self.evict_or_retry(now, id, out);
        }
    }

    pub(super) fn evict_or_retry(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &self.pods[id.0 as usize];
        if !pod.active() {
            return;
        }
        if self.may_evict(id) {
            self.delete(now, id, out);
        } else if let Some(every) = pod.evict_every {
            out.later.push((now + every, PlatformEvent(Kind::EvictAgain { pod: id })));
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
