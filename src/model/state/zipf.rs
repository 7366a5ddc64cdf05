//! Zipf's law over ranks: P(rank k) ∝ k^-s.
//!
//! Rejection-inversion after Hörmann and Derflinger, "Rejection-inversion to generate variates
//! from monotone discrete distributions" (1996): exact for every exponent from 0 on, without a
//! table, so that a run over ten million keys costs no more to begin than one over ten.

use crate::engine::maths::{exp, ln, pow};
use crate::engine::rng::{Key, index};

/// A law over `0 .. keys`, the most wanted key first.
#[derive(Clone, Debug)]
pub struct Zipf {
    keys: u32,
    exponent: f64,
    area_low: f64,
    area_high: f64,
    cut: f64,
}

impl Zipf {
    /// The law over so many keys.
    #[must_use]
    pub fn new(keys: u32, exponent: f64) -> Self {
        let mut law = Self { keys, exponent, area_low: 0.0, area_high: 0.0, cut: 0.0 };
        law.area_low = law.area(1.5) - 1.0;
        law.area_high = law.area(f64::from(keys) + 0.5);
        law.cut = 2.0 - law.inverse(law.area(2.5) - law.height(2.0));
        law
    }

    fn height(&self, x: f64) -> f64 {
        pow(x, -self.exponent)
    }

    /// The area under the law's continuous form from 1 to `x`.
    fn area(&self, x: f64) -> f64 {
        let rest = 1.0 - self.exponent;
        if rest.abs() < 1e-9 { ln(x) } else { (pow(x, rest) - 1.0) / rest }
    }

    fn inverse(&self, area: f64) -> f64 {
        let rest = 1.0 - self.exponent;
        if rest.abs() < 1e-9 { exp(area) } else { pow((1.0 + area * rest).max(0.0), 1.0 / rest) }
    }

    /// A key, by the draws of a stream of its own.
    #[must_use]
    pub fn draw(&self, key: Key) -> u32 {
        if self.exponent == 0.0 {
            return index((key.draw(0) >> 32) as u32, self.keys);
        }
        for turn in 0.. {
            let area = self.area_high + key.unit(turn) * (self.area_low - self.area_high);
            let x = self.inverse(area);
            let rank = (x + 0.5).floor().clamp(1.0, f64::from(self.keys));
            if rank - x <= self.cut || area >= self.area(rank + 0.5) - self.height(rank) {
                return rank as u32 - 1;
            }
        }
        unreachable!("a draw is accepted more often than not")
    }

    /// Chances of all keys, for known answers and initial fillings.
    #[must_use]
    pub fn chances(&self) -> Vec<f64> {
        let weights: Vec<f64> = (1..=self.keys).map(|rank| self.height(f64::from(rank))).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        for exponent in [0.0, 0.5, 0.9, 1.0, 1.7] {
            let law = Zipf::new(50, exponent);
            let (n, mut counts) = (200_000u64, [0u32; 50]);
            let key = Key::of_seed(3).purpose(1);
            for draw in 0..n {
                counts[law.draw(key.entity(draw)) as usize] += 1;
            }
            // Chi-square with 49 degrees of freedom stays below 100 but once in 30,000 laws.
            let distance: f64 = law
                .chances()
                .iter()
                .zip(counts)
                .map(|(chance, count)| {
                    let expected = chance * n as f64;
                    (f64::from(count) - expected) * (f64::from(count) - expected) / expected
                })
                .sum();
            assert!(distance < 100.0, "exponent {exponent}: {distance}");
        }
    }

    #[test]
    fn a_single_key_is_always_chosen() {
        let law = Zipf::new(1, 0.9);
        assert!((0..100).all(|draw| law.draw(Key::of_seed(draw)) == 0));
    }
}
