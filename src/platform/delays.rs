//! Start and stop delays of pods: drawn by (seed, version, ordinal), so that a pod takes as
//! long under every strategy.

use crate::engine::{Distribution, Key, Sampler, SimDuration};
use crate::plan::{Plan, VersionId, streams};

/// The samplers of one version.
struct Samplers {
    schedule: Sampler,
    pull: Sampler,
    init: Sampler,
    boot: Sampler,
    linger: Sampler,
}

/// Draws the delays of pods.
pub(super) struct Delays {
    root: Key,
    versions: Vec<Samplers>,
    crash: Option<Sampler>,
}

/// Which pod: its version, its ordinal, and how often its container has been restarted.
#[derive(Clone, Copy)]
pub(super) struct Who {
    pub(super) version: VersionId,
    pub(super) ordinal: u32,
    pub(super) restarts: u32,
}

impl Delays {
    pub(super) fn new(plan: &Plan, seed: u64) -> Self {
        let (startup, shutdown) = (&plan.service.startup, &plan.service.shutdown);
        let versions = plan
            .versions
            .iter()
            .map(|version| Samplers {
                schedule: Sampler::new(&startup.schedule),
                pull: Sampler::new(&startup.pull),
                init: Sampler::new(version.init.as_ref().unwrap_or(&startup.init)),
                boot: Sampler::new(version.boot.as_ref().unwrap_or(&startup.boot)),
                linger: Sampler::new(version.linger.as_ref().unwrap_or(&shutdown.linger)),
            })
            .collect();
        let crash = plan
            .service
            .crash_mtbf
            .map(|mean| Sampler::new(&Distribution::Exponential { mean: mean.0 as f64 }));
        Self { root: Key::of_seed(seed), versions, crash }
    }

    pub(super) fn schedule(&self, who: Who) -> SimDuration {
        self.draw(&self.of(who).schedule, streams::POD_SCHEDULE, who)
    }

    pub(super) fn pull(&self, who: Who) -> SimDuration {
        self.draw(&self.of(who).pull, streams::POD_PULL, who)
    }

    pub(super) fn init(&self, who: Who) -> SimDuration {
        self.draw(&self.of(who).init, streams::POD_INIT, who)
    }

    pub(super) fn boot(&self, who: Who) -> SimDuration {
        self.draw(&self.of(who).boot, streams::POD_BOOT, who)
    }

    pub(super) fn linger(&self, who: Who) -> SimDuration {
        self.draw(&self.of(who).linger, streams::POD_LINGER, who)
    }

    /// From a process's start to its crash; `None`: it never crashes.
    pub(super) fn crash(&self, who: Who) -> Option<SimDuration> {
        self.crash.as_ref().map(|sampler| self.draw(sampler, streams::POD_CRASH, who))
    }

    /// A uniform number in [0, 1) for the phase of the probes of a pod that runs already.
    pub(super) fn probe_phase(&self, who: Who) -> f64 {
        self.key(streams::POD_PROBE_PHASE, who).unit(0)
    }

    /// What stands for the pod's random uid.
    pub(super) fn tie(&self, who: Who) -> u64 {
        self.key(streams::POD_TIE, who).draw(0)
    }

    fn of(&self, who: Who) -> &Samplers {
        &self.versions[usize::from(who.version.0)]
    }

    fn key(&self, purpose: u32, who: Who) -> Key {
        let pod = u64::from(who.version.0) << 32 | u64::from(who.ordinal);
        self.root.purpose(purpose).entity(pod).entity(u64::from(who.restarts))
    }

    fn draw(&self, sampler: &Sampler, purpose: u32, who: Who) -> SimDuration {
        sampler.draw_span(&mut self.key(purpose, who).counter(), u64::from(who.ordinal))
    }
}
