//! The records of all replications of a case, added up.

use super::run::Scale;
use crate::engine::Histogram;
use crate::record::{Counters, Detail, Outcome, RunRecord};

/// Nanoseconds in a second.
const NANOSECONDS: f64 = 1e9;

/// Sums over replications.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    measured_s: f64,
    counters: Counters,
    /// Found the queue full.
    pub rejected: u64,
    /// Left the queue.
    pub gave_up: u64,
    ok: Histogram,
    wait_ns: u128,
    accepted: u64,
    waited: u64,
    busy_ns: u128,
    ready_worker_ns: u128,
    in_system_ns: u128,
    waits: Histogram,
    small: (u128, u128),
    large: (u128, u128),
    occupancy: Vec<u64>,
}

impl Tally {
    /// Adds up the records.
    #[must_use]
    pub fn new(records: &[RunRecord], scale: &Scale) -> Self {
        let mut tally = Self { measured_s: scale.measured_s(), ..Self::default() };
        for record in records {
            for cell in &record.cells {
                tally.counters.merge(&cell.counters);
                tally.ok.merge(&cell.ok);
            }
            tally.wait_ns += record.wait_ns;
            tally.accepted += record.accepted;
            tally.waited += record.waited;
            tally.busy_ns += record.busy_ns;
            tally.ready_worker_ns += record.ready_worker_ns;
            tally.in_system_ns += record.work.in_system_ns;
            if let Some(detail) = &record.detail {
                tally.add_detail(detail);
            }
        }
        tally.rejected = tally.counters.outcomes[Outcome::Overflow as usize];
        tally.gave_up = tally.counters.outcomes[Outcome::Timeout as usize];
        tally
    }

    fn add_detail(&mut self, detail: &Detail) {
        self.waits.merge(&detail.waits);
        for (mine, theirs) in [(&mut self.small, detail.small), (&mut self.large, detail.large)] {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
        self.occupancy.resize(detail.occupancy.len(), 0);
        for (mine, theirs) in self.occupancy.iter_mut().zip(&detail.occupancy) {
            *mine += theirs;
        }
    }

    /// A count as a share of all requests.
    #[must_use]
    pub fn share(&self, count: u64) -> Option<f64> {
        ratio(count as f64, self.counters.requests as f64)
    }

    /// Busy server-time as a share of all server-time.
    #[must_use]
    pub fn utilisation(&self) -> Option<f64> {
        ratio(self.busy_ns as f64, self.ready_worker_ns as f64)
    }

    /// Share that had to wait: of those served, or of all where requests give up.
    #[must_use]
    pub fn p_wait(&self, gives_up: bool) -> Option<f64> {
        // Who gave up had waited.
        let gave_up = if gives_up { self.gave_up } else { 0 };
        ratio((self.waited + gave_up) as f64, (self.accepted + gave_up) as f64)
    }

    /// Mean time in the queue of those served.
    #[must_use]
    pub fn mean_wait_s(&self) -> Option<f64> {
        ratio(self.wait_ns as f64 / NANOSECONDS, self.accepted as f64)
    }

    /// Mean response of completed requests.
    #[must_use]
    pub fn mean_response_s(&self) -> Option<f64> {
        self.ok.mean().map(|mean| mean / NANOSECONDS)
    }

    /// Quantile of the response of completed requests.
    #[must_use]
    pub fn response_quantile_s(&self, q: f64) -> Option<f64> {
        self.ok.quantile(q).map(|value| value as f64 / NANOSECONDS)
    }

    /// Quantile of the time in the queue of those served.
    #[must_use]
    pub fn wait_quantile_s(&self, q: f64) -> Option<f64> {
        self.waits.quantile(q).map(|value| value as f64 / NANOSECONDS)
    }

    /// Responses by sizes of the requests up to the median size, both added up.
    #[must_use]
    pub fn slowdown_of_small(&self) -> Option<f64> {
        ratio(self.small.0 as f64, self.small.1 as f64)
    }

    /// The same of the requests above the median size.
    #[must_use]
    pub fn slowdown_of_large(&self) -> Option<f64> {
        ratio(self.large.0 as f64, self.large.1 as f64)
    }

    /// Share of the samples of instances that held at least `level` requests.
    #[must_use]
    pub fn share_of_instances_with(&self, level: usize) -> Option<f64> {
        let all: u64 = self.occupancy.iter().sum();
        // The last entry holds everything from there on.
        let known = level < self.occupancy.len();
        let at_least: u64 = self.occupancy.iter().skip(level).sum();
        if known { ratio(at_least as f64, all as f64) } else { None }
    }

    /// Time average of the number of requests in the system.
    #[must_use]
    pub fn mean_in_system(&self) -> f64 {
        self.in_system_ns as f64 / NANOSECONDS / self.measured_s
    }

    /// Completed requests per second.
    #[must_use]
    pub fn throughput_per_s(&self) -> f64 {
        self.ok.len() as f64 / self.measured_s
    }
}

fn ratio(of: f64, to: f64) -> Option<f64> {
    (to > 0.0).then(|| of / to)
}
