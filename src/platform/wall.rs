//! The wall clock: Kubernetes' conditions carry whole seconds of it.
//!
//! `minReadySeconds` and `progressDeadlineSeconds` count from such a second, so a pod is
//! available, and a deadline passes, up to a second earlier than the exact span would say.

use crate::engine::{SimDuration, SimTime};
use crate::plan::Clock;

const SECOND: i64 = 1_000_000_000;

/// Turns the run's clock into the wall clock and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// The wall clock at the run's start, nanoseconds since 1970.
    start_unix_ns: i64,
}

impl WallClock {
    /// The wall clock of a plan.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self { start_unix_ns: clock.start_unix_ns - clock.warmup.0 as i64 }
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub fn unix_ns(self, now: SimTime) -> i64 {
        self.start_unix_ns + now.0 as i64
    }

    /// Whole seconds since 1970, as a condition's timestamp has them.
    #[must_use]
    pub fn unix_s(self, now: SimTime) -> i64 {
        self.unix_ns(now).div_euclid(SECOND)
    }

    /// When `span` has passed since the whole second that contains `since`; never before
    /// `since` itself.
    #[must_use]
    pub fn after_whole_second(self, since: SimTime, span: SimDuration) -> SimTime {
        let early = self.unix_ns(since).rem_euclid(SECOND) as u64;
        SimTime((since.0 + span.0).saturating_sub(early).max(since.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_from_the_whole_second() {
        let clock = Clock {
            start_unix_ns: 1_000 * SECOND + 700_000_000,
            utc_offset_s: 0,
            warmup: SimDuration::from_secs(10),
            window: SimDuration::from_secs(1),
            deploy_at: SimDuration::ZERO,
        };
        let wall = WallClock::new(&clock);
        let ready = SimTime(11_400_000_000);
        assert_eq!(wall.unix_s(ready), 1_002);
        let available = wall.after_whole_second(ready, SimDuration::from_secs(3));
        assert_eq!(available, SimTime(14_300_000_000));
        assert_eq!(wall.after_whole_second(ready, SimDuration::ZERO), ready);
    }
}
