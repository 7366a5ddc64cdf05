//! The rank-sum test of H. Mann and D. Whitney (Ann. Math. Statist. 18 (1947), 50-60): does
//! one law tend to give larger values than another?
//!
//! Normal approximation with the corrections for ties and for continuity, as in R's
//! `wilcox.test(exact = FALSE)`; good from about eight values a side.

use super::special::normal_cdf;

/// What the ranks of two samples say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which the first sample has the larger value, ties counted half.
    pub u: f64,
    /// U standardised, towards zero by the continuity correction; 0 where all values are tied.
    pub z: f64,
    /// Chance of a U this far from its mean on either side if both laws are one.
    pub p_two_sided: f64,
    /// Estimated chance that a value of the first sample is larger than one of the second
    /// (ties half): the common language effect size.
    pub chance_first_larger: f64,
}

/// Compares two samples; `None` if one is empty.
///
/// # Panics
/// If a value is not a number.
#[must_use]
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<MannWhitney> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let mut all: Vec<(f64, bool)> = first.iter().map(|&value| (value, true)).collect();
    all.extend(second.iter().map(|&value| (value, false)));
    assert!(all.iter().all(|(value, _)| !value.is_nan()), "every value is a number");
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

    let (mut rank_sum, mut ties) = (0.0, 0.0);
    let mut start = 0;
    while start < all.len() {
        let end = start + all[start..].iter().take_while(|item| item.0 == all[start].0).count();
        let size = (end - start) as f64;
        let middle_rank = (start + end + 1) as f64 / 2.0;
        rank_sum += middle_rank * all[start..end].iter().filter(|item| item.1).count() as f64;
        ties += size * size * size - size;
        start = end;
    }
    let (m, n) = (first.len() as f64, second.len() as f64);
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let total = m + n;
    let variance = m * n / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    let away = u - m * n / 2.0;
    let corrected = away.signum() * (away.abs() - 0.5).max(0.0);
    let z = if variance > 0.0 { corrected / variance.sqrt() } else { 0.0 };
    let p_two_sided = (2.0 * normal_cdf(-z.abs())).min(1.0);
    Some(MannWhitney { u, z, p_two_sided, chance_first_larger: u / (m * n) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_and_its_chance_are_those_of_reference_programs() {
        // SciPy 1.17.1 `mannwhitneyu(method="asymptotic")`.
        let a = [1.1, 2.2, 3.3, 4.4, 5.5, 6.6, 7.7];
        let b = [2.5, 3.5, 8.1, 9.2, 10.3, 11.4];
        let test = mann_whitney(&a, &b).unwrap();
        assert_eq!(test.u, 9.0);
        assert!((test.p_two_sided - 0.100_412_493_986_102_84).abs() < 1e-12, "{test:?}");
        let tied = mann_whitney(
            &[1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 4.0, 5.0],
            &[2.0, 4.0, 5.0, 5.0, 6.0, 7.0, 7.0, 9.0, 9.0],
        )
        .unwrap();
        assert_eq!(tied.u, 9.5);
        assert!((tied.p_two_sided - 0.011_306_305_718_566_89).abs() < 1e-12, "{tied:?}");
    }

    #[test]
    fn samples_of_one_value_say_nothing() {
        let test = mann_whitney(&[3.0; 5], &[3.0; 9]).unwrap();
        assert_eq!((test.z, test.p_two_sided, test.chance_first_larger), (0.0, 1.0, 0.5));
        assert_eq!(mann_whitney(&[], &[1.0]), None);
    }
}
