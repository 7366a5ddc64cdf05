//! A timeline thinned to what a sheet can show: mean runs, at most a few hundred steps.

use crate::experiment::{Group, StudyResult};
use crate::plan::Clock;
use crate::record::{Bucket, CoarseHistogram};

use super::marks::marks;
use crate::report::csv::plan_of;
use crate::report::exemplar::Shown;

/// More steps than this cannot be told apart on a sheet.
pub const STEPS: usize = 240;

/// Failures below this share of the peak are not worth a wider sheet.
const NOTABLE: f64 = 0.05;
/// What is shown after the last thing of note, as a factor.
const ROOM: f64 = 1.3;
/// A window of which more than this would be shown is shown whole.
const MOST: f64 = 0.6;

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

/// About so many steps of a group's mean run at most, of which two meet at the deployment. The
/// first and the last one may be shorter than the others.
pub fn steps(group: &Group, clock: &Clock, most: usize) -> Vec<Step> {
    let timeline = &group.timeline;
    let together = timeline.buckets.len().div_ceil(most).max(1);
    let all = timeline.buckets.len();
    let before = (0..all).take_while(|&bucket| timeline.start_of(bucket) < clock.deploy_at).count();
    let (runs, window_s) = (timeline.runs.max(1) as f64, clock.window.as_secs_f64());
    let (head, rest) = timeline.buckets.split_at(before % together);
    let mut first = 0;
    let chunks = std::iter::once(head).filter(|head| !head.is_empty());
    chunks
        .chain(rest.chunks(together))
        .map(|buckets| {
            let from = timeline.start_of(first).as_secs_f64();
            first += buckets.len();
            let to = timeline.start_of(first).as_secs_f64().min(window_s).max(from + 1e-9);
            step(buckets, (from, to), runs)
        })
        .collect()
}

/// How much of the window is worth showing, in seconds from its start: all of it, unless
/// nothing of note happens in most of it.
pub fn focus(result: &StudyResult, group: &Group, typical: Option<&Shown>) -> f64 {
    let clock = &plan_of(result, &group.strategy).clock;
    let window = clock.window.as_secs_f64();
    let marks = marks(result, group, typical.map(|typical| &typical.record));
    let last_mark = marks.iter().map(|mark| mark.at).fold(0.0, f64::max);
    let steps = steps(group, clock, STEPS);
    let failed = |step: &Step| step.outcomes[1..].iter().sum::<f64>();
    let peak = steps.iter().map(failed).fold(0.0, f64::max);
    let harmed = steps.iter().rev().find(|step| failed(step) > peak * NOTABLE);
    let last = harmed.map_or(0.0, |step| step.to).max(last_mark);
    if last > 0.0 && last * ROOM < window * MOST { last * ROOM } else { window }
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
    use crate::engine::SimDuration;
    use crate::report::fixture;

    #[test]
    fn a_long_quiet_rest_of_the_window_is_not_shown() {
        let mut result = fixture::result();
        let group = result.groups[3].clone();
        let shown = focus(&result, &group, None);
        assert!(shown > 200.0 && shown < 300.0, "{shown}");
        // Of a window that is hardly longer nothing is left out.
        result.study.plan.clock.window = SimDuration::from_secs(300);
        assert_eq!(focus(&result, &group, None), 300.0);
    }

    #[test]
    fn thinning_keeps_rates() {
        let mut result = fixture::result();
        let clock = &mut result.study.plan.clock;
        let group = &mut result.groups[3];
        let whole = steps(group, clock, STEPS);
        let one = group.timeline.buckets[0].clone();
        group.timeline.buckets = vec![one; 1000].into();
        clock.window = SimDuration::from_secs(5000);
        clock.deploy_at = SimDuration::from_secs(120);
        let thinned = steps(group, clock, STEPS);
        assert_eq!(thinned.len(), 201);
        assert!(thinned.iter().any(|step| step.from == 120.0), "one begins at the deployment");
        assert!((thinned[0].sent - whole[0].sent).abs() < 1e-9);
        assert_eq!(thinned.last().unwrap().to, 5000.0);
        assert!((thinned[0].routable - 12.0).abs() < 1e-9);
    }
}
