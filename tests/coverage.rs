//! Do intervals cover what they say? Repeated cheap studies with a known answer: quick checks
//! with fixed seeds, so they pass or fail for good. With 4,000 repetitions a coverage is known
//! to ± 0.7 points, by which the bounds are wider than what is claimed (94.3 to 96 % from 20
//! seeds on).

use cutover::engine::Key;
use cutover::engine::maths::ln;
use cutover::stats::mean::{Moments, Paired};
use cutover::stats::special::normal_quantile;
use cutover::stats::{Interval, correction, quantile, share};

const REPETITIONS: u64 = 4_000;

/// How often an interval covers the truth.
fn coverage(truth: f64, study: impl Fn(Key) -> Option<Interval>) -> f64 {
    let covered = (0..REPETITIONS).filter(|&repetition| {
        let (low, high) = study(Key::of_seed(repetition)).expect("an interval");
        low <= truth && truth <= high
    });
    covered.count() as f64 / REPETITIONS as f64
}

fn normal(key: Key, n: u64) -> Vec<f64> {
    (0..n)
        .map(|i| normal_quantile((key.draw(i) >> 12) as f64 / (1u64 << 52) as f64 + 1e-17))
        .collect()
}

fn exponential(key: Key, n: u64) -> Vec<f64> {
    (0..n).map(|i| -ln(1.0 - key.unit(i))).collect()
}

/// Failures among requests that each fail with a small chance: gaps are exponential.
fn failures(key: Key, n: u64, mean: f64) -> Vec<f64> {
    let count = |stream: Key| {
        let (mut at, mut count) = (0.0, 0);
        loop {
            at -= ln(1.0 - stream.unit(count));
            if at > mean {
                return count as f64;
            }
            count += 1;
        }
    };
    (0..n).map(|i| count(key.entity(i))).collect()
}

fn mean_interval(values: &[f64]) -> Option<Interval> {
    Moments::of(values)?.interval(0.95)
}

#[test]
fn means_of_symmetric_data_are_covered_as_often_as_stated() {
    for n in [10, 20, 100] {
        let covered = coverage(0.0, |key| mean_interval(&normal(key, n)));
        assert!((0.94..=0.965).contains(&covered), "{covered} with {n} seeds");
    }
}

#[test]
fn means_of_skewed_data_are_covered_too() {
    for n in [10, 20, 100] {
        let covered = coverage(1.0, |key| mean_interval(&exponential(key, n)));
        assert!((0.936..=0.967).contains(&covered), "{covered} with {n} seeds");
    }
}

#[test]
fn shares_of_a_thousandth_are_covered_from_counts_over_seeds() {
    // 10,000 requests a seed of which 0.1 % fail: ten failures a seed.
    for n in [10, 20, 100] {
        let covered = coverage(10.0, |key| mean_interval(&failures(key, n, 10.0)));
        assert!((0.94..=0.967).contains(&covered), "{covered} with {n} seeds");
    }
}

#[test]
fn exact_shares_are_covered_at_least_as_often_as_stated() {
    // Hits of a thousandth among 1,000 and 5,000 trials.
    for (trials, mean) in [(1_000, 1.0), (5_000, 5.0)] {
        let covered = coverage(0.001, |key| {
            let hits = failures(key, 1, mean)[0] as u64;
            Some(share::exact(hits, trials, 0.95))
        });
        assert!(covered >= 0.95, "{covered} of {trials}");
    }
}

#[test]
fn paired_differences_are_covered_and_narrow() {
    // Common noise of 10, own noise of 1 on either side, a true difference of 0.5.
    let study = |key: Key| {
        let common = normal(key.purpose(1), 20);
        let own = |purpose| normal(key.purpose(purpose), 20);
        let side = |own: Vec<f64>, shift: f64| -> Vec<f64> {
            common.iter().zip(own).map(|(c, o)| 10.0 * c + o + shift).collect()
        };
        Paired::of(&side(own(2), 0.0), &side(own(3), 0.5)).expect("pairs")
    };
    let covered = coverage(0.5, |key| study(key).moments.interval(0.95));
    assert!((0.94..=0.967).contains(&covered), "{covered}");
    assert!(study(Key::of_seed(1)).variance_removed.expect("both vary") > 0.97);
}

#[test]
fn differences_with_heavy_tails_are_covered_too() {
    // Of two exponential laws with independent seeds.
    let covered = coverage(0.0, |key| {
        let side = |purpose| exponential(key.purpose(purpose), 20);
        Paired::of(&side(1), &side(2))?.moments.interval(0.95)
    });
    assert!((0.94..=0.965).contains(&covered), "{covered}");
}

#[test]
fn equal_strategies_are_rarely_told_apart_among_several() {
    // Four strategies of one law against a fifth, with independent seeds: any alarm counts.
    let level = correction::bonferroni(0.95, 4);
    let alarms = (0..REPETITIONS).filter(|&repetition| {
        let key = Key::of_seed(repetition);
        let baseline = exponential(key.purpose(0), 20);
        (1..=4).any(|arm| {
            let paired = Paired::of(&baseline, &exponential(key.purpose(arm), 20)).expect("pairs");
            let (low, high) = paired.moments.interval(level).expect("twenty seeds");
            low > 0.0 || high < 0.0
        })
    });
    let rate = alarms.count() as f64 / REPETITIONS as f64;
    assert!(rate <= 0.05, "{rate}");
}

#[test]
fn quantiles_over_seeds_are_covered_whatever_the_law() {
    for (n, q) in [(20, 0.5), (100, 0.9), (100, 0.95)] {
        let truth = -ln(1.0 - q);
        let covered = coverage(truth, |key| {
            let mut values = exponential(key, n);
            quantile::sort(&mut values);
            quantile::interval(&values, q, 0.95)
        });
        assert!(covered >= 0.943, "{covered} for the {q}-quantile of {n}");
    }
}

#[test]
fn pooled_quantiles_are_covered_with_seeds_as_units() {
    // The 99 % quantile of 20 runs of 500 exponential latencies; fewer repetitions, more draws.
    let truth = -ln(0.01);
    let repetitions = 600;
    let covered = (0..repetitions).filter(|&repetition| {
        let key = Key::of_seed(repetition);
        let mut pooled = Vec::new();
        let runs: Vec<f64> = (0..20)
            .map(|run| {
                let mut latencies = exponential(key.entity(run), 500);
                pooled.extend_from_slice(&latencies);
                quantile::sort(&mut latencies);
                latencies[494]
            })
            .collect();
        quantile::sort(&mut pooled);
        let (low, high) = quantile::sectioning(pooled[9_899], &runs, 0.95).expect("twenty runs");
        low <= truth && truth <= high
    });
    let covered = covered.count() as f64 / repetitions as f64;
    assert!((0.93..=0.98).contains(&covered), "{covered}");
}
