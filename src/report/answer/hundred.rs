//! Several releases: harm and cost of 100 deployments in the shares the scenario gives them.
//!
//! The mean is the shares' mix of the releases' means, which is exact. The interval is the
//! same mix of their intervals' ends: exact where releases move together from seed to seed,
//! and wider than needed where they do not; never narrower.

use crate::experiment::{StudyResult, Summary};

use super::grid::{Grid, Heading, Line, Section, words};
use super::{baseline, group_of};
use crate::report::figure::{Estimate, PricePerHour, Scale};
use crate::report::text::visible;

const DEPLOYMENTS: f64 = 100.0;

/// A mean with its interval.
pub type Mixed = (f64, Option<(f64, f64)>);

/// A metric of one strategy for one deployment, over the releases in their shares; `None` if a
/// release lacks it.
#[must_use]
pub fn mixed(
    result: &StudyResult,
    summary: &Summary,
    strategy: &str,
    metric: &str,
) -> Option<Mixed> {
    let (mut mean, mut low, mut high) = (0.0, 0.0, 0.0);
    let mut bounded = true;
    for release in &result.study.releases {
        let line = summary.line(group_of(result, strategy, &release.name)?, metric)?;
        mean += release.share * line.mean;
        if let Some(interval) = line.interval {
            low += release.share * interval.0;
            high += release.share * interval.1;
        } else {
            bounded = false;
        }
    }
    Some((mean, bounded.then_some((low, high))))
}

/// Whether a mean over the releases holds times that the window's end cut off: it is then a
/// lower bound.
#[must_use]
pub fn is_cut_off(result: &StudyResult, summary: &Summary, strategy: &str, metric: &str) -> bool {
    let releases = result.study.releases.iter();
    let mut groups = releases.filter_map(|release| group_of(result, strategy, &release.name));
    groups.any(|group| summary.line(group, metric).is_some_and(|line| line.censored > 0))
}

/// The table; `None` where there is one release.
pub fn table(result: &StudyResult, summary: &Summary) -> Option<Grid> {
    let study = &result.study;
    if study.releases.len() < 2 {
        return None;
    }
    let price = Scale::Price(PricePerHour::new(study.plan.instance_hour_cost));
    let currency = visible(&study.plan.currency);
    let mut columns = vec![
        ("excess_failed", "excess failed", "requests", Scale::Plain),
        ("users_affected", "users", "affected", Scale::Plain),
        ("sessions_lost", "sessions", "lost", Scale::Plain),
        ("stale_reads", "stale", "reads", Scale::Plain),
        ("extra_instance_s", "extra", "inst. min", Scale::Minutes),
        ("extra_instance_s", "extra cost", currency.as_str(), price),
    ];
    let priced = study.plan.instance_hour_cost > 0.0;
    columns.retain(|&(metric, .., scale)| {
        let shown = priced || !matches!(scale, Scale::Price(_));
        shown
            && study.arms.iter().any(|arm| {
                mixed(result, summary, &arm.name, metric).is_some_and(|(mean, _)| mean != 0.0)
            })
    });
    let mut headings = vec![Heading::words("strategy")];
    headings.extend(columns.iter().map(|&(_, name, unit, _)| Heading::number(name, unit)));
    let lines = study.arms.iter().map(|arm| {
        let star = if baseline(result) == Some(&arm.name) { " *" } else { "" };
        let mut cells = vec![words(format!("{}{star}", visible(&arm.name)))];
        for &(metric, _, _, scale) in &columns {
            let mixed = mixed(result, summary, &arm.name, metric);
            cells.push(mixed.map_or_else(Estimate::default, |(mean, interval)| {
                let interval = interval.map(|(low, high)| (low * DEPLOYMENTS, high * DEPLOYMENTS));
                Estimate::new(mean * DEPLOYMENTS, interval, scale)
            }));
        }
        Line { cells, aside: false }
    });
    let sections = vec![Section { title: String::new(), lines: lines.collect() }];
    (!columns.is_empty()).then_some(Grid { headings, sections })
}

/// The strategies by failed requests, fewest first; `None` with one strategy.
pub fn ranking(result: &StudyResult, summary: &Summary) -> Option<String> {
    let study = &result.study;
    let several = study.releases.len() > 1;
    let factor = if several { DEPLOYMENTS } else { 1.0 };
    let metric = "excess_failed";
    let mut ranked: Vec<(&str, Mixed)> = study
        .arms
        .iter()
        .filter_map(|arm| Some((arm.name.as_str(), mixed(result, summary, &arm.name, metric)?)))
        .collect();
    if ranked.len() < 2 {
        return None;
    }
    ranked.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let texts = ranked.iter().map(|(name, (mean, interval))| {
        let interval = interval.map(|(low, high)| (low * factor, high * factor));
        let estimate = Estimate::new(mean * factor, interval, Scale::Plain);
        format!("{} {}", visible(name), estimate.joined())
    });
    let unit = if several { "100 deployments" } else { "deployment" };
    Some(format!(
        "Excess failed requests per {unit}, fewest first: {}.",
        texts.collect::<Vec<_>>().join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_cost_is_told_where_there_is_a_price() {
        let mut result = fixture::result();
        let has_cost = |result: &StudyResult| {
            let grid = table(result, &fixture::summary(result)).expect("several releases");
            grid.headings.iter().any(|heading| heading.name == "extra cost")
        };
        assert!(has_cost(&result));
        result.study.plan.instance_hour_cost = 0.0;
        assert!(!has_cost(&result));
    }
}
