//! What a run leaves behind: the leaf data types of results.
//!
//! `simulation` fills them, `experiment` reduces them to rows and merged series, `report`
//! prints them. Counts and times are integers, so records merge in any order to the same
//! bytes; rates, means and quantiles are computed after the merge.

mod coarse;
mod event;
mod outcome;
mod run;
mod timeline;
mod width;

pub use coarse::CoarseHistogram;
pub use event::{Event, EventKind, FailedRequest, Hop};
pub use outcome::{Cause, Outcome};
pub use run::{
    Capacity, CauseCount, Cell, Counters, Detail, PhaseTally, RolloutOutcome, RolloutTimes, RunKey,
    RunRecord, StreamCounts, Users, Work,
};
pub use timeline::{Bucket, Series, Timeline};
pub use width::{minutes, timeline_width};
