//! What a configuration that a process cannot use does to its pod: the process exits, and again
//! after each restart while the file is there; some damage outlasts the file.

use super::cluster::Platform;
use super::event::Kind;
use super::{Outbox, PlatformEvent, PodId};
use crate::engine::SimTime;

impl Platform {
    /// Whether a pod is there and is not being deleted.
    #[must_use]
    pub fn is_active(&self, pod: PodId) -> bool {
        self.pods[pod.0 as usize].active()
    }

    /// A pod's place among those of its version.
    #[must_use]
    pub fn ordinal_of(&self, pod: PodId) -> u32 {
        self.pods[pod.0 as usize].ordinal
    }

    /// The process cannot use its new configuration. `held`: it is not restarted until somebody
    /// puts it right.
    pub fn break_configuration(&mut self, now: SimTime, id: PodId, held: bool, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        (pod.defects.crash_loop, pod.defects.held) = (true, held);
        self.crash_process(now, id, out);
    }

    /// A file that the process can use is there: its next start succeeds.
    pub fn mend_configuration(&mut self, id: PodId) {
        self.pods[id.0 as usize].defects.crash_loop = false;
    }

    /// Somebody has put the pod right: its container starts.
    pub fn repair(&mut self, now: SimTime, id: PodId, out: &mut Outbox) {
        let pod = &mut self.pods[id.0 as usize];
        (pod.defects.crash_loop, pod.defects.held) = (false, false);
        if pod.active() && !pod.has_process() {
            let life = pod.life;
            out.later.push((now, PlatformEvent(Kind::Restart { pod: id, life })));
        }
    }
}
