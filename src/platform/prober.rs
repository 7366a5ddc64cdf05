//! A kubelet prober worker: thresholds over results in a row, and the grid of its ticks
//! (`pkg/kubelet/prober/worker.go`).

use crate::engine::{SimDuration, SimTime};
use crate::plan::Probe;

/// What one probe has seen since its container started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prober {
    last: Option<bool>,
    run: u32,
}

impl Prober {
    /// Notes a result: `Some` once enough equal ones in a row make it count.
    pub(super) fn record(&mut self, success: bool, probe: &Probe) -> Option<bool> {
        self.run = if self.last == Some(success) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(success);
        let needed = if success { probe.success_threshold } else { probe.failure_threshold };
        (self.run >= needed).then_some(success)
    }
}

/// The first tick at or after `from` of a worker whose ticks are those of `start`, not before
/// `delay` has passed since then.
pub(super) fn tick_from(
    start: SimTime,
    from: SimTime,
    period: SimDuration,
    delay: SimDuration,
) -> SimTime {
    let period = period.0.max(1);
    if from < start {
        return SimTime(start.0 - start.since(from).0 / period * period);
    }
    let due = from.since(start).max(delay).0;
    start + SimDuration(due.div_ceil(period) * period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe() -> Probe {
        Probe {
            initial_delay: SimDuration::from_secs(5),
            period: SimDuration::from_secs(3),
            timeout: SimDuration::from_secs(1),
            success_threshold: 2,
            failure_threshold: 3,
            shares_workers: false,
        }
    }

    #[test]
    fn only_results_in_a_row_count() {
        let mut prober = Prober::default();
        let verdicts: Vec<Option<bool>> = [true, false, true, true, false, false, true, false]
            .into_iter()
            .map(|success| prober.record(success, &probe()))
            .collect();
        let mut expected = vec![None; 8];
        expected[3] = Some(true);
        assert_eq!(verdicts, expected);
        assert_eq!(prober.record(false, &probe()), None);
        assert_eq!(prober.record(false, &probe()), Some(false));
    }

    #[test]
    fn the_first_check_is_the_first_tick_after_the_initial_delay() {
        let start = SimTime(1_500_000_000);
        let (period, delay) = (SimDuration::from_secs(3), SimDuration::from_secs(5));
        assert_eq!(tick_from(start, start, period, delay), start + SimDuration::from_secs(6));
        let now = start + SimDuration::from_secs(7);
        assert_eq!(tick_from(start, now, period, delay), start + SimDuration::from_secs(9));
    }

    #[test]
    fn ticks_reach_back_before_the_instant_they_are_named_by() {
        let (start, period) = (SimTime(20_500_000_000), SimDuration::from_secs(3));
        let tick = tick_from(start, SimTime::ZERO, period, SimDuration::ZERO);
        assert_eq!(tick, SimTime(2_500_000_000));
    }
}
