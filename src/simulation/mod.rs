//! One run: the event loop that ties the served world, the platform and the strategy.
//!
//! A run is a pure function of plan, strategy, release and seed.

pub mod reported;

use crate::engine::SimDuration;

/// How much of a run is kept; the run itself is the same whatever is asked for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Width of a timeline bucket.
    pub timeline_width: SimDuration,
    /// Keep the log of events.
    pub log: bool,
    /// Keep this many failed requests, hop by hop (only with `log`).
    pub failure_samples: u32,
}
