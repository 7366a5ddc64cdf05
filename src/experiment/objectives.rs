//! Objectives: does a study keep its limits, for certain, or not for certain?
//!
//! Each objective is held against each strategy and release by itself.
//!
//! - A limit on the mean *holds* if the 95 % interval of the mean lies wholly at or below it,
//!   *fails* if wholly above, and is *inconclusive* otherwise.
//! - A limit in a share of seeds (`in_seeds: 95%`) counts the seeds that keep it and takes the
//!   exact interval of their share (Clopper-Pearson): it *holds* if that lies wholly at or
//!   above the share asked for, *fails* if wholly below.
//! - A time that was cut off by the window's end is known to be at least what was seen: it can
//!   break a limit, never keep one. A mean over such times can fail, never hold.
//! - A run in which something never happened (no harm, so no `mitigate_s`) keeps a limit on
//!   its time. A mean over no run at all keeps it too, as far as the seeds can tell: it holds
//!   if the exact interval of "never" reaches 95 %, which takes 72 seeds.
//! - Harm that happened in no seed is held against its exact upper end ([`crate::stats::rare`]);
//!   a limit of 0 on its mean is kept as far as the seeds can tell, by the same rule of 72.
//! - A metric that this study does not give (`excess_*` without a control) is inconclusive.
//!
//! Verdicts are not corrected for their number: all objectives hold only if each does, which
//! errs no more often than any single one.

use crate::plan::Objective;
use crate::stats::mean::Moments;
use crate::stats::{Interval, LEVEL, rare, sequential, share};

use super::metric::{METRICS, index_of};
use super::result::{CONTROL_NAME, Group, StudyResult};
use super::summarise::smallest_harm;

/// What became of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// The study cannot tell.
    Unknown,
}

/// One objective held against one strategy and release.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Index into the study's objectives.
    pub objective: usize,
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// The verdict.
    pub holds: Holds,
    /// What was compared with the limit (the mean) or with the share asked for (the share of
    /// seeds that kept it); `None` where there was nothing to compare.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Why the study cannot tell, or what to know about the verdict; empty if nothing.
    pub note: String,
}

/// Holds every objective against every strategy and release, in the order of the objectives.
/// `looks`: see [`super::summarise_look`].
#[must_use]
pub fn hold(result: &StudyResult, looks: usize) -> Vec<Held> {
    let level = sequential::level_of_a_look(LEVEL, looks);
    let mut held = Vec::new();
    for (index, objective) in result.study.objectives.iter().enumerate() {
        for (place, group) in result.groups.iter().enumerate() {
            if group.strategy != CONTROL_NAME {
                let (holds, estimate, interval, note) = judge(result, objective, group, level);
                held.push(Held { objective: index, group: place, holds, estimate, interval, note });
            }
        }
    }
    held
}

type Judgement = (Holds, Option<f64>, Option<Interval>, String);

fn unknown(note: &str) -> Judgement {
    (Holds::Unknown, None, None, note.to_owned())
}

/// One seed's value.
#[derive(Clone, Copy)]
struct Seen {
    value: Option<f64>,
    /// The true value is larger.
    censored: bool,
}

fn judge(result: &StudyResult, objective: &Objective, group: &Group, level: f64) -> Judgement {
    let Some(seen) = values(result, objective, group) else {
        return unknown("the study has no such metric or class");
    };
    let happens_or_not = objective.metric.ends_with("_s");
    let none = seen.iter().all(|seen| seen.value.is_none());
    if none && objective.class.is_some() {
        return unknown("classes have no such metric of their own");
    }
    let deployed = group.rows.iter().any(|row| row.value("deploy_s").is_some());
    if none && !(happens_or_not && deployed && result.study.control) {
        return unknown("no run has a value of this metric");
    }
    match objective.in_seeds {
        Some(share) => judge_share(objective, &seen, (share, level), happens_or_not),
        None if none => judge_never(seen.len() as u64, level),
        None => judge_mean(objective, group, &seen, level),
    }
}

fn values(result: &StudyResult, objective: &Objective, group: &Group) -> Option<Vec<Seen>> {
    let metric = index_of(&objective.metric)?;
    let Some(class) = &objective.class else {
        let seen = group.rows.iter().map(|row| Seen {
            value: row.values[metric],
            censored: row.censored.is(&objective.metric),
        });
        return Some(seen.collect());
    };
    let class = result.study.plan.classes.iter().position(|c| c.name == *class)?;
    let totals = group.class_totals.iter().filter(|row| usize::from(row.class) == class);
    Some(totals.map(|row| Seen { value: row.values[metric], censored: false }).collect())
}

fn judge_share(
    objective: &Objective,
    seen: &[Seen],
    (share, level): (f64, f64),
    never_keeps: bool,
) -> Judgement {
    let (mut keeps, mut breaks) = (0, 0);
    for seen in seen {
        match seen.value {
            Some(value) if value > objective.at_most => breaks += 1,
            Some(_) if seen.censored => {}
            Some(_) => keeps += 1,
            None if never_keeps => keeps += 1,
            None => {}
        }
    }
    let seeds = seen.len() as u64;
    let open = seeds - keeps - breaks;
    // Seeds that are open count as broken for the lower end, as kept for the upper one.
    let low = share::exact(keeps, seeds, level).0;
    let high = share::exact(keeps + open, seeds, level).1;
    let holds = match () {
        () if low >= share => Holds::Yes,
        () if high < share => Holds::No,
        () => Holds::Unknown,
    };
    let note =
        if open > 0 { format!("{open} of {seeds} seeds cannot tell") } else { String::new() };
    (holds, Some(keeps as f64 / seeds as f64), Some((low, high)), note)
}

fn judge_never(seeds: u64, level: f64) -> Judgement {
    let low = share::exact(seeds, seeds, level).0;
    let holds = if low >= LEVEL { Holds::Yes } else { Holds::Unknown };
    (holds, None, None, format!("it happened in none of {seeds} seeds"))
}

fn judge_mean(objective: &Objective, group: &Group, seen: &[Seen], level: f64) -> Judgement {
    let present: Vec<f64> = seen.iter().filter_map(|seen| seen.value).collect();
    let Some(moments) = Moments::of(&present) else {
        return unknown("no run has a value of this metric");
    };
    let smallest = index_of(&objective.metric)
        .and_then(|metric| smallest_harm(&METRICS[metric], group))
        .filter(|_| present.len() == seen.len());
    if smallest.is_some() && objective.at_most == 0.0 && present.iter().all(|v| *v == 0.0) {
        return judge_never(present.len() as u64, level);
    }
    let interval = match smallest {
        Some(smallest) => rare::mean(&present, smallest, level),
        None => moments.interval(level),
    };
    let Some((low, high)) = interval else {
        let (mean, note) = (moments.mean, "one seed gives no interval".to_owned());
        return (Holds::Unknown, Some(mean), None, note);
    };
    let censored = seen.iter().filter(|seen| seen.value.is_some() && seen.censored).count();
    let holds = match () {
        () if low > objective.at_most => Holds::No,
        () if high <= objective.at_most && censored == 0 => Holds::Yes,
        () => Holds::Unknown,
    };
    let note = if censored > 0 {
        format!("{censored} of {} seeds were cut off by the window's end", present.len())
    } else {
        String::new()
    };
    (holds, Some(moments.mean), Some((low, high)), note)
}

#[cfg(test)]
mod tests;
