//! Shares: `hits` of `trials`, each on its own.
//!
//! The exact interval (C. Clopper and E. Pearson, Biometrika 26 (1934), 404-413) covers at
//! least what it says for every true share, also where none or all were hit; Wilson's (J. Am.
//! Stat. Assoc. 22 (1927), 209-212) is shorter and covers it on average. Both take trials as
//! independent: seeds are, requests of one run are not.

use super::Interval;
use super::special::{beta_quantile, normal_quantile};

/// The exact interval of Clopper and Pearson.
///
/// # Panics
/// If there are more hits than trials, or no trials.
#[must_use]
pub fn exact(hits: u64, trials: u64, level: f64) -> Interval {
    assert!(hits <= trials && trials > 0, "{hits} hits of {trials} trials");
    let side = (1.0 - level) / 2.0;
    let (h, t) = (hits as f64, trials as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(side, h, t - h + 1.0) };
    let high = if hits == trials { 1.0 } else { beta_quantile(1.0 - side, h + 1.0, t - h) };
    (low, high)
}

/// Wilson's score interval.
///
/// # Panics
/// If there are more hits than trials, or no trials.
#[must_use]
pub fn wilson(hits: u64, trials: u64, level: f64) -> Interval {
    assert!(hits <= trials && trials > 0, "{hits} hits of {trials} trials");
    let z = normal_quantile(1.0 - (1.0 - level) / 2.0);
    let n = trials as f64;
    let share = hits as f64 / n;
    let denominator = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / denominator;
    let half = z / denominator * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // The ends are exact where they are known.
    let low = if hits == 0 { 0.0 } else { centre - half };
    let high = if hits == trials { 1.0 } else { centre + half };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::special::binomial_cdf;

    fn close(got: Interval, expected: Interval) {
        for (g, e) in [(got.0, expected.0), (got.1, expected.1)] {
            assert!((g - e).abs() <= 1e-9 + 1e-7 * e.abs(), "{got:?} is not {expected:?}");
        }
    }

    // SciPy 1.17.1 `binomtest(k, n).proportion_ci`.

    #[test]
    fn exact_intervals_are_those_of_the_tables() {
        close(exact(0, 10, 0.95), (0.0, 0.308_497_107_818_762_94));
        close(exact(10, 10, 0.95), (0.691_502_892_181_237_1, 1.0));
        close(exact(1, 20, 0.95), (0.001_265_089_497_956, 0.248_732_762_772_027_7));
        close(exact(5, 100, 0.95), (0.016_431_879_181_728, 0.112_834_911_105_462_9));
        close(exact(0, 100, 0.95), (0.0, 0.036_216_692_645_190_5));
        close(exact(10, 10_000, 0.95), (0.000_479_639_723_764, 0.001_838_264_134_249));
        close(exact(3, 1_000_000, 0.95), (6.186_725_999e-7, 8.767_247_805_9e-6));
        close(exact(2, 20, 0.99), (0.005_295_149_474_771_8, 0.387_125_257_067_526));
    }

    #[test]
    fn wilson_intervals_are_those_of_the_tables() {
        close(wilson(0, 10, 0.95), (0.0, 0.277_532_799_862_889_3));
        close(wilson(10, 10, 0.95), (0.722_467_200_137_110_7, 1.0));
        close(wilson(5, 100, 0.95), (0.021_543_679_154_368, 0.111_750_469_231_919));
        close(wilson(3, 1_000_000, 0.95), (1.020_271_240_968e-6, 8.821_149_774_3e-6));
    }

    #[test]
    fn the_exact_interval_covers_every_true_share_at_least_as_often_as_it_says() {
        for trials in [5_u64, 20, 60] {
            for truth in [0.001, 0.01, 0.08, 0.3, 0.5] {
                let covered: f64 = (0..=trials)
                    .filter(|&hits| {
                        let (low, high) = exact(hits, trials, 0.95);
                        low <= truth && truth <= high
                    })
                    .map(|hits| {
                        let below =
                            if hits == 0 { 0.0 } else { binomial_cdf(hits - 1, trials, truth) };
                        binomial_cdf(hits, trials, truth) - below
                    })
                    .sum();
                assert!(covered >= 0.95, "{covered} at {truth} of {trials}");
            }
        }
    }
}
