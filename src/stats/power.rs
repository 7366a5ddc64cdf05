//! What an analysis can see: how many requests a comparison needs, how often a rule raises a
//! false alarm, when a sequential test decides.
//!
//! Sample sizes are normal approximations: two proportions after J. Fleiss ("Statistical
//! Methods for Rates and Proportions"), the rank test after G. Noether (J. Am. Stat. Assoc. 82
//! (1987), 645-647). The sequential test is A. Wald's ("Sequential Analysis", 1947) with his
//! boundaries, which ignore the overshoot and so err less often than stated.

use super::special::{binomial_cdf, normal_quantile};
use crate::engine::maths::ln;

/// The test that a sample size is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Chance of a false alarm.
    pub alpha: f64,
    /// Chance to see what is there.
    pub power: f64,
    /// 1 or 2.
    pub sides: u32,
}

impl Test {
    fn quantiles(&self) -> (f64, f64) {
        let alpha = self.alpha / f64::from(self.sides.max(1));
        (normal_quantile(1.0 - alpha), normal_quantile(self.power))
    }
}

/// Requests of the first arm needed to tell a share of failures `p1` from `p0`, if the second
/// arm gets `ratio` times as many.
#[must_use]
pub fn requests_per_arm(p0: f64, p1: f64, ratio: f64, test: Test) -> f64 {
    let (z_alpha, z_beta) = test.quantiles();
    let mixed = (p0 + ratio * p1) / (1.0 + ratio);
    let under_null = (mixed * (1.0 - mixed) * (1.0 + 1.0 / ratio)).sqrt();
    let under_other = (p0 * (1.0 - p0) + p1 * (1.0 - p1) / ratio).sqrt();
    let root = (z_alpha * under_null + z_beta * under_other) / (p1 - p0);
    root * root
}

/// Values an arm needed by the rank test, where one of the second arm is larger than one of the
/// first with chance `theta`.
#[must_use]
pub fn samples_of_rank_test(theta: f64, test: Test) -> f64 {
    let (z_alpha, z_beta) = test.quantiles();
    let away = theta - 0.5;
    (z_alpha + z_beta) * (z_alpha + z_beta) / (6.0 * away * away)
}

/// The chance that more than `limit` of `looks` independent looks alarm, each with chance
/// `alarm`.
#[must_use]
pub fn more_than(limit: u64, looks: u64, alarm: f64) -> f64 {
    1.0 - binomial_cdf(limit, looks, alarm)
}

/// Wald's sequential test of a share: whether it is `p1` rather than `p0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    /// What a hit adds.
    hit: f64,
    /// What a miss adds.
    miss: f64,
    /// From here on up it is `p1`.
    upper: f64,
    /// From here on down it is `p0`.
    lower: f64,
}

impl Sequential {
    /// A test that calls `p0` `p1` with chance `alpha`, and the other way round with `beta`.
    #[must_use]
    pub fn new(p0: f64, p1: f64, alpha: f64, beta: f64) -> Self {
        Self {
            hit: ln(p1 / p0),
            miss: ln((1.0 - p1) / (1.0 - p0)),
            upper: ln((1.0 - beta) / alpha),
            lower: ln(beta / (1.0 - alpha)),
        }
    }

    /// Takes hits and misses in turn until it decides: whether it is `p1`, and after how many.
    /// `None` if they end before.
    pub fn decide(&self, hits: impl IntoIterator<Item = bool>) -> Option<(bool, u64)> {
        let mut sum = 0.0;
        for (place, hit) in hits.into_iter().enumerate() {
            sum += if hit { self.hit } else { self.miss };
            if sum >= self.upper || sum <= self.lower {
                return Some((sum >= self.upper, place as u64 + 1));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Key;
    use crate::stats::rank::mann_whitney;

    const TEST: Test = Test { alpha: 0.05, power: 0.8, sides: 1 };

    #[test]
    fn sample_sizes_are_those_of_the_tables() {
        // statsmodels 0.14 / R `power.prop.test` agree within the approximation.
        assert!((requests_per_arm(0.001, 0.002, 1.0, TEST) - 18_518.804).abs() < 0.01);
        let rank = Test { alpha: 0.05, power: 0.9, sides: 2 };
        assert!((samples_of_rank_test(5.0 / 9.0, rank) - 567.400_85).abs() < 0.001);
    }

    #[test]
    fn at_its_sample_size_the_rank_test_sees_what_it_should() {
        let decisions = (0..400).filter(|&seed| {
            let sample = |purpose, mean: f64| -> Vec<f64> {
                let key = Key::of_seed(seed).purpose(purpose);
                (0..568).map(|i| -mean * ln(1.0 - key.unit(i))).collect()
            };
            let test = mann_whitney(&sample(1, 1.0), &sample(2, 1.25)).expect("values");
            test.p_two_sided < 0.05
        });
        // 0.9 stated; three standard errors of 400 decisions are 0.045.
        let power = decisions.count() as f64 / 400.0;
        assert!((power - 0.9).abs() < 0.045, "{power}");
    }

    #[test]
    fn the_sequential_test_errs_no_more_often_than_stated() {
        let test = Sequential::new(0.01, 0.03, 0.05, 0.05);
        let decided = |seed: u64, p: f64| {
            let key = Key::of_seed(seed);
            test.decide((0..100_000).map(|i| key.unit(i) < p)).expect("a decision")
        };
        let false_alarms = (0..2_000).filter(|&seed| decided(seed, 0.01).0).count();
        assert!(false_alarms <= 115, "{false_alarms} of 2000");
        assert_eq!(test.decide([]), None);
    }

    #[test]
    fn looks_add_up() {
        assert!((more_than(0, 10, 0.05) - 0.401_263_06).abs() < 1e-8);
        assert!((more_than(2, 10, 0.05) - 0.011_503_557).abs() < 1e-8);
    }
}
