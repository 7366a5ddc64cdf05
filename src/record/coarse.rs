//! A small histogram for one bucket of a timeline: 32 linear buckets for each power of two
//! (values within 1.6 %), stored only between the smallest and the largest value seen.
//!
//! A run's timeline holds thousands of these, so counts take four bytes; the few that outgrow
//! them carry into a list of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const SUB_BITS: u32 = 5;

/// Counts of `u64` values to 1.6 %.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoarseHistogram {
    first: u32,
    counts: Vec<u32>,
    /// How often the count at a place went past `u32::MAX`, by place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    carries: BTreeMap<u32, u32>,
}

impl CoarseHistogram {
    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let index = index_of(value);
        if let Some(count) = self.counts.get_mut(index.wrapping_sub(self.first) as usize) {
            *count = count.wrapping_add(1);
            if *count == 0 {
                self.carry(index, 1);
            }
        } else {
            self.widen(index, index);
            self.counts[(index - self.first) as usize] += 1;
        }
    }

    #[cold]
    fn carry(&mut self, index: u32, times: u32) {
        *self.carries.entry(index).or_default() += times;
    }

    /// The counts in order of place, from `first` on.
    fn values(&self) -> impl Iterator<Item = u64> + '_ {
        let carried = |index: u32| match self.carries.get(&index) {
            Some(&times) => u64::from(times) << 32,
            None => 0,
        };
        (self.first..).zip(&self.counts).map(move |(at, &count)| u64::from(count) + carried(at))
    }

    /// Sets the count at an index that is inside.
    fn set(&mut self, index: u32, value: u64) {
        self.counts[(index - self.first) as usize] = value as u32;
        match (value >> 32) as u32 {
            0 => self.carries.remove(&index),
            times => self.carries.insert(index, times),
        };
    }

    #[cold]
    #[inline(never)]
    fn widen(&mut self, low: u32, high: u32) {
        if self.counts.is_empty() {
            self.first = low;
        } else if low < self.first {
            let more = (self.first - low) as usize;
            let mut wider = Vec::with_capacity(more + self.counts.len());
            wider.resize(more, 0);
            wider.extend_from_slice(&self.counts);
            self.counts = wider;
            self.first = low;
        }
        let needed = (high - self.first) as usize + 1;
        if needed > self.counts.len() {
            // Not a place more than needed: there are thousands of these, and they seldom grow.
            self.counts.reserve_exact(needed - self.counts.len());
            self.counts.resize(needed, 0);
        }
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.counts.is_empty() {
            return;
        }
        self.widen(other.first, other.first + other.counts.len() as u32 - 1);
        let offset = (other.first - self.first) as usize;
        let pairs = self.counts[offset..].iter_mut().zip(&other.counts);
        for (index, (mine, theirs)) in (other.first..).zip(pairs) {
            let (sum, over) = mine.overflowing_add(*theirs);
            *mine = sum;
            if over {
                *self.carries.entry(index).or_default() += 1;
            }
        }
        for (&index, &times) in &other.carries {
            self.carry(index, times);
        }
    }

    /// What was counted since an earlier state of this histogram.
    ///
    /// # Panics
    /// If `earlier` is not one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut difference = self.clone();
        if earlier.counts.is_empty() {
            return difference;
        }
        assert!(earlier.first >= self.first, "a histogram only widens");
        let later = self.values().skip((earlier.first - self.first) as usize);
        for ((index, before), now) in (earlier.first..).zip(earlier.values()).zip(later) {
            difference.set(index, now.checked_sub(before).expect("counts only grow"));
        }
        difference
    }

    /// How many values were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.values().sum()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The middle of the bucket that holds the value of rank ⌈q·n⌉; `None` if empty.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let total = self.len();
        if total == 0 {
            return None;
        }
        let rank = ((q * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (offset, count) in self.values().enumerate() {
            seen += count;
            if seen >= rank {
                let (low, width) = bounds_of(self.first + offset as u32);
                return Some(low + width / 2);
            }
        }
        unreachable!("the counts add up to the total")
    }

    /// The non-empty buckets in rising order: lowest value, width, count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.values().enumerate().filter(|&(_, count)| count > 0).map(|(offset, count)| {
            let (low, width) = bounds_of(self.first + offset as u32);
            (low, width, count)
        })
    }
}

#[inline]
fn index_of(value: u64) -> u32 {
    let exponent = 63 - (value | (1 << SUB_BITS)).leading_zeros();
    let shift = exponent - SUB_BITS;
    (shift << SUB_BITS) + (value >> shift) as u32
}

fn bounds_of(index: u32) -> (u64, u64) {
    let index = u64::from(index);
    if index < 2 << SUB_BITS {
        return (index, 1);
    }
    let shift = (index >> SUB_BITS) - 1;
    ((index - (shift << SUB_BITS)) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_beyond_four_thousand_million_are_kept() {
        let mut many = CoarseHistogram::default();
        many.record(9);
        many.record(5);
        for _ in 0..33 {
            let same = many.clone();
            many.merge(&same);
        }
        many.record(5);
        assert_eq!(many.len(), (1 << 34) + 1);
        let buckets: Vec<(u64, u64, u64)> = many.buckets().collect();
        assert_eq!(buckets, [(5, 1, (1 << 33) + 1), (9, 1, 1 << 33)]);
        let before = many.clone();
        many.counts[0] = u32::MAX;
        many.record(5);
        many.record(5);
        assert_eq!(many.since(&before).len(), 1 << 32);
        assert_eq!(many.quantile(0.1), Some(5));
    }

    proptest! {
        #[test]
        fn quantiles_are_within_two_percent_of_the_sorted_values(
            mut values in prop::collection::vec(1u64..1 << 40, 1..200), q in 0.0f64..=1.0
        ) {
            let mut histogram = CoarseHistogram::default();
            values.iter().for_each(|&v| histogram.record(v));
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1] as f64;
            let got = histogram.quantile(q).unwrap() as f64;
            prop_assert!((got - exact).abs() <= 1.0 + exact * 0.02, "{} for {}", got, exact);
        }

        #[test]
        fn the_difference_of_two_states_is_what_came_between_them(
            before in prop::collection::vec(any::<u64>(), 0..50),
            between in prop::collection::vec(any::<u64>(), 0..50),
        ) {
            let (mut all, mut later) = (CoarseHistogram::default(), CoarseHistogram::default());
            before.iter().for_each(|&v| all.record(v));
            let earlier = all.clone();
            between.iter().for_each(|&v| { all.record(v); later.record(v) });
            let difference = all.since(&earlier);
            prop_assert_eq!(
                difference.buckets().collect::<Vec<_>>(), later.buckets().collect::<Vec<_>>()
            );
            prop_assert_eq!(difference.quantile(0.99), later.quantile(0.99));
        }

        #[test]
        fn merging_counts_what_both_counted(
            a in prop::collection::vec(any::<u64>(), 0..50),
            b in prop::collection::vec(any::<u64>(), 0..50)
        ) {
            let (mut left, mut right) = (CoarseHistogram::default(), CoarseHistogram::default());
            let mut all = CoarseHistogram::default();
            a.iter().for_each(|&v| { left.record(v); all.record(v) });
            b.iter().for_each(|&v| { right.record(v); all.record(v) });
            left.merge(&right);
            prop_assert_eq!(left, all);
        }
    }
}
