//! How fine the timelines of the commands are.

/// Most buckets of a comparison's timeline.
pub const COMPARE_BUCKETS: u64 = 600;
/// Most buckets of a single run's timeline.
pub const RUN_BUCKETS: u64 = 3_600;
