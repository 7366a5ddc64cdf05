//! How a rollout goes: its instants, and what it comes to.

use super::{Rollout, RolloutOutbox};
use crate::engine::SimTime;
use crate::plan::Rollback;
use crate::record::{EventKind, RolloutOutcome, RolloutTimes};

/// What is noted about the rollouts of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    times: RolloutTimes,
    /// An operation's end state has not been reached yet.
    active: bool,
    /// What is going on is a rollback.
    pub(super) going_back: bool,
    /// It waits for a person, or has passed its deadline.
    stalled: bool,
}

impl Course {
    /// Whether the operator has done anything yet.
    pub(super) fn has_begun(&self) -> bool {
        self.times.started.is_some()
    }

    /// Whether an operation's end state has not been reached yet.
    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// An operation asks for a new end state.
    pub(super) fn begin(&mut self, now: SimTime) {
        self.times.started.get_or_insert(now);
        self.times.finished = None;
        self.active = true;
        self.stalled = false;
    }

    /// Going back has been decided.
    pub(super) fn decide_rollback(&mut self, now: SimTime) {
        self.times.rollback_decided.get_or_insert(now);
    }
}

impl Rollout {
    /// An alert fired.
    pub fn detected(&mut self, now: SimTime) {
        if self.course.has_begun() {
            self.course.times.detected.get_or_insert(now);
        }
    }

    /// How the rollout went up to now.
    #[must_use]
    pub fn times(&self) -> RolloutTimes {
        let course = &self.course;
        let outcome = match (course.times.started, course.times.finished) {
            (None, _) => RolloutOutcome::None,
            (Some(_), Some(_)) => course.times.outcome,
            (Some(_), None) if course.stalled || self.spec.paused => RolloutOutcome::Stalled,
            (Some(_), None) => RolloutOutcome::Unfinished,
        };
        RolloutTimes { outcome, ..course.times }
    }

    /// The controller says that the rollout has come to an end.
    pub(super) fn finish(
        &mut self,
        now: SimTime,
        outcome: RolloutOutcome,
        out: &mut RolloutOutbox,
    ) {
        if !self.course.active {
            return;
        }
        if outcome == RolloutOutcome::Stalled {
            self.course.stalled = true;
            return;
        }
        let went_back = self.course.going_back || outcome == RolloutOutcome::RolledBack;
        self.course.active = false;
        self.course.stalled = false;
        self.course.times.finished = Some(now);
        if outcome == RolloutOutcome::Completed && self.spec.stable != self.spec.target {
            self.spec.previous = self.spec.stable;
            self.spec.stable = self.spec.target;
        }
        if went_back {
            self.course.times.outcome = RolloutOutcome::RolledBack;
            out.log(EventKind::RolledBack { version: self.spec.stable });
        } else {
            self.course.times.outcome = RolloutOutcome::Completed;
            out.log(EventKind::RolloutCompleted { version: self.spec.target });
        }
    }

    /// Writes the controller's line into the log and notes what it says about the course.
    pub(super) fn note(&mut self, now: SimTime, kind: EventKind, out: &mut RolloutOutbox) {
        let mut give_up = false;
        match &kind {
            EventKind::ProgressDeadlineExceeded => {
                self.detected(now);
                self.course.stalled |= self.course.active;
                give_up = self.is_deployment() && self.policy == Rollback::Automatic;
            }
            EventKind::AnalysisFinished { verdict, .. }
                if ["failed", "error"].contains(&verdict.as_str()) =>
            {
                self.detected(now);
            }
            EventKind::RolloutResumed => self.course.stalled = false,
            EventKind::RolloutAborted { .. } | EventKind::RollbackDecided { .. } => {
                self.course.decide_rollback(now);
            }
            _ => {}
        }
        out.log(kind);
        if give_up {
            self.request_abort(now, "progress deadline", out);
        }
    }
}
