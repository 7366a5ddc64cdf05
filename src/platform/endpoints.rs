//! The endpoint controller: conditions of endpoints, published after its lag.
//!
//! An endpoint exists while its pod is in phase Running; `ready` is serving and not
//! terminating (kubernetes/endpointslice). What consumers do with it is the world's business.

use super::cluster::Platform;
use super::{Effect, Outbox, PodId};

impl Platform {
    /// The controller looks at a pod and publishes what has changed.
    pub(super) fn on_endpoint(&mut self, id: PodId, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        let conditions = pod.endpoint();
        if pod.published != conditions {
            pod.published = conditions;
            out.effects.push(Effect::Endpoint { pod: id, conditions });
        }
    }
}
