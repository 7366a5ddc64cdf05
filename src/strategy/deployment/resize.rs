//! A Deployment whose `spec.replicas` changes in mid-rollout: every active set gets its share.
//!
//! Source: `sync.go` (`scale`), `util/deployment_util.go` (`GetReplicaSetProportion`).

/// A replica set, as resizing looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resizable {
    /// `spec.replicas`.
    pub spec: u32,
    /// `status.availableReplicas`.
    pub available: u32,
    /// The desired-replicas annotation.
    pub desired_annotation: Option<u32>,
    /// The max-replicas annotation.
    pub max_annotation: Option<u32>,
}

/// What resizing needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resize {
    /// `spec.replicas` of the Deployment.
    pub replicas: u32,
    /// Resolved surge; `None` for Recreate, which never shares.
    pub surge: Option<u32>,
    /// `status.replicas` of the Deployment.
    pub status_replicas: u32,
    /// Every set, oldest first.
    pub sets: Vec<Resizable>,
    /// Which of them is the new one.
    pub new: Option<usize>,
}

/// The sizes of all sets after the pass, in their order; `None`: the set is left alone, its
/// annotations too.
#[must_use]
pub fn sizes(input: &Resize) -> Vec<Option<u32>> {
    let mut sizes = vec![None; input.sets.len()];
    if let Some(only) = active_or_latest(input) {
        if input.sets[only].spec != input.replicas {
            sizes[only] = Some(input.replicas);
        }
        return sizes;
    }
    let active = |index: &usize| input.sets[*index].spec > 0;
    if input.new.is_some_and(|new| saturated(input.replicas, input.sets[new])) {
        let old = (0..input.sets.len()).filter(active).filter(|&i| Some(i) != input.new);
        old.for_each(|index| sizes[index] = Some(0));
        return sizes;
    }
    let Some(surge) = input.surge else { return sizes };
    let mut order: Vec<usize> = (0..input.sets.len()).filter(active).collect();
    let total: i64 = order.iter().map(|&index| i64::from(input.sets[index].spec)).sum();
    let allowed = if input.replicas > 0 { i64::from(input.replicas + surge) } else { 0 };
    let to_add = allowed - total;
    // The largest first; among equals the newer grow first and the older shrink first.
    order.sort_by_key(|&index| {
        let age = if to_add > 0 { -(index as i64) } else { index as i64 };
        (-i64::from(input.sets[index].spec), age)
    });
    let mut added = 0;
    for &index in &order {
        let part = proportion(input, surge, input.sets[index], to_add, added);
        sizes[index] = Some((i64::from(input.sets[index].spec) + part) as u32);
        added += part;
    }
    if let Some(&first) = order.first() {
        let size = i64::from(sizes[first].unwrap_or(0)) + to_add - added;
        sizes[first] = Some(size.max(0) as u32);
    }
    sizes
}

/// `FindActiveOrLatest`: the only active set, or the newest where none is.
fn active_or_latest(input: &Resize) -> Option<usize> {
    let mut active = (0..input.sets.len()).filter(|&index| input.sets[index].spec > 0);
    match (active.next(), active.next()) {
        (None, _) => input.new.or(input.sets.len().checked_sub(1)),
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => None,
    }
}

/// `IsSaturated`: the new set is as large as the Deployment and all of it is available.
fn saturated(replicas: u32, new: Resizable) -> bool {
    new.spec == replicas && new.desired_annotation == Some(replicas) && new.available == replicas
}

/// `GetReplicaSetProportion`: a set's share of the pods to add or take, within what is left.
fn proportion(input: &Resize, surge: u32, set: Resizable, to_add: i64, added: i64) -> i64 {
    let left = to_add - added;
    if left == 0 {
        return 0;
    }
    let status = input.status_replicas;
    let share = fraction(input.replicas, surge, status, set.spec, set.max_annotation);
    if to_add > 0 { share.min(left) } else { share.max(left) }
}

/// `getReplicaSetFraction`: the change that keeps a set's share of the Deployment. A missing
/// annotation is replaced by the Deployment's `status.replicas`; halves round away from zero.
#[must_use]
pub fn fraction(
    replicas: u32,
    surge: u32,
    status_replicas: u32,
    spec: u32,
    max_annotation: Option<u32>,
) -> i64 {
    if replicas == 0 {
        return -i64::from(spec);
    }
    let before = match max_annotation {
        None | Some(0) => i64::from(status_replicas),
        Some(annotated) => i64::from(annotated),
    };
    if before == 0 {
        return 0;
    }
    let size = i64::from(spec) * i64::from(replicas + surge);
    (2 * size + before) / (2 * before) - i64::from(spec)
}
