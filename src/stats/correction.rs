//! Several comparisons at once: keeping the chance of any false alarm at the level stated.

/// The level at which each of `comparisons` intervals must be taken so that all of them cover
/// at once with at least `level` (Bonferroni: whatever their dependence).
#[must_use]
pub fn bonferroni(level: f64, comparisons: usize) -> f64 {
    1.0 - (1.0 - level) / comparisons.max(1) as f64
}

/// p-values adjusted after S. Holm (Scand. J. Statist. 6 (1979), 65-70): compare each with the
/// level wanted for all together. In the order of the input.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        floor = floor.max(p_values[index] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[index] = floor;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bonferroni_shares_the_error_out() {
        assert!((bonferroni(0.95, 5) - 0.99).abs() < 1e-12);
        assert_eq!((bonferroni(0.95, 1), bonferroni(0.95, 0)), (0.95, 0.95));
    }

    #[test]
    fn holm_steps_down_and_never_falls_behind_a_smaller_one() {
        // R: p.adjust(c(.01, .04, .03, .005), "holm") is 0.03 0.06 0.06 0.02.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (got, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
