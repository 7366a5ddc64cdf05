//! What size of a difference matters, and what an interval says about it.
//!
//! A difference matters if it is more than 5 % of the baseline's mean, and more than a floor
//! below which nobody would act whatever the ratio:
//!
//! | unit | floor |
//! | --- | --- |
//! | requests of some outcome | 1 in 10,000 requests, and at least one |
//! | users, sessions | 1 |
//! | pods | half a pod, so that a whole one counts |
//! | shares of requests | 0.01 % |
//! | utilisation | 1 point |
//! | latency | 1 ms |
//! | times of the rollout | 1 s |
//! | instance time, cost | none |
//!
//! The threshold is told beside every verdict. Verdicts come from intervals, never from a
//! point estimate: "no relevant difference" needs as much evidence as "better".

use crate::stats::Interval;

use super::metric::{Metric, Unit};
use super::summary::Verdict;

/// The share of the baseline's mean that a difference must exceed to matter.
pub const RELATIVE: f64 = 0.05;

/// The size up to which a difference does not matter.
#[must_use]
pub fn threshold(metric: &Metric, baseline_mean: f64, baseline_requests: f64) -> f64 {
    floor(metric, baseline_requests).max(RELATIVE * baseline_mean.abs())
}

/// The size below which nobody would act, whatever the mean.
#[must_use]
pub fn floor(metric: &Metric, requests: f64) -> f64 {
    match (metric.unit, metric.name) {
        (Unit::Count, "min_available" | "min_routable" | "max_pods") => 0.5,
        (Unit::Count, "users_active" | "users_affected" | "sessions_lost") => 1.0,
        (Unit::Count, _) => requests_floor(requests),
        (Unit::Share, "utilisation") => 0.01,
        (Unit::Share, _) => 1e-4,
        (Unit::Milliseconds, _) => 1.0,
        (Unit::Seconds, "instance_s" | "extra_instance_s") | (Unit::Money, _) => 0.0,
        (Unit::Seconds, _) => 1.0,
    }
}

/// One in ten thousand requests, and at least one.
#[must_use]
pub fn requests_floor(requests: f64) -> f64 {
    (requests * 1e-4).max(1.0)
}

/// What the interval of a difference says.
#[must_use]
pub fn verdict(interval: Interval, threshold: f64, less_is_better: Option<bool>) -> Verdict {
    let (low, high) = interval;
    let (below, above) = (high < -threshold, low > threshold);
    match (below, above, less_is_better) {
        (false, false, _) if low >= -threshold && high <= threshold => {
            Verdict::NoRelevantDifference
        }
        (false, false, _) => Verdict::Inconclusive,
        (_, _, None) => Verdict::Different,
        (_, _, Some(less)) if below == less => Verdict::Better,
        _ => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{METRICS, index_of};

    fn metric(name: &str) -> &'static Metric {
        &METRICS[index_of(name).unwrap()]
    }

    #[test]
    fn verdicts_need_the_whole_interval_beyond_or_within_the_threshold() {
        for (interval, less, more) in [
            ((-9.0, -6.0), Verdict::Better, Verdict::Worse),
            ((6.0, 9.0), Verdict::Worse, Verdict::Better),
            ((-4.0, 4.0), Verdict::NoRelevantDifference, Verdict::NoRelevantDifference),
            ((0.0, 0.0), Verdict::NoRelevantDifference, Verdict::NoRelevantDifference),
            ((-9.0, -4.0), Verdict::Inconclusive, Verdict::Inconclusive),
            ((-9.0, 9.0), Verdict::Inconclusive, Verdict::Inconclusive),
        ] {
            assert_eq!(verdict(interval, 5.0, Some(true)), less, "{interval:?}");
            assert_eq!(verdict(interval, 5.0, Some(false)), more, "{interval:?}");
        }
        assert_eq!(verdict((6.0, 9.0), 5.0, None), Verdict::Different);
        assert_eq!(verdict((0.0, 0.0), 0.0, None), Verdict::NoRelevantDifference);
    }

    #[test]
    fn a_small_baseline_is_held_against_the_floor_and_a_large_one_against_its_share() {
        assert_eq!(threshold(metric("excess_failed"), 0.0, 600_000.0), 60.0);
        assert_eq!(threshold(metric("excess_failed"), 4_000.0, 600_000.0), 200.0);
        assert_eq!(threshold(metric("excess_failed"), 0.0, 100.0), 1.0);
        assert_eq!(threshold(metric("ok_p99_ms"), 4.0, 100.0), 1.0);
        assert_eq!(threshold(metric("ok_p99_ms"), 400.0, 100.0), 20.0);
        assert_eq!(threshold(metric("min_available"), 3.0, 100.0), 0.5);
        assert_eq!(threshold(metric("extra_instance_s"), -1_000.0, 100.0), 50.0);
    }
}
