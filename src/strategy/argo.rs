//! What the two strategies of Argo Rollouts have in common: fenceposts, progress and its
//! deadline, sets that wait to be scaled down, waiting for people, giving up.
//!
//! Written from a reading of argoproj/argo-rollouts 9f8d111d; the rules that are functions of
//! numbers are held against its tables in `tests/data/conformance`. Left out: dynamic stable
//! scale, `setCanaryScale`, experiments, preview replica counts, `scaleDownDelayRevisionLimit`
//! and an `abortScaleDownDelaySeconds` other than the default.

mod course;
mod pass;
mod progress;
#[cfg(test)]
mod tables;

pub(super) use course::{Course, Rest, Ruling, Stage};
pub(super) use pass::Pass;
pub use progress::{Status, is_progress, is_timed_out};

use super::resolve;
use crate::engine::SimDuration;
use crate::plan::IntOrPercent;

/// After an abort the new set stays this long, counted from the moment the stable set is fully
/// available (Argo's default `abortScaleDownDelaySeconds`).
pub const ABORT_SCALE_DOWN_DELAY: SimDuration = SimDuration::from_secs(30);

/// A replica set, as far as the rules on counts look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetSize {
    /// `spec.replicas`; 0 where there is no such set.
    pub spec: u32,
    /// `status.availableReplicas`.
    pub available: u32,
}

impl SetSize {
    /// Whether all wanted pods are there and available.
    #[must_use]
    pub fn is_saturated(self, replicas: u32) -> bool {
        self.spec == replicas && self.available >= replicas
    }
}

/// `maxSurge` and `maxUnavailable` in pods: a surge rounds up, the other down; if both come
/// out as nothing, one pod may be missing. Never more may be missing than there are.
#[must_use]
pub fn fenceposts(surge: IntOrPercent, unavailable: IntOrPercent, replicas: u32) -> (u32, u32) {
    let surge = resolve(surge, replicas, true);
    let unavailable = match resolve(unavailable, replicas, false) {
        0 if surge == 0 => 1,
        some => some,
    };
    (surge, unavailable.min(replicas))
}
