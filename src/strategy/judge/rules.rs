//! The rules by which Argo Rollouts turns measurements into a verdict, as pure functions.
//!
//! Written from a reading of the analysis controller of argoproj/argo-rollouts 9f8d111d and held
//! against its own test tables in `tests/data/conformance`. Limits are broken by *more than*:
//! a failure limit of 2 fails at the third failure. Left out: measurements that take time
//! (ours are instantaneous), dry-run metrics, and instants of resumption given by a provider.

use crate::engine::{SimDuration, SimTime};

/// From a measurement that could not be taken to the next try, whatever the interval.
const ERROR_RETRY: SimDuration = SimDuration::from_secs(10);

/// Where a measurement, a metric or a whole analysis stands, from best to worst once it is
/// complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing has been measured yet.
    Pending,
    /// There is more to measure.
    Running,
    /// The judge is content.
    Successful,
    /// Too many measurements said neither yes nor no.
    Inconclusive,
    /// Too many measurements in a row could not be taken.
    Error,
    /// Too many measurements failed.
    Failed,
}

impl Phase {
    /// Whether nothing more will be measured.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self >= Self::Successful
    }

    /// Whether it is complete and not content.
    #[must_use]
    pub fn is_bad(self) -> bool {
        self > Self::Successful
    }

    /// Its name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Failed => "failed",
        }
    }
}

/// A condition on the value of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody asked for it.
    Unset,
    /// Whether it holds.
    Is(bool),
    /// The value does not let one say.
    Unknown,
}

/// The phase of one measurement from its two conditions. Failure wins over success.
#[must_use]
pub fn measurement_phase(success: Condition, failure: Condition) -> Phase {
    match (success, failure) {
        (Condition::Unknown, _) | (_, Condition::Unknown) => Phase::Error,
        (_, Condition::Is(true)) => Phase::Failed,
        (Condition::Is(true) | Condition::Unset, _) => Phase::Successful,
        (Condition::Is(false), Condition::Unset) => Phase::Failed,
        (Condition::Is(false), Condition::Is(false)) => Phase::Inconclusive,
    }
}

/// What a metric tolerates, and when it has seen enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Failed measurements it tolerates; `None`: any number.
    pub failure: Option<u32>,
    /// Inconclusive measurements it tolerates.
    pub inconclusive: u32,
    /// Measurements in a row that could not be taken and that it tolerates.
    pub consecutive_error: u32,
    /// Successes in a row that settle it; `None`: they do not.
    pub consecutive_success: Option<u32>,
    /// Measurements that settle it; `None`: only stopping it does.
    pub count: Option<u32>,
}

/// What a metric has measured so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Successful measurements.
    pub successful: u32,
    /// Failed ones.
    pub failed: u32,
    /// Inconclusive ones.
    pub inconclusive: u32,
    /// The last so many could not be taken.
    pub consecutive_error: u32,
    /// The last so many were successful.
    pub consecutive_success: u32,
    /// The last one and when it ended.
    pub last: Option<(Phase, SimTime)>,
}

impl Tally {
    /// Measurements that count; those that could not be taken do not.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.successful + self.failed + self.inconclusive
    }

    /// Adds a measurement.
    ///
    /// # Panics
    /// If the phase is not that of a finished measurement.
    pub fn add(&mut self, phase: Phase, at: SimTime) {
        let kept = match phase {
            Phase::Successful => &mut self.successful,
            Phase::Failed => &mut self.failed,
            Phase::Inconclusive => &mut self.inconclusive,
            Phase::Error => &mut self.consecutive_error,
            Phase::Pending | Phase::Running => panic!("a measurement ends one way or another"),
        };
        *kept += 1;
        if phase != Phase::Error {
            self.consecutive_error = 0;
        }
        self.consecutive_success =
            if phase == Phase::Successful { self.consecutive_success + 1 } else { 0 };
        self.last = Some((phase, at));
    }
}

/// The bad end that the counts already force. The last limit that is broken names it.
#[must_use]
pub fn broken_limit(limits: &Limits, tally: &Tally) -> Option<Phase> {
    [
        (limits.failure.is_some_and(|limit| tally.failed > limit), Phase::Failed),
        (tally.inconclusive > limits.inconclusive, Phase::Inconclusive),
        (tally.consecutive_error > limits.consecutive_error, Phase::Error),
    ]
    .into_iter()
    .rfind(|&(broken, _)| broken)
    .map(|(_, phase)| phase)
}

/// The phase of one metric. `terminating`: the analysis is being stopped.
#[must_use]
pub fn metric_phase(limits: &Limits, tally: &Tally, terminating: bool) -> Phase {
    let unfinished = |phase| if terminating { Phase::Successful } else { phase };
    if tally.last.is_none() {
        return unfinished(Phase::Pending);
    }
    if let Some(bad) = broken_limit(limits, tally) {
        return bad;
    }
    let in_a_row = limits.consecutive_success.filter(|&limit| limit > 0);
    if in_a_row.is_some_and(|limit| tally.consecutive_success >= limit) {
        return Phase::Successful;
    }
    if limits.count.is_none_or(|count| tally.count() < count) {
        return unfinished(Phase::Running);
    }
    match in_a_row {
        None => Phase::Successful,
        Some(_) if limits.failure.is_none() => Phase::Failed,
        Some(_) => Phase::Inconclusive,
    }
}

/// Whether an analysis must stop early: it was told to, or one of its metrics ended badly.
#[must_use]
pub fn is_terminating(requested: bool, metrics: &[Phase]) -> bool {
    requested || metrics.iter().any(|phase| phase.is_bad())
}

/// The phase of an analysis: the worst of its metrics once all are complete.
#[must_use]
pub fn run_phase(metrics: &[Phase]) -> Phase {
    if metrics.iter().any(|phase| !phase.is_complete()) {
        return Phase::Running;
    }
    metrics.iter().copied().max().unwrap_or(Phase::Successful)
}

/// When a metric is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the start of the analysis to the first measurement.
    pub initial_delay: SimDuration,
    /// From the end of a measurement to the next; `None`: there is only one.
    pub interval: Option<SimDuration>,
    /// Measurements that settle it.
    pub count: Option<u32>,
}

impl Timing {
    /// How many measurements settle a metric: a metric without an interval is measured once.
    #[must_use]
    pub fn effective_count(&self) -> Option<u32> {
        self.count.or(if self.interval.is_none() { Some(1) } else { None })
    }
}

/// When a metric that is not complete is measured next. A real clock has always moved on a
/// little by the time the controller looks, so what is due *at* an instant is done then.
#[must_use]
pub fn due_at(timing: &Timing, tally: &Tally, started: SimTime) -> Option<SimTime> {
    match tally.last {
        None => Some(started + timing.initial_delay),
        Some((Phase::Error, ended)) => Some(ended + ERROR_RETRY),
        Some((_, ended)) => {
            let enough = timing.effective_count().is_some_and(|count| tally.count() >= count);
            timing.interval.filter(|_| !enough).map(|interval| ended + interval)
        }
    }
}
