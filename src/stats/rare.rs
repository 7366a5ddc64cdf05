//! Means of what happens rarely: most runs count nothing, so the spread of the values says too
//! little about the mean, and nothing at all where every value is zero.
//!
//! What can be known exactly is the chance that a run is hit at all (Clopper and Pearson, seeds
//! are independent). Times the mean size of a hit it gives an interval of the mean, and where
//! nothing was hit, an upper end: of a hit of the smallest size. The interval of a mean is then
//! the hull of this one and the usual one ([`super::mean`]). It is wider than needed: where one
//! hit is expected in all seeds together it covers 99.8 %, where ten or more are, as much as
//! the usual one, which it leaves alone there (`results/coverage`).
//!
//! Left out: the spread of the size of a hit while none or few were seen. A disaster in one of
//! a thousand seeds is not in the interval of a study that has not met it; how often one may
//! have been missed is told beside it ([`super::share`]).

use super::mean::{Moments, Paired};
use super::{Interval, share};

/// Differences in which more seeds than this differ are left to the usual interval.
const FEW: u64 = 6;

/// Seeds that were hit, and how hard.
#[derive(Clone, Copy)]
struct Hits {
    seeds: u64,
    hit: u64,
    /// Mean size of a hit; the smallest there can be where none was seen.
    size: f64,
}

impl Hits {
    fn of(sizes: impl Iterator<Item = f64>, smallest: f64) -> Self {
        let (mut seeds, mut hit, mut sum) = (0, 0, 0.0);
        for size in sizes {
            seeds += 1;
            if size > 0.0 {
                hit += 1;
                sum += size;
            }
        }
        Self { seeds, hit, size: if hit > 0 { sum / hit as f64 } else { smallest } }
    }

    fn mean(&self, level: f64) -> Interval {
        let (low, high) = share::exact(self.hit, self.seeds, level);
        (low * self.size, high * self.size)
    }
}

fn hull(a: Interval, b: Interval) -> Interval {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The interval of the mean of what may happen in a run or not: `values` are its amounts, none
/// negative, and `smallest` is the least that can happen (one request). `None` with fewer than
/// two values.
#[must_use]
pub fn mean(values: &[f64], smallest: f64, level: f64) -> Option<Interval> {
    let moments = Moments::of(values)?;
    let usual = moments.interval(level)?;
    let hits = Hits::of(values.iter().copied(), smallest);
    if hits.hit == hits.seeds || values.iter().any(|value| *value < 0.0) {
        return Some(usual);
    }
    Some(hull(usual, hits.mean(level)))
}

/// The same of the differences of two such samples, paired.
#[must_use]
pub fn difference(
    paired: &Paired,
    baseline: &[f64],
    values: &[f64],
    smallest: f64,
    level: f64,
) -> Option<Interval> {
    let usual = paired.moments.interval(level)?;
    let more = Hits::of(values.iter().zip(baseline).map(|(v, b)| v - b), smallest);
    let less = Hits::of(values.iter().zip(baseline).map(|(v, b)| b - v), smallest);
    if more.hit + less.hit > FEW.min(more.seeds - 1) {
        return Some(usual);
    }
    // Both must hold at once.
    let each = 1.0 - (1.0 - level) / 2.0;
    let (up, down) = (more.mean(each), less.mean(each));
    Some(hull(usual, (up.0 - down.1, up.1 - down.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happened_may_still_happen() {
        // The rule of three: 1 − 0.025^(1/100) of the seeds, one request each.
        let (low, high) = mean(&[0.0; 100], 1.0, 0.95).unwrap();
        assert_eq!(low, 0.0);
        assert!((high - 0.036_216_692_645).abs() < 1e-9, "{high}");
        let paired = Paired::of(&[0.0; 100], &[0.0; 100]).unwrap();
        let (low, high) = difference(&paired, &[0.0; 100], &[0.0; 100], 1.0, 0.95).unwrap();
        assert!((low + high).abs() < 1e-15 && high > 0.036 && high < 0.05, "{low} {high}");
    }

    #[test]
    fn a_few_hits_are_taken_for_what_they_are() {
        let mut values = [0.0; 20];
        values[3] = 8.0;
        let (low, high) = mean(&values, 1.0, 0.95).unwrap();
        // One of twenty: 0.127 % to 24.87 %, of eight requests each.
        assert!(low < 0.0 && high >= 8.0 * 0.248, "{low} {high}");
    }

    #[test]
    fn what_happens_in_every_run_keeps_the_usual_interval() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        let usual = Moments::of(&values).unwrap().interval(0.95);
        assert_eq!(mean(&values, 1.0, 0.95), usual);
        let nothing = [0.0; 20];
        let paired = Paired::of(&nothing, &values).unwrap();
        assert_eq!(
            difference(&paired, &nothing, &values, 1.0, 0.95),
            paired.moments.interval(0.95)
        );
        assert_eq!(mean(&[1.0], 1.0, 0.95), None);
    }

    #[test]
    fn what_is_not_an_amount_is_left_alone() {
        let values = [-1.0, 0.0, 2.0, 0.0];
        assert_eq!(mean(&values, 1.0, 0.95), Moments::of(&values).unwrap().interval(0.95));
    }
}
