//! Quantiles of distributions, near enough for a window's length and for warnings.

use crate::engine::Distribution;
use crate::engine::maths::{exp, ln, pow};

/// A value that the law exceeds in about 1 % of draws. Exact for most laws; for the gamma law
/// Wilson and Hilferty's approximation (1931), for mixtures that of the worst branch.
#[must_use]
pub fn p99(law: &Distribution) -> f64 {
    const Z: f64 = 2.326_347_874_040_841;
    match law {
        Distribution::Constant(value) => *value,
        Distribution::Exponential { mean } => mean * -ln(0.01),
        Distribution::Lognormal { median, sigma } => median * exp(sigma * Z),
        Distribution::Gamma { shape, scale } => {
            let part = 1.0 / (9.0 * shape);
            let root = (1.0 - part + Z * part.sqrt()).max(0.0);
            scale * shape * root * root * root
        }
        Distribution::Uniform { min, max } => min + 0.99 * (max - min),
        Distribution::Weibull { scale, shape } => scale * pow(-ln(0.01), 1.0 / shape),
        Distribution::Pareto { scale, shape, cap } => {
            let tail = cap.map_or(0.0, |cap| pow(scale / cap, *shape));
            scale * pow(0.01 + 0.99 * tail, -1.0 / shape)
        }
        Distribution::Hyperexponential { means, weights } => means
            .iter()
            .zip(weights)
            .map(|(mean, weight)| mean * (ln(*weight) - ln(0.01)).max(0.0))
            .fold(0.0, f64::max),
        Distribution::Empirical { values } => values[(values.len() - 1) * 99 / 100],
        Distribution::InTurn { values } => values.iter().copied().fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_is_above() {
        for (law, expected) in [
            (Distribution::Exponential { mean: 1.0 }, 4.605),
            (Distribution::Lognormal { median: 1.0, sigma: 1.0 }, 10.240),
            (Distribution::Gamma { shape: 4.0, scale: 1.0 }, 10.045),
            (Distribution::Weibull { scale: 1.0, shape: 2.0 }, 2.146),
            (Distribution::Pareto { scale: 1.0, shape: 2.0, cap: None }, 10.0),
        ] {
            let value = p99(&law);
            assert!((value / expected - 1.0).abs() < 0.01, "{law:?}: {value}");
        }
    }
}
