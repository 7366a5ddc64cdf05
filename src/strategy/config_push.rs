//! A configuration push: the candidate is a file, which reaches processes while they run.
//!
//! No pod is made or stopped. The file goes to everybody at once, to growing shares of the
//! fleet, or to its waves in some order, with pauses and judges in between as in a canary;
//! giving up pushes the file from before to everybody. A generator may make the file anew every
//! so often, good or bad by chance: then each file goes to everybody. Written after the public
//! reports on such pushes (Cloudflare 2019, 2022 and 2025, Google 2025, CrowdStrike 2024). Left
//! out: a progress deadline, since a file that does not arrive holds nothing up.

#[cfg(test)]
mod tests;

use super::argo::{Course, Pass, Rest, Stage};
use super::canary::weights::{ALL_BP, basis_points, pods_for};
use super::judge::{Bench, Judge};
use super::{Controller, Decision, Observation, PushTo};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{ConfigPush, Plan, PushStep, Strategy, VersionId};
use crate::record::RolloutOutcome;

/// The controller of configuration pushes.
#[derive(Clone, Debug)]
pub struct PushController {
    params: ConfigPush,
    bench: Bench,
    course: Course,
    /// Another version than the stable one was to run at some time.
    deployed: bool,
    /// The step that is under way; past the last one at the end.
    index: usize,
    /// Since when the step's pause lasts.
    paused_since: Option<SimTime>,
    step_judge: Option<Judge>,
    background: Option<Judge>,
    /// The version that everybody was sent last, if it was everybody.
    sent_to_all: Option<VersionId>,
    /// When the generator's first file came, and how many there have been.
    files: Option<(SimTime, u64)>,
}

impl Controller for PushController {
    fn pass(&mut self, seen: &Observation<'_>) -> Decision {
        let mut pass = Pass::new(seen);
        if self.course.begins(seen).is_some() {
            self.begin(seen);
        }
        // The pods are those of the version that ran first; a resize is theirs.
        if let Some(set) = seen.replica_sets.first() {
            pass.scale(set.version, seen.replicas, 0);
        }
        match self.course.stage {
            Stage::Promoted if !seen.abort_requested => {
                pass.finish(RolloutOutcome::Completed);
            }
            _ if seen.target == seen.stable => self.go_back(&mut pass),
            Stage::Aborted => self.go_back(&mut pass),
            _ if seen.abort_requested => {
                self.course.abort(&mut pass, None, "asked for".to_owned());
                self.go_back(&mut pass);
            }
            _ => self.roll(&mut pass),
        }
        pass.decide()
    }

    /// Another list of steps starts over at its first.
    fn reconfigure(&mut self, strategy: &Strategy) {
        if let Strategy::ConfigPush(params) = strategy {
            if params.steps != self.params.steps {
                self.restart();
                self.course.start_over();
            }
            self.params = params.clone();
        }
    }
}

impl PushController {
    /// A controller of the plan's service.
    #[must_use]
    pub fn new(params: &ConfigPush, plan: &Plan) -> Self {
        Self {
            params: params.clone(),
            bench: Bench::of(plan),
            course: Course::new(plan.response.rollback, None),
            deployed: false,
            index: 0,
            paused_since: None,
            step_judge: None,
            background: None,
            sent_to_all: None,
            files: None,
        }
    }

    fn restart(&mut self) {
        (self.index, self.paused_since, self.step_judge) = (0, None, None);
    }

    fn begin(&mut self, seen: &Observation<'_>) {
        self.restart();
        (self.sent_to_all, self.files) = (None, None);
        let rolls = seen.target != seen.stable;
        self.deployed |= rolls;
        let name = self.params.background_analysis.as_deref();
        self.background =
            name.filter(|_| rolls && !seen.promote_full).map(|name| self.bench.sit(name, seen.now));
    }

    /// Sends a version to everybody, once. Says whether all who can be reached have it.
    fn send_to_all(&mut self, pass: &mut Pass<'_>, version: VersionId) -> bool {
        if self.sent_to_all == Some(version) {
            return pass.seen.pushing == 0;
        }
        self.sent_to_all = Some(version);
        pass.push(version, PushTo::All);
        false
    }

    /// The stable version is what ought to run: nothing is deployed, or a push was given up.
    fn go_back(&mut self, pass: &mut Pass<'_>) {
        if !self.deployed {
            pass.finish(RolloutOutcome::Completed);
        } else if self.send_to_all(pass, pass.seen.stable) {
            pass.finish(RolloutOutcome::RolledBack);
        }
    }

    fn roll(&mut self, pass: &mut Pass<'_>) {
        if self.course.stage == Stage::Waiting && self.course.is_resumed(pass.seen) {
            self.resume(pass);
        }
        if pass.seen.promote_full {
            // A person is in a hurry: neither steps nor judges.
            self.index = self.params.steps.len();
            (self.background, self.step_judge) = (None, None);
        }
        if let Some(judge) = &mut self.background
            && !judge.phase().is_complete()
        {
            self.course.hear(pass, judge);
        }
        match self.course.stage {
            Stage::Aborted => pass.again(),
            Stage::Waiting => pass.finish(RolloutOutcome::Stalled),
            _ if pass.seen.paused => {}
            _ if self.params.generated.is_some() && !pass.seen.promote_full => self.generate(pass),
            _ => self.advance(pass),
        }
    }

    /// A person has said go on: a pause is over, and a judge that stopped the push sits again.
    fn resume(&mut self, pass: &mut Pass<'_>) {
        if let Some(judge) = &mut self.background
            && judge.phase().is_bad()
        {
            *judge = self.bench.sit(judge.name(), pass.seen.now);
        }
        self.step_judge = None;
        if self.paused_since.is_some() {
            self.next_step(pass);
        }
        self.course.go_on(pass);
    }

    /// Has the next file generated when it is due. It is over once the generator makes nothing
    /// but the new version.
    fn generate(&mut self, pass: &mut Pass<'_>) {
        let Some(generated) = &self.params.generated else { return };
        let Observation { now, target, stable, pushing, .. } = *pass.seen;
        let (first, count) = self.files.get_or_insert((now, 0));
        let due = |count: u64| *first + SimDuration(generated.every.0.saturating_mul(count));
        let last = *count > 0 && generated.chance(due(*count - 1) - *first) >= 1.0;
        if last && pushing == 0 {
            return self.promote(pass);
        }
        if !last && now >= due(*count) {
            let chance = generated.chance(due(*count) - *first);
            pass.generate((stable, target), chance);
            *count += 1;
        }
        if !last {
            pass.wake_at(*first + SimDuration(generated.every.0.saturating_mul(*count)));
        }
    }

    fn advance(&mut self, pass: &mut Pass<'_>) {
        let Observation { target, replicas, .. } = *pass.seen;
        match self.params.steps.get(self.index) {
            None => {
                if self.send_to_all(pass, target) {
                    self.promote(pass);
                }
            }
            Some(PushStep::Share(share)) => {
                let count = pods_for(replicas, basis_points(*share), ALL_BP);
                pass.push(target, PushTo::First(count));
                self.next_step(pass);
            }
            Some(&PushStep::Wave(wave)) => {
                pass.push(target, PushTo::Wave(wave));
                self.next_step(pass);
            }
            Some(&PushStep::Pause(span)) => self.pause(pass, span),
            Some(PushStep::Analysis(name)) => {
                let judge =
                    self.step_judge.get_or_insert_with(|| self.bench.sit(name, pass.seen.now));
                if self.course.is_content(pass, judge) {
                    self.next_step(pass);
                }
            }
        }
    }

    fn next_step(&mut self, pass: &mut Pass<'_>) {
        self.index += 1;
        (self.paused_since, self.step_judge) = (None, None);
        pass.again();
    }

    fn pause(&mut self, pass: &mut Pass<'_>, span: Option<SimDuration>) {
        let step = (self.index, self.params.steps.len());
        match self.course.rest(pass, &mut self.paused_since, step, span) {
            Rest::Over => self.next_step(pass),
            Rest::ForPerson => pass.finish(RolloutOutcome::Stalled),
            Rest::Waits => {}
        }
    }

    /// Everybody who can be reached has the new version.
    fn promote(&mut self, pass: &mut Pass<'_>) {
        if let Some(mut judge) = self.background.take() {
            judge.stop().into_iter().for_each(|event| pass.log(event));
        }
        self.course.promote(pass);
        pass.again();
    }
}
