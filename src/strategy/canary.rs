//! Canary: a growing share of the traffic goes to the new version, step by step.
//!
//! The rules are Argo Rollouts' (argoproj/argo-rollouts 9f8d111d). With a router the canary has
//! as many pods as its weight needs and the stable set keeps all of its own; the router gets a
//! weight once the canary's pods for it are available. Without one the share of pods is the
//! share of traffic, within surge and unavailability. Giving up takes the weight away at once;
//! the canary's pods stay for [`super::argo::ABORT_SCALE_DOWN_DELAY`] more. Past the last step
//! the new version takes over as soon as all of its pods are available. Routes for a header
//! and for mirrored requests come and go with their steps, and like a weight need an available
//! canary. Left out: dynamic stable scale, experiments, rollback windows and verification of
//! weights at a cloud balancer.

pub mod counts;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
pub mod weights;

use self::counts::{Pods, Split, nearest_split, scale_down_older};
use self::weights::{ALL_BP, Managed, allowed_weight, weight_at};
use super::argo::{Course, Pass, Rest, SetSize, Stage, fenceposts};
use super::judge::{Bench, Judge};
use super::{Controller, Decision, Observation, Routing};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{Canary, CanaryStep, CanaryTraffic, Plan, Strategy, VersionId};

/// The canary controller.
#[derive(Clone, Debug)]
pub struct CanaryController {
    params: Canary,
    bench: Bench,
    course: Course,
    /// The step that is under way; past the last one at the end.
    index: usize,
    /// Since when the step's pause lasts.
    paused_since: Option<SimTime>,
    step_judge: Option<Judge>,
    background: Option<Judge>,
}

impl Controller for CanaryController {
    fn pass(&mut self, seen: &Observation<'_>) -> Decision {
        let mut pass = Pass::new(seen);
        if self.course.begins(seen).is_some() {
            self.begin(seen);
        }
        let old_is_kept = seen.target != seen.stable && pass.size(seen.stable).spec > 0;
        match self.course.stage {
            Stage::Promoted if !(seen.abort_requested && old_is_kept) => {
                self.keep(&mut pass);
                self.course.finish_again(&mut pass);
            }
            _ if seen.target == seen.stable => self.stand(&mut pass),
            Stage::Aborted => self.go_back(&mut pass),
            _ if seen.abort_requested => {
                self.course.abort(&mut pass, None, "asked for".to_owned());
                self.go_back(&mut pass);
            }
            _ => self.roll(&mut pass),
        }
        pass.decide()
    }

    /// Another list of steps starts over at its first. What moves the traffic cannot change.
    fn reconfigure(&mut self, strategy: &Strategy) {
        if let Strategy::Canary(params) = strategy
            && params.traffic == self.params.traffic
        {
            if params.steps != self.params.steps {
                (self.index, self.paused_since, self.step_judge) = (0, None, None);
                self.course.start_over();
            }
            self.params = params.clone();
            self.course.set_deadline(params.progress_deadline);
        }
    }
}

impl CanaryController {
    /// A controller of the plan's service.
    #[must_use]
    pub fn new(params: &Canary, plan: &Plan) -> Self {
        Self {
            params: params.clone(),
            bench: Bench::of(plan),
            course: Course::new(plan.response.rollback, params.progress_deadline),
            index: 0,
            paused_since: None,
            step_judge: None,
            background: None,
        }
    }

    fn begin(&mut self, seen: &Observation<'_>) {
        (self.index, self.paused_since, self.step_judge) = (0, None, None);
        let name = self.params.background_analysis.as_deref();
        let rolls = seen.target != seen.stable && !seen.promote_full;
        self.background = name.filter(|_| rolls).map(|name| self.bench.sit(name, seen.now));
    }

    fn is_routed(&self) -> bool {
        self.params.traffic == CanaryTraffic::Weights
    }

    /// Old sets wait only where a router has taken their traffic away; without one they would
    /// go on serving.
    fn keep_old(&self) -> SimDuration {
        if self.is_routed() { self.params.keep_old } else { SimDuration::ZERO }
    }

    /// The version has taken over: keeps its size and lets go of the others.
    fn keep(&mut self, pass: &mut Pass<'_>) {
        let target = pass.seen.target;
        if self.is_routed() {
            pass.route(Routing::Only(target));
            pass.scale(target, pass.seen.replicas, 0);
            self.course.scale_down_others(pass, [target; 2], self.keep_old());
        } else {
            self.share_out(pass, ALL_BP, None);
        }
    }

    /// The stable version is what ought to run: nothing is deployed, or a rollout was undone.
    fn stand(&mut self, pass: &mut Pass<'_>) {
        if self.is_routed() {
            let Observation { target, replicas, .. } = *pass.seen;
            self.course.route_back(pass);
            pass.scale(target, replicas, 0);
            self.course.scale_down_others(pass, [target; 2], self.keep_old());
        } else {
            self.share_out(pass, ALL_BP, None);
        }
        self.course.finish_rollback(pass);
    }

    fn go_back(&mut self, pass: &mut Pass<'_>) {
        let Observation { target, stable, replicas, .. } = *pass.seen;
        if self.is_routed() {
            self.course.route_back(pass);
            pass.scale(stable, replicas, 0);
            self.course.scale_down_aborted(pass);
            self.scale_down_intermediate(pass, target, stable);
        } else {
            self.share_out(pass, 0, Some(stable));
        }
        self.course.finish_rollback(pass);
    }

    fn roll(&mut self, pass: &mut Pass<'_>) {
        if self.course.stage == Stage::Waiting && self.course.is_resumed(pass.seen) {
            self.resume(pass);
        }
        if pass.seen.promote_full {
            self.skip_steps();
        }
        self.hear_background(pass);
        if self.course.stage == Stage::Aborted {
            return pass.again();
        }
        if self.is_routed() && !pass.seen.paused {
            self.set_weight(pass);
        }
        let scaled = self.set_sizes(pass);
        if !scaled && !pass.seen.paused && self.course.stage == Stage::Rolling {
            self.advance(pass);
        }
        if matches!(self.course.stage, Stage::Rolling | Stage::Waiting) {
            let idle = matches!(
                self.params.steps.get(self.index),
                Some(CanaryStep::Pause(_) | CanaryStep::Analysis(_))
            );
            let held = idle || pass.seen.paused || self.course.stage == Stage::Waiting;
            self.course.watch(pass, self.index, held);
        }
    }

    /// The background judge measures whatever the steps wait for; its verdict is acted on once.
    fn hear_background(&mut self, pass: &mut Pass<'_>) {
        if let Some(judge) = &mut self.background
            && !judge.phase().is_complete()
        {
            self.course.hear(pass, judge);
        }
    }

    /// A person is in a hurry: neither steps nor judges.
    fn skip_steps(&mut self) {
        self.index = self.params.steps.len();
        (self.background, self.step_judge) = (None, None);
    }

    /// A person has said go on: a pause is over, and a judge that stopped the rollout sits again.
    fn resume(&mut self, pass: &mut Pass<'_>) {
        let now = pass.seen.now;
        if let Some(judge) = &mut self.background
            && judge.phase().is_bad()
        {
            *judge = self.bench.sit(judge.name(), now);
        }
        self.step_judge = None;
        if self.paused_since.is_some() {
            self.next_step(pass);
        }
        self.course.go_on(pass);
    }

    /// The canary's wanted pods with a router, at the present step.
    fn wanted(&self, replicas: u32) -> u32 {
        let managed = Managed::at(&self.params.steps, self.index);
        managed.pods(replicas, weight_at(&self.params.steps, self.index))
    }

    fn set_weight(&self, pass: &mut Pass<'_>) {
        let Observation { target, stable, replicas, promote_full, .. } = *pass.seen;
        let canary = pass.size(target);
        let has_its_pods = canary.is_saturated(self.wanted(replicas));
        if promote_full && !has_its_pods && canary.available > 0 {
            // Steps were skipped: the router keeps the weight that the canary was sized for.
            if !pass.seen.routing.names(target) {
                pass.route(Routing::Only(stable));
            }
            return;
        }
        let steps = &self.params.steps;
        let weight = allowed_weight(steps, self.index, has_its_pods, canary.available);
        let managed = match (canary.available, has_its_pods) {
            (0, _) => Managed::default(),
            (_, true) => Managed::at(steps, self.index),
            // Still on its way: the routes of the step before.
            (_, false) => self
                .index
                .checked_sub(1)
                .map_or_else(Managed::default, |before| Managed::at(steps, before)),
        };
        pass.route(managed.routing(stable, target, weight));
    }

    /// Gives the sets their sizes for the step. Says whether one had another.
    fn set_sizes(&mut self, pass: &mut Pass<'_>) -> bool {
        let Observation { target, stable, replicas, .. } = *pass.seen;
        if !self.is_routed() {
            return self.share_out(pass, weight_at(&self.params.steps, self.index), Some(stable));
        }
        pass.scale(stable, replicas, 0)
            || pass.scale(target, self.wanted(replicas), 0)
            || self.scale_down_intermediate(pass, target, stable)
    }

    /// A version that was overtaken before it took over has no traffic any more: its set goes
    /// at once. One that had taken over waits for its clock.
    fn scale_down_intermediate(
        &mut self,
        pass: &mut Pass<'_>,
        target: VersionId,
        stable: VersionId,
    ) -> bool {
        self.course.scale_down_others(pass, [target, stable], SimDuration::ZERO)
    }

    /// Without a router: moves the pods toward the split of a weight, one kind of change a
    /// pass. `stable`: the version that shares with the target, if any.
    fn share_out(&self, pass: &mut Pass<'_>, weight: u32, stable: Option<VersionId>) -> bool {
        let Observation { target, replicas, replica_sets, .. } = *pass.seen;
        let (surge, unavailable) =
            fenceposts(self.params.max_surge, self.params.max_unavailable, replicas);
        let pods = Pods {
            replicas,
            surge,
            unavailable,
            canary: pass.size(target),
            stable: stable.map(|stable| pass.size(stable)),
            older: pass.others([target, stable.unwrap_or(target)]).map(|set| set.spec).sum(),
        };
        let sizes = pods.toward(nearest_split(replicas, weight, ALL_BP, surge));
        if stable.is_some_and(|stable| pass.scale(stable, sizes.stable, surge))
            || pass.scale(target, sizes.canary, surge)
        {
            return true;
        }
        let older: Vec<_> = pass.others([target, stable.unwrap_or(target)]).collect();
        let older_sizes: Vec<SetSize> = older.iter().map(|set| pass.size(set.version)).collect();
        let available = replica_sets.iter().map(|set| set.available).sum();
        let fewest = i64::from(replicas) - i64::from(unavailable);
        let shrunk = scale_down_older(&older_sizes, available, fewest);
        let mut scaled = false;
        for (set, to) in older.iter().zip(shrunk) {
            scaled |= pass.scale(set.version, to, surge);
        }
        scaled
    }

    /// Whether both sets are as the step wants them.
    fn is_at_step(&self, pass: &Pass<'_>) -> bool {
        let Observation { target, stable, replicas, .. } = *pass.seen;
        let want = if self.is_routed() {
            Split { canary: self.wanted(replicas), stable: replicas }
        } else {
            let (surge, _) =
                fenceposts(self.params.max_surge, self.params.max_unavailable, replicas);
            nearest_split(replicas, weight_at(&self.params.steps, self.index), ALL_BP, surge)
        };
        let older_serve = pass.others([target, stable]).any(|set| set.available > 0);
        pass.size(target).is_saturated(want.canary)
            && pass.size(stable).spec == want.stable
            && (self.is_routed() || !older_serve)
    }

    fn next_step(&mut self, pass: &mut Pass<'_>) {
        self.index += 1;
        (self.paused_since, self.step_judge) = (None, None);
        pass.again();
    }

    fn advance(&mut self, pass: &mut Pass<'_>) {
        match self.params.steps.get(self.index) {
            None => self.promote_when_full(pass),
            Some(
                CanaryStep::Weight(_)
                | CanaryStep::Header(_)
                | CanaryStep::Mirror(_)
                | CanaryStep::Scale(_),
            ) => {
                if self.is_at_step(pass) {
                    self.next_step(pass);
                }
            }
            Some(&CanaryStep::Pause(span)) => self.pause(pass, span),
            Some(CanaryStep::Analysis(name)) => {
                let judge =
                    self.step_judge.get_or_insert_with(|| self.bench.sit(name, pass.seen.now));
                if self.course.is_content(pass, judge) {
                    self.next_step(pass);
                }
            }
        }
    }

    fn pause(&mut self, pass: &mut Pass<'_>, span: Option<SimDuration>) {
        let step = (self.index, self.params.steps.len());
        match self.course.rest(pass, &mut self.paused_since, step, span) {
            Rest::Over => self.next_step(pass),
            Rest::Waits | Rest::ForPerson => {}
        }
    }

    /// Past the last step the version takes over once all of its pods are available.
    fn promote_when_full(&mut self, pass: &mut Pass<'_>) {
        let Observation { now, target, stable, replicas, .. } = *pass.seen;
        if !pass.size(target).is_saturated(replicas) {
            return;
        }
        if let Some(mut judge) = self.background.take() {
            judge.stop().into_iter().for_each(|event| pass.log(event));
        }
        if self.is_routed() {
            self.course.start_clock(stable, now + self.params.keep_old);
        }
        self.course.promote(pass);
        pass.again();
    }
}
