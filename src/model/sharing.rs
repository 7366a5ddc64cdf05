//! Processor sharing: all requests inside progress at an equal rate.
//!
//! With n requests on c processors each progresses at min(1, c/n). The state is the service
//! that a request present from the start would have received (`attained`); a request leaves
//! when that reaches its own mark, so each arrival or departure costs one heap operation.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::SimTime;

/// Sub-nanosecond steps of attained service, so that sharing loses no time to rounding.
const STEPS: u128 = 1 << 20;

/// The shared processors of one instance.
#[derive(Clone, Debug)]
pub struct Sharing {
    processors: u32,
    attained: u128,
    updated: SimTime,
    jobs: BinaryHeap<Reverse<(u128, u64, u32)>>,
    sequence: u64,
    /// When the next request leaves; an event at any other time is stale.
    pub next_departure: SimTime,
}

impl Sharing {
    /// Idle processors.
    #[must_use]
    pub fn new(processors: u32) -> Self {
        Self {
            processors,
            attained: 0,
            updated: SimTime::ZERO,
            jobs: BinaryHeap::new(),
            sequence: 0,
            next_departure: SimTime::NEVER,
        }
    }

    /// Requests inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    fn advance(&mut self, now: SimTime) {
        let elapsed = u128::from((now - self.updated).0) * STEPS;
        let jobs = self.jobs.len() as u128;
        let processors = u128::from(self.processors);
        self.attained += if jobs <= processors { elapsed } else { elapsed * processors / jobs };
        self.updated = now;
    }

    fn plan(&mut self) {
        self.next_departure = self.jobs.peek().map_or(SimTime::NEVER, |Reverse((mark, _, _))| {
            let jobs = self.jobs.len() as u128;
            let processors = u128::from(self.processors);
            let left = mark.saturating_sub(self.attained);
            let steps = if jobs <= processors { left } else { (left * jobs).div_ceil(processors) };
            SimTime(self.updated.0 + steps.div_ceil(STEPS) as u64)
        });
    }

    /// Lets a request in that needs `work` nanoseconds of a processor of its own.
    pub fn enter(&mut self, now: SimTime, slot: u32, work: u64) {
        self.advance(now);
        let mark = self.attained + u128::from(work) * STEPS;
        self.jobs.push(Reverse((mark, self.sequence, slot)));
        self.sequence += 1;
        self.plan();
    }

    /// Takes the request that leaves at `now`, which must be [`Sharing::next_departure`].
    ///
    /// # Panics
    /// If nothing leaves now.
    pub fn leave(&mut self, now: SimTime) -> u32 {
        assert_eq!(now, self.next_departure, "a departure at the wrong time");
        self.advance(now);
        let Reverse((_, _, slot)) = self.jobs.pop().expect("somebody leaves");
        self.plan();
        slot
    }

    /// Throws everything out, in order of number.
    pub fn clear(&mut self, now: SimTime) -> Vec<u32> {
        self.advance(now);
        let mut slots: Vec<u32> = self.jobs.drain().map(|Reverse((_, _, slot))| slot).collect();
        slots.sort_unstable();
        self.next_departure = SimTime::NEVER;
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_equal_requests_on_one_processor_take_twice_as_long() {
        let mut sharing = Sharing::new(1);
        sharing.enter(SimTime(0), 0, 100);
        sharing.enter(SimTime(0), 1, 100);
        assert_eq!(sharing.next_departure, SimTime(200));
        assert_eq!(sharing.leave(SimTime(200)), 0);
        assert_eq!(sharing.next_departure, SimTime(200));
        assert_eq!(sharing.leave(SimTime(200)), 1);
        assert!(sharing.is_empty());
    }

    #[test]
    fn a_late_comer_slows_the_first_down_only_while_both_are_there() {
        let mut sharing = Sharing::new(1);
        sharing.enter(SimTime(0), 0, 100);
        sharing.enter(SimTime(50), 1, 10);
        // Both at half speed until the small one is done.
        assert_eq!(sharing.next_departure, SimTime(70));
        assert_eq!(sharing.leave(SimTime(70)), 1);
        assert_eq!(sharing.next_departure, SimTime(110));
    }

    #[test]
    fn up_to_as_many_as_processors_nobody_waits() {
        let mut sharing = Sharing::new(2);
        sharing.enter(SimTime(0), 0, 100);
        sharing.enter(SimTime(0), 1, 100);
        assert_eq!(sharing.next_departure, SimTime(100));
    }
}
