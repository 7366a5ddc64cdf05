//! Going back: an undo by an operator, a person on call, or an automatic rule.
//!
//! A Deployment goes back by a new rollout of its previous template. Canary and blue-green
//! abort while they are on their way; once they have ended, going back is a rollout of the
//! version before in which pauses and judges are skipped.

use super::{Rollout, RolloutOutbox};
use crate::engine::SimTime;
use crate::plan::{Strategy, VersionId};
use crate::record::EventKind;
use crate::strategy::Command;

impl Rollout {
    /// Somebody, or something, wants the version from before back. Does nothing if it is on
    /// its way already, or nothing has been deployed.
    pub fn request_abort(&mut self, now: SimTime, by: &str, out: &mut RolloutOutbox) {
        let under_way = self.course.going_back || self.spec.abort_requested;
        if self.course.has_begun() && !under_way {
            // A paused object is not rolled back: whoever wants that resumes it first.
            self.spec.paused = false;
            self.go_back(now, by, out);
        }
    }

    /// `kubectl rollout undo`.
    pub(super) fn go_back(&mut self, now: SimTime, by: &str, out: &mut RolloutOutbox) {
        // A scale on its own is an operation under way too, and nothing to abort.
        let rolling_out = self.spec.target != self.spec.stable;
        let aborts = !self.is_deployment() && self.course.is_active() && rolling_out;
        let back_to = if self.is_deployment() { self.last_revision() } else { self.spec.previous };
        if !aborts && back_to == self.spec.target {
            return;
        }
        out.log(EventKind::RollbackDecided { by: by.to_owned() });
        self.course.decide_rollback(now);
        if aborts {
            self.spec.abort_requested = true;
        } else {
            self.spec.promote_full = true;
            self.spec.abort_requested = false;
            self.aim_at(back_to);
            self.course.begin(now);
            self.course.going_back = true;
        }
        self.spec.generation += 1;
        self.wake(now + self.lag.call + self.lag.deployment, out);
    }

    /// Writes another version into the template.
    pub(super) fn aim_at(&mut self, version: VersionId) {
        self.spec.target = version;
        // An end that a pass under way still wants to report was that of the old template.
        self.worker.commands.retain(|command| !matches!(command, Command::Finish(_)));
    }

    /// Whether the object is a Deployment.
    pub(super) fn is_deployment(&self) -> bool {
        matches!(self.strategy, Some(Strategy::Recreate(_) | Strategy::Rolling(_)))
    }

    /// The version of the newest revision that is not the template's.
    fn last_revision(&self) -> VersionId {
        let target = self.spec.target;
        let others = self.platform.replica_sets().filter(|set| set.version != target);
        others.max_by_key(|set| set.revision).map_or(target, |set| set.version)
    }
}
