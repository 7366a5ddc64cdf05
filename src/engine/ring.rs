//! Timers of one constant delay: a first-in-first-out ring.
//!
//! Deadlines of equal delay come due in the order they were set, so a ring keeps them sorted
//! for a few nanoseconds each, where a heap would be several times larger. A timer is
//! cancelled by its owner forgetting the deadline: the entry is skipped when it surfaces.

use std::collections::VecDeque;

use super::time::SimTime;

/// Pending `(deadline, owner)` pairs in order of deadline.
#[derive(Clone, Debug, Default)]
pub struct TimerRing {
    entries: VecDeque<(SimTime, u32)>,
}

impl TimerRing {
    /// Sets a timer.
    #[inline]
    pub fn set(&mut self, at: SimTime, owner: u32) {
        debug_assert!(self.entries.back().is_none_or(|&(last, _)| last <= at));
        self.entries.push_back((at, owner));
    }

    /// The earliest timer, stale or not.
    #[inline]
    #[must_use]
    pub fn front(&self) -> Option<(SimTime, u32)> {
        self.entries.front().copied()
    }

    /// Removes the earliest timer.
    #[inline]
    pub fn pop(&mut self) {
        self.entries.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_due_in_the_order_they_were_set() {
        let mut ring = TimerRing::default();
        for owner in 0..3 {
            ring.set(SimTime(10 + u64::from(owner / 2)), owner);
        }
        let mut order = Vec::new();
        while let Some((_, owner)) = ring.front() {
            order.push(owner);
            ring.pop();
        }
        assert_eq!(order, [0, 1, 2]);
    }
}
