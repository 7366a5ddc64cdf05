//! What is left of a life that is looked at at some instant of a long time: the law of the
//! residual life in equilibrium, of density P(X > x) / E\[X\].
//!
//! A population of long lives is begun in equilibrium with it instead of waiting for that, which
//! with heavy tails would take thousands of mean lives. An instant meets a life with a chance
//! in proportion to its length and at a uniform place, so a residual is U · X* with X* drawn from
//! the length-biased law (Feller, An Introduction to Probability Theory, volume 2, chapter XI.4).

use std::sync::Arc;

use rand::Rng;

use super::distribution::{Distribution, Sampler};
use super::maths::{exp, pow};
use super::rng::unit;
use super::time::{SimDuration, rounded};

/// Draws residual lives in equilibrium.
#[derive(Clone)]
pub struct Residual {
    biased: Biased,
}

/// The length-biased law; of exponentials and their mixtures the residual law itself.
#[derive(Clone)]
enum Biased {
    /// The residual is one of this law.
    Memoryless(Sampler),
    /// A law of the same family.
    Family(Sampler),
    /// Density in proportion to x on [min, max).
    Linear { min: f64, max: f64 },
    /// scale · G^exponent, G of a gamma law.
    Weibull { scale: f64, exponent: f64, gamma: Sampler },
    /// Density in proportion to x^-shape on [scale, cap].
    Power { scale: f64, cap: f64, shape: f64 },
    /// Observed values by their length.
    Weighted { values: Arc<[f64]>, cumulative: Vec<f64> },
}

impl Residual {
    /// Of a law with a finite mean.
    #[must_use]
    pub fn new(law: &Distribution) -> Self {
        let family = |law: &Distribution| Biased::Family(Sampler::new(law));
        let biased = match law {
            Distribution::Constant(_) => family(law),
            Distribution::Exponential { .. } => Biased::Memoryless(Sampler::new(law)),
            Distribution::Lognormal { median, sigma } => {
                let median = median * exp(sigma * sigma);
                family(&Distribution::Lognormal { median, sigma: *sigma })
            }
            Distribution::Gamma { shape, scale } => {
                family(&Distribution::Gamma { shape: shape + 1.0, scale: *scale })
            }
            Distribution::Uniform { min, max } => Biased::Linear { min: *min, max: *max },
            Distribution::Weibull { scale, shape } => Biased::Weibull {
                scale: *scale,
                exponent: 1.0 / shape,
                gamma: Sampler::new(&Distribution::Gamma { shape: 1.0 + 1.0 / shape, scale: 1.0 }),
            },
            Distribution::Pareto { scale, shape, cap: None } => {
                family(&Distribution::Pareto { scale: *scale, shape: shape - 1.0, cap: None })
            }
            Distribution::Pareto { scale, shape, cap: Some(cap) } => {
                Biased::Power { scale: *scale, cap: *cap, shape: *shape }
            }
            Distribution::Hyperexponential { means, weights } => {
                let mean = law.mean();
                let weights = means.iter().zip(weights).map(|(m, w)| m * w / mean).collect();
                let means = means.clone();
                Biased::Memoryless(Sampler::new(&Distribution::Hyperexponential { means, weights }))
            }
            Distribution::Empirical { values } | Distribution::InTurn { values } => {
                let cumulative = values.iter().scan(0.0, |sum, value| {
                    *sum += value;
                    Some(*sum)
                });
                Biased::Weighted { values: values.clone(), cumulative: cumulative.collect() }
            }
        };
        Self { biased }
    }

    /// A draw, in the law's own unit.
    pub fn draw<R: Rng>(&self, rng: &mut R) -> f64 {
        let whole = match &self.biased {
            Biased::Memoryless(sampler) => return sampler.draw(rng, 0),
            Biased::Family(sampler) => sampler.draw(rng, 0),
            Biased::Linear { min, max } => {
                let u = unit(rng.next_u64());
                (min * min + u * (max * max - min * min)).sqrt()
            }
            Biased::Weibull { scale, exponent, gamma } => {
                scale * pow(gamma.draw(rng, 0), *exponent)
            }
            Biased::Power { scale, cap, shape } => {
                let u = unit(rng.next_u64());
                if (shape - 1.0).abs() < 1e-9 {
                    scale * pow(cap / scale, u)
                } else {
                    power_between(*scale, *cap, 1.0 - shape, u)
                }
            }
            Biased::Weighted { values, cumulative } => {
                let all = cumulative.last().copied().unwrap_or(0.0);
                let at = unit(rng.next_u64()) * all;
                let place = cumulative.partition_point(|&sum| sum <= at);
                values[place.min(values.len() - 1)]
            }
        };
        whole * unit(rng.next_u64())
    }

    /// A draw rounded to a whole span of time, at most [`SimDuration::LONGEST`].
    pub fn draw_span<R: Rng>(&self, rng: &mut R) -> SimDuration {
        SimDuration(rounded(self.draw(rng))).min(SimDuration::LONGEST)
    }
}

/// The `u` quantile of a density in proportion to x^(power - 1) between two ends, power not 0.
fn power_between(low: f64, high: f64, power: f64, u: f64) -> f64 {
    let (from, to) = (pow(low, power), pow(high, power));
    pow(from + u * (to - from), 1.0 / power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Key;

    /// The share of residuals above a value, of so many draws.
    fn above(law: &Distribution, limit: f64) -> f64 {
        let residual = Residual::new(law);
        let mut rng = Key::of_seed(7).stream();
        let draws = 200_000;
        let count = (0..draws).filter(|_| residual.draw(&mut rng) > limit).count();
        count as f64 / f64::from(draws)
    }

    /// (1/E[X]) ∫ from `limit` of P(X > x), by the law's own sampler.
    fn by_integral(law: &Distribution, limit: f64) -> f64 {
        let sampler = Sampler::new(law);
        let mut rng = Key::of_seed(8).stream();
        let draws = 200_000;
        let excess: f64 = (0..draws).map(|_| (sampler.draw(&mut rng, 0) - limit).max(0.0)).sum();
        excess / f64::from(draws) / law.mean()
    }

    #[test]
    fn a_residual_is_longer_than_a_value_as_often_as_the_integral_of_the_tail_says() {
        let laws = [
            Distribution::Constant(10.0),
            Distribution::Exponential { mean: 10.0 },
            Distribution::Lognormal { median: 6.0, sigma: 1.0 },
            Distribution::Gamma { shape: 0.5, scale: 20.0 },
            Distribution::Gamma { shape: 4.0, scale: 2.5 },
            Distribution::Uniform { min: 5.0, max: 15.0 },
            Distribution::Weibull { scale: 8.0, shape: 0.7 },
            Distribution::Pareto { scale: 6.0, shape: 2.5, cap: None },
            Distribution::Pareto { scale: 2.0, shape: 1.5, cap: Some(100.0) },
            Distribution::Pareto { scale: 2.0, shape: 1.0, cap: Some(100.0) },
            Distribution::Pareto { scale: 2.0, shape: 0.5, cap: Some(100.0) },
            Distribution::Hyperexponential { means: vec![2.0, 50.0], weights: vec![0.8, 0.2] },
            Distribution::Empirical { values: [1.0, 2.0, 30.0].into() },
        ];
        for law in laws {
            for limit in [3.0, 9.0, 25.0] {
                let (got, expected) = (above(&law, limit), by_integral(&law, limit));
                assert!((got - expected).abs() < 0.015, "{law:?} at {limit}: {got}, {expected}");
            }
        }
    }

    #[test]
    fn a_heavy_tail_of_infinite_variance_has_its_closed_form() {
        // Pareto of shape 1.5 and mean 600: (2/3)·(200/D)^0.5 of the lives outlast D ≥ 200.
        let law = Distribution::Pareto { scale: 200.0, shape: 1.5, cap: None };
        for (limit, expected) in [(30.0, 0.95), (300.0, 0.544_331), (3600.0, 0.157_135)] {
            let got = above(&law, limit);
            assert!((got - expected).abs() < 0.004, "{limit}: {got}, not {expected}");
        }
    }
}
