//! The record of one run.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::outcome::{Cause, Outcome};
use super::timeline::{Series, Timeline};
use crate::engine::{Histogram, SimDuration, SimTime};
use crate::plan::VersionId;

/// Which run of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// Index into the study's arms; `None`: the no-deploy control.
    pub arm: Option<u16>,
    /// Index into the study's releases; `None` for the control.
    pub release: Option<u16>,
    /// The seed.
    pub seed: u64,
}

/// Everything one run leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Which run.
    pub key: RunKey,
    /// Counts by class and version: one cell for each class and each version, and for each
    /// class one without a version (no instance was ever reached). In the order class, then
    /// version, then none.
    pub cells: Vec<Cell>,
    /// Failed requests by how and why, in order; no zero counts.
    pub causes: Vec<CauseCount>,
    /// Latency in nanoseconds of the ok requests of each minute of the window (longer steps
    /// where the window is longer than four hours): the worst p99 in milliseconds.
    pub worst_minute_ok_p99_ns: Option<u64>,
    /// Time that accepted attempts spent in queues, and how many were accepted.
    pub wait_ns: u128,
    /// Attempts that an instance or a central queue accepted.
    pub accepted: u64,
    /// Accepted attempts that did not start at once.
    pub waited: u64,
    /// Busy worker-time in the window, abandoned work included.
    pub busy_ns: u128,
    /// Worker-time of ready instances in the window; 0 where workers are unlimited.
    pub ready_worker_ns: u128,
    /// Users.
    pub users: Users,
    /// How the rollout went.
    pub rollout: RolloutTimes,
    /// Streams that did not end by their clients' will.
    #[serde(default)]
    pub streams: StreamCounts,
    /// Pods and instance time.
    pub capacity: Capacity,
    /// Requests that failed or got wrong content, by the time of that, from the window's
    /// start: for onset and recovery.
    pub harm: Series,
    /// Counts by intended send time.
    pub timeline: Timeline,
    /// Requests of each of the plan's phases, by intended send time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseTally>,
    /// The log; empty unless it was asked for.
    pub events: Vec<Event>,
    /// How much work the run was.
    pub work: Work,
    /// Extra figures for verification, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// Extra figures that theory speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Time in queues of accepted attempts that began in the window, in nanoseconds.
    pub waits: Histogram,
    /// Demands up to this count as small.
    pub small_up_to: u64,
    /// Of small ok requests sent in the window: latency and demand added up, in nanoseconds.
    pub small: (u128, u128),
    /// Of the others.
    pub large: (u128, u128),
    /// How often an instance held this many requests when it was sampled (at the end of each
    /// timeline bucket); the last entry counts that many or more.
    pub occupancy: Vec<u64>,
    /// At the end: sessions in memory, by instance.
    #[serde(default)]
    pub sessions: Vec<u64>,
    /// Entries that made room in caches, and the look-ups since their last use added up.
    #[serde(default)]
    pub evictions: (u64, u64),
}

/// Requests sent in one phase of the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTally {
    /// Requests.
    pub requests: u64,
    /// By `Outcome as usize`.
    pub outcomes: [u64; 7],
    /// Failed ones by `Outcome as usize` and `Cause as usize`.
    pub causes: [[u64; Cause::ALL.len()]; 7],
    /// Latency in nanoseconds of the ok ones.
    pub ok: Histogram,
    /// Latency in nanoseconds of the others that ended.
    #[serde(default)]
    pub failed: Histogram,
    /// Answered reads.
    #[serde(default)]
    pub reads: u64,
    /// Stale ones of them.
    #[serde(default)]
    pub stale_reads: u64,
    /// Requests that forced a log-in, whatever their outcome.
    #[serde(default)]
    pub forced_logins: u64,
}

impl PhaseTally {
    /// Adds another run's.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        for (mine, theirs) in
            self.causes.as_flattened_mut().iter_mut().zip(other.causes.as_flattened())
        {
            *mine += theirs;
        }
        self.ok.merge(&other.ok);
        self.failed.merge(&other.failed);
        self.reads += other.reads;
        self.stale_reads += other.stale_reads;
        self.forced_logins += other.forced_logins;
    }
}

/// The requests of one class that one version answered, or that no version did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The class, by its place in the plan.
    pub class: u16,
    /// The version of the last attempt's instance.
    pub version: Option<VersionId>,
    /// Counts.
    pub counters: Counters,
    /// Latency in nanoseconds of the ok ones.
    pub ok: Histogram,
    /// Latency in nanoseconds of the others that ended.
    pub failed: Histogram,
}

/// Counts of requests sent in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests.
    pub requests: u64,
    /// Client attempts.
    pub attempts: u64,
    /// Balancer tries.
    pub tries: u64,
    /// By `Outcome as usize`.
    pub outcomes: [u64; 7],
    /// Unfinished at the window's end.
    pub in_flight: u64,
    /// Requests that read.
    pub reads: u64,
    /// Answers older than what had already been written.
    pub stale_reads: u64,
    /// Requests that forced their user to log in again.
    pub forced_logins: u64,
}

impl Counters {
    /// Requests that ended, but not ok.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.outcomes[1..].iter().sum()
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.attempts += other.attempts;
        self.tries += other.tries;
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        self.in_flight += other.in_flight;
        self.reads += other.reads;
        self.stale_reads += other.stale_reads;
        self.forced_logins += other.forced_logins;
    }

    /// Whether every request is accounted for.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.requests == self.outcomes.iter().sum::<u64>() + self.in_flight
    }
}

/// Failed requests of one outcome and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// How they ended.
    pub outcome: Outcome,
    /// Why.
    pub cause: Cause,
    /// How many.
    pub count: u64,
}

/// Users of the window. Zero where requests have no users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// Sent at least one request while harm lasted (in the whole window where there was none).
    pub active: u64,
    /// At least one request that ended not ok or wrong.
    pub affected: u64,
    /// Sessions that were lost or unreadable.
    pub sessions_lost: u64,
}

/// Streams that ended otherwise than their clients wanted, in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCounts {
    /// Closed by an instance that was draining, or for their age.
    pub closed: u64,
    /// Cut: their process or the way to it went.
    pub cut: u64,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutOutcome {
    /// Nothing was deployed.
    #[default]
    None,
    /// The new version has all pods and all traffic.
    Completed,
    /// The old version is back.
    RolledBack,
    /// It waits for a person, passed its progress deadline, or was given up half-way.
    Stalled,
    /// It was still going on at the window's end.
    Unfinished,
}

impl RolloutOutcome {
    /// Its name in `runs.csv`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Completed => "completed",
            Self::RolledBack => "rolled_back",
            Self::Stalled => "stalled",
            Self::Unfinished => "unfinished",
        }
    }
}

/// The rollout's instants on the run's clock; what did not happen is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutTimes {
    /// How it ended.
    pub outcome: RolloutOutcome,
    /// When it began.
    pub started: Option<SimTime>,
    /// When it was completed or rolled back.
    pub finished: Option<SimTime>,
    /// The first alert, failed verdict or progress deadline.
    pub detected: Option<SimTime>,
    /// When going back was decided.
    pub rollback_decided: Option<SimTime>,
    /// Requests of the window that the candidate answered last.
    pub candidate_requests: u64,
    /// Time in the window, up to the rollout's end, in which some balancer node could send
    /// requests to the candidate: how long users met a version that was still on trial.
    #[serde(default)]
    pub exposed: SimDuration,
}

/// Pods and instance time over the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Fewest available pods.
    pub min_available: u32,
    /// Fewest ready pods that are not being deleted.
    pub min_ready: u32,
    /// Fewest instances that a balancer node could use.
    pub min_routable: u32,
    /// Most pods, terminating ones included.
    pub max_pods: u32,
    /// Most pods that are not being deleted.
    pub max_active_pods: u32,
    /// Time of pods on nodes added up, in nanoseconds: neither those that wait for a place nor those
    /// that have failed.
    pub instance_ns: u128,
    /// Greatest shares of the instances that a balancer node could use, and of its traffic,
    /// that had what was deployed, in basis points.
    #[serde(default)]
    pub max_exposed_bp: (u64, u64),
}

/// How much work a run was. Not part of any result file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Requests sent, warm-up included.
    pub requests: u64,
    /// Events carried out.
    pub events: u64,
    /// Simulated time.
    pub simulated: SimDuration,
    /// Area under the number of requests in the system over the window, in ns.
    pub in_system_ns: u128,
}

impl Work {
    /// The work since an earlier state of this sum.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            events: self.events - earlier.events,
            simulated: SimDuration(self.simulated.0.saturating_sub(earlier.simulated.0)),
            in_system_ns: self.in_system_ns - earlier.in_system_ns,
        }
    }

    /// Adds another run's work.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.events += other.events;
        self.simulated = SimDuration(self.simulated.0.saturating_add(other.simulated.0));
        self.in_system_ns += other.in_system_ns;
    }
}
