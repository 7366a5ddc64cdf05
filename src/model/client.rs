//! Clients: which failures are tried again, when, and how many in all.

use crate::engine::rng::{Key, unit};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{ClientRetries, Jitter, RetryOn};
use crate::record::Outcome;

/// Whether a list of retryable failures names this one.
#[must_use]
pub fn names(on: &[RetryOn], outcome: Outcome) -> bool {
    on.iter().any(|retry| match retry {
        RetryOn::Refused => outcome == Outcome::Refused,
        RetryOn::Reset => outcome == Outcome::Reset,
        RetryOn::AppError => outcome == Outcome::AppError,
        // Behind a balancer a refused or broken connection is a 502 or a 503.
        RetryOn::BadGateway => matches!(outcome, Outcome::Refused | Outcome::Reset),
        RetryOn::Unavailable => matches!(outcome, Outcome::Refused | Outcome::Overflow),
        RetryOn::GatewayTimeout | RetryOn::Timeout => outcome == Outcome::Timeout,
    })
}

/// The clients' retry policy with its budget.
#[derive(Debug)]
pub struct Retries {
    max: u32,
    on: [bool; 7],
    base: u64,
    cap: u64,
    jitter: Jitter,
    budget: Option<Budget>,
    key: Key,
}

impl Retries {
    /// The policy of a plan; `key` is the stream of the jitter.
    #[must_use]
    pub fn new(plan: &ClientRetries, key: Key) -> Self {
        Self {
            max: plan.max,
            on: Outcome::ALL.map(|outcome| names(&plan.on, outcome)),
            base: plan.backoff.base.0,
            cap: plan.backoff.cap.0,
            jitter: plan.backoff.jitter,
            budget: plan.budget.map(Budget::new),
            key,
        }
    }

    /// Notes a new request: it earns its share of the budget.
    #[inline]
    pub fn earn(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.budget {
            budget.earn(now);
        }
    }

    /// The pause before the next attempt of a request of `attempts` attempts that ended this
    /// way; `None` if it is not tried again.
    pub fn pause(
        &mut self,
        now: SimTime,
        outcome: Outcome,
        idempotent: bool,
        attempts: u8,
        draw: u64,
    ) -> Option<SimDuration> {
        if u32::from(attempts) > self.max
            || !self.on[outcome as usize]
            || !(idempotent || outcome == Outcome::Refused)
        {
            return None;
        }
        if let Some(budget) = &mut self.budget
            && !budget.spend(now)
        {
            return None;
        }
        let doublings = u32::from(attempts - 1).min(40);
        let full = self.base.saturating_mul(1 << doublings).min(self.cap);
        let u = unit(self.key.draw(draw));
        Some(SimDuration(match self.jitter {
            Jitter::None => full,
            Jitter::Equal => full / 2 + (u * (full - full / 2) as f64) as u64,
            Jitter::Full => (u * full as f64) as u64,
        }))
    }
}

/// A retry budget: tokens live for ten seconds, in slots of one.
#[derive(Debug)]
struct Budget {
    /// Earned by a request, in millionths of a retry.
    share: u64,
    slots: [u64; Self::SLOTS],
    second: u64,
}

impl Budget {
    const SLOTS: usize = 10;
    const RETRY: u64 = 1_000_000;

    fn new(share: f64) -> Self {
        Self {
            share: (share * Self::RETRY as f64 + 0.5) as u64,
            slots: [0; Self::SLOTS],
            second: 0,
        }
    }

    fn turn(&mut self, now: SimTime) -> usize {
        let second = now.0 / crate::engine::time::SECOND;
        let passed = (second - self.second).min(Self::SLOTS as u64);
        for step in 1..=passed {
            // Empty the slots that come round again.
            self.slots[((second - passed + step) % Self::SLOTS as u64) as usize] = 0;
        }
        self.second = second;
        (second % Self::SLOTS as u64) as usize
    }

    fn earn(&mut self, now: SimTime) {
        let slot = self.turn(now);
        self.slots[slot] += self.share;
    }

    fn spend(&mut self, now: SimTime) -> bool {
        let newest = self.turn(now);
        if self.slots.iter().sum::<u64>() < Self::RETRY {
            return false;
        }
        let mut due = Self::RETRY;
        for age in 1..=Self::SLOTS {
            let slot = &mut self.slots[(newest + age) % Self::SLOTS];
            let paid = due.min(*slot);
            *slot -= paid;
            due -= paid;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Backoff;

    fn policy(max: u32, budget: Option<f64>) -> Retries {
        let backoff =
            Backoff { base: SimDuration(100), cap: SimDuration(350), jitter: Jitter::None };
        let plan =
            ClientRetries { max, on: vec![RetryOn::Refused, RetryOn::Timeout], backoff, budget };
        Retries::new(&plan, Key::of_seed(1))
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_end_with_the_last_attempt() {
        let mut retries = policy(4, None);
        let pauses: Vec<Option<u64>> = (1..=5)
            .map(|attempts| {
                retries.pause(SimTime(0), Outcome::Refused, true, attempts, 0).map(|p| p.0)
            })
            .collect();
        assert_eq!(pauses, [Some(100), Some(200), Some(350), Some(350), None]);
    }

    #[test]
    fn a_request_that_may_have_had_an_effect_is_not_repeated() {
        let mut retries = policy(1, None);
        assert!(retries.pause(SimTime(0), Outcome::Timeout, false, 1, 0).is_none());
        assert!(retries.pause(SimTime(0), Outcome::Refused, false, 1, 0).is_some());
        assert!(retries.pause(SimTime(0), Outcome::AppError, true, 1, 0).is_none());
    }

    #[test]
    fn a_budget_of_a_tenth_lets_one_request_in_ten_retry_for_ten_seconds() {
        let mut retries = policy(1, Some(0.1));
        let second = crate::engine::time::SECOND;
        for k in 0..1000 {
            retries.earn(SimTime(k * second / 1000));
        }
        let mut spent = |now| {
            (0..1000).filter(|_| retries.pause(now, Outcome::Refused, true, 1, 0).is_some()).count()
        };
        assert_eq!(spent(SimTime(second)), 100);
        for k in 0..1000 {
            retries.earn(SimTime(2 * second + k));
        }
        let mut retries_late = 0;
        while retries.pause(SimTime(13 * second), Outcome::Refused, true, 1, 0).is_some() {
            retries_late += 1;
        }
        assert_eq!(retries_late, 0, "unused tokens are forgotten");
    }
}
