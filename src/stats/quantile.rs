//! Quantiles over runs, and of requests pooled over runs, each with an interval.

use super::Interval;
use super::special::{binomial_cdf, student_two_sided};

/// The `q`-quantile of sorted values, linear between the values at (n − 1)·q (the rule of
/// NumPy, R type 7 and Kayenta); `None` of no values.
#[must_use]
pub fn of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below], sorted[above]);
    Some(if low == high { low } else { low + (high - low) * (place - below as f64) })
}

/// Sorts values that are numbers.
///
/// # Panics
/// If one is not a number.
pub fn sort(values: &mut [f64]) {
    assert!(values.iter().all(|value| !value.is_nan()), "every value is a number");
    values.sort_unstable_by(f64::total_cmp);
}

/// The interval of the `q`-quantile of the law behind sorted independent values, from order
/// statistics: no assumption on the law. The shortest pair of ranks that leaves at most half
/// of 1 − `level` on each side; `None` where there are too few values for that.
#[must_use]
pub fn interval(sorted: &[f64], q: f64, level: f64) -> Option<Interval> {
    let n = sorted.len() as u64;
    let side = (1.0 - level) / 2.0;
    // The value of rank r lies above the quantile with chance P(fewer than r fall below it).
    let low = (1..=n).rev().find(|&rank| binomial_cdf(rank - 1, n, q) <= side)?;
    let high = (1..=n).find(|&rank| 1.0 - binomial_cdf(rank - 1, n, q) <= side)?;
    Some((sorted[low as usize - 1], sorted[high as usize - 1]))
}

/// The interval of a quantile of data pooled over independent runs, by sectioning: around the
/// pooled estimate, with the spread of the runs' own estimates about it (S. Asmussen and
/// P. Glynn, "Stochastic Simulation", 2007, III.5a; M. Nakayama, "Confidence intervals for
/// quantiles using sectioning", ACM TOMACS 24 (2014)). Requests within a run need not be
/// independent. `None` with fewer than two runs.
#[must_use]
pub fn sectioning(pooled: f64, runs: &[f64], level: f64) -> Option<Interval> {
    if runs.len() < 2 {
        return None;
    }
    let n = runs.len() as f64;
    let squares: f64 = runs.iter().map(|run| (run - pooled) * (run - pooled)).sum();
    let half = student_two_sided(1.0 - level, n - 1.0) * (squares / (n - 1.0) / n).sqrt();
    Some((pooled - half, pooled + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(n: u32) -> Vec<f64> {
        (1..=n).map(f64::from).collect()
    }

    #[test]
    fn quantiles_are_linear_between_values() {
        let data = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
        assert_eq!(of_sorted(&data, 0.5), Some(1.75));
        assert_eq!((of_sorted(&data, 0.0), of_sorted(&data, 1.0)), (Some(0.0), Some(3.5)));
        assert_eq!((of_sorted(&[7.0], 0.99), of_sorted(&[], 0.5)), (Some(7.0), None));
    }

    #[test]
    fn order_statistics_give_the_ranks_of_the_tables() {
        // W. Conover, Practical Nonparametric Statistics, table of the binomial; SciPy 1.17.1
        // `quantile_test` agrees.
        assert_eq!(interval(&ranks(10), 0.5, 0.95), Some((2.0, 9.0)));
        assert_eq!(interval(&ranks(20), 0.5, 0.95), Some((6.0, 15.0)));
        assert_eq!(interval(&ranks(100), 0.95, 0.95), Some((90.0, 100.0)));
        assert_eq!(interval(&ranks(100), 0.05, 0.95), Some((1.0, 11.0)));
    }

    #[test]
    fn too_few_values_give_no_interval_of_a_far_quantile() {
        assert_eq!(interval(&ranks(59), 0.95, 0.95), None);
        assert_eq!(interval(&ranks(5), 0.5, 0.95), None);
    }

    #[test]
    fn sectioning_spreads_around_the_pooled_estimate() {
        // Deviations ±1 around 10, n = 4: half-width t(0.975, 3) · sqrt(4/3/4).
        let (low, high) = sectioning(10.0, &[9.0, 11.0, 9.0, 11.0], 0.95).unwrap();
        let half = 3.182_446_305_3 * (1.0_f64 / 3.0).sqrt();
        assert!((low - (10.0 - half)).abs() < 1e-8 && (high - (10.0 + half)).abs() < 1e-8);
        assert_eq!(sectioning(10.0, &[10.0], 0.95), None);
    }
}
