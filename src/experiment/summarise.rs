//! From the rows of a study to its summary.

use crate::plan::Study;
use crate::stats::mean::{Moments, Paired};
use crate::stats::{LEVEL, best, correction, quantile, rare, sequential, share};

use super::metric::{METRICS, Metric, Unit, index_of};
use super::possible::{self, Possible};
use super::result::{CONTROL_NAME, Group, Row, StudyResult};
use super::summary::{
    BestLine, Difference, Harm, PerHundred, PooledLine, SeedsHit, Summary, SummaryLine,
};
use super::{pareto, relevance};

/// Metrics in which strategies are ranked, if they have values.
const RANKED: [&str; 8] = [
    "excess_failed_share",
    "failed_share",
    "users_affected",
    "ok_p99_ms",
    "worst_minute_ok_p99_ms",
    "deploy_s",
    "extra_instance_s",
    "cost",
];

/// Latency quantiles that are taken over the requests of all seeds too.
const POOLED: [(&str, f64); 5] = [
    ("ok_p50_ms", 0.5),
    ("ok_p90_ms", 0.9),
    ("ok_p95_ms", 0.95),
    ("ok_p99_ms", 0.99),
    ("ok_p999_ms", 0.999),
];

/// Puts a study of a number of seeds that was fixed before into figures.
#[must_use]
pub fn summarise(result: &StudyResult) -> Summary {
    summarise_look(result, 1)
}

/// Puts one of `looks` looks at a growing study into figures: every interval is as wide as it
/// must be for the looks to cover together, so that it covers wherever the study stops.
#[must_use]
pub fn summarise_look(result: &StudyResult, looks: usize) -> Summary {
    let others = result.study.arms.len().saturating_sub(1);
    let comparisons = others * result.study.releases.len();
    let levels = Levels::new(looks, comparisons);
    let mut summary = Summary { level: LEVEL, comparisons, looks, ..Summary::default() };
    for group in 0..result.groups.len() {
        let baseline = baseline_of(result, group);
        for metric in 0..METRICS.len() {
            let values = Column::of(&result.groups[group], metric);
            summary.lines.extend(line(result, group, metric, &values, baseline, levels));
        }
        summary.pooled.extend(pooled(&result.groups[group], group, levels));
    }
    summary.best = best_lines(result);
    summary.per_hundred = per_hundred(result, looks);
    summary.pareto = pareto::standings(result, levels.single);
    summary
}

/// The levels at which intervals are taken.
#[derive(Clone, Copy)]
struct Levels {
    /// Of one figure by itself.
    single: f64,
    /// Of a difference, one of several.
    compared: f64,
}

impl Levels {
    fn new(looks: usize, comparisons: usize) -> Self {
        let single = sequential::level_of_a_look(LEVEL, looks);
        Self { single, compared: correction::bonferroni(single, comparisons) }
    }
}

/// The group that a group is compared with: that of the baseline and the same release.
fn baseline_of(result: &StudyResult, group: usize) -> Option<&Group> {
    let this = &result.groups[group];
    let baseline = &result.study.arms.get(result.study.baseline)?.name;
    if this.strategy == CONTROL_NAME || this.strategy == *baseline {
        return None;
    }
    result.groups.iter().find(|g| g.strategy == *baseline && g.release == this.release)
}

/// A metric's values of a group, by row.
struct Column {
    by_row: Vec<Option<f64>>,
    present: Vec<f64>,
}

impl Column {
    fn of(group: &Group, metric: usize) -> Self {
        let by_row: Vec<Option<f64>> = group.rows.iter().map(|row| row.values[metric]).collect();
        let present = by_row.iter().copied().flatten().collect();
        Self { by_row, present }
    }
}

fn line(
    result: &StudyResult,
    group: usize,
    place: usize,
    values: &Column,
    baseline: Option<&Group>,
    levels: Levels,
) -> Option<SummaryLine> {
    let metric = &METRICS[place];
    let moments = Moments::of(&values.present)?;
    let mut sorted = values.present.clone();
    quantile::sort(&mut sorted);
    let at = |q| quantile::of_sorted(&sorted, q).unwrap_or(moments.mean);
    let rows = &result.groups[group].rows;
    let possible = Possible::of(result, &result.groups[group], metric, levels.single);
    let is_censored = |row: &&Row| row.values[place].is_some() && row.censored.is(metric.name);
    let difference = baseline.and_then(|baseline| {
        let other = Column::of(baseline, place).by_row;
        let requests = mean_requests(baseline);
        let found = paired_difference(place, &other, &values.by_row, requests, levels.compared)?;
        let timed = metric.name != "deploy_s" || result.groups[group].ended_like(baseline);
        let found = Difference { interval: possible.cut_difference(found.interval), ..found };
        Some(if timed { found } else { found.without_merit() })
    });
    let interval = match smallest_harm(metric, &result.groups[group]) {
        Some(smallest) => rare::mean(&values.present, smallest, levels.single),
        None => moments.interval(levels.single),
    };
    Some(SummaryLine {
        group,
        metric: place,
        seeds: moments.count as u64,
        censored: rows.iter().filter(is_censored).count() as u64,
        mean: moments.mean,
        interval: interval.map(|ends| possible.cut(moments.mean, ends)),
        quantiles: (at(0.05), at(0.5), at(0.95)),
        seeds_hit: seeds_hit(metric, &values.present, levels),
        difference,
    })
}

/// Whether a metric counts harm that may happen in a run or not.
fn counts_harm(metric: &Metric) -> bool {
    matches!(metric.unit, Unit::Count | Unit::Share)
        && metric.less_is_better == Some(true)
        && !matches!(metric.name, "attempts" | "max_pods")
}

/// The least harm that a run can do, in the metric's unit: one request, user, session.
pub(super) fn smallest_harm(metric: &Metric, group: &Group) -> Option<f64> {
    smallest(metric, mean_requests(group))
}

fn smallest(metric: &Metric, requests: f64) -> Option<f64> {
    counts_harm(metric).then_some(match metric.unit {
        Unit::Share if requests > 0.0 => 1.0 / requests,
        _ => 1.0,
    })
}

fn seeds_hit(metric: &Metric, values: &[f64], levels: Levels) -> Option<SeedsHit> {
    let is_harm = counts_harm(metric) && metric.unit == Unit::Count;
    let hits = values.iter().filter(|&&value| value > 0.0).count() as u64;
    let share = || share::exact(hits, values.len() as u64, levels.single);
    is_harm.then(|| SeedsHit { hits, share: share() })
}

pub(super) fn mean_requests(group: &Group) -> f64 {
    let requests: Vec<f64> = group.rows.iter().filter_map(|row| row.value("requests")).collect();
    Moments::of(&requests).map_or(0.0, |moments| moments.mean)
}

/// The values of the seeds that both have.
fn pairs(theirs: &[Option<f64>], ours: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    theirs.iter().zip(ours).filter_map(|(a, b)| Some(((*a)?, (*b)?))).unzip()
}

/// How the differences of a metric are weighed.
#[derive(Clone, Copy)]
struct Weighed<T> {
    /// The size up to which a difference does not matter, of the baseline's mean.
    threshold: T,
    /// See [`Metric::less_is_better`].
    less_is_better: Option<bool>,
    /// The least that can happen, of what may happen or not.
    smallest: Option<f64>,
}

/// The paired difference with its interval at `level` and what it says.
fn difference(
    baseline: &[f64],
    values: &[f64],
    weighed: Weighed<impl Fn(f64) -> f64>,
    level: f64,
) -> Option<Difference> {
    let paired = Paired::of(baseline, values)?;
    let interval = match weighed.smallest {
        Some(smallest) => rare::difference(&paired, baseline, values, smallest, level),
        None => paired.moments.interval(level),
    }?;
    let threshold = (weighed.threshold)(Moments::of(baseline)?.mean);
    Some(Difference {
        mean: paired.moments.mean,
        interval,
        threshold,
        verdict: relevance::verdict(interval, threshold, weighed.less_is_better),
        variance_removed: paired.variance_removed,
    })
}

/// The difference of a metric between two columns of rows, paired by place; `requests` is the
/// baseline's mean number of requests.
#[must_use]
pub fn paired_difference(
    metric: usize,
    baseline: &[Option<f64>],
    values: &[Option<f64>],
    requests: f64,
    level: f64,
) -> Option<Difference> {
    let metric = &METRICS[metric];
    let (theirs, ours) = pairs(baseline, values);
    let weighed = Weighed {
        threshold: |mean| relevance::threshold(metric, mean, requests),
        less_is_better: metric.less_is_better,
        smallest: smallest(metric, requests),
    };
    difference(&theirs, &ours, weighed, level)
}

fn pooled(group: &Group, index: usize, levels: Levels) -> Vec<PooledLine> {
    let mut ok = crate::engine::Histogram::new();
    group.cells.iter().for_each(|cell| ok.merge(&cell.ok));
    let lines = POOLED.iter().filter_map(|&(name, q)| {
        let metric = index_of(name)?;
        let value = ok.quantile(q)? as f64 / 1e6;
        let runs = Column::of(group, metric).present;
        let interval = quantile::sectioning(value, &runs, levels.single);
        let interval = interval.map(|(low, high)| (low.max(0.0), high));
        Some(PooledLine { group: index, metric, value, interval })
    });
    lines.collect()
}

/// The groups of a release, by arm.
fn groups_of_release<'a>(result: &'a StudyResult, release: &str) -> Option<Vec<&'a Group>> {
    let group = |name: &str| {
        result.groups.iter().find(|group| group.strategy == name && group.release == release)
    };
    result.study.arms.iter().map(|arm| group(&arm.name)).collect()
}

fn best_lines(result: &StudyResult) -> Vec<BestLine> {
    let Study { arms, releases, .. } = &result.study;
    let mut lines = Vec::new();
    if arms.len() < 2 || result.study.seeds < 2 {
        return lines;
    }
    for (place, release) in releases.iter().enumerate() {
        let Some(groups) = groups_of_release(result, &release.name) else { continue };
        for metric in RANKED.iter().filter_map(|name| index_of(name)) {
            let sign = if METRICS[metric].less_is_better == Some(false) { -1.0 } else { 1.0 };
            let columns = groups.iter().map(|group| {
                let values = group.rows.iter().map(|row| row.values[metric].map(|v| v * sign));
                values.collect::<Option<Vec<f64>>>()
            });
            let columns: Option<Vec<Vec<f64>>> = columns.collect();
            let chances = columns.and_then(|columns| best::chance_of_smallest_mean(&columns));
            lines.extend(chances.map(|chances| BestLine { release: place, metric, chances }));
        }
    }
    lines
}

/// Harm of a row, above the control's of the same seed.
fn harm_of(row: &Row, control: Option<&Row>, harm: Harm) -> Option<f64> {
    let sum = |row: &Row| harm.columns().iter().map(|name| row.value(name)).sum::<Option<f64>>();
    Some(sum(row)? - control.map_or(Some(0.0), sum)?)
}

/// Harm of a hundred deployments by seed: each release with its share.
fn per_hundred_by_seed(result: &StudyResult, arm: usize, harm: Harm) -> Option<Vec<f64>> {
    let control = result.groups.iter().find(|group| group.strategy == CONTROL_NAME);
    let mut sums = vec![0.0; usize::try_from(result.study.seeds).ok()?];
    for release in &result.study.releases {
        let group = groups_of_release(result, &release.name)?[arm];
        for (place, row) in group.rows.iter().enumerate() {
            let without = control.map(|control| &control.rows[place]);
            sums[place] += 100.0 * release.share * harm_of(row, without, harm)?;
        }
    }
    Some(sums)
}

fn per_hundred(result: &StudyResult, looks: usize) -> Vec<PerHundred> {
    let Study { arms, baseline, .. } = &result.study;
    let mut lines = Vec::new();
    // One comparison a strategy: releases are mixed before.
    let levels = Levels::new(looks, arms.len().saturating_sub(1));
    for harm in Harm::ALL {
        let by_arm: Option<Vec<Vec<f64>>> =
            (0..arms.len()).map(|arm| per_hundred_by_seed(result, arm, harm)).collect();
        let Some(by_arm) = by_arm else { continue };
        // Wrong answers and lost sessions are told where there are any.
        let expected = matches!(harm, Harm::FailedRequests | Harm::UsersAffected);
        if !expected && by_arm.iter().flatten().all(|value| *value == 0.0) {
            continue;
        }
        let floor = 100.0 * floor_of(result, harm);
        let least = Some(100.0);
        let threshold = |mean: f64| floor.max(relevance::RELATIVE * mean.abs());
        for (arm, values) in by_arm.iter().enumerate() {
            let Some(moments) = Moments::of(values) else { continue };
            let weighed = Weighed { threshold, less_is_better: Some(true), smallest: least };
            let difference = (arm != *baseline)
                .then(|| difference(&by_arm[*baseline], values, weighed, levels.compared))
                .flatten();
            let interval = least.and_then(|least| rare::mean(values, least, levels.single));
            let possible = possible_of_hundred(result, arm, harm);
            let interval = interval.map(|ends| possible.cut(moments.mean, ends));
            lines.push(PerHundred { arm, harm, mean: moments.mean, interval, difference });
        }
    }
    lines
}

/// What the harm of a hundred deployments can be.
fn possible_of_hundred(result: &StudyResult, arm: usize, harm: Harm) -> Possible {
    let control = result.groups.iter().find(|group| group.strategy == CONTROL_NAME);
    let quiet = control
        .is_none_or(|control| control.rows.iter().all(|row| harm_of(row, None, harm) == Some(0.0)));
    let name = &result.study.arms[arm].name;
    let group = result.groups.iter().find(|group| group.strategy == *name);
    let most = match (harm, group) {
        (Harm::UsersAffected, Some(group)) => 100.0 * possible::users(result, group),
        _ => f64::INFINITY,
    };
    Possible { least: if quiet { 0.0 } else { f64::NEG_INFINITY }, most }
}

/// Harm of one deployment below which no difference matters.
fn floor_of(result: &StudyResult, harm: Harm) -> f64 {
    match harm {
        Harm::FailedRequests | Harm::WrongAnswers => {
            let requests = result.groups.first().map_or(0.0, mean_requests);
            relevance::requests_floor(requests)
        }
        Harm::UsersAffected | Harm::SessionsLost => 1.0,
    }
}

#[cfg(test)]
mod tests;
