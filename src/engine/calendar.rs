//! The future event list: a wheel for what comes soon, a heap for all else.
//!
//! A key is `time (64 bits) | sequence (34 bits) | payload (30 bits)` in one `u128`, so one
//! comparison orders events by time and, at one instant, in the order they were scheduled.
//! The sequence has room for 17 billion events a run. Whichever of the two holds a key, the least
//! of all comes first: how keys are shared out decides speed alone.

use super::heap::Heap;
use super::time::SimTime;
use super::wheel::Wheel;

const PAYLOAD_BITS: u32 = 30;
const SEQUENCE_BITS: u32 = 34;

/// The largest payload an event can carry (exclusive).
pub const PAYLOAD_LIMIT: u32 = 1 << PAYLOAD_BITS;

/// So few events are cheaper in a heap than in a wheel.
const FEW: usize = 8;

/// A priority queue of `(time, payload)` in time order, first scheduled first at one instant.
#[derive(Clone, Debug)]
pub struct Calendar {
    wheel: Wheel,
    rest: Heap,
    /// The least key of both; the largest number if there is none.
    first: u128,
    sequence: u64,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { wheel: Wheel::default(), rest: Heap::default(), first: u128::MAX, sequence: 0 }
    }
}

impl Calendar {
    /// Pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.wheel.len() + self.rest.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that every event so far had a number of its own, so that equal times kept their
    /// order. Once a run is cheaper than once an event.
    ///
    /// # Panics
    /// If more events were scheduled than there are numbers.
    pub fn assert_in_order(&self) {
        assert!(
            self.sequence <= 1 << SEQUENCE_BITS,
            "{} events are more than a run can keep in order",
            self.sequence
        );
    }

    /// The time of the earliest event, [`SimTime::NEVER`] if there is none.
    #[inline]
    #[must_use]
    pub fn next_time(&self) -> SimTime {
        time_of(self.first)
    }

    /// The payload of the earliest event.
    #[inline]
    #[must_use]
    pub fn next_payload(&self) -> Option<u32> {
        (!self.is_empty()).then(|| payload_of(self.first))
    }

    /// Schedules an event.
    #[inline]
    pub fn push(&mut self, at: SimTime, payload: u32) {
        let key = self.key(at, payload);
        self.insert(key);
        if self.wheel.is_due() {
            self.wheel.review().into_iter().for_each(|key| self.insert(key));
        }
    }

    /// Removes the earliest event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, u32)> {
        let first = self.first;
        if self.wheel.len() == 0 {
            self.rest.pop()?;
            self.wheel.passed(time_of(first).0);
            self.first = self.rest.first().unwrap_or(u128::MAX);
        } else {
            self.pop_either();
        }
        Some((time_of(first), payload_of(first)))
    }

    #[inline]
    fn pop_either(&mut self) {
        if self.first == self.wheel.first() {
            self.wheel.pop();
        } else {
            self.rest.pop();
            self.wheel.passed(time_of(self.first).0);
        }
        self.first = self.wheel.first().min(self.rest.first().unwrap_or(u128::MAX));
    }

    /// Removes the earliest event and schedules another: what a departure that starts the next
    /// service does.
    ///
    /// # Panics
    /// If nothing is pending.
    #[inline]
    pub fn replace_first(&mut self, at: SimTime, payload: u32) {
        if self.wheel.len() == 0 && self.rest.len() <= FEW {
            let key = self.key(at, payload);
            self.wheel.passed(time_of(self.first).0);
            self.first = self.rest.replace_first(key);
            return;
        }
        assert!(self.pop().is_some(), "no event to replace");
        self.push(at, payload);
    }

    /// Removes every event that `doomed` names by its time and payload. Costs a pass over the
    /// whole list, in no particular order: for rare happenings such as the death of an instance.
    pub fn cancel(&mut self, mut doomed: impl FnMut(SimTime, u32) -> bool) {
        let mut keys = self.wheel.take();
        keys.extend(self.rest.take());
        self.first = u128::MAX;
        keys.retain(|&key| !doomed(time_of(key), payload_of(key)));
        keys.into_iter().for_each(|key| self.insert(key));
    }

    #[inline]
    fn insert(&mut self, key: u128) {
        let few = self.wheel.len() == 0 && self.rest.len() < FEW;
        if few || !self.wheel.push(key) {
            self.rest.push(key);
        }
        self.first = self.first.min(key);
    }

    #[inline]
    fn key(&mut self, at: SimTime, payload: u32) -> u128 {
        debug_assert!(payload < PAYLOAD_LIMIT);
        let sequence = self.sequence;
        self.sequence += 1;
        debug_assert!(sequence < 1 << SEQUENCE_BITS);
        (u128::from(at.0) << (PAYLOAD_BITS + SEQUENCE_BITS))
            | u128::from((sequence << PAYLOAD_BITS) | u64::from(payload))
    }
}

#[inline]
fn time_of(key: u128) -> SimTime {
    SimTime((key >> (PAYLOAD_BITS + SEQUENCE_BITS)) as u64)
}

#[inline]
fn payload_of(key: u128) -> u32 {
    (key as u32) & (PAYLOAD_LIMIT - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::rng::Key;

    #[test]
    fn events_of_one_instant_come_in_the_order_they_were_scheduled() {
        let mut calendar = Calendar::default();
        for payload in 0..100 {
            calendar.push(SimTime(7), payload);
        }
        let order: Vec<u32> = std::iter::from_fn(|| calendar.pop().map(|(_, p)| p)).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    /// Loads that make the wheel widen, narrow and grow: gaps of many sizes, one after another.
    #[test]
    fn order_holds_while_the_load_changes_by_powers_of_ten() {
        let mut rng = Key::of_seed(7).stream();
        let mut calendar = Calendar::default();
        let mut model: BTreeSet<(u64, u64, u32)> = BTreeSet::new();
        let (mut now, mut sequence) = (0, 0);
        for (pending, delay) in [
            (3, 1 << 34),
            (500, 1 << 30),
            (20_000, 1 << 30),
            (20_000, 1 << 24),
            (50, 1 << 12),
            (2_000, 3),
            (10, 1 << 40),
            (200, 1 << 27),
        ] {
            for step in 0..40_000_u32 {
                if model.len() < pending {
                    // Most come soon, some much later.
                    let far = if rng.bits().is_multiple_of(50) { 1_000 } else { 1 };
                    let at = now + rng.bits() % (delay * far);
                    calendar.push(SimTime(at), step);
                    model.insert((at, sequence, step));
                    sequence += 1;
                    continue;
                }
                let (at, _, payload) = model.pop_first().expect("pending events");
                assert_eq!(calendar.next_time(), SimTime(at));
                assert_eq!(calendar.pop(), Some((SimTime(at), payload)));
                now = at;
            }
            assert_eq!(calendar.len(), model.len());
            while model.len() > pending {
                let (at, _, payload) = model.pop_first().expect("pending events");
                assert_eq!(calendar.pop(), Some((SimTime(at), payload)));
                now = at;
            }
        }
    }

    proptest! {
        #[test]
        fn pops_come_sorted_whatever_was_pushed_replaced_or_cancelled(
            steps in prop::collection::vec((0u8..4, 0u64..50, 0u32..20), 0..400)
        ) {
            // A sorted list with the same sequence numbers is the model.
            let mut model: Vec<(u64, u64, u32)> = Vec::new();
            let mut sequence = 0;
            let mut calendar = Calendar::default();
            for (kind, time, payload) in steps {
                match kind {
                    0 | 1 => {
                        calendar.push(SimTime(time), payload);
                        model.push((time, sequence, payload));
                        sequence += 1;
                    }
                    2 if !model.is_empty() => {
                        calendar.replace_first(SimTime(time), payload);
                        model.sort_unstable();
                        model[0] = (time, sequence, payload);
                        sequence += 1;
                    }
                    3 => {
                        calendar.cancel(|_, p| p == payload);
                        model.retain(|&(_, _, p)| p != payload);
                    }
                    _ => {}
                }
            }
            model.sort_unstable();
            let popped: Vec<(u64, u32)> =
                std::iter::from_fn(|| calendar.pop().map(|(t, p)| (t.0, p))).collect();
            let expected: Vec<(u64, u32)> = model.iter().map(|&(t, _, p)| (t, p)).collect();
            prop_assert_eq!(popped, expected);
        }
    }
}
