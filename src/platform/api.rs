//! The client-side rate limit of a controller, and the events it records.
//!
//! Each controller of kube-controller-manager has one client with one token bucket
//! (`--kube-api-qps`, `--kube-api-burst`); waiting calls are served first come, first served.
//! The events that it records ("Created pod: …") go through the same client, one after
//! another. The recorder lets 25 of them through for one object, then one in five minutes
//! (client-go `tools/record/events_cache.go`), so after a big step only the first 25 compete.

use crate::engine::{SimDuration, SimTime};
use crate::plan::ApiLimit;

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    /// Time for one token.
    interval: u64,
    /// Tokens that a full bucket holds, as time.
    depth: u64,
    /// When the bucket would be full if nobody took any more.
    full_at: u64,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(limit: &ApiLimit) -> Self {
        let interval = (1e9 / limit.qps) as u64;
        Self { interval, depth: interval * u64::from(limit.burst.max(1)), full_at: 0 }
    }

    /// Takes the next token: when it may be used. Tokens are promised in the order of asking.
    pub fn take(&mut self, now: SimTime) -> SimTime {
        self.full_at = self.full_at.max(now.0) + self.interval;
        SimTime(now.0.max(self.full_at.saturating_sub(self.depth)))
    }
}

/// Events about one object that the recorder lets through.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventAllowance {
    left: u32,
    /// When the next one comes back while some are used up.
    refilled: SimTime,
}

const ALLOWANCE: u32 = 25;
const REFILL: SimDuration = SimDuration::from_secs(300);

impl EventAllowance {
    /// What is left after `used` events at the run's start.
    pub(super) fn after(used: u32) -> Self {
        Self { left: ALLOWANCE - used.min(ALLOWANCE), refilled: SimTime::ZERO }
    }

    /// Whether one more event goes through.
    pub(super) fn allow(&mut self, now: SimTime) -> bool {
        if self.left == ALLOWANCE {
            self.refilled = now;
        }
        let back = (now.since(self.refilled).0 / REFILL.0).min(u64::from(ALLOWANCE - self.left));
        self.left += back as u32;
        self.refilled = SimTime(self.refilled.0 + back * REFILL.0);
        let allowed = self.left > 0;
        self.left -= u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_its_rate() {
        let mut bucket = TokenBucket::new(&ApiLimit { qps: 20.0, burst: 30 });
        let at = SimTime(5_000_000_000);
        let times: Vec<u64> = (0..32).map(|_| bucket.take(at).0 - at.0).collect();
        assert!(times[..30].iter().all(|&t| t == 0));
        assert_eq!(times[30..], [50_000_000, 100_000_000]);
        let later = SimTime(at.0 + 10_000_000_000);
        assert_eq!(bucket.take(later), later, "the bucket is full again");
    }

    #[test]
    fn the_recorder_lets_25_events_through_and_then_one_in_five_minutes() {
        let mut allowance = EventAllowance::after(20);
        let passed = (0..30).filter(|_| allowance.allow(SimTime(1))).count();
        assert_eq!(passed, 5);
        assert!(!allowance.allow(SimTime(299_000_000_000)));
        assert!(allowance.allow(SimTime(301_000_000_000)));
        assert!(!allowance.allow(SimTime(301_000_000_000)));
    }
}
