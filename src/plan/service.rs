//! The service: how its instances serve, start and stop.

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// The service being deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Instances (pods) wanted.
    pub replicas: u32,
    /// Requests an instance serves at once; `None`: any number.
    pub workers: Option<u32>,
    /// Waiting room of an instance behind the workers; `None`: no bound. A request that finds
    /// it full is answered 503 at once.
    pub queue: Option<u32>,
    /// The order of service.
    pub discipline: Discipline,
    /// From creation to serving.
    pub startup: Startup,
    /// What the kubelet asks an instance.
    pub probes: Probes,
    /// From the decision to stop to the end.
    pub shutdown: Shutdown,
    /// Mean time between crashes of an instance's process; `None`: never.
    pub crash_mtbf: Option<SimDuration>,
    /// Parts of the fleet with traffic of their own weight, in the order of places. Together
    /// they are the fleet; none: all instances are alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<Wave>,
}

/// A part of the fleet: places one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wave {
    /// Its name.
    pub name: String,
    /// Places in it.
    pub instances: u32,
    /// Share of the traffic that goes there.
    pub traffic: f64,
}

impl Service {
    /// The wave of a place; a surge beyond the replicas begins anew at the first.
    #[must_use]
    pub fn wave_of(&self, place: u32) -> Option<usize> {
        let mut place = place % self.replicas.max(1);
        self.waves.iter().position(|wave| {
            let inside = place < wave.instances;
            place = place.saturating_sub(wave.instances);
            inside
        })
    }

    /// The balancer's weight of the instance in a place, relative to the others'.
    #[must_use]
    pub fn weight_of(&self, place: u32) -> u32 {
        let each = |wave: &Wave| wave.traffic / f64::from(wave.instances.max(1));
        let Some(wave) = self.wave_of(place) else { return 1 };
        let least = self.waves.iter().map(each).filter(|share| *share > 0.0).fold(1.0, f64::min);
        // A thousand for the least: weights are whole numbers.
        (each(&self.waves[wave]) / least * 1000.0 + 0.5) as u32
    }
}

/// How an instance shares its workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// First come, first served.
    Fcfs,
    /// Processor sharing: all requests inside progress at an equal rate.
    Ps,
}

/// Start-up delays. Drawn by (seed, version, ordinal of the pod in its version).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Startup {
    /// From creation to a node, in nanoseconds.
    pub schedule: Distribution,
    /// Image pull, for the first pod of a version on a node; later ones find the image there.
    pub pull: Distribution,
    /// Init containers.
    pub init: Distribution,
    /// From container start to listening.
    pub boot: Distribution,
    /// What becomes of connections to a process that does not listen yet.
    #[serde(default, skip_serializing_if = "UntilListening::is_refuse")]
    pub until_listening: UntilListening,
    /// Slower service of a young instance.
    pub warm: Option<Warmup>,
}

/// What becomes of a connection that reaches an instance before its process listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UntilListening {
    /// The port is closed: refused at once.
    #[default]
    Refuse,
    /// The port is bound early and nobody accepts yet: it waits in the instance's queue, and is
    /// served once the process is up.
    Hold,
    /// Nobody ever answers it, neither then nor later.
    Lose,
}

impl UntilListening {
    /// Whether it is the usual case.
    #[must_use]
    pub fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

/// A young instance serves slower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warmup {
    /// Service times are multiplied by this at first.
    pub penalty: f64,
    /// How the penalty goes away.
    pub from: WarmFrom,
}

/// How warm-up is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmFrom {
    /// Linearly to 1 over this long, from the moment the instance listens.
    Ready(SimDuration),
    /// Linearly to 1 over this long, from its first request.
    FirstRequest(SimDuration),
    /// All of it until this many requests have been served, then none.
    Requests(u32),
}

/// Kubernetes probes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    /// Holds the others back until it succeeds.
    pub startup: Option<Probe>,
    /// Whether a pod gets traffic.
    pub readiness: Readiness,
    /// Restarts a container that fails it.
    pub liveness: Option<Probe>,
}

/// What makes a pod ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// No probe: ready as soon as the container runs, listening or not.
    None,
    /// Ready at the instant the process listens: an ideal probe of no period.
    Listening,
    /// A probe.
    Probe(Probe),
}

/// A kubelet probe. Thresholds count results in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// No check before the container is this old.
    pub initial_delay: SimDuration,
    /// From check to check.
    pub period: SimDuration,
    /// Patience with a check.
    pub timeout: SimDuration,
    /// Successes that turn it good.
    pub success_threshold: u32,
    /// Failures that turn it bad.
    pub failure_threshold: u32,
    /// Whether the check needs a free worker or place in the queue, as requests do; if not,
    /// it has a thread of its own and only asks whether the process listens.
    pub shares_workers: bool,
}

/// How an instance stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shutdown {
    /// The preStop sleep: the process serves on, SIGTERM comes after it.
    pub pre_stop: SimDuration,
    /// What the process does at SIGTERM.
    pub on_sigterm: OnSigterm,
    /// The process serves on for this long after SIGTERM, then obeys it. By ordinal if a list.
    pub linger: Distribution,
    /// From the deletion to SIGKILL, the preStop sleep included.
    pub grace: SimDuration,
    /// Probes and health checks fail from the deletion on, while requests are still served.
    #[serde(default)]
    pub lame_duck: bool,
    /// What becomes of open streams when the process obeys SIGTERM by draining.
    #[serde(default, skip_serializing_if = "CloseStreams::is_wait")]
    pub close_streams: CloseStreams,
}

/// What a draining process does with its open streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseStreams {
    /// Waits until their clients end them; SIGKILL cuts the rest.
    #[default]
    Wait,
    /// Closes all of them at once.
    AtOnce,
    /// Closes them evenly, with jitter, over this long.
    Over(SimDuration),
}

impl CloseStreams {
    /// Whether it is the usual case.
    #[must_use]
    pub fn is_wait(&self) -> bool {
        *self == Self::Wait
    }
}

/// What a process does at SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSigterm {
    /// Closes its listener, finishes what is inside, exits.
    Drain,
    /// Exits at once; what is inside is cut.
    Abrupt,
    /// Nothing: serves on until SIGKILL.
    Ignore,
}
