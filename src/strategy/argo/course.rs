//! The course of a rollout, whatever the strategy: it rolls, waits for a person, is given up,
//! or has reached its end and only has old sets to scale down.

use super::progress::{Found, Progress};
use super::{ABORT_SCALE_DOWN_DELAY, Pass, Status};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{Rollback, VersionId};
use crate::record::{EventKind, RolloutOutcome};
use crate::strategy::judge::Judge;
use crate::strategy::judge::rules::Phase;
use crate::strategy::{Observation, Routing};

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On its way.
    Rolling,
    /// Stopped until a person says go on, or give up.
    Waiting,
    /// Given up: on its way back.
    Aborted,
    /// The new version has taken over.
    Promoted,
}

/// What a judge's standing means for the rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is still measuring.
    Undecided,
    /// It is content.
    Content,
    /// The rollout has been stopped or given up.
    Stopped,
}

/// The beginning of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The version ran until lately, and its set was waiting to be scaled down.
    pub set_is_kept: bool,
}

/// The course of the rollout of one version.
#[derive(Clone, Debug)]
pub struct Course {
    /// Where it stands.
    pub stage: Stage,
    policy: Rollback,
    target: Option<VersionId>,
    /// Nothing has been deployed yet.
    idle: bool,
    resumes: u32,
    progress: Progress<(usize, Routing)>,
    /// When sets that are no longer needed are scaled down.
    clocks: Vec<(VersionId, SimTime)>,
    /// The stable set had been scaled down and must be full again before it gets traffic.
    restoring: bool,
}

/// What a pause comes to in a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It has lasted long enough.
    Over,
    /// It goes on.
    Waits,
    /// Until a person says so.
    ForPerson,
}

impl Course {
    pub fn new(policy: Rollback, progress_deadline: Option<SimDuration>) -> Self {
        Self {
            stage: Stage::Rolling,
            policy,
            target: None,
            idle: true,
            resumes: 0,
            progress: Progress::new(progress_deadline),
            clocks: Vec::new(),
            restoring: false,
        }
    }

    /// Notices a new template, with which a rollout begins (going straight back to the stable
    /// version is one too).
    pub fn begins(&mut self, seen: &Observation<'_>) -> Option<Beginning> {
        if self.target == Some(seen.target) {
            return None;
        }
        let first = self.target.is_none();
        let set_is_kept = self.clocks.iter().any(|&(version, _)| version == seen.target);
        self.target = Some(seen.target);
        self.stage = Stage::Rolling;
        self.idle = first && seen.target == seen.stable;
        self.resumes = seen.resumes;
        self.progress.restart();
        self.restoring = false;
        self.clocks.retain(|&(version, _)| version != seen.target);
        Some(Beginning { set_is_kept })
    }

    /// Whether a person has said go on since the wait began, or is in a hurry.
    pub fn is_resumed(&self, seen: &Observation<'_>) -> bool {
        seen.resumes > self.resumes || seen.promote_full
    }

    /// Stops until a person acts.
    pub fn wait(&mut self, pass: &mut Pass<'_>, reason: String) {
        self.stage = Stage::Waiting;
        self.resumes = pass.seen.resumes;
        pass.log(EventKind::RolloutPaused { reason });
    }

    /// Goes on after a wait.
    pub fn go_on(&mut self, pass: &mut Pass<'_>) {
        self.stage = Stage::Rolling;
        pass.log(EventKind::RolloutResumed);
        pass.again();
    }

    /// Nothing is waited for any more: the steps have changed.
    pub fn start_over(&mut self) {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Rolling;
        }
    }

    /// Gives up. `by`: who decided it, if not a person.
    pub fn abort(&mut self, pass: &mut Pass<'_>, by: Option<&str>, reason: String) {
        self.stage = Stage::Aborted;
        if let Some(by) = by {
            pass.log(EventKind::RollbackDecided { by: by.to_owned() });
        }
        pass.log(EventKind::RolloutAborted { reason });
    }

    /// Waits at a step (its place, and of how many), from the first pass that asks; `None`: for a
    /// person.
    pub fn rest(
        &mut self,
        pass: &mut Pass<'_>,
        since: &mut Option<SimTime>,
        (index, steps): (usize, usize),
        span: Option<SimDuration>,
    ) -> Rest {
        let now = pass.seen.now;
        let begins = since.is_none();
        let since = *since.get_or_insert(now);
        let step = format!("step {} of {steps}", index + 1);
        let Some(span) = span else {
            self.wait(pass, format!("{step} waits for a person"));
            return Rest::ForPerson;
        };
        if now >= since + span {
            if !begins {
                pass.log(EventKind::RolloutResumed);
            }
            return Rest::Over;
        }
        if begins {
            pass.log(EventKind::RolloutPaused { reason: format!("{step} waits for {span}") });
        }
        pass.wake_at(since + span);
        Rest::Waits
    }

    /// Whether a judge is content. What stops the rollout is carried out in the next pass.
    pub fn is_content(&mut self, pass: &mut Pass<'_>, judge: &mut Judge) -> bool {
        let ruling = self.hear(pass, judge);
        if matches!(ruling, Ruling::Stopped) {
            pass.again();
        }
        matches!(ruling, Ruling::Content)
    }

    /// Lets a judge measure, and does what its verdict asks for.
    pub fn hear(&mut self, pass: &mut Pass<'_>, judge: &mut Judge) -> Ruling {
        for event in judge.measure(pass.seen.now, pass.seen.metrics) {
            pass.log(event);
        }
        let verdict = judge.phase();
        if !verdict.is_complete() {
            if let Some(due) = judge.next_due() {
                pass.wake_at(due);
            }
            return Ruling::Undecided;
        }
        if verdict == Phase::Successful {
            return Ruling::Content;
        }
        let reason = format!("analysis {}: {}", judge.name(), verdict.name());
        let goes_back = matches!(self.policy, Rollback::Controller | Rollback::Automatic);
        if verdict != Phase::Inconclusive && goes_back {
            self.abort(pass, Some(&format!("analysis {}", judge.name())), reason);
        } else {
            self.wait(pass, reason);
        }
        Ruling::Stopped
    }

    /// Watches the progress deadline. Passing it leaves the rollout as it is, unless going
    /// back is automatic (Argo's `progressDeadlineAbort`, off by default).
    pub fn watch(&mut self, pass: &mut Pass<'_>, step: usize, held: bool) {
        let seen = pass.seen;
        let sum = |of: fn(&crate::strategy::ReplicaSetView) -> u32| {
            seen.replica_sets.iter().map(of).sum()
        };
        let status = Status {
            updated: pass.set(seen.target).map_or(0, |set| set.replicas),
            replicas: sum(|set| set.replicas),
            ready: sum(|set| set.ready),
            available: sum(|set| set.available),
            place: (step, seen.routing),
        };
        match self.progress.watch(seen.now, seen.unix_ns, status, held) {
            Found::Nothing => {}
            Found::LookAgain(at) => pass.wake_at(at),
            Found::Exceeded => {
                pass.log(EventKind::ProgressDeadlineExceeded);
                if self.policy == Rollback::Automatic {
                    let reason = "no progress before the deadline".to_owned();
                    self.abort(pass, Some("progress deadline"), reason);
                    pass.again();
                }
            }
        }
        let stuck = self.stage == Stage::Rolling && self.progress.is_exceeded();
        if self.stage == Stage::Waiting || stuck {
            pass.finish(RolloutOutcome::Stalled);
        }
    }

    /// The new version takes over: it has its pods and gets all the traffic.
    pub fn promote(&mut self, pass: &mut Pass<'_>) {
        self.stage = Stage::Promoted;
        pass.finish(RolloutOutcome::Completed);
    }

    /// Starts the clock of a set that is no longer needed, unless it runs already.
    pub fn start_clock(&mut self, version: VersionId, at: SimTime) -> SimTime {
        if let Some(&(_, at)) = self.clocks.iter().find(|&&(of, _)| of == version) {
            return at;
        }
        self.clocks.push((version, at));
        at
    }

    /// Scales a set down once its clock has run for `delay`. Says whether it did.
    pub fn scale_down_after(
        &mut self,
        pass: &mut Pass<'_>,
        version: VersionId,
        delay: SimDuration,
    ) -> bool {
        if pass.size(version).spec == 0 {
            return false;
        }
        let at = self.start_clock(version, pass.seen.now + delay);
        if at > pass.seen.now {
            pass.wake_at(at);
            return false;
        }
        self.clocks.retain(|&(of, _)| of != version);
        pass.scale(version, 0, 0)
    }

    /// Scales down, each after its delay, the sets of all versions but these and those that
    /// still get traffic.
    pub fn scale_down_others(
        &mut self,
        pass: &mut Pass<'_>,
        than: [VersionId; 2],
        delay: SimDuration,
    ) -> bool {
        let idle = |version: &VersionId| !pass.seen.routing.names(*version);
        let others: Vec<VersionId> =
            pass.others(than).map(|set| set.version).filter(idle).collect();
        let mut scaled = false;
        for version in others {
            scaled |= self.scale_down_after(pass, version, delay);
        }
        scaled
    }

    /// Scales the new set down after an abort; its clock starts when the stable set is full.
    pub fn scale_down_aborted(&mut self, pass: &mut Pass<'_>) {
        let Observation { stable, target, replicas, .. } = *pass.seen;
        if pass.size(stable).available >= replicas {
            self.scale_down_after(pass, target, ABORT_SCALE_DOWN_DELAY);
        }
    }

    /// Sends all traffic back to the stable version: at once while its set was kept, else when
    /// it is full again.
    pub fn route_back(&mut self, pass: &mut Pass<'_>) {
        let Observation { stable, replicas, .. } = *pass.seen;
        let size = pass.size(stable);
        self.restoring = (self.restoring || size.spec == 0) && !size.is_saturated(replicas);
        if !self.restoring {
            pass.route(Routing::Only(stable));
        }
    }

    /// Reports a rollback once the stable version has its pods and all the traffic.
    pub fn finish_rollback(&mut self, pass: &mut Pass<'_>) {
        let Observation { stable, replicas, routing, .. } = *pass.seen;
        let has_all_traffic = match routing {
            Routing::Only(version) => version == stable,
            Routing::All => pass.is_alone(stable),
            Routing::Split { .. } | Routing::Routes { .. } => false,
        };
        if has_all_traffic && pass.size(stable).is_saturated(replicas) {
            let nothing_deployed = self.idle;
            pass.finish(if nothing_deployed {
                RolloutOutcome::Completed
            } else {
                RolloutOutcome::RolledBack
            });
        }
    }

    /// Reports once more that the version that took over has its pods: it may have been
    /// resized.
    pub fn finish_again(&self, pass: &mut Pass<'_>) {
        if pass.size(pass.seen.target).is_saturated(pass.seen.replicas) {
            pass.finish(RolloutOutcome::Completed);
        }
    }

    /// Another deadline on progress, in mid-rollout.
    pub fn set_deadline(&mut self, deadline: Option<SimDuration>) {
        self.progress.set_deadline(deadline);
    }
}
