//! What probes and health checks hear from an instance.
//!
//! A check with a thread of its own is answered at once. One that needs a worker waits for it as
//! a request would, so that an overload slows checks down until they time out; a full queue
//! refuses it. It does not take the worker's time itself.

use crate::engine::SimDuration;
use crate::model::instance::Condition;
use crate::model::request::{Request, Stage};
use crate::plan::Discipline;
use crate::platform::{Measured, PodId, ProbeAnswer, Workload};

use super::world::World;

impl Workload for World {
    fn probe(&self, pod: PodId, shares_workers: bool) -> ProbeAnswer {
        let instance = &self.instances[pod.0 as usize];
        match instance.condition {
            Condition::Serving if self.fails_checks(pod.0) => ProbeAnswer::Failure,
            Condition::Serving if shares_workers => {
                let inside = instance.busy.saturating_add(instance.waiting);
                let room = instance.workers.saturating_add(instance.queue_limit);
                if inside >= room {
                    ProbeAnswer::Failure
                } else {
                    ProbeAnswer::Success(self.wait_for_a_worker(pod.0))
                }
            }
            Condition::Serving => ProbeAnswer::Success(SimDuration::ZERO),
            Condition::Hung => ProbeAnswer::Silence,
            Condition::NotListening
            | Condition::Draining
            | Condition::Ended
            | Condition::Crashed => ProbeAnswer::Failure,
        }
    }

    fn usage(&self, pod: PodId) -> Option<(f64, Measured)> {
        self.usages.as_ref()?.of(pod.0)
    }
}

impl World {
    /// Whether an instance that serves tells probes that it does not.
    fn fails_checks(&self, number: u32) -> bool {
        let traits = &self.traits[number as usize];
        let age = self.now.since(self.instances[number as usize].listening_since);
        traits.lame_duck || traits.checks_fail_after.is_some_and(|after| age >= after)
    }

    /// How long a check waits for a worker, as a request would: the work ahead of it, evenly
    /// spread over the workers. Of what is in service half is taken to be done.
    fn wait_for_a_worker(&self, number: u32) -> SimDuration {
        let instance = &self.instances[number as usize];
        if self.discipline == Discipline::Ps || instance.busy < instance.workers {
            return SimDuration::ZERO;
        }
        let slower = 1.0 + self.traits[number as usize].extra;
        let slowdown = &self.behaviours[usize::from(instance.version)].slowdown;
        let ahead = |request: &Request| {
            let share = match request.stage {
                Stage::Queued => 1.0,
                Stage::InService => 0.5,
                _ => return 0.0,
            };
            share * slowdown[usize::from(request.class)] * request.demand as f64
        };
        let inside = self.requests.live().filter(|request| request.instance == number);
        let work: f64 = inside.map(ahead).sum();
        SimDuration((work * slower / f64::from(instance.workers)) as u64)
    }
}
