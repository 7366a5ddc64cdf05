//! A timeline thinned to what a sheet can show: mean runs, at most a few hundred steps.

use crate::experiment::Group;
use crate::record::{Bucket, CoarseHistogram};

/// More steps than this cannot be told apart on a sheet.
pub const STEPS: usize = 400;

/// One step of the window.
pub struct Step {
    /// Start, in seconds from the window's start.
    pub from: f64,
    /// End.
    pub to: f64,
    /// Requests sent a second.
    pub sent: f64,
    /// By outcome, a second.
    pub outcomes: [f64; 7],
    /// Milliseconds.
    pub p50: Option<f64>,
    /// Milliseconds.
    pub p99: Option<f64>,
    /// Mean of the buckets' ends.
    pub routable: f64,
    /// Mean of the buckets' ends.
    pub instances: f64,
    /// The candidate's share of the traffic, 0 to 1.
    pub weight: f64,
}

/// At most so many steps of a group's mean run. The last bucket may be shorter than the
/// others.
pub fn steps(group: &Group, window_s: f64, most: usize) -> Vec<Step> {
    let timeline = &group.timeline;
    let width = timeline.width.as_secs_f64();
    let together = timeline.buckets.len().div_ceil(most).max(1);
    let runs = timeline.runs.max(1) as f64;
    timeline
        .buckets
        .chunks(together)
        .enumerate()
        .map(|(index, buckets)| {
            let from = (index * together) as f64 * width;
            let to = (from + buckets.len() as f64 * width).min(window_s).max(from + 1e-9);
            step(buckets, (from, to), runs)
        })
        .collect()
}

fn step(buckets: &[Bucket], (from, to): (f64, f64), runs: f64) -> Step {
    let seconds = (to - from) * runs;
    let count = buckets.len() as f64 * runs;
    let mut latency = CoarseHistogram::default();
    let mut outcomes = [0.0; 7];
    let (mut sent, mut routable, mut instances, mut weight) = (0, 0, 0, 0);
    for bucket in buckets {
        latency.merge(&bucket.ok);
        for (sum, count) in outcomes.iter_mut().zip(bucket.outcomes) {
            *sum += count as f64 / seconds;
        }
        sent += bucket.sent;
        routable += bucket.routable;
        instances += bucket.instances;
        weight += bucket.weight_candidate_bp;
    }
    let quantile = |q| latency.quantile(q).map(|value| value as f64 / 1e6);
    Step {
        from,
        to,
        sent: sent as f64 / seconds,
        outcomes,
        p50: quantile(0.5),
        p99: quantile(0.99),
        routable: routable as f64 / count,
        instances: instances as f64 / count,
        weight: weight as f64 / count / 10_000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn thinning_keeps_rates() {
        let mut group = fixture::result().groups.swap_remove(3);
        let whole = steps(&group, 900.0, STEPS);
        let one = group.timeline.buckets[0].clone();
        group.timeline.buckets = vec![one; 1000];
        let thinned = steps(&group, 5000.0, STEPS);
        assert_eq!(thinned.len(), 334);
        assert!((thinned[0].sent - whole[0].sent).abs() < 1e-9);
        assert_eq!(thinned.last().unwrap().to, 5000.0);
        assert!((thinned[0].routable - 12.0).abs() < 1e-9);
    }
}
