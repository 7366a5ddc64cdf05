//! Whether a Deployment is complete, makes progress, or has passed its deadline.
//!
//! Conditions carry whole seconds of the wall clock. Passing the deadline sets a condition and
//! does nothing else: the Deployment neither stops nor rolls back.

use crate::engine::SimDuration;

/// `status` of a Deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Pods of all sets.
    pub replicas: u32,
    /// Pods of the new set.
    pub updated: u32,
    /// Ready pods of all sets.
    pub ready: u32,
    /// Available pods of all sets.
    pub available: u32,
    /// Terminating pods of all sets.
    pub terminating: u32,
    /// The generation of the spec that this is the status of.
    pub generation: u64,
}

/// Reason of the Progressing condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The new set has been created.
    NewSetCreated,
    /// The new set was there when the deadline was set.
    FoundNewSet,
    /// There was progress.
    SetUpdated,
    /// Complete.
    NewSetAvailable,
    /// Paused.
    Paused,
    /// Resumed: the deadline starts again.
    Resumed,
    /// No progress for `progressDeadlineSeconds`.
    TimedOut,
}

/// The Progressing condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Why it is as it is.
    pub reason: Reason,
    /// `lastUpdateTime`, in whole seconds since 1970.
    pub since_s: i64,
}

const SECOND_NS: i64 = 1_000_000_000;

impl Condition {
    /// A condition that turns now.
    #[must_use]
    pub fn at(reason: Reason, unix_ns: i64) -> Self {
        Self { reason, since_s: unix_ns.div_euclid(SECOND_NS) }
    }

    /// When the deadline passes, in nanoseconds since 1970.
    #[must_use]
    pub fn deadline_ns(&self, deadline: SimDuration) -> i64 {
        self.since_s * SECOND_NS + deadline.0 as i64
    }
}

/// Every wanted pod is of the new version, there are no others, and all are available.
#[must_use]
pub fn complete(desired: u32, status: Status) -> bool {
    status.updated == desired && status.replicas == desired && status.available == desired
}

/// More new pods, fewer old ones, more ready or more available ones.
#[must_use]
pub fn progressing(before: Status, after: Status) -> bool {
    let old = |status: Status| i64::from(status.replicas) - i64::from(status.updated);
    after.updated > before.updated
        || old(after) < old(before)
        || after.ready > before.ready
        || after.available > before.available
}

/// Whether the deadline has passed: strictly after the condition's second plus the deadline.
#[must_use]
pub fn timed_out(condition: Condition, deadline: SimDuration, unix_ns: i64) -> bool {
    match condition.reason {
        Reason::NewSetAvailable => false,
        Reason::TimedOut => true,
        _ => condition.deadline_ns(deadline) < unix_ns,
    }
}
