//! Carrying out a controller's decision: one call to the API server after another.

use super::{Due, Rollout, RolloutEffect, RolloutEvent, RolloutOutbox};
use crate::engine::SimTime;
use crate::strategy::Command;

impl Rollout {
    /// Sends the next call, or ends the pass.
    pub(super) fn carry_on(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        while let Some(command) = self.worker.commands.front() {
            if is_call(command) {
                let at = self.api.take(now) + self.lag.call;
                out.later.push((at, RolloutEvent(Due::Written)));
                return;
            }
            self.carry_out_first(now, out);
        }
        self.worker.busy = false;
        if std::mem::take(&mut self.worker.dirty) {
            self.wake(now, out);
        }
    }

    /// A call has succeeded: what it writes is there.
    pub(super) fn on_written(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        self.carry_out_first(now, out);
        self.carry_on(now, out);
    }

    fn carry_out_first(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        let Some(command) = self.worker.commands.pop_front() else { return };
        match command {
            Command::Scale { version, to, desired_annotation, max_annotation } => {
                let annotations = (desired_annotation, max_annotation);
                self.platform.scale(now, version, to, annotations, &mut self.inner);
            }
            Command::Annotate { version, desired_annotation, max_annotation } => {
                self.platform.annotate(version, (desired_annotation, max_annotation));
            }
            Command::Revise { version, revision } => self.platform.set_revision(version, revision),
            Command::Remove { version } => self.platform.remove_set(version),
            Command::Report => self.wake(now + self.lag.deployment, out),
            Command::Route(routing) => {
                self.spec.routing = routing;
                out.effects.push(RolloutEffect::Route(routing));
                self.wake(now + self.lag.deployment, out);
            }
            Command::Push { version, to } => self.push(now, version, to, out),
            Command::Generate { good, bad, chance } => {
                self.generate(now, (good, bad), chance, out);
            }
            Command::Log(kind) => self.note(now, kind, out),
            Command::Finish(outcome) => self.finish(now, outcome, out),
        }
        self.flush(now, out);
    }
}

/// Whether a command is a write to the API server. Configurations have a way of their own.
fn is_call(command: &Command) -> bool {
    !matches!(
        command,
        Command::Log(_) | Command::Finish(_) | Command::Push { .. } | Command::Generate { .. }
    )
}
