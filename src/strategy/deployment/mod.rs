//! The Deployment controller of Kubernetes: Recreate and RollingUpdate.
//!
//! One pass reads the replica sets' reported status, makes at most one kind of change, and
//! writes the Deployment's status. Rules by file: [`rules`] (how far sets may grow and
//! shrink), [`resize`] (a changed `spec.replicas` in mid-rollout), [`progress`] (complete,
//! progressing, deadline), [`history`] (old sets). Source: kubernetes/kubernetes
//! `pkg/controller/deployment/{deployment_controller,rolling,recreate,sync,progress}.go` and
//! `util/deployment_util.go`. Left out: `rollbackTo` of extensions/v1beta1, collisions of
//! template hashes, adoption of orphans.

pub mod history;
pub mod progress;
pub mod resize;
pub mod rules;

mod pass;
#[cfg(test)]
mod tests;

use super::{Command, Controller, Decision, Observation};
use crate::engine::{SimDuration, SimTime};
use crate::plan::Strategy;
use crate::record::{EventKind, RolloutOutcome};

use pass::Pass;
use progress::{Condition, Reason, Status};
use rules::{Kind, Stale};

/// `revisionHistoryLimit`, at its default.
const HISTORY_LIMIT: u32 = 10;
/// The first pause of the controller's rate-limited queue; it doubles with each failure.
const RETRY: SimDuration = SimDuration::from_millis(5);
const MOST_DOUBLINGS: u32 = 14;
const SECOND: SimDuration = SimDuration::from_secs(1);

/// The Deployment controller, for one Deployment.
pub struct Deployment {
    kind: Kind,
    deadline: Option<SimDuration>,
    /// The status as last written.
    status: Status,
    /// The Progressing condition; none without a deadline.
    condition: Option<Condition>,
    /// Passes in a row that failed.
    failures: u32,
}

impl Deployment {
    /// The controller of a Deployment that is complete with this many replicas.
    ///
    /// # Panics
    /// If the strategy is not a Deployment's.
    #[must_use]
    pub fn new(strategy: &Strategy, replicas: u32) -> Self {
        let (kind, deadline) = parameters(strategy).expect("a Deployment's strategy");
        Self {
            kind,
            deadline,
            status: Status {
                replicas,
                updated: replicas,
                ready: replicas,
                available: replicas,
                terminating: 0,
                generation: 1,
            },
            condition: deadline.map(|_| Condition { reason: Reason::NewSetAvailable, since_s: 0 }),
            failures: 0,
        }
    }

    /// The status as last written.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }
}

fn parameters(strategy: &Strategy) -> Option<(Kind, Option<SimDuration>)> {
    match strategy {
        Strategy::Recreate(recreate) => Some((Kind::Recreate, recreate.progress_deadline)),
        Strategy::Rolling(rolling) => {
            let (max_surge, max_unavailable) = (rolling.max_surge, rolling.max_unavailable);
            Some((Kind::Rolling { max_surge, max_unavailable }, rolling.progress_deadline))
        }
        Strategy::BlueGreen(_)
        | Strategy::Canary(_)
        | Strategy::ConfigPush(_)
        | Strategy::Scripted(_) => None,
    }
}

impl Controller for Deployment {
    fn pass(&mut self, seen: &Observation<'_>) -> Decision {
        let mut pass = Pass::new(seen, self.kind, self.status.replicas);
        self.note_pause(seen, &mut pass);
        let outcome = if seen.paused || pass.is_resize() {
            self.resize(seen, &mut pass);
            Ok(())
        } else {
            match self.kind {
                Kind::Recreate => {
                    self.recreate(seen, &mut pass);
                    Ok(())
                }
                Kind::Rolling { .. } => self.roll(seen, &mut pass),
            }
        };
        match outcome {
            Ok(()) => self.failures = 0,
            Err(Stale) => {
                let pause = SimDuration(RETRY.0 << self.failures.min(MOST_DOUBLINGS));
                self.failures += 1;
                pass.decision.wake_at = Some(seen.now + pause);
            }
        }
        pass.decision
    }

    fn reconfigure(&mut self, strategy: &Strategy) {
        if let Some((kind, deadline)) = parameters(strategy) {
            (self.kind, self.deadline) = (kind, deadline);
        }
    }
}

impl Deployment {
    /// Marks the condition when the Deployment is paused or resumed, so that paused time does
    /// not count against the deadline.
    fn note_pause(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        let Some(condition) = self.condition else { return };
        let reason = match (seen.paused, condition.reason) {
            (_, Reason::TimedOut) | (true, Reason::Paused) => return,
            (true, _) => Reason::Paused,
            (false, Reason::Paused) => Reason::Resumed,
            (false, _) => return,
        };
        self.condition = Some(Condition::at(reason, seen.unix_ns));
        pass.decision.commands.push(Command::Report);
    }

    /// `sync`: proportional scaling, and cleaning up while paused.
    fn resize(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        pass.reuse_new_set();
        let sizes = resize::sizes(&pass.resize_input());
        for (index, size) in sizes.into_iter().enumerate() {
            pass.scale_and_annotate(index, size);
        }
        if seen.paused {
            pass.clean_up(HISTORY_LIMIT);
        }
        self.write_status(pass.status(), pass);
    }

    /// `rolloutRolling`: grow the new set, or else shrink the old ones.
    fn roll(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) -> Result<(), Stale> {
        if !pass.reuse_new_set() {
            let size = pass.new_set_size();
            pass.create_new_set(size);
            self.note_creation(seen, pass);
        }
        let moved = pass.reconcile_new() || pass.reconcile_old()?;
        if !moved && progress::complete(seen.replicas, self.status) {
            pass.clean_up(HISTORY_LIMIT);
        }
        self.sync_status(seen, pass);
        Ok(())
    }

    /// `rolloutRecreate`: the new set comes when nothing of the old ones runs any more.
    fn recreate(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        let there = pass.reuse_new_set();
        if !pass.stop_old_sets() && !pass.old_pods_run() {
            if there {
                pass.reconcile_new();
            } else {
                pass.create_new_set(seen.replicas);
                self.note_creation(seen, pass);
            }
            if progress::complete(seen.replicas, self.status) {
                pass.clean_up(HISTORY_LIMIT);
            }
        }
        self.sync_status(seen, pass);
    }

    fn note_creation(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        if self.deadline.is_some() {
            self.condition = Some(Condition::at(Reason::NewSetCreated, seen.unix_ns));
        }
        pass.decision.commands.push(Command::Report);
    }

    /// `syncRolloutStatus`: progress, completion, deadline.
    fn sync_status(&mut self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        let status = pass.status();
        let before = (self.status, self.condition);
        self.condition = self.deadline.map(|deadline| self.condition_of(seen, status, deadline));
        let reason = |condition: Option<Condition>| condition.map(|condition| condition.reason);
        let turned = reason(self.condition) != reason(before.1);
        if self.condition != before.1 {
            pass.report_once();
        }
        self.write_status(status, pass);
        if turned && reason(self.condition) == Some(Reason::TimedOut) {
            pass.decision.commands.push(Command::Log(EventKind::ProgressDeadlineExceeded));
        }
        if before == (self.status, self.condition) {
            self.watch_deadline(seen, pass);
        }
    }

    /// The Progressing condition that goes with a new status.
    fn condition_of(
        &self,
        seen: &Observation<'_>,
        status: Status,
        deadline: SimDuration,
    ) -> Condition {
        let at = |reason| Condition::at(reason, seen.unix_ns);
        // A Deployment that has no condition yet starts to be watched now.
        let Some(condition) = self.condition else { return at(Reason::FoundNewSet) };
        let settled = status.replicas == status.updated;
        match condition.reason {
            Reason::NewSetAvailable if settled => condition,
            _ if progress::complete(seen.replicas, status) => at(Reason::NewSetAvailable),
            _ if progress::progressing(self.status, status) => at(Reason::SetUpdated),
            Reason::TimedOut => condition,
            _ if progress::timed_out(condition, deadline, seen.unix_ns) => at(Reason::TimedOut),
            _ => condition,
        }
    }

    /// Writes the status where it differs from the last.
    fn write_status(&mut self, status: Status, pass: &mut Pass<'_>) {
        if status != self.status {
            self.status = status;
            pass.report_once();
        }
        if progress::complete(pass.seen.replicas, status) {
            pass.decision.commands.push(Command::Finish(RolloutOutcome::Completed));
        }
    }

    /// `requeueStuckDeployment`: when to look at the deadline again.
    fn watch_deadline(&self, seen: &Observation<'_>, pass: &mut Pass<'_>) {
        let (Some(deadline), Some(condition)) = (self.deadline, self.condition) else { return };
        let idle =
            progress::complete(seen.replicas, self.status) || condition.reason == Reason::TimedOut;
        if idle {
            return;
        }
        let left = condition.deadline_ns(deadline) - seen.unix_ns;
        let wake = if left < SECOND.0 as i64 {
            seen.now + SimDuration(left.max(0) as u64) + RETRY
        } else {
            seen.now + SimDuration(left as u64) + SECOND
        };
        let earlier = pass.decision.wake_at.unwrap_or(SimTime::NEVER);
        pass.decision.wake_at = Some(earlier.min(wake));
    }
}
