//! What an operator does, at the times that the scenario gives.

use super::{Due, Judged, Rollout, RolloutEffect, RolloutEvent, RolloutOutbox, World};
use crate::engine::SimTime;
use crate::plan::{OperationKind, Strategy, VersionId};
use crate::record::EventKind;
use crate::strategy::{self, Command};

impl Rollout {
    pub(super) fn operate(&mut self, now: SimTime, index: usize, out: &mut RolloutOutbox) {
        match self.operations[index].kind.clone() {
            OperationKind::Deploy { version } => {
                self.deploy(now, version.unwrap_or(self.release), out);
            }
            OperationKind::Undo => {
                say(out, "undo".to_owned());
                self.go_back(now, "operator", out);
            }
            OperationKind::Scale { replicas } => {
                say(out, format!("scale to {replicas}"));
                self.spec.replicas = replicas;
                self.platform.set_replicas(now, replicas, &mut self.inner);
                self.change_spec(now, out);
            }
            OperationKind::Pause => {
                say(out, "pause".to_owned());
                self.spec.paused = true;
                self.change_manner(now, out);
            }
            OperationKind::Resume => {
                say(out, "resume".to_owned());
                self.spec.paused = false;
                self.spec.resumes += 1;
                self.change_manner(now, out);
            }
            OperationKind::SetStrategy { strategy } => {
                say(out, "change the strategy".to_owned());
                self.set_strategy(strategy);
                self.change_manner(now, out);
            }
            OperationKind::Kill { version, count } => {
                say(out, format!("kill {count} of {}", self.name(version)));
                self.platform.kill_first(now, version, count, &mut self.inner);
            }
            OperationKind::Delete { version, count } => {
                say(out, format!("delete {count} of {}", self.name(version)));
                self.platform.delete_first(now, version, count, &mut self.inner);
            }
            OperationKind::Evict { version, count } => {
                say(out, format!("evict {count} of {}", self.name(version)));
                self.platform.evict_first(now, version, count, &mut self.inner);
            }
            OperationKind::State(operation) => out.effects.push(RolloutEffect::State(operation)),
            OperationKind::Drain { node, retry } => {
                say(out, format!("drain node {node}"));
                self.platform.drain(now, node, retry, &mut self.inner);
            }
        }
    }

    fn name(&self, version: VersionId) -> &str {
        &self.names[usize::from(version.0)]
    }

    fn deploy(&mut self, now: SimTime, version: VersionId, out: &mut RolloutOutbox) {
        out.log(EventKind::RolloutStarted { version });
        if version != self.spec.stable {
            self.judged = Judged { stable: self.spec.stable, candidate: version };
        }
        self.aim_at(version);
        (self.spec.abort_requested, self.spec.promote_full) = (false, false);
        self.spec.resumes = 0;
        self.course.going_back = false;
        self.change_spec(now, out);
    }

    /// The object's spec has been written: the end state may be another, and the controller
    /// gets to see it.
    fn change_spec(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        self.worker.commands.retain(|command| !matches!(command, Command::Finish(_)));
        self.spec.generation += 1;
        self.course.begin(now);
        self.wake(now + self.lag.call + self.lag.deployment, out);
    }

    /// The spec says otherwise how to go on. Before anything is deployed there is nothing to go
    /// on with: no rollout begins, and none can be completed.
    fn change_manner(&mut self, now: SimTime, out: &mut RolloutOutbox) {
        if self.course.has_begun() {
            self.change_spec(now, out);
        } else {
            self.spec.generation += 1;
        }
    }

    /// The autoscaler looks at the pods, and may write another size into the object.
    pub(super) fn autoscale(&mut self, now: SimTime, world: &dyn World, out: &mut RolloutOutbox) {
        let Some(autoscaler) = &mut self.autoscaler else { return };
        let pods = self.platform.seen_by_autoscaler(now, world);
        let next = autoscaler.look(now, self.spec.replicas, &pods);
        out.later.push((now + autoscaler.sync(), RolloutEvent(Due::Autoscale)));
        let Some(replicas) = next else { return };
        say(out, format!("autoscaler: from {} to {replicas} replicas", self.spec.replicas));
        self.spec.replicas = replicas;
        self.platform.set_replicas(now, replicas, &mut self.inner);
        self.spec.generation += 1;
        if self.course.has_begun() {
            self.wake(now + self.lag.call + self.lag.deployment, out);
        } else {
            // Nothing has been deployed yet: one set, which gets the size.
            let surge =
                self.strategy.as_ref().map_or(0, |s| strategy::surge_annotation(s, replicas));
            let annotations = (replicas, replicas + surge);
            self.platform.scale(now, self.spec.stable, replicas, annotations, &mut self.inner);
        }
    }

    fn set_strategy(&mut self, strategy: Strategy) {
        if let Some(controller) = &mut self.controller {
            controller.reconfigure(&strategy);
        }
        self.platform.set_min_ready(strategy.min_ready());
        self.strategy = Some(strategy);
    }
}

fn say(out: &mut RolloutOutbox, what: String) {
    out.log(EventKind::Operation { what });
}
