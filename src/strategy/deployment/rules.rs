//! How far a Deployment's sets may grow and shrink.

use crate::plan::IntOrPercent;
use crate::strategy::resolve;

/// `strategy` of a Deployment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Recreate.
    Recreate,
    /// RollingUpdate.
    Rolling {
        /// Pods beyond the replicas.
        max_surge: IntOrPercent,
        /// Pods that may be missing.
        max_unavailable: IntOrPercent,
    },
}

/// Counts of one replica set that the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// `spec.replicas`.
    pub spec: u32,
    /// `status.availableReplicas`, which may lag behind the spec.
    pub available: u32,
}

/// A set reports more available pods than it is wanted to have: its status is from before it
/// was shrunk. The controller refuses to go on and tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

/// `ResolveFenceposts`: surge rounds up, unavailable down; both 0 means 1 unavailable.
#[must_use]
pub fn fenceposts(surge: IntOrPercent, unavailable: IntOrPercent, replicas: u32) -> (u32, u32) {
    let surge = resolve(surge, replicas, true);
    let unavailable = resolve(unavailable, replicas, false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

impl Kind {
    /// Pods beyond the replicas.
    #[must_use]
    pub fn surge(self, replicas: u32) -> u32 {
        match self {
            Self::Recreate => 0,
            Self::Rolling { max_surge, max_unavailable } => {
                fenceposts(max_surge, max_unavailable, replicas).0
            }
        }
    }

    /// Pods that may be missing.
    #[must_use]
    pub fn max_unavailable(self, replicas: u32) -> u32 {
        match self {
            Self::Recreate => 0,
            Self::Rolling { max_surge, max_unavailable } => {
                fenceposts(max_surge, max_unavailable, replicas).1.min(replicas)
            }
        }
    }

    /// Pods that must stay available.
    #[must_use]
    pub fn min_available(self, replicas: u32) -> u32 {
        match self {
            Self::Recreate => 0,
            Self::Rolling { .. } => replicas - self.max_unavailable(replicas),
        }
    }

    /// `NewRSNewReplicas`: the size of the new set, given its size now and that of all sets.
    #[must_use]
    pub fn new_set_size(self, replicas: u32, new: u32, total: u32) -> u32 {
        match self {
            Self::Recreate => replicas,
            Self::Rolling { .. } => {
                let room = (replicas + self.surge(replicas)).saturating_sub(total);
                new + room.min(replicas.saturating_sub(new))
            }
        }
    }
}

/// `reconcileNewReplicaSet`: the size that the new set is set to, if it changes.
#[must_use]
pub fn reconcile_new(kind: Kind, replicas: u32, new: u32, total: u32) -> Option<u32> {
    let size = if new > replicas { replicas } else { kind.new_set_size(replicas, new, total) };
    (size != new).then_some(size)
}

/// `reconcileOldReplicaSets`: the sizes of the old sets (oldest first) after one pass.
///
/// # Errors
/// If an old set's status is from before it was shrunk; what was decided up to then stands.
pub fn reconcile_old(
    kind: Kind,
    replicas: u32,
    old: &mut [Size],
    new: Size,
) -> Result<bool, Stale> {
    let sum = |sets: &[Size]| sets.iter().map(|set| i64::from(set.spec)).sum::<i64>();
    if sum(old) == 0 {
        return Ok(false);
    }
    let min_available = kind.min_available(replicas);
    let new_unavailable = i64::from(new.spec) - i64::from(new.available);
    let most = sum(old) + i64::from(new.spec) - i64::from(min_available) - new_unavailable;
    if most <= 0 {
        return Ok(false);
    }
    let cleaned = clean_up_unhealthy(old, most as u32)?;
    let available = old.iter().map(|set| set.available).sum::<u32>() + new.available;
    let shrunk = scale_down_old(old, available, min_available);
    Ok(cleaned + shrunk > 0)
}

/// `cleanupUnhealthyReplicas`: takes unavailable pods first, from the oldest set on.
///
/// # Errors
/// If a set's status is from before it was shrunk.
pub fn clean_up_unhealthy(old: &mut [Size], most: u32) -> Result<u32, Stale> {
    let mut cleaned = 0;
    for set in old {
        if cleaned >= most {
            break;
        }
        if set.spec == 0 || set.spec == set.available {
            continue;
        }
        let unhealthy = set.spec.checked_sub(set.available).ok_or(Stale)?;
        let taken = unhealthy.min(most - cleaned);
        set.spec -= taken;
        cleaned += taken;
    }
    Ok(cleaned)
}

/// `scaleDownOldReplicaSetsForRollingUpdate`: takes available pods from the oldest set on, as
/// long as enough stay available over all sets.
pub fn scale_down_old(old: &mut [Size], available: u32, min_available: u32) -> u32 {
    let most = available.saturating_sub(min_available);
    let mut taken = 0;
    for set in old {
        let down = set.spec.min(most - taken);
        set.spec -= down;
        taken += down;
    }
    taken
}
