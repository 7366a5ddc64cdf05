//! The discrete-event core: integer time, the future event list, random streams,
//! deterministic samplers, histograms.
//!
//! Nothing here knows a word of the domain (no request, pod or rollout), reads a clock, a
//! file or the environment, or starts a thread. Everything above is built from these parts,
//! so what they promise holds everywhere: equal inputs give equal bytes on every machine.

pub mod calendar;
pub mod distribution;
mod heap;
pub mod histogram;
pub mod maths;
pub mod residual;
pub mod ring;
pub mod rng;
pub mod time;
mod wheel;
pub mod ziggurat;

pub use calendar::Calendar;
pub use distribution::{Distribution, Sampler};
pub use histogram::Histogram;
pub use residual::Residual;
pub use ring::TimerRing;
pub use rng::{Key, Xoshiro};
pub use time::{SimDuration, SimTime};
