//! A log-linear histogram of whole numbers: 1,024 linear buckets for each power of two.
//!
//! The layout is HdrHistogram's for three significant digits (unit 1), so counts move to its
//! formats without loss; recording costs an index computation and an addition. Values are
//! exact up to 2,047 and within 0.1 % above. Counts merge as integers, in any order.

use serde::{Deserialize, Serialize};

const SUB_BITS: u32 = 10;

/// Counts of `u64` values, most often nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let index = index_of(value);
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        } else {
            self.grow(index);
            self.counts[index] += 1;
        }
        self.total += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, index: usize) {
        // Whole powers of two, so that a growing maximum does not copy again and again.
        self.counts.resize((index | ((1 << SUB_BITS) - 1)) + 1, 0);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// How many values were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The exact mean; `None` of an empty histogram.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.total > 0).then(|| self.sum as f64 / self.total as f64)
    }

    /// The exact sum of the values.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact largest value; `None` of an empty histogram.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.total > 0).then_some(self.max)
    }

    /// The middle of the bucket that holds the value of rank ⌈q·n⌉ (at least 1), never above
    /// the maximum; `None` of an empty histogram.
    ///
    /// # Panics
    /// If `q` is outside [0, 1].
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        assert!((0.0..=1.0).contains(&q), "a quantile lies in [0, 1], not at {q}");
        if self.total == 0 {
            return None;
        }
        let rank = ((q * self.total as f64).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                let (low, width) = bounds_of(index);
                return Some((low + width / 2).min(self.max));
            }
        }
        unreachable!("the counts add up to the total")
    }

    /// How many values lie in buckets wholly at or below `value`.
    #[must_use]
    pub fn count_at_or_below(&self, value: u64) -> u64 {
        let end = (index_of(value) + 1).min(self.counts.len());
        self.counts[..end].iter().sum()
    }

    /// The non-empty buckets in rising order: lowest value, width, count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.counts.iter().enumerate().filter(|&(_, &count)| count > 0).map(|(index, &count)| {
            let (low, width) = bounds_of(index);
            (low, width, count)
        })
    }
}

#[inline]
fn index_of(value: u64) -> usize {
    let exponent = 63 - (value | (1 << SUB_BITS)).leading_zeros();
    let shift = exponent - SUB_BITS;
    ((shift as usize) << SUB_BITS) + (value >> shift) as usize
}

fn bounds_of(index: usize) -> (u64, u64) {
    let index = index as u64;
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
    fn an_empty_histogram_has_no_mean_quantile_or_maximum() {
        let empty = Histogram::new();
        assert_eq!((empty.mean(), empty.quantile(0.5), empty.max()), (None, None, None));
    }

    proptest! {
        #[test]
        fn every_value_falls_in_a_bucket_that_holds_it_to_a_thousandth(value: u64) {
            let (low, width) = bounds_of(index_of(value));
            prop_assert!(low <= value && value - low < width);
            prop_assert!(width == 1 || width <= low / 1024);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(0u64..1 << 40, 1..300), q in 0.0f64..=1.0
        ) {
            let mut histogram = Histogram::new();
            for &value in &values {
                histogram.record(value);
            }
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1] as f64;
            let got = histogram.quantile(q).unwrap() as f64;
            prop_assert!((got - exact).abs() <= 1.0 + exact / 1000.0, "{} for {}", got, exact);
        }

        #[test]
        fn merging_is_recording_everything_in_one(
            a in prop::collection::vec(any::<u64>(), 0..50),
            b in prop::collection::vec(any::<u64>(), 0..50)
        ) {
            let (mut left, mut right, mut all) =
                (Histogram::new(), Histogram::new(), Histogram::new());
            a.iter().for_each(|&v| { left.record(v); all.record(v) });
            b.iter().for_each(|&v| { right.record(v); all.record(v) });
            left.merge(&right);
            prop_assert_eq!(left, all);
        }
    }
}
