//! Which strategies are worth choosing from: harm against rollout time against extra capacity.
//!
//! A strategy is dominated if another one is, for certain, no worse in all of them (better, or
//! not relevantly different) and better in one. It stands on the front if for certain no other
//! dominates it: each is worse in something, or does not differ relevantly in anything. What is
//! neither, more seeds may tell. Cost is extra capacity times a price, so it adds no axis.
//!
//! Every two strategies are compared, not only with the baseline, paired by seed. The level is
//! shared out among all pairs, axes and releases, so that all standings of a study hold at
//! once.
//!
//! Rollout time is weighed only between strategies whose rollouts ended, and in the same way, in
//! every seed: a rollout that is given up is over sooner, which is no merit.

use crate::stats::correction;

use super::metric::index_of;
use super::result::{Group, StudyResult};
use super::summarise::{mean_requests, paired_difference};
use super::summary::{Standing, Verdict};

/// Harm: the first of these that the study has.
const HARM: [&str; 2] = ["excess_failed", "failed_share"];
/// The other axes.
const PRICE: [&str; 2] = ["deploy_s", "extra_instance_s"];

/// The metrics that are weighed against one another: harm first. Empty if the study lacks harm.
#[must_use]
pub fn axes(result: &StudyResult) -> Vec<usize> {
    let has = |name: &&str| {
        let metric = index_of(name)?;
        let mut rows = result.groups.iter().flat_map(|group| &group.rows);
        rows.any(|row| row.values[metric].is_some()).then_some(metric)
    };
    let Some(harm) = HARM.iter().find_map(has) else { return Vec::new() };
    std::iter::once(harm).chain(PRICE.iter().filter_map(has)).collect()
}

/// Every arm's standing, by release; none with fewer than two arms or seeds.
#[must_use]
pub fn standings(result: &StudyResult, level: f64) -> Vec<Standing> {
    let study = &result.study;
    let (arms, axes) = (study.arms.len(), axes(result));
    if arms < 2 || study.seeds < 2 || axes.is_empty() {
        return Vec::new();
    }
    let comparisons = arms * (arms - 1) / 2 * axes.len() * study.releases.len();
    let level = correction::bonferroni(level, comparisons);
    let mut standings = Vec::new();
    for (release, named) in study.releases.iter().enumerate() {
        let group = |arm: usize| {
            let name = &study.arms[arm].name;
            result.groups.iter().find(|g| g.strategy == *name && g.release == named.name)
        };
        for arm in 0..arms {
            let Some(this) = group(arm) else { continue };
            let (mut dominated_by, mut on_front) = (Vec::new(), true);
            for other in (0..arms).filter(|other| *other != arm) {
                let Some(rival) = group(other) else { continue };
                let timed = this.ended_like(rival);
                let weighed = axes.iter().filter(|axis| timed || !is_rollout_time(**axis));
                let verdicts: Vec<Option<Verdict>> =
                    weighed.map(|&axis| verdict(this, rival, axis, level)).collect();
                match beats(&verdicts) {
                    Some(true) => dominated_by.push(other),
                    Some(false) => {}
                    None => on_front = false,
                }
            }
            on_front &= dominated_by.is_empty();
            standings.push(Standing { release, arm, dominated_by, on_front });
        }
    }
    standings
}

fn is_rollout_time(metric: usize) -> bool {
    index_of("deploy_s") == Some(metric)
}

/// What a rival's difference to a strategy says in one metric; `None` without pairs.
fn verdict(this: &Group, rival: &Group, metric: usize, level: f64) -> Option<Verdict> {
    let values = |group: &Group| -> Vec<Option<f64>> {
        group.rows.iter().map(|row| row.values[metric]).collect()
    };
    let difference =
        paired_difference(metric, &values(this), &values(rival), mean_requests(this), level);
    difference.map(|difference| difference.verdict)
}

/// Whether a rival with these verdicts dominates; `None` where that is not certain.
fn beats(verdicts: &[Option<Verdict>]) -> Option<bool> {
    let any = |wanted| verdicts.contains(&Some(wanted));
    let all_equal = verdicts.iter().all(|v| *v == Some(Verdict::NoRelevantDifference));
    if any(Verdict::Worse) || all_equal {
        return Some(false);
    }
    let certain =
        |v: &Option<Verdict>| matches!(v, Some(Verdict::Better | Verdict::NoRelevantDifference));
    (verdicts.iter().all(certain) && any(Verdict::Better)).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::{MadeUp, study};
    use crate::experiment::{Silent, run_study};
    use crate::record::RolloutOutcome;
    use Verdict::{Better, Inconclusive, NoRelevantDifference as Same, Worse};

    #[test]
    fn a_rival_dominates_if_it_is_better_in_something_and_worse_in_nothing() {
        for (verdicts, dominates) in [
            ([Better, Same, Same], Some(true)),
            ([Better, Better, Better], Some(true)),
            ([Better, Worse, Better], Some(false)),
            ([Better, Worse, Inconclusive], Some(false)),
            ([Same, Same, Same], Some(false)),
            ([Better, Inconclusive, Same], None),
            ([Inconclusive, Same, Same], None),
        ] {
            assert_eq!(beats(&verdicts.map(Some)), dominates, "{verdicts:?}");
        }
        assert_eq!(beats(&[Some(Better), None]), None);
    }

    #[test]
    fn to_be_given_up_sooner_is_no_merit() {
        let mut result = run_study(&study(), &MadeUp, Some(2), &Silent);
        let axes = axes(&result);
        for group in &mut result.groups {
            let quick = group.strategy == "rolling";
            for row in &mut group.rows {
                for &axis in &axes {
                    row.values[axis] = Some(0.0);
                }
                row.values[index_of("deploy_s").unwrap()] = Some(if quick { 10.0 } else { 900.0 });
                row.outcome = RolloutOutcome::Completed;
            }
        }
        let dominated = |result: &StudyResult| {
            standings(result, 0.95).iter().any(|standing| !standing.dominated_by.is_empty())
        };
        assert!(dominated(&result));
        let quick = result.groups.iter_mut().find(|group| group.strategy == "rolling").unwrap();
        quick.rows[0].outcome = RolloutOutcome::RolledBack;
        assert!(!dominated(&result));
    }
}
