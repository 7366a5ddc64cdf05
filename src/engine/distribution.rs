//! Probability laws and their samplers.
//!
//! A [`Distribution`] is plain data (part of a plan); a [`Sampler`] is its prepared form. The
//! samplers are ours and use `libm` only, so the same seed gives the same numbers on every
//! machine; `tests/samplers.rs` holds their moments and shapes against theory and against
//! `rand_distr`.

use std::sync::Arc;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::maths::{exp, gamma, ln, pow};
use super::rng::unit;
use super::time::{SimDuration, rounded};
use super::ziggurat::Ziggurat;

/// A law of a non-negative quantity. Parameters are in the quantity's own unit: nanoseconds
/// where it is a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Always the same value.
    Constant(f64),
    /// Exponential.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Lognormal: the logarithm is normal.
    Lognormal {
        /// Median, e to the mean of the logarithm.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma; Erlang is the case of a whole shape.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale: mean divided by shape.
        scale: f64,
    },
    /// Uniform on [min, max).
    Uniform {
        /// Lower end.
        min: f64,
        /// Upper end.
        max: f64,
    },
    /// Weibull.
    Weibull {
        /// Scale: the 63.2 % quantile.
        scale: f64,
        /// Shape; 1 is the exponential.
        shape: f64,
    },
    /// Pareto: P(X > x) = (scale/x)^shape, truncated at `cap` if given.
    Pareto {
        /// Smallest value.
        scale: f64,
        /// Tail exponent.
        shape: f64,
        /// The law is conditioned on X ≤ cap.
        cap: Option<f64>,
    },
    /// A mixture of exponentials.
    Hyperexponential {
        /// Means of the branches.
        means: Vec<f64>,
        /// Chances of the branches; they add up to 1.
        weights: Vec<f64>,
    },
    /// Observed values, each as likely as the others.
    Empirical {
        /// The values, rising.
        values: Arc<[f64]>,
    },
    /// Given values, taken in turn by the ordinal of the entity (pod delays).
    InTurn {
        /// The values.
        values: Arc<[f64]>,
    },
}

impl Distribution {
    /// A constant span of time.
    #[must_use]
    pub fn constant(span: SimDuration) -> Self {
        Self::Constant(span.0 as f64)
    }

    /// The mean, infinite for a Pareto law of shape ≤ 1 without a cap.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Exponential { mean } => *mean,
            Self::Lognormal { median, sigma } => median * exp(sigma * sigma / 2.0),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Uniform { min, max } => f64::midpoint(*min, *max),
            Self::Weibull { scale, shape } => scale * gamma(1.0 + 1.0 / shape),
            Self::Pareto { scale, shape, cap: None } => {
                if *shape > 1.0 {
                    scale * shape / (shape - 1.0)
                } else {
                    f64::INFINITY
                }
            }
            Self::Pareto { scale, shape, cap: Some(cap) } => {
                let ratio = scale / cap;
                if (shape - 1.0).abs() < 1e-12 {
                    scale * ln(cap / scale) / (1.0 - ratio)
                } else {
                    scale * shape / (shape - 1.0) * (1.0 - pow(ratio, shape - 1.0))
                        / (1.0 - pow(ratio, *shape))
                }
            }
            Self::Hyperexponential { means, weights } => {
                means.iter().zip(weights).map(|(mean, weight)| mean * weight).sum()
            }
            Self::Empirical { values } | Self::InTurn { values } => {
                values.iter().sum::<f64>() / values.len() as f64
            }
        }
    }
}

/// A law, prepared for drawing.
#[derive(Clone)]
pub struct Sampler {
    law: Law,
    tables: &'static Ziggurat,
}

#[derive(Clone)]
enum Law {
    Constant(f64),
    Exponential(f64),
    Lognormal { mu: f64, sigma: f64 },
    Gamma { shape: f64, scale: f64, boost: Option<f64> },
    Uniform { min: f64, width: f64 },
    Weibull { scale: f64, exponent: f64 },
    Pareto { scale: f64, exponent: f64, kept: f64 },
    Hyperexponential { means: Vec<f64>, cumulative: Vec<f64> },
    Empirical(Arc<[f64]>),
    InTurn(Arc<[f64]>),
}

impl Sampler {
    /// Prepares a law whose parameters have been checked (`scenario::resolve` does).
    #[must_use]
    pub fn new(distribution: &Distribution) -> Self {
        let law = match distribution.clone() {
            Distribution::Constant(value) => Law::Constant(value),
            Distribution::Exponential { mean } => Law::Exponential(mean),
            Distribution::Lognormal { median, sigma } => Law::Lognormal { mu: ln(median), sigma },
            Distribution::Gamma { shape, scale } => Law::Gamma {
                shape: if shape < 1.0 { shape + 1.0 } else { shape },
                scale,
                boost: (shape < 1.0).then_some(1.0 / shape),
            },
            Distribution::Uniform { min, max } => Law::Uniform { min, width: max - min },
            Distribution::Weibull { scale, shape } => Law::Weibull { scale, exponent: 1.0 / shape },
            Distribution::Pareto { scale, shape, cap } => Law::Pareto {
                scale,
                exponent: -1.0 / shape,
                kept: cap.map_or(1.0, |cap| 1.0 - pow(scale / cap, shape)),
            },
            Distribution::Hyperexponential { means, weights } => Law::Hyperexponential {
                means,
                cumulative: weights
                    .iter()
                    .scan(0.0, |sum, weight| {
                        *sum += weight;
                        Some(*sum)
                    })
                    .collect(),
            },
            Distribution::Empirical { values } => Law::Empirical(values),
            Distribution::InTurn { values } => Law::InTurn(values),
        };
        Self { law, tables: Ziggurat::tables() }
    }

    /// A draw, in the law's own unit. `ordinal` picks the value of a law taken in turn and is
    /// not looked at by the others.
    #[inline]
    pub fn draw<R: Rng>(&self, rng: &mut R, ordinal: u64) -> f64 {
        match &self.law {
            Law::Exponential(mean) => mean * self.tables.exponential(rng),
            Law::Lognormal { mu, sigma } => exp(mu + sigma * self.tables.normal(rng)),
            Law::Constant(value) => *value,
            Law::InTurn(values) => values[(ordinal % values.len() as u64) as usize],
            _ => self.draw_rarer(rng),
        }
    }

    #[inline(never)]
    fn draw_rarer<R: Rng>(&self, rng: &mut R) -> f64 {
        match &self.law {
            Law::Gamma { shape, scale, boost } => {
                let value = scale * self.gamma(rng, *shape);
                boost.map_or(value, |exponent| value * pow(1.0 - unit(rng.next_u64()), exponent))
            }
            Law::Uniform { min, width } => min + width * unit(rng.next_u64()),
            Law::Weibull { scale, exponent } => {
                scale * pow(self.tables.exponential(rng), *exponent)
            }
            Law::Pareto { scale, exponent, kept } => {
                scale * pow(1.0 - kept * unit(rng.next_u64()), *exponent)
            }
            Law::Hyperexponential { means, cumulative } => {
                let u = unit(rng.next_u64());
                let branch = cumulative.iter().position(|&c| u < c).unwrap_or(means.len() - 1);
                means[branch] * self.tables.exponential(rng)
            }
            Law::Empirical(values) => {
                let index = (unit(rng.next_u64()) * values.len() as f64) as usize;
                values[index.min(values.len() - 1)]
            }
            Law::Constant(_) | Law::Exponential(_) | Law::Lognormal { .. } | Law::InTurn(_) => {
                unreachable!("drawn above")
            }
        }
    }

    /// Gamma of shape ≥ 1 and scale 1 (Marsaglia and Tsang 2000).
    fn gamma<R: Rng>(&self, rng: &mut R, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.tables.normal(rng);
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = 1.0 - unit(rng.next_u64());
            if ln(u) < 0.5 * x * x + d * (1.0 - v + ln(v)) {
                return d * v;
            }
        }
    }

    /// A draw rounded to a whole span of time, at most [`SimDuration::LONGEST`]: a heavy tail
    /// has no other bound, and simulated time does.
    #[inline]
    pub fn draw_span<R: Rng>(&self, rng: &mut R, ordinal: u64) -> SimDuration {
        SimDuration(rounded(self.draw(rng, ordinal))).min(SimDuration::LONGEST)
    }
}
