//! How sure the answer is: what pairing removed, what more seeds would buy, which strategy is
//! the best one and which are not worth a choice.

use crate::experiment::pareto::axes;
use crate::experiment::precision::{Precision, Target, assess, headline};
use crate::experiment::{METRICS, StudyResult, Summary};
use crate::report::figure::{percent, rounded, whole};
use crate::report::text::visible;

use super::counted;

/// Metrics whose pairing is told: the requests answered, which without pairing would have to
/// show the harm; the harm itself; latency.
const PAIRED: [(&str, &str); 4] = [
    ("ok", "answered requests"),
    ("excess_failed", "excess failed requests"),
    ("failed_share", "the share that failed"),
    ("ok_p99_ms", "ok p99"),
];

/// The level of precision that "what more seeds would buy" is told for if none was asked for.
const USUAL: f64 = 0.05;

/// With fewer seeds than this coverage is not what is stated for all data: see
/// `results/coverage`.
const FEW: u64 = 20;

/// How sure the sentences are.
pub fn certainty(result: &StudyResult, summary: &Summary) -> String {
    let seeds = result.study.seeds;
    let several = result.study.arms.len() > 1;
    if seeds < 2 {
        let nothing = "One seed shows an example, not a difference: run more.";
        return if several { nothing.to_owned() } else { String::new() };
    }
    let mut parts = Vec::new();
    if several {
        let together = match summary.comparisons {
            0 | 1 => String::new(),
            many => format!(", at once for all {many} comparisons"),
        };
        parts.push(format!(
            "Differences are paired by seed ({}) and hold at {} confidence{together}.",
            counted(seeds, "pair"),
            percent(summary.level)
        ));
        parts.extend(pairing(result, summary));
    }
    parts.extend(match summary.target {
        Some(target) => grown(result, summary, target),
        None => more_seeds(result, summary),
    });
    if seeds < FEW {
        parts.push(format!(
            "Below {FEW} seeds intervals of heavily skewed figures cover less often than they \
             say: as low as 91 % at 10 where 95 % are stated."
        ));
    }
    parts.join(" ")
}

/// How much of the variance of differences pairing removed, least to most over strategies.
fn pairing(result: &StudyResult, summary: &Summary) -> Option<String> {
    let told = PAIRED.iter().filter_map(|&(metric, name)| {
        if metric == "failed_share" && super::control(result).is_some() {
            return None;
        }
        let removed: Vec<f64> = (0..result.groups.len())
            .filter_map(|group| summary.line(group, metric)?.difference?.variance_removed)
            .collect();
        let least = removed.iter().copied().reduce(f64::min)?;
        let most = removed.iter().copied().fold(least, f64::max);
        let (low, high) = (percent(least.max(0.0)), percent(most.max(0.0)));
        let span = if low == high { low } else { format!("{low} to {high}") };
        Some(format!("{span} in {name}{}", as_many(least)))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty())
        .then(|| format!("Of the differences' variance pairing removed {}.", told.join(", ")))
}

/// What it would have taken otherwise, where that is worth words.
fn as_many(removed: f64) -> String {
    match 1.0 / (1.0 - removed) {
        times if times.is_finite() && times >= 1.95 => {
            let times = if times >= 9.5 { whole(times.round() as u64) } else { rounded(times) };
            format!(" (unpaired runs would have to be {times} times as many)")
        }
        _ => String::new(),
    }
}

/// `recreate's excess_failed (± 2.6 %)`, or in the metric's unit where the mean is small.
fn least_known(result: &StudyResult, target: Target, precision: &Precision) -> String {
    let group = &result.groups[precision.group];
    let release = if result.study.releases.len() > 1 {
        format!(" with release {}", visible(&group.release))
    } else {
        String::new()
    };
    let share = precision.half / precision.mean.abs();
    let known = if share.is_finite() && share < 1.0 {
        format!("± {}", percent(share))
    } else {
        format!("± {} around {}", rounded(precision.half), rounded(precision.mean))
    };
    format!("{} of {}{release} ({known})", METRICS[target.metric].name, visible(&group.strategy))
}

/// What more seeds would buy, of the headline metric.
fn more_seeds(result: &StudyResult, summary: &Summary) -> Option<String> {
    let target = Target { metric: headline(super::control(result).is_some()), share: USUAL };
    let precision = assess(result, summary, target)?;
    if precision.half == 0.0 {
        return None;
    }
    let known = least_known(result, target, &precision);
    let buys = match precision.seeds_needed() {
        Some(needed) if !precision.is_enough() => {
            format!("about {} would bring it to ± {}", seeds(needed), percent(USUAL))
        }
        _ => "four times as many seeds would halve it".to_owned(),
    };
    Some(format!("Least is known of {known}: {buys}."))
}

/// What became of a study that grew.
fn grown(result: &StudyResult, summary: &Summary, target: Target) -> Option<String> {
    let looks = format!(
        "Intervals allow for {} and hold wherever the study stops.",
        counted(summary.looks as u64, "look")
    );
    let wanted =
        format!("Asked for: {} to ± {}.", METRICS[target.metric].name, percent(target.share));
    let Some(precision) = assess(result, summary, target) else {
        return Some(format!("{wanted} No run has a value of it. {looks}"));
    };
    let known = least_known(result, target, &precision);
    let became = if precision.is_enough() {
        format!("Reached with {}; least is known of {known}.", seeds(result.study.seeds))
    } else {
        let needed = precision.seeds_needed().map_or_else(
            || "no number of seeds is known to do it".to_owned(),
            |needed| format!("it would take about {}", seeds(needed)),
        );
        format!(
            "Not reached at the ceiling of {}: least is known of {known}; {needed}.",
            seeds(result.study.seeds)
        )
    };
    Some(format!("{wanted} {became} {looks}"))
}

/// A number of seeds, rounded as an estimate deserves.
fn seeds(count: u64) -> String {
    let mut unit = 1;
    while count / unit >= 1_000 {
        unit *= 10;
    }
    counted(count.div_ceil(unit) * unit, "seed")
}

/// Which strategy is probably the best, and which are not worth a choice; a line a release.
pub fn choices(result: &StudyResult, summary: &Summary) -> Vec<String> {
    let study = &result.study;
    let mut lines = Vec::new();
    for (place, release) in study.releases.iter().enumerate() {
        let start = if study.releases.len() > 1 {
            format!("Release {}: ", visible(&release.name))
        } else {
            String::new()
        };
        lines.extend(best(result, summary, place).map(|text| format!("{start}{text}")));
        lines.extend(standings(result, summary, place).map(|text| format!("{start}{text}")));
    }
    lines
}

fn best(result: &StudyResult, summary: &Summary, release: usize) -> Option<String> {
    let headlines = [headline(true), headline(false)];
    let line = headlines.iter().find_map(|&metric| {
        summary.best.iter().find(|line| line.release == release && line.metric == metric)
    })?;
    let mut chances: Vec<(&str, f64)> =
        result.study.arms.iter().map(|arm| arm.name.as_str()).zip(line.chances.clone()).collect();
    chances.sort_by(|a, b| b.1.total_cmp(&a.1));
    let texts = chances.iter().map(|(name, chance)| {
        // A bootstrap of some thousand draws knows no more than this.
        let chance = if *chance < 0.005 { "< 1 %".to_owned() } else { percent(*chance) };
        format!("{} {chance}", visible(name))
    });
    let texts: Vec<String> = texts.collect();
    Some(format!("Chance to fail the fewest requests (equals share it): {}.", texts.join(", ")))
}

fn standings(result: &StudyResult, summary: &Summary, release: usize) -> Option<String> {
    let name = |arm: usize| visible(&result.study.arms[arm].name);
    let here = || summary.pareto.iter().filter(|standing| standing.release == release);
    here().next()?;
    let dominated: Vec<String> = here()
        .filter(|standing| !standing.dominated_by.is_empty())
        .map(|standing| {
            let by: Vec<String> = standing.dominated_by.iter().map(|arm| name(*arm)).collect();
            format!("{} is dominated by {}", name(standing.arm), by.join(", "))
        })
        .collect();
    let listed = |wanted: &dyn Fn(&&crate::experiment::Standing) -> bool| {
        here().filter(wanted).map(|standing| name(standing.arm)).collect::<Vec<_>>().join(", ")
    };
    let front = listed(&|standing| standing.on_front);
    let open = listed(&|standing| !standing.on_front && standing.dominated_by.is_empty());
    let mut parts = dominated;
    if !front.is_empty() {
        parts.push(format!("worth a choice: {front}"));
    }
    if !open.is_empty() {
        parts.push(format!("cannot be told at this number of seeds: {open}"));
    }
    let weighed: Vec<&str> = axes(result)
        .into_iter()
        .map(|metric| match METRICS[metric].name {
            "deploy_s" => "rollout time",
            "extra_instance_s" => "extra capacity",
            _ => "failed requests",
        })
        .collect();
    let untimed = if weighed.contains(&"rollout time") && !all_ended_alike(result, release) {
        " (rollout time only between rollouts that end alike)"
    } else {
        ""
    };
    let weighed = weighed.join(", ");
    Some(format!("Weighing {weighed} together{untimed}: {}.", parts.join("; ")))
}

/// Whether the rollout times of all strategies can be weighed.
fn all_ended_alike(result: &StudyResult, release: usize) -> bool {
    let release = &result.study.releases[release].name;
    let mut groups = result.groups.iter().filter(|group| group.release == *release);
    groups.next().is_none_or(|first| groups.all(|group| first.ended_like(group)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::summarise;
    use crate::report::fixture;

    #[test]
    fn what_more_seeds_would_buy_is_told_with_the_strategy_that_needs_them() {
        let result = fixture::one_release();
        let text = certainty(&result, &summarise(&result));
        assert!(text.contains("pairing removed"), "{text}");
        assert!(text.contains("Least is known of excess_failed of "), "{text}");
    }

    #[test]
    fn few_seeds_are_told() {
        let mut result = fixture::one_release();
        let told = |result: &StudyResult| certainty(result, &summarise(result));
        assert!(!told(&result).contains("Below 20 seeds"));
        result.study.seeds = 19;
        result.groups.iter_mut().for_each(|group| group.rows.truncate(19));
        assert!(told(&result).contains("Below 20 seeds"), "{}", told(&result));
    }

    #[test]
    fn a_study_that_grew_says_whether_it_got_there() {
        let result = fixture::one_release();
        let mut summary = summarise(&result);
        summary.looks = 5;
        summary.target = Some(Target { metric: headline(true), share: 0.000_01 });
        let text = certainty(&result, &summary);
        assert!(text.contains("Not reached at the ceiling of 20 seeds"), "{text}");
        summary.target = Some(Target { metric: headline(true), share: 0.9 });
        let text = certainty(&result, &summary);
        assert!(text.contains("Reached with 20 seeds"), "{text}");
        assert!(text.contains("5 looks"), "{text}");
    }

    #[test]
    fn dominated_strategies_are_named() {
        let result = fixture::one_release();
        let lines = choices(&result, &summarise(&result));
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("Chance to fail the fewest requests"), "{lines:?}");
        assert!(lines[1].starts_with("Weighing failed requests, rollout time"), "{lines:?}");
    }

    #[test]
    fn estimates_of_seeds_are_round() {
        assert_eq!((seeds(87), seeds(1_234)), ("87 seeds".into(), "1,240 seeds".into()));
    }
}
