//! Progress of a rollout, and the deadline on it.
//!
//! Conditions carry whole seconds of the wall clock, so the deadline is compared with the
//! second of the last progress; the controller looks again a second after it.

use crate::engine::time::SECOND;
use crate::engine::{SimDuration, SimTime};

/// What progress is judged by. `Place`: whatever else moves a rollout forward (the step, where
/// the traffic goes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status<Place> {
    /// Pods of the new version.
    pub updated: u32,
    /// Pods of all versions.
    pub replicas: u32,
    /// Ready ones.
    pub ready: u32,
    /// Available ones.
    pub available: u32,
    /// Where the rollout stands.
    pub place: Place,
}

/// Whether a change of status is progress: more new pods, fewer old ones, more ready or
/// available ones, or another place.
#[must_use]
pub fn is_progress<Place: PartialEq>(before: &Status<Place>, after: &Status<Place>) -> bool {
    let old = |status: &Status<Place>| i64::from(status.replicas) - i64::from(status.updated);
    after.updated > before.updated
        || old(after) < old(before)
        || after.ready > before.ready
        || after.available > before.available
        || after.place != before.place
}

/// Whether the last progress, at a second of the wall clock, is longer ago than the deadline.
#[must_use]
pub fn is_timed_out(last_s: i64, now_ns: i64, deadline: SimDuration) -> bool {
    overdue_ns(last_s, now_ns, deadline) > 0
}

fn overdue_ns(last_s: i64, now_ns: i64, deadline: SimDuration) -> i64 {
    now_ns - last_s * SECOND as i64 - deadline.0 as i64
}

/// Watches progress against a deadline.
#[derive(Clone, Debug)]
pub struct Progress<Place> {
    deadline: Option<SimDuration>,
    last: Option<(i64, Status<Place>)>,
    exceeded: bool,
}

/// What the watch has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The deadline has just passed.
    Exceeded,
    /// It has not; the next look is due then.
    LookAgain(SimTime),
    /// There is nothing to watch, or it was found before.
    Nothing,
}

impl<Place: PartialEq> Progress<Place> {
    pub fn new(deadline: Option<SimDuration>) -> Self {
        Self { deadline, last: None, exceeded: false }
    }

    /// Starts over: a new rollout.
    pub fn restart(&mut self) {
        (self.last, self.exceeded) = (None, false);
    }

    /// Another deadline, in mid-rollout.
    pub fn set_deadline(&mut self, deadline: Option<SimDuration>) {
        self.deadline = deadline;
    }

    /// Whether the deadline has passed without progress since.
    pub fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    /// Looks at the status. `held`: the rollout waits on purpose, so that no progress is due;
    /// the clock starts again when it goes on.
    pub fn watch(
        &mut self,
        now: SimTime,
        unix_ns: i64,
        status: Status<Place>,
        held: bool,
    ) -> Found {
        let Some(deadline) = self.deadline else { return Found::Nothing };
        if held {
            (self.last, self.exceeded) = (None, false);
            return Found::Nothing;
        }
        let second = unix_ns.div_euclid(SECOND as i64);
        let last = match self.last.take() {
            Some((at, before)) if !is_progress(&before, &status) => at,
            _ => {
                self.exceeded = false;
                second
            }
        };
        // The status is kept even without progress: pods that were lost and come back are.
        self.last = Some((last, status));
        if self.exceeded {
            return Found::Nothing;
        }
        let overdue = overdue_ns(last, unix_ns, deadline);
        if overdue > 0 {
            self.exceeded = true;
            return Found::Exceeded;
        }
        Found::LookAgain(now + SimDuration(overdue.unsigned_abs() + SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: SimDuration = SimDuration::from_secs(600);

    fn status(updated: u32, available: u32) -> Status<usize> {
        Status { updated, replicas: 10, ready: available, available, place: 0 }
    }

    fn seconds(s: u64) -> SimTime {
        SimTime(s * SECOND)
    }

    /// Watches at a second of a wall clock that started 400 ms into a second.
    fn look(progress: &mut Progress<usize>, s: u64, status: Status<usize>, held: bool) -> Found {
        progress.watch(seconds(s), (s * SECOND + 400_000_000) as i64, status, held)
    }

    #[test]
    fn the_deadline_is_counted_from_the_second_of_the_last_progress() {
        let mut progress = Progress::new(Some(DEADLINE));
        look(&mut progress, 0, status(1, 9), false);
        look(&mut progress, 100, status(2, 9), false);
        let due = look(&mut progress, 300, status(2, 9), false);
        assert_eq!(due, Found::LookAgain(SimTime(701 * SECOND - 400_000_000)));
        assert_eq!(
            look(&mut progress, 699, status(2, 9), false),
            Found::LookAgain(SimTime(701 * SECOND - 400_000_000))
        );
        assert_eq!(look(&mut progress, 700, status(2, 9), false), Found::Exceeded);
        assert_eq!(look(&mut progress, 701, status(2, 9), false), Found::Nothing, "said once");
    }

    #[test]
    fn pods_that_are_lost_and_come_back_are_progress() {
        let mut progress = Progress::new(Some(DEADLINE));
        look(&mut progress, 0, status(2, 9), false);
        look(&mut progress, 500, status(2, 8), false);
        look(&mut progress, 599, status(2, 9), false);
        assert!(matches!(look(&mut progress, 700, status(2, 9), false), Found::LookAgain(_)));
    }

    #[test]
    fn time_that_is_waited_on_purpose_does_not_count() {
        let mut progress = Progress::new(Some(DEADLINE));
        look(&mut progress, 0, status(2, 9), false);
        look(&mut progress, 10, status(2, 9), true);
        assert!(matches!(look(&mut progress, 5_000, status(2, 9), false), Found::LookAgain(_)));
        assert_eq!(look(&mut progress, 5_601, status(2, 9), false), Found::Exceeded);
    }

    #[test]
    fn without_a_deadline_there_is_nothing_to_watch() {
        let mut progress = Progress::new(None);
        look(&mut progress, 0, status(2, 9), false);
        assert_eq!(look(&mut progress, 1_000_000, status(2, 9), false), Found::Nothing);
    }
}
