//! Blue-green: a second full set beside the first, then a switch.
//!
//! The order of things is Argo Rollouts' (argoproj/argo-rollouts 9f8d111d): the new set is
//! watched once all of it is available, may be judged, gets the traffic, may be judged again,
//! and then has taken over; the old set goes after a delay counted from the switch. Giving up
//! before the switch leaves the traffic alone; after it, the traffic goes back at once as long
//! as the old set is kept. A version whose set still waits to be scaled down comes back
//! without pauses and judges. Left out: preview replica counts and preview services. The
//! switch by weights is after AWS CodeDeploy's linear shifts: a first step at once.

#[cfg(test)]
mod tests;

use super::argo::{Course, Pass, Ruling, Stage};
use super::judge::{Bench, Judge};
use super::{Controller, Decision, Observation, Routing};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{BlueGreen, Plan, Strategy, Switch};
use crate::record::EventKind;

/// All of the traffic, in basis points.
const ALL_BP: u32 = 10_000;

/// The blue-green controller.
#[derive(Clone, Debug)]
pub struct BlueGreenController {
    params: BlueGreen,
    bench: Bench,
    course: Course,
    phase: Phase,
    /// The version ran until lately: neither watched nor judged.
    known: bool,
}

/// What a rollout is doing until the new version has taken over.
#[derive(Clone, Debug)]
enum Phase {
    /// The new set grows until all of it is available.
    Growing,
    /// It is watched without traffic.
    Verifying { until: SimTime },
    /// It is judged without traffic.
    Judging(Judge),
    /// The traffic moves: so many steps are done, and the next one is due.
    Switching { done: u32, next: SimTime },
    /// It is judged with all the traffic, which it got then.
    JudgingLive(Judge, SimTime),
}

impl Controller for BlueGreenController {
    fn pass(&mut self, seen: &Observation<'_>) -> Decision {
        let mut pass = Pass::new(seen);
        if let Some(beginning) = self.course.begins(seen) {
            self.phase = Phase::Growing;
            self.known = beginning.set_is_kept;
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

    fn reconfigure(&mut self, strategy: &Strategy) {
        if let Strategy::BlueGreen(params) = strategy {
            self.params = params.clone();
            self.course.set_deadline(params.progress_deadline);
        }
    }
}

impl BlueGreenController {
    /// A controller of the plan's service.
    #[must_use]
    pub fn new(params: &BlueGreen, plan: &Plan) -> Self {
        Self {
            params: params.clone(),
            bench: Bench::of(plan),
            course: Course::new(plan.response.rollback, params.progress_deadline),
            phase: Phase::Growing,
            known: false,
        }
    }

    /// The version has taken over: keeps its size and lets go of the others.
    fn keep(&mut self, pass: &mut Pass<'_>) {
        let Observation { target, replicas, .. } = *pass.seen;
        pass.scale(target, replicas, 0);
        self.course.scale_down_others(pass, [target; 2], self.params.keep_old);
    }

    /// The stable version is what ought to run: nothing is deployed, or a rollout was undone.
    fn stand(&mut self, pass: &mut Pass<'_>) {
        self.course.route_back(pass);
        self.keep(pass);
        self.course.finish_rollback(pass);
    }

    fn go_back(&mut self, pass: &mut Pass<'_>) {
        let Observation { target, stable, replicas, .. } = *pass.seen;
        self.course.route_back(pass);
        pass.scale(stable, replicas, 0);
        self.course.scale_down_aborted(pass);
        self.course.scale_down_others(pass, [target, stable], self.params.keep_old);
        self.course.finish_rollback(pass);
    }

    fn roll(&mut self, pass: &mut Pass<'_>) {
        let Observation { target, stable, replicas, .. } = *pass.seen;
        if !self.has_traffic() {
            pass.route(Routing::Only(stable));
        }
        let scaled = pass.scale(stable, replicas, 0) | pass.scale(target, replicas, 0);
        self.course.scale_down_others(pass, [target, stable], self.params.keep_old);
        if self.course.stage == Stage::Waiting && self.course.is_resumed(pass.seen) {
            self.sit_again(pass.seen.now);
            self.course.go_on(pass);
        }
        if self.course.stage == Stage::Rolling && !scaled && !pass.seen.paused {
            self.advance(pass);
        }
        let moving = matches!(self.phase, Phase::Growing | Phase::Switching { .. });
        if !matches!(self.course.stage, Stage::Aborted | Stage::Promoted) {
            let held = !moving || pass.seen.paused || self.course.stage == Stage::Waiting;
            self.course.watch(pass, 0, held);
        }
    }

    fn has_traffic(&self) -> bool {
        match self.phase {
            Phase::Growing | Phase::Verifying { .. } | Phase::Judging(_) => false,
            Phase::Switching { done, .. } => done > 0,
            Phase::JudgingLive(..) => true,
        }
    }

    fn advance(&mut self, pass: &mut Pass<'_>) {
        let Observation { now, target, replicas, promote_full, .. } = *pass.seen;
        let hurry = self.known || promote_full;
        match &mut self.phase {
            Phase::Growing => {
                if pass.size(target).is_saturated(replicas) {
                    self.begin_verifying(pass, hurry);
                }
            }
            Phase::Verifying { until } => {
                if *until > now && !hurry {
                    pass.wake_at(*until);
                    return;
                }
                pass.log(EventKind::RolloutResumed);
                self.begin_judging(pass, hurry);
            }
            Phase::Judging(judge) => {
                if hurry || self.course.hear(pass, judge) == Ruling::Content {
                    self.begin_switching(pass);
                }
            }
            &mut Phase::Switching { done, next } => self.switch(pass, done, next),
            Phase::JudgingLive(judge, switched) => {
                let switched = *switched;
                if hurry || self.course.hear(pass, judge) == Ruling::Content {
                    self.promote(pass, switched);
                }
            }
        }
        if self.course.stage == Stage::Aborted {
            pass.again();
        }
    }

    fn begin_verifying(&mut self, pass: &mut Pass<'_>, hurry: bool) {
        let verify = self.params.verify;
        if hurry || verify == SimDuration::ZERO {
            return self.begin_judging(pass, hurry);
        }
        let until = pass.seen.now + verify;
        self.phase = Phase::Verifying { until };
        let reason = format!("the new set is watched for {verify}");
        pass.log(EventKind::RolloutPaused { reason });
        pass.wake_at(until);
    }

    fn begin_judging(&mut self, pass: &mut Pass<'_>, hurry: bool) {
        match self.params.pre_analysis.as_deref() {
            Some(name) if !hurry => {
                self.phase = Phase::Judging(self.bench.sit(name, pass.seen.now));
                pass.again();
            }
            _ => self.begin_switching(pass),
        }
    }

    fn begin_switching(&mut self, pass: &mut Pass<'_>) {
        self.phase = Phase::Switching { done: 0, next: pass.seen.now };
        self.switch(pass, 0, pass.seen.now);
    }

    /// Moves the traffic one step on, if one is due and the new set can take it.
    fn switch(&mut self, pass: &mut Pass<'_>, done: u32, next: SimTime) {
        let Observation { now, target, stable, replicas, promote_full, .. } = *pass.seen;
        if next > now && !promote_full {
            return pass.wake_at(next);
        }
        if !pass.size(target).is_saturated(replicas) {
            return;
        }
        match self.params.switch {
            Switch::Weights { steps, every } if done + 1 < steps && !promote_full => {
                let done = done + 1;
                let weight_bp = (u64::from(ALL_BP) * u64::from(done) / u64::from(steps)) as u32;
                pass.route(Routing::Split { stable, candidate: target, weight_bp });
                self.phase = Phase::Switching { done, next: now + every };
                pass.wake_at(now + every);
            }
            Switch::Atomic | Switch::Dns(_) | Switch::Weights { .. } => {
                pass.route(Routing::Only(target));
                self.after_switch(pass);
            }
        }
    }

    fn after_switch(&mut self, pass: &mut Pass<'_>) {
        let now = pass.seen.now;
        match self.params.post_analysis.as_deref() {
            Some(name) if !(self.known || pass.seen.promote_full) => {
                self.phase = Phase::JudgingLive(self.bench.sit(name, now), now);
                pass.again();
            }
            _ => self.promote(pass, now),
        }
    }

    /// `switched`: when the old set lost its traffic, from which its delay counts.
    fn promote(&mut self, pass: &mut Pass<'_>, switched: SimTime) {
        self.course.start_clock(pass.seen.stable, switched + self.params.keep_old);
        self.course.promote(pass);
        pass.again();
    }

    /// A person has said go on after a verdict that stopped the rollout: the judge sits again.
    fn sit_again(&mut self, now: SimTime) {
        match &mut self.phase {
            Phase::Judging(judge) | Phase::JudgingLive(judge, _) => {
                *judge = self.bench.sit(judge.name(), now);
            }
            Phase::Growing | Phase::Verifying { .. } | Phase::Switching { .. } => {}
        }
    }
}
