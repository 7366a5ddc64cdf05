//! Latency in HdrHistogram's formats: interval logs (`.hlog`, V2 compressed) and percentile
//! tables (`.hgrm`).
//!
//! Values are nanoseconds of ok requests, all seeds and classes of a strategy pooled, to three
//! digits. The simulation's own histogram has the same buckets, so nothing is lost on the way.

mod hgrm;
mod hlog;

pub use hgrm::percentile_table;
pub use hlog::{Interval, interval_log};

use crate::engine::Histogram;
use crate::experiment::{CONTROL_NAME, Group, StudyResult};

use super::text::file_names;

/// The latency files of a study: path below the results folder, and content.
///
/// A strategy has one log and one table over all its runs; with several releases each is a
/// tagged line of the log and has a table of its own too, `STRATEGY.RELEASE.hgrm`.
#[must_use]
pub fn files(result: &StudyResult) -> Vec<(String, String)> {
    let study = &result.study;
    let strategies = strategies(result);
    let names = names(&strategies);
    let releases = file_names(study.releases.iter().map(|release| release.name.as_str()));
    let mut files = Vec::new();
    for (strategy, name) in strategies.iter().zip(&names) {
        let groups: Vec<&Group> =
            result.groups.iter().filter(|group| group.strategy == *strategy).collect();
        let mut intervals = Vec::new();
        for group in &groups {
            let release = study.releases.iter().position(|other| other.name == group.release);
            let tag = (groups.len() > 1).then(|| {
                release.map_or_else(|| "unnamed".to_owned(), |index| releases[index].clone())
            });
            let latency = pooled(group);
            let suffix = tag.as_ref().map_or_else(String::new, |tag| format!(".{tag}"));
            files.push((format!("latency/{name}{suffix}.hgrm"), percentile_table(&latency)));
            intervals.push(Interval { tag, latency });
        }
        if groups.len() > 1 {
            let mut together = Histogram::new();
            groups.iter().for_each(|group| together.merge(&pooled(group)));
            files.push((format!("latency/{name}.hgrm"), percentile_table(&together)));
        }
        let log = interval_log(&study.plan.clock, study.seeds, &intervals);
        files.push((format!("latency/{name}.hlog"), log));
    }
    files
}

/// The files' names, in the order of the strategies. A strategy keeps its own name: where one is
/// called what the control's name comes to, the control's gets a number.
fn names(strategies: &[&str]) -> Vec<String> {
    let mut order: Vec<usize> = (0..strategies.len()).collect();
    order.sort_by_key(|&place| strategies[place] == CONTROL_NAME);
    let given = file_names(order.iter().map(|&place| strategies[place]));
    let mut names = vec![String::new(); strategies.len()];
    order.into_iter().zip(given).for_each(|(place, name)| names[place] = name);
    names
}

/// The names of the strategies in the result's order, each once, the control's too.
#[must_use]
pub fn strategies(result: &StudyResult) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for group in &result.groups {
        if !names.contains(&group.strategy.as_str()) {
            names.push(&group.strategy);
        }
    }
    names
}

/// Latency of a group's ok requests, over classes, versions and seeds.
#[must_use]
pub fn pooled(group: &Group) -> Histogram {
    let mut all = Histogram::new();
    for cell in &group.cells {
        all.merge(&cell.ok);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_strategy_has_a_log_and_a_table() {
        let files = files(&fixture::one_release());
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), 10);
        assert!(paths.contains(&"latency/rolling.hlog"));
        assert!(paths.contains(&"latency/rolling.hgrm"));
        assert!(paths.contains(&"latency/no-deploy.hlog"));
    }

    #[test]
    fn a_strategy_named_as_the_control_is_keeps_its_name() {
        let mut result = fixture::one_release();
        let taken = result.study.arms[0].name.clone();
        for group in result.groups.iter_mut().filter(|group| group.strategy == taken) {
            group.strategy = "no-deploy".to_owned();
        }
        let own = result.groups.iter().find(|group| group.strategy == "no-deploy").unwrap();
        let own = percentile_table(&pooled(own));
        let files = files(&result);
        let content = |name: &str| &files.iter().find(|(path, _)| path == name).unwrap().1;
        assert_eq!(*content("latency/no-deploy.hgrm"), own);
        assert_ne!(*content("latency/no-deploy-2.hgrm"), own);
    }

    #[test]
    fn several_releases_are_tagged_lines_of_one_log() {
        let files = files(&fixture::result());
        let log = &files.iter().find(|(path, _)| path == "latency/rolling.hlog").unwrap().1;
        assert_eq!(log.lines().filter(|line| line.starts_with("Tag=good,")).count(), 1);
        assert!(files.iter().any(|(path, _)| path == "latency/rolling.bad.hgrm"));
    }

    #[test]
    fn hostile_names_stay_in_the_folder() {
        for (path, _) in files(&fixture::hostile()) {
            let name = path.strip_prefix("latency/").unwrap();
            assert!(!name.contains('/') && !name.starts_with('.') && name.is_ascii(), "{name}");
        }
    }
}
