//! Nodes: pods take them in turn, images are pulled once for each node and version, and a
//! quota bounds how many pods have room at once.

use std::collections::BTreeMap;

use super::cluster::Platform;
use super::event::Kind;
use super::{Outbox, PlatformEvent, PodId};
use crate::engine::{SimDuration, SimTime};
use crate::plan::VersionId;

/// Which image is on which node from when on.
#[derive(Default)]
pub(super) struct Images {
    there: BTreeMap<(VersionId, u32), SimTime>,
}

impl Images {
    /// When the image is on the node: the first pod to ask pulls it, the others wait for that.
    pub(super) fn ready_at(
        &mut self,
        version: VersionId,
        node: u32,
        now: SimTime,
        pull: SimDuration,
    ) -> SimTime {
        let at = *self.there.entry((version, node)).or_insert(now + pull);
        at.max(now)
    }
}

impl Platform {
    /// Gives a new pod a node, or lets it wait for room.
    pub(super) fn place(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        if self.quota.is_some_and(|quota| self.placed >= self.replicas + quota) {
            self.waiting.push_back(id);
        } else {
            self.reserve(now, id, out);
        }
    }

    /// Room has come free: the pods that wait take it in order.
    pub(super) fn place_waiting(&mut self, now: SimTime, out: &mut Outbox) {
        while self.quota.is_none_or(|quota| self.placed < self.replicas + quota) {
            let Some(id) = self.waiting.pop_front() else { return };
            if self.pods[id.0 as usize].active() {
                self.reserve(now, id, out);
            }
        }
    }

    fn reserve(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        self.placed += 1;
        let pod = &mut self.pods[id.0 as usize];
        pod.has_room = true;
        let at = now + self.lags.kubelet + self.delays.schedule(pod.who());
        out.later.push((at, PlatformEvent(Kind::Bound { pod: id })));
    }
}
