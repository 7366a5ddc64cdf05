//! Three models with nothing else in them: what a machine can do at best with an event list.
//!
//! M1 is M/M/1 at utilisation 0.9. M2 is instances of 8 workers behind the better of two random
//! ones, with 100 places to wait, at utilisation 0.7. M3 is round robin with lognormal service,
//! a timer of one second an attempt and one retry. Nothing of the program is used here, so that
//! a slower part of it shows in the ratio. Tables have fixed lengths that are powers of two and
//! are indexed through a mask: as fast as without checks, and safe.

mod heap;
pub mod kiefer_wolfowitz;
pub mod m1;
pub mod m2;
pub mod m3;
mod tally;

use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

pub use tally::Tally;

/// Workers of an instance.
pub const WORKERS: usize = 8;
/// Places to wait at an instance.
pub const PLACES: u8 = 100;
/// Mean service time of M2 and M3 in nanoseconds.
pub const SERVICE: f64 = 1e8;
/// Utilisation of M2 and M3.
pub const UTILISATION: f64 = 0.7;
/// Most instances.
pub const FLEET: usize = 2048;
/// Places of an instance's ring of waiting requests.
pub const RING: usize = 128;

/// What a model yields: latencies of what was answered, and how many were not.
pub struct Outcome {
    /// Latencies in nanoseconds.
    pub latency: Tally,
    /// Requests refused, or given up.
    pub failed: u64,
}

/// A random stream and what is drawn from it.
struct Stream(Xoshiro256PlusPlus);

impl Stream {
    fn new(seed: u64, purpose: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(16).wrapping_add(purpose)))
    }

    /// An exponential draw.
    #[inline(always)]
    fn exponential(&mut self, mean: f64) -> u64 {
        let drawn: f64 = Exp1.sample(&mut self.0);
        (drawn * mean) as i64 as u64
    }
}

/// Mean time between the arrivals of M2 and M3 in nanoseconds.
fn gap(instances: usize) -> f64 {
    SERVICE / (UTILISATION * (instances * WORKERS) as f64)
}

/// Workers and waiting requests of an instance.
#[derive(Clone, Copy)]
struct Instance {
    /// A bit for each worker that has nothing to do.
    free: u8,
    waiting: u8,
    head: u8,
    inside: u32,
}

const IDLE: Instance = Instance { free: 0xff, waiting: 0, head: 0, inside: 0 };

/// A table of a fixed length.
fn table<T: Clone, const N: usize>(value: T) -> Box<[T; N]> {
    vec![value; N].try_into().ok().expect("as long as it was made")
}
