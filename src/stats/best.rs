//! The chance that a strategy is the best of several, by a bootstrap over seeds.
//!
//! Seeds are resampled whole, so what the strategies of one seed have in common stays
//! together. The chance is that of the *means*: were the study repeated with other seeds, how
//! often would this strategy's mean be the best one? Draws come from a stream of this
//! purpose alone, so the answer depends on nothing but the values.

use crate::engine::Key;
use crate::engine::rng::index;

/// How many resamples there are for `seeds` seeds: a chance is known to about one percent, to
/// two where there are many seeds.
fn resamples(seeds: usize) -> u64 {
    (4_000_000 / seeds.max(1) as u64).clamp(1_000, 4_000)
}

/// The chance of each candidate to have the smallest mean. `candidates[c][s]` is the value of
/// candidate c in seed s; the best of a resample share its vote where they tie. `None` where
/// there are no seeds or lengths differ.
#[must_use]
pub fn chance_of_smallest_mean(candidates: &[Vec<f64>]) -> Option<Vec<f64>> {
    let seeds = candidates.first()?.len();
    if seeds == 0 || candidates.iter().any(|values| values.len() != seeds) {
        return None;
    }
    let count = u32::try_from(seeds).ok()?;
    let key = Key::of_seed(0x6265_7374);
    let mut votes = vec![0.0; candidates.len()];
    let mut weights = vec![0_u32; seeds];
    let resamples = resamples(seeds);
    for resample in 0..resamples {
        draw_weights(&mut weights, key.entity(resample), count);
        let sums = candidates.iter().map(|values| {
            values.iter().zip(&weights).map(|(value, &times)| value * f64::from(times)).sum::<f64>()
        });
        vote(&mut votes, &sums.collect::<Vec<f64>>());
    }
    Some(votes.iter().map(|votes| votes / resamples as f64).collect())
}

/// How often each seed occurs in one resample.
fn draw_weights(weights: &mut [u32], key: Key, count: u32) {
    weights.fill(0);
    for draw in 0..u64::from(count) {
        weights[index((key.draw(draw) >> 32) as u32, count) as usize] += 1;
    }
}

fn vote(votes: &mut [f64], sums: &[f64]) {
    let smallest = sums.iter().copied().fold(f64::INFINITY, f64::min);
    let winners = sums.iter().filter(|sum| **sum == smallest).count() as f64;
    for (votes, sum) in votes.iter_mut().zip(sums) {
        if *sum == smallest {
            *votes += 1.0 / winners;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(key: u64, n: u64) -> Vec<f64> {
        (0..n).map(|i| Key::of_seed(key).unit(i)).collect()
    }

    #[test]
    fn equal_candidates_share_the_chance() {
        let values = noise(1, 20);
        assert_eq!(chance_of_smallest_mean(&[values.clone(), values]).unwrap(), [0.5, 0.5]);
    }

    #[test]
    fn a_candidate_that_is_better_in_every_seed_is_surely_best() {
        let base = noise(2, 20);
        let better: Vec<f64> = base.iter().map(|value| value - 0.01).collect();
        assert_eq!(chance_of_smallest_mean(&[base, better]).unwrap(), [0.0, 1.0]);
    }

    #[test]
    fn the_chance_is_that_of_the_normal_law_of_the_mean() {
        // Differences with mean 0.05 and standard deviation about 0.41: z = 0.05/(0.41/10).
        let first = noise(3, 100);
        let second: Vec<f64> = noise(4, 100).iter().map(|value| value + 0.05).collect();
        let chances = chance_of_smallest_mean(&[first.clone(), second.clone()]).unwrap();
        let paired = crate::stats::mean::Paired::of(&first, &second).unwrap().moments;
        let z = paired.mean / (paired.mean_square / 100.0).sqrt();
        let expected = crate::stats::special::normal_cdf(z);
        assert!((chances[0] - expected).abs() < 0.02, "{chances:?} against {expected}");
        assert!((chances[0] + chances[1] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn candidates_without_seeds_have_no_chance_to_tell() {
        assert_eq!(chance_of_smallest_mean(&[]), None);
        assert_eq!(chance_of_smallest_mean(&[vec![], vec![]]), None);
    }
}
