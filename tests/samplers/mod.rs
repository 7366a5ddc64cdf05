//! The samplers against their laws: moments, the exact distribution function, and `rand_distr`
//! as an independent program.
//!
//! Seeds are fixed, so a test gives the same verdict every time. Limits are set so that a
//! right sampler with another seed would miss one of them with a chance below 1e-7 a check
//! (mean and variance: 5.5 standard errors) or 1e-9 (Kolmogorov-Smirnov, chi-square).

mod distribution_functions;
mod edges;
mod laws;
mod shape;

use cutover::engine::{Key, Sampler, Xoshiro};

/// A stream of its own for each check.
fn stream(seed: u64) -> Xoshiro {
    Key::of_seed(seed).purpose(900).stream()
}

/// `count` draws of a law.
fn draws(sampler: &Sampler, count: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed);
    (0..count as u64).map(|ordinal| sampler.draw(&mut rng, ordinal)).collect()
}
