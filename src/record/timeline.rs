//! What happened when: counts by intended send time in equal buckets of the window.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::coarse::CoarseHistogram;
use crate::engine::SimDuration;

/// The window in equal buckets that meet at the deployment, so that none holds what came before it
/// and what came after (the first one and the last one may be shorter). They are most of what a
/// run leaves, and shared: a record that is kept beside a study's sums costs no second copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Width of a bucket.
    pub width: SimDuration,
    /// What the first bucket lacks of that width.
    #[serde(default)]
    pub lacks: SimDuration,
    /// From the window's start on.
    pub buckets: Arc<[Bucket]>,
    /// How many runs are added up in here.
    pub runs: u64,
}

/// One bucket, summed over the runs of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Requests whose intended send time lies in the bucket.
    pub sent: u64,
    /// What became of them, by `Outcome as usize`.
    pub outcomes: [u64; 7],
    /// Answers older than what had already been written.
    pub stale_reads: u64,
    /// Requests that forced their user to log in again.
    pub forced_logins: u64,
    /// Look-ups in caches at times in the bucket.
    #[serde(default)]
    pub cache_lookups: u64,
    /// Look-ups that found something.
    #[serde(default)]
    pub cache_hits: u64,
    /// Calls that stores began to serve at times in the bucket.
    #[serde(default)]
    pub store_calls: u64,
    /// Requests that began, at times in the bucket, on an instance that was not warm yet.
    #[serde(default)]
    pub cold: u64,
    /// At the bucket's end: open streams.
    #[serde(default)]
    pub streams: u64,
    /// Of these, those on versions other than the stable one.
    #[serde(default)]
    pub streams_candidate: u64,
    /// Latency in nanoseconds of the ok ones.
    pub ok: CoarseHistogram,
    /// At the bucket's end: instances that at least one balancer node may use.
    pub routable: u64,
    /// At the bucket's end: pods that exist, terminating ones included.
    pub instances: u64,
    /// At the bucket's end: the candidate's configured share of the traffic in basis points.
    /// Without a router: its share of the routable instances.
    pub weight_candidate_bp: u64,
    /// At the bucket's end: requests that were sent and have not ended, warm-up ones included.
    pub in_system: u64,
    /// At the bucket's end: users with a cookie for the instance that most have (without
    /// cookies: open streams in the instance that has most), as a multiple of the mean over the
    /// serving instances, in thousandths.
    #[serde(default)]
    pub hottest_permille: u64,
}

impl Timeline {
    /// Adds a run's timeline that nobody needs any more: the first is taken over as it is.
    ///
    /// # Panics
    /// If the widths or lengths differ.
    pub fn add(&mut self, other: Self) {
        if self.runs == 0 {
            *self = other;
        } else {
            self.merge(&other);
        }
    }

    /// Where a bucket begins, from the window's start.
    #[must_use]
    pub fn start_of(&self, bucket: usize) -> SimDuration {
        SimDuration((self.width.0 * bucket as u64).saturating_sub(self.lacks.0))
    }

    /// Adds another run's timeline.
    ///
    /// # Panics
    /// If the widths or lengths differ.
    pub fn merge(&mut self, other: &Self) {
        if self.runs == 0 {
            self.clone_from(other);
            return;
        }
        assert_eq!(
            (self.width, self.lacks, self.buckets.len()),
            (other.width, other.lacks, other.buckets.len()),
            "timelines of one study have equal buckets"
        );
        for (mine, theirs) in Arc::make_mut(&mut self.buckets).iter_mut().zip(&*other.buckets) {
            mine.merge(theirs);
        }
        self.runs += other.runs;
    }
}

impl Bucket {
    fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        self.stale_reads += other.stale_reads;
        self.forced_logins += other.forced_logins;
        self.cache_lookups += other.cache_lookups;
        self.cache_hits += other.cache_hits;
        self.store_calls += other.store_calls;
        self.ok.merge(&other.ok);
        self.routable += other.routable;
        self.instances += other.instances;
        self.weight_candidate_bp += other.weight_candidate_bp;
        self.in_system += other.in_system;
        self.cold += other.cold;
        self.streams += other.streams;
        self.streams_candidate += other.streams_candidate;
        self.hottest_permille += other.hottest_permille;
    }

    /// Requests that ended, but not ok.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.outcomes[1..].iter().sum()
    }
}

/// A count in equal steps of the window, at a resolution of its own: at most 3,600 steps, so
/// that it does not depend on the buckets a command prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Width of a step.
    pub width: SimDuration,
    /// From the window's start on.
    pub counts: Vec<u32>,
}
