//! Random streams: one for each purpose and entity, and counter-based draws.
//!
//! A [`Key`] names a stream: it is derived from the seed, a purpose and an entity, so adding
//! a draw in one place moves nothing elsewhere. A sequential stream ([`Xoshiro`]) serves what
//! is drawn in a fixed order (the arrivals of a class); a counter-based draw ([`Key::draw`])
//! serves what belongs to an entity whatever the order of events (the routing of attempt 2 of
//! request 17), so that two strategies with one seed never drift apart.

use std::convert::Infallible;

use rand::rand_core::utils::fill_bytes_via_next_word;
use rand::{Rng, TryRng};

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014; constants of Stafford's variant 13).
#[inline]
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The name of a random stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The root of all streams of a run.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(GOLDEN)))
    }

    /// The stream of a purpose. Purposes are numbered once, in one table (`simulation::streams`).
    #[must_use]
    pub fn purpose(self, purpose: u32) -> Self {
        self.entity(u64::from(purpose) | 1 << 63)
    }

    /// The stream of one entity of a purpose.
    #[inline]
    #[must_use]
    pub fn entity(self, entity: u64) -> Self {
        Self(mix(self.0 ^ mix(entity.wrapping_mul(GOLDEN).wrapping_add(GOLDEN))))
    }

    /// The `counter`-th 64 random bits of this stream, in any order.
    #[inline]
    #[must_use]
    pub fn draw(self, counter: u64) -> u64 {
        mix(self.0.wrapping_add(counter.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// The `counter`-th uniform number in [0, 1).
    #[inline]
    #[must_use]
    pub fn unit(self, counter: u64) -> f64 {
        unit(self.draw(counter))
    }

    /// A sequential generator over this stream.
    #[must_use]
    pub fn stream(self) -> Xoshiro {
        Xoshiro::from_key(self)
    }
}

/// A uniform number in [0, 1) from 64 random bits (the upper 53 are used).
#[inline]
#[must_use]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A uniform index below `count` from 32 random bits (Lemire's multiply-shift; its bias is
/// below `count` / 2^32).
#[inline]
#[must_use]
pub fn index(bits: u32, count: u32) -> u32 {
    ((u64::from(bits) * u64::from(count)) >> 32) as u32
}

/// xoshiro256++ 1.0 (Blackman and Vigna 2019): the sequential generator of all streams.
///
/// Ours, because a generator decides results; held against `rand_xoshiro` in the tests.
#[derive(Clone, Debug)]
pub struct Xoshiro {
    state: [u64; 4],
}

impl Xoshiro {
    fn from_key(key: Key) -> Self {
        Self { state: [key.draw(0), key.draw(1), key.draw(2), key.draw(3)] }
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A uniform number in [0, 1).
    #[inline]
    pub fn next_unit(&mut self) -> f64 {
        unit(self.bits())
    }
}

impl TryRng for Xoshiro {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(destination, || Ok(Rng::next_u64(self)))
    }
}

/// A short sequential generator over counter-based draws: what an entity needs when a law
/// takes more than one number (a pod's boot time, the demand of a user's seventh request).
#[derive(Clone, Debug)]
pub struct Counter {
    key: Key,
    next: u64,
}

impl Key {
    /// Successive draws of this stream from the first on.
    #[must_use]
    pub fn counter(self) -> Counter {
        Counter { key: self, next: 0 }
    }
}

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((Rng::next_u64(self) >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let value = self.key.draw(self.next);
        self.next += 1;
        Ok(value)
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(destination, || Ok(Rng::next_u64(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        let mut ours = Key::of_seed(42).purpose(7).stream();
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_mut(8).zip(ours.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut oracle = Xoshiro256PlusPlus::from_seed(seed);
        for _ in 0..10_000 {
            assert_eq!(ours.bits(), rand_xoshiro::rand_core::Rng::next_u64(&mut oracle));
        }
    }

    #[test]
    fn neighbouring_keys_and_counters_share_no_pattern() {
        // Mean of 64 bits, and correlation of neighbours, over seeds, purposes and counters.
        let n = 200_000u64;
        let key = Key::of_seed(1).purpose(3);
        for draw in [
            |k: Key, i: u64| k.unit(i),
            |k: Key, i: u64| k.entity(i).unit(0),
            |_: Key, i: u64| Key::of_seed(i).purpose(1).unit(0),
        ] {
            let values: Vec<f64> = (0..n).map(|i| draw(key, i)).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            assert!((mean - 0.5).abs() < 0.003, "mean {mean}");
            let lag = values.windows(2).map(|w| (w[0] - 0.5) * (w[1] - 0.5)).sum::<f64>();
            let correlation = lag * 12.0 / n as f64;
            assert!(correlation.abs() < 0.01, "correlation {correlation}");
        }
    }
}
