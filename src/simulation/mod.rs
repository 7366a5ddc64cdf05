//! One run: the event loop that ties the served world, the platform and the strategy.
//!
//! A run is a pure function of plan, strategy, release and seed.

mod behind;
mod cold;
mod control;
mod kind;
mod layer;
mod probing;
pub mod rollout;
mod run;
mod script;
mod servers;
mod serving;
mod streams;
mod trace;
mod traffic;
mod tries;
mod usage;
mod world;

#[cfg(test)]
mod autoscale_tests;
#[cfg(test)]
mod defect_tests;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod response_tests;
#[cfg(test)]
mod retry_tests;
#[cfg(test)]
mod route_tests;
#[cfg(test)]
mod script_tests;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;

pub use run::run;

use crate::engine::SimDuration;

/// How much of a run is kept; the run itself is the same whatever is asked for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Width of a timeline bucket.
    pub timeline_width: SimDuration,
    /// Keep the log of events.
    pub log: bool,
    /// Keep this many failed requests of each outcome and cause, hop by hop (only with `log`).
    pub failure_samples: u32,
    /// Keep the extra figures of [`crate::record::Detail`]; requests of at most this demand in
    /// nanoseconds count as small.
    pub detail_small_up_to: Option<u64>,
}
