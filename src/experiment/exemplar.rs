//! Exemplars: of each strategy and release the run that stands for most of them, and the
//! worst one. They are found by the headline metric and run again with their log, which is
//! cheap: a run is a pure function of its key.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::plan::Study;
use crate::record::{RunKey, RunRecord};

use super::result::{Group, Row, StudyResult};
use super::runner::{Runner, guard};

/// What a run is an example of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The only run there is.
    Only,
    /// The median of the headline metric (the lower one of two).
    Median,
    /// The largest value of the headline metric (the first seed of several).
    Worst,
}

impl Role {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Median => "median",
            Self::Worst => "worst",
        }
    }
}

/// A run worth showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemplar {
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// What it is an example of; at least one.
    pub roles: Vec<Role>,
    /// Which run.
    pub key: RunKey,
}

/// The headline metric of a row: excess failed requests, or the failed share where there is no
/// control.
#[must_use]
pub fn headline(row: &Row) -> f64 {
    let value = row.value("excess_failed").or_else(|| row.value("failed_share"));
    value.unwrap_or(0.0)
}

/// The exemplars of a study, in the order of its groups; none of the control.
#[must_use]
pub fn exemplars(result: &StudyResult) -> Vec<Exemplar> {
    let study = &result.study;
    let place = |group: &Group| {
        let arm = study.arms.iter().position(|arm| arm.name == group.strategy)?;
        let release = study.releases.iter().position(|release| release.name == group.release)?;
        Some((u16::try_from(arm).ok()?, u16::try_from(release).ok()?))
    };
    let mut found = Vec::new();
    for (index, group) in result.groups.iter().enumerate() {
        let Some((arm, release)) = place(group) else { continue };
        for (seed, roles) in seeds(&group.rows) {
            let key = RunKey { arm: Some(arm), release: Some(release), seed };
            found.push(Exemplar { group: index, roles, key });
        }
    }
    found
}

/// The seeds of a group's exemplars.
fn seeds(rows: &[Row]) -> Vec<(u64, Vec<Role>)> {
    let mut order: Vec<(f64, u64)> = rows.iter().map(|row| (headline(row), row.seed)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let Some(&worst) = order.last() else { return Vec::new() };
    if let [(_, only)] = order[..] {
        return vec![(only, vec![Role::Only])];
    }
    let median = order[(order.len() - 1) / 2];
    if median.0 == worst.0 {
        return vec![(median.1, vec![Role::Median, Role::Worst])];
    }
    let first = order.iter().find(|other| other.0 == worst.0).map_or(worst.1, |other| other.1);
    vec![(median.1, vec![Role::Median]), (first, vec![Role::Worst])]
}

/// Carries single runs of a study out again, on `threads` threads (`None`: one a core).
///
/// # Panics
/// If a run panics, with a [`super::BrokenRun`] as payload.
#[must_use]
pub fn rerun(
    study: &Study,
    keys: &[RunKey],
    runner: &dyn Runner,
    threads: Option<usize>,
) -> Vec<RunRecord> {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        pool = pool.num_threads(threads);
    }
    let pool = pool.build().expect("the system lets a program start threads");
    let one = |&key: &RunKey| guard(study, key, || runner.run(key));
    pool.install(|| keys.par_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Censored, METRICS, index_of};
    use crate::record::RolloutOutcome;

    fn rows(excess: &[f64]) -> Vec<Row> {
        let row = |(index, &value): (usize, &f64)| {
            let mut values = [None; METRICS.len()];
            values[index_of("excess_failed").unwrap()] = Some(value);
            let (outcome, censored) = (RolloutOutcome::Completed, Censored::default());
            Row { seed: 5 + index as u64, outcome, censored, values }
        };
        excess.iter().enumerate().map(row).collect()
    }

    #[test]
    fn the_median_and_the_first_of_the_worst_seeds_stand_for_a_strategy() {
        let found = seeds(&rows(&[3.0, 9.0, 1.0, 9.0]));
        assert_eq!(found, [(5, vec![Role::Median]), (6, vec![Role::Worst])]);
    }

    #[test]
    fn one_run_plays_every_role_it_can() {
        assert_eq!(seeds(&rows(&[0.0, 0.0, 0.0])), [(6, vec![Role::Median, Role::Worst])]);
        assert_eq!(seeds(&rows(&[4.0])), [(5, vec![Role::Only])]);
        assert_eq!(seeds(&[]), []);
    }
}
