//! What a figure can be at all: ends of intervals beyond that are cut, which takes nothing from
//! them that could be true.
//!
//! Amounts are not negative, shares at most 1, users affected at most as many as there are. An
//! excess is not further below zero than what fails without a deployment: the upper end of that;
//! zero where no run of the control met any.

use crate::stats::{Interval, rare};

use super::metric::{Metric, Unit};
use super::result::{CONTROL_NAME, Group, Row, StudyResult};
use super::summarise::smallest_harm;

/// The least and the most a figure can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Possible {
    pub least: f64,
    pub most: f64,
}

impl Possible {
    /// Of a metric in a group.
    pub fn of(result: &StudyResult, group: &Group, metric: &Metric, level: f64) -> Self {
        let least = match metric.name {
            "excess_failed" => least_excess(result, metric, level, failed),
            "excess_failed_share" => {
                least_excess(result, metric, level, |row| row.value("failed_share"))
            }
            "extra_instance_s" => f64::NEG_INFINITY,
            _ => 0.0,
        };
        let most = match (metric.unit, metric.name) {
            (_, "users_affected" | "users_active") => users(result, group),
            // More than the whole budget can be burnt, and stopping pods work without being ready.
            (_, "error_budget_burnt" | "utilisation") => f64::INFINITY,
            (Unit::Share, _) => 1.0,
            _ => f64::INFINITY,
        };
        Self { least, most }
    }

    /// The possible part of an interval around a mean.
    pub fn cut(self, mean: f64, (low, high): Interval) -> Interval {
        (low.max(self.least).min(mean), high.min(self.most).max(mean))
    }

    /// The possible part of the interval of a difference of two such figures.
    pub fn cut_difference(self, (low, high): Interval) -> Interval {
        let reach = self.most - self.least.max(0.0);
        if reach.is_finite() { (low.max(-reach), high.min(reach)) } else { (low, high) }
    }
}

/// How many users a group's requests come from.
pub(super) fn users(result: &StudyResult, group: &Group) -> f64 {
    let arm = result.study.arms.iter().find(|arm| arm.name == group.strategy);
    let plan = arm.and_then(|arm| arm.plan.as_deref()).unwrap_or(&result.study.plan);
    plan.client.users.as_ref().map_or(f64::INFINITY, |users| f64::from(users.count))
}

/// Failed requests of a run.
fn failed(row: &Row) -> Option<f64> {
    let columns = super::summary::Harm::FailedRequests.columns();
    columns.iter().map(|name| row.value(name)).sum()
}

/// The least that an excess over the control can be.
pub(super) fn least_excess(
    result: &StudyResult,
    metric: &Metric,
    level: f64,
    value: impl Fn(&Row) -> Option<f64>,
) -> f64 {
    let control = result.groups.iter().find(|group| group.strategy == CONTROL_NAME);
    let Some(control) = control else { return 0.0 };
    let values: Vec<f64> = control.rows.iter().filter_map(value).collect();
    if values.iter().all(|value| *value == 0.0) {
        return 0.0;
    }
    let smallest = smallest_harm(metric, control).unwrap_or(1.0);
    rare::mean(&values, smallest, level).map_or(f64::NEG_INFINITY, |(_, high)| -high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::{MadeUp, study};
    use crate::experiment::{METRICS, Silent, index_of, run_study, summarise};
    use crate::plan::{Pick, Users};

    fn made_up() -> StudyResult {
        run_study(&study(), &MadeUp, Some(2), &Silent)
    }

    fn set(result: &mut StudyResult, strategy: &str, metric: &str, values: [f64; 8]) {
        let place = index_of(metric).unwrap();
        let group = result.groups.iter_mut().find(|group| group.strategy == strategy).unwrap();
        for (row, value) in group.rows.iter_mut().zip(values) {
            row.values[place] = Some(value);
        }
    }

    fn place(result: &StudyResult, strategy: &str) -> usize {
        result.groups.iter().position(|group| group.strategy == strategy).unwrap()
    }

    #[test]
    fn no_more_users_are_affected_than_there_are() {
        let mut result = made_up();
        result.study.plan.client.users = Some(Users { count: 3_000, pick: Pick::Uniform });
        let all = [3000.0, 3000.0, 3000.0, 2999.0, 3000.0, 2960.0, 3000.0, 3000.0];
        set(&mut result, "rolling", "users_affected", all);
        set(&mut result, "recreate", "users_affected", [0.0; 8]);
        let summary = summarise(&result);
        let line = summary.line(place(&result, "rolling"), "users_affected").unwrap();
        assert!(line.interval.unwrap().1 <= 3000.0, "{line:?}");
        assert!(line.difference.unwrap().interval.1 <= 3000.0, "{line:?}");
    }

    #[test]
    fn an_excess_over_nothing_is_not_negative() {
        let mut result = made_up();
        for column in crate::experiment::Harm::FailedRequests.columns() {
            set(&mut result, CONTROL_NAME, column, [0.0; 8]);
        }
        set(&mut result, "rolling", "excess_failed", [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let low = |result: &StudyResult| {
            let summary = summarise(result);
            summary.line(place(result, "rolling"), "excess_failed").unwrap().interval.unwrap().0
        };
        assert_eq!(low(&result), 0.0);
        // A control that fails leaves room below.
        set(&mut result, CONTROL_NAME, "timeout", [5.0; 8]);
        assert!(low(&result) < 0.0);
    }

    #[test]
    fn an_error_budget_can_be_burnt_more_than_once() {
        let result = made_up();
        let metric = &METRICS[index_of("error_budget_burnt").unwrap()];
        let possible = Possible::of(&result, &result.groups[0], metric, 0.95);
        assert_eq!(possible.cut(4.0, (3.0, 5.0)), (3.0, 5.0));
    }
}
