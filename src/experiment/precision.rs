//! Running seeds until a metric is known well enough: `--until-precision ok_p99_ms=5%`.
//!
//! A study is precise enough if, in every strategy and release, the half-width of the metric's
//! interval is at most the share asked for of its mean, or of what matters at all
//! ([`super::relevance`]): 5 % of no failure would be never. The intervals allow for the looks
//! ([`crate::stats::sequential`]), so they hold wherever the study stops.

use crate::stats::sequential;

use super::metric::{METRICS, index_of};
use super::relevance;
use super::result::{CONTROL_NAME, StudyResult};
use super::summarise::mean_requests;
use super::summary::Summary;

/// How precisely what is to be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Index into [`METRICS`].
    pub metric: usize,
    /// Half-width of the interval as a share of the mean.
    pub share: f64,
}

/// How precisely a metric is known of the strategy of which it is known least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// Half-width of the interval.
    pub half: f64,
    /// Half-width that was asked for.
    pub wanted: f64,
    /// The mean.
    pub mean: f64,
    /// Seeds behind it.
    pub seeds: u64,
}

impl Precision {
    /// Whether it is as precise as was asked for.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.half <= self.wanted
    }

    /// About how many seeds it takes, at the same level; `None` where that cannot be told.
    #[must_use]
    pub fn seeds_needed(&self) -> Option<u64> {
        sequential::seeds_for(self.seeds, self.half, self.wanted)
    }
}

/// The metric that a study is first asked about: excess failed requests, or without a control
/// the share that failed.
#[must_use]
pub fn headline(control: bool) -> usize {
    index_of(if control { "excess_failed" } else { "failed_share" }).expect("a known metric")
}

/// The least precise strategy and release; `None` where no run has a value of the metric, or
/// there is one seed.
#[must_use]
pub fn assess(result: &StudyResult, summary: &Summary, target: Target) -> Option<Precision> {
    let metric = &METRICS[target.metric];
    let lines = summary.lines.iter().filter(|line| {
        line.metric == target.metric && result.groups[line.group].strategy != CONTROL_NAME
    });
    let mut worst: Option<Precision> = None;
    for line in lines {
        let (low, high) = line.interval?;
        let floor = relevance::floor(metric, mean_requests(&result.groups[line.group]));
        let this = Precision {
            group: line.group,
            half: (high - low) / 2.0,
            wanted: (target.share * line.mean.abs()).max(floor),
            mean: line.mean,
            seeds: line.seeds,
        };
        let ratio = |precision: &Precision| {
            if precision.is_enough() && precision.wanted == 0.0 {
                return 0.0;
            }
            precision.half / precision.wanted
        };
        if worst.as_ref().is_none_or(|worst| ratio(&this) > ratio(worst)) {
            worst = Some(this);
        }
    }
    worst
}

/// Whether a metric is known well enough everywhere.
#[must_use]
pub fn is_reached(result: &StudyResult, summary: &Summary, target: Target) -> bool {
    assess(result, summary, target).is_some_and(|precision| precision.is_enough())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::{MadeUp, study};
    use crate::experiment::{Silent, SummaryLine, run_study};

    #[test]
    fn the_widest_interval_decides_and_tells_how_many_seeds_would_do() {
        let result = run_study(&study(), &MadeUp, Some(1), &Silent);
        let metric = index_of("ok_p99_ms").unwrap();
        let line = |group, mean: f64, half: f64| SummaryLine {
            group,
            metric,
            seeds: 100,
            censored: 0,
            mean,
            interval: Some((mean - half, mean + half)),
            quantiles: (mean, mean, mean),
            seeds_hit: None,
            difference: None,
        };
        let lines = vec![line(1, 100.0, 4.0), line(2, 200.0, 20.0)];
        let summary = Summary { lines, ..Summary::default() };
        let precision = assess(&result, &summary, Target { metric, share: 0.05 }).unwrap();
        assert_eq!((precision.group, precision.wanted), (2, 10.0));
        assert!(!precision.is_enough());
        assert_eq!(precision.seeds_needed(), Some(400));
        // A millisecond is enough, whatever the mean.
        let lines = vec![line(1, 1.0, 0.9)];
        let summary = Summary { lines, ..Summary::default() };
        assert!(assess(&result, &summary, Target { metric, share: 0.05 }).unwrap().is_enough());
    }
}
