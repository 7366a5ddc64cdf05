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

    /// The next timer that `is_live` says still counts; the stale ones before it are dropped.
    #[inline]
    pub fn next(
        &mut self,
        mut is_live: impl FnMut(SimTime, u32) -> bool,
    ) -> Option<(SimTime, u32)> {
        while let Some(&(at, owner)) = self.entries.front() {
            if is_live(at, owner) {
                return Some((at, owner));
            }
            self.entries.pop_front();
        }
        None
    }

    /// Removes the timer that [`TimerRing::next`] returned.
    #[inline]
    pub fn pop(&mut self) {
        self.entries.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_timers_are_skipped_and_the_rest_keep_their_order() {
        let mut ring = TimerRing::default();
        for owner in 0..4 {
            ring.set(SimTime(u64::from(owner) * 10), owner);
        }
        let next = ring.next(|_, owner| owner % 2 == 1);
        assert_eq!(next, Some((SimTime(10), 1)));
        ring.pop();
        assert_eq!(ring.next(|_, owner| owner == 3), Some((SimTime(30), 3)));
        ring.pop();
        assert_eq!(ring.next(|_, _| true), None);
    }
}
