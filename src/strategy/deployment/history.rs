//! Old replica sets beyond `revisionHistoryLimit`.

/// An old replica set, as the clean-up looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldSet {
    /// `spec.replicas`.
    pub spec: u32,
    /// `status.replicas`.
    pub replicas: u32,
    /// Whether the status is of the current spec.
    pub observed: bool,
    /// The revision annotation; a missing one counts as the lowest.
    pub revision: Option<u32>,
    /// It is being deleted already.
    pub deleting: bool,
}

/// Which sets are deleted (indices, lowest revision first). As many as there are beyond the
/// limit are looked at; one of them that still has pods is skipped and not replaced.
#[must_use]
pub fn sets_to_delete(old: &[OldSet], limit: u32) -> Vec<usize> {
    let mut alive: Vec<usize> = (0..old.len()).filter(|&index| !old[index].deleting).collect();
    let excess = alive.len().saturating_sub(limit as usize);
    alive.sort_by_key(|&index| old[index].revision);
    alive.truncate(excess);
    alive.retain(|&index| {
        let set = &old[index];
        set.spec == 0 && set.replicas == 0 && set.observed
    });
    alive
}
