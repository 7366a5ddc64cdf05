//! How many pods a canary without a router has: the share of pods is the share of traffic.
//!
//! Written from a reading of argoproj/argo-rollouts 9f8d111d and held against its tables
//! (`argo_approximate_weighted_counts`, `argo_basic_canary_counts`,
//! `argo_basic_canary_scale_down_old`). Where the original computes in floating point, so do we:
//! which of two equally near splits wins depends on it.

use crate::strategy::argo::SetSize;

/// Sizes of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Pods of the new version.
    pub canary: u32,
    /// Pods of the old one.
    pub stable: u32,
}

/// The split of `replicas` pods that comes nearest to a weight of `max_weight`. A surge allows
/// one pod more in all, never two. Both sides get a pod for any weight in between, if there
/// are two pods to share.
#[must_use]
pub fn nearest_split(replicas: u32, weight: u32, max_weight: u32, surge: u32) -> Split {
    if replicas == 0 {
        return Split { canary: 0, stable: 0 };
    }
    let product = u64::from(replicas) * u64::from(weight);
    let (ceil, floor) =
        (product.div_ceil(u64::from(max_weight)) as u32, (product / u64::from(max_weight)) as u32);
    let share = f64::from(weight) / f64::from(max_weight);
    let is_tied = |total: u32| (f64::from(total) * share).fract() == 0.5;
    let zero_is_fine = weight == max_weight || weight == 0 || (replicas == 1 && surge == 0);
    let floor_is_fine = |total: u32| !is_tied(total) && (floor != 0 || zero_is_fine);

    let options = [
        (ceil < replicas || zero_is_fine, ceil, replicas),
        (floor_is_fine(replicas), floor, replicas),
        (surge > 0, ceil, replicas + 1),
        (surge > 0 && floor_is_fine(replicas + 1), floor, replicas + 1),
    ];
    let off_by = |canary: u32, total: u32| {
        let scaled = (u64::from(canary) * u64::from(max_weight)) as f64;
        (scaled / f64::from(total) - f64::from(weight)).abs()
    };
    let mut best: Option<(f64, u32, u32)> = None;
    for (_, canary, total) in options.into_iter().filter(|&(allowed, ..)| allowed) {
        let off = off_by(canary, total);
        if best.is_none_or(|(nearest, ..)| off < nearest) {
            best = Some((off, canary, total));
        }
    }
    best.map_or(Split { canary: 0, stable: replicas }, |(_, canary, total)| Split {
        canary,
        stable: total - canary,
    })
}

/// What a pass over a canary without a router goes by.
#[derive(Clone, Copy, Debug)]
pub struct Pods {
    /// `spec.replicas`.
    pub replicas: u32,
    /// Pods beyond them that may be wanted.
    pub surge: u32,
    /// Pods that may be missing.
    pub unavailable: u32,
    /// The new set.
    pub canary: SetSize,
    /// The old set; `None` where the new one is the stable one.
    pub stable: Option<SetSize>,
    /// Wanted pods of all older sets.
    pub older: u32,
}

impl Pods {
    fn most(&self) -> i64 {
        i64::from(self.replicas) + i64::from(self.surge)
    }

    fn fewest_available(&self) -> i64 {
        i64::from(self.replicas) - i64::from(self.unavailable)
    }

    /// The sizes to set now on the way to `want`: grow what room there is, the stable set
    /// first; then shrink as far as availability allows, once no older set has pods left.
    #[must_use]
    pub fn toward(&self, want: Split) -> Split {
        let want = match self.stable {
            Some(_) => want,
            None => Split { canary: self.replicas, stable: 0 },
        };
        let stable = self.stable.unwrap_or_default();
        let wanted = self.older + self.canary.spec + stable.spec;
        let mut room = (self.most() - i64::from(wanted)).max(0) as u32;
        let mut grow = |from: u32, to: u32| {
            let grown = to.saturating_sub(from).min(room);
            room -= grown;
            from + grown
        };
        let stable_size = grow(stable.spec, want.stable);
        let canary_size = grow(self.canary.spec, want.canary);
        let grown = Split { canary: canary_size, stable: stable_size };
        if self.older > 0 {
            return grown;
        }
        let increasing = want.canary >= self.canary.spec;
        let counted = countable(self.canary, !increasing) + countable(stable, increasing);
        let spare = i64::from(counted) - self.fewest_available();
        if spare <= 0 {
            return grown;
        }
        let shrink = |from: u32, to: u32, now: u32| {
            if from > to { to.max((i64::from(from) - spare).max(0) as u32) } else { now }
        };
        if increasing {
            if self.stable.is_none() {
                return grown;
            }
            let drained = shrink(stable.spec, want.stable, stable_size);
            let (stable, canary) =
                self.within_limits((stable, drained), (self.canary, canary_size));
            Split { canary, stable }
        } else {
            let drained = shrink(self.canary.spec, want.canary, canary_size);
            let (canary, stable) = match self.stable {
                Some(stable) => self.within_limits((self.canary, drained), (stable, stable_size)),
                None => (drained, 0),
            };
            Split { canary, stable }
        }
    }

    /// Fits a shrinking and a growing set between the fewest that must be available and the
    /// most that may be wanted: the growing one gives way first, but not what availability
    /// needs.
    fn within_limits(&self, shrinking: (SetSize, u32), growing: (SetSize, u32)) -> (u32, u32) {
        let ((shrinking, drained), (growing, grown)) = (shrinking, growing);
        let over = |a: i64, b: i64| (a + b - self.most()).max(0);
        let available = i64::from(growing.available);
        let drained = i64::from(drained);
        let cut = i64::from(grown) - over(drained, i64::from(grown));
        let left = i64::from(shrinking.available).min(drained) + available.min(cut);
        let lost = (available - cut).max(0);
        let kept = cut + lost.min((self.fewest_available() - left).max(0));
        let drained = drained - over(drained, kept);
        (drained.max(0) as u32, kept.max(0) as u32)
    }
}

/// How many pods of a set count when others are to be scaled down: a set about to shrink does
/// not count what it loses, and one that is being drained counts pods that are broken.
fn countable(set: SetSize, ignore_availability: bool) -> u32 {
    if set.spec < set.available || ignore_availability { set.spec } else { set.available }
}

/// Sizes of older sets (neither canary nor stable), oldest first, after one pass: as many go as
/// availability over all sets allows.
#[must_use]
pub fn scale_down_older(older: &[SetSize], available: u32, fewest_available: i64) -> Vec<u32> {
    let mut spare = (i64::from(available) - fewest_available).max(0) as u32;
    let shrink = |set: &SetSize| {
        let gone = set.spec.min(spare);
        spare -= gone;
        set.spec - gone
    };
    older.iter().map(shrink).collect()
}
