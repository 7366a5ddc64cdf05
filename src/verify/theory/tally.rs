//! The records of all replications of a case, added up.

use super::run::Scale;
use crate::engine::Histogram;
use crate::record::{Counters, Outcome, RunRecord};

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
}

impl Tally {
    /// Adds up the records.
    #[must_use]
    pub fn new(records: &[RunRecord], scale: &Scale) -> Self {
        let mut tally = Self { measured_s: scale.measured_s(), ..Self::default() };
        for record in records {
            tally.add_cells(record, |_| true);
            tally.wait_ns += record.wait_ns;
            tally.accepted += record.accepted;
            tally.waited += record.waited;
            tally.busy_ns += record.busy_ns;
            tally.ready_worker_ns += record.ready_worker_ns;
            tally.in_system_ns += record.work.in_system_ns;
        }
        tally
    }

    /// Adds up what is known of one class.
    #[must_use]
    pub fn of_class(records: &[RunRecord], scale: &Scale, class: u16) -> Self {
        let mut tally = Self { measured_s: scale.measured_s(), ..Self::default() };
        records.iter().for_each(|record| tally.add_cells(record, |of| of == class));
        tally
    }

    fn add_cells(&mut self, record: &RunRecord, wanted: impl Fn(u16) -> bool) {
        for cell in record.cells.iter().filter(|cell| wanted(cell.class)) {
            self.counters.merge(&cell.counters);
            self.ok.merge(&cell.ok);
        }
        self.rejected = self.counters.outcomes[Outcome::Overflow as usize];
        self.gave_up = self.counters.outcomes[Outcome::Timeout as usize];
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
