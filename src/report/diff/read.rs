//! Reading a results folder back: `study.json` and `runs.csv`.

use serde::Deserialize;

use super::{Results, Runs};
use crate::experiment::METRICS;
use crate::report::manifest::{FileDigest, digest};

/// Why a folder's files are of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The manifest.
    #[error("study.json is not one of cutover's")]
    Manifest,
    /// The runs.
    #[error("runs.csv, line {line}: {what}")]
    Runs {
        /// Counted from 1, with the heading.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

#[derive(Deserialize)]
struct Manifest {
    format: String,
    cutover: String,
    scenario: String,
    digest: String,
    files: Vec<FileDigest>,
}

fn wrong(line: usize, what: impl Into<String>) -> Unreadable {
    Unreadable::Runs { line, what: what.into() }
}

/// Puts the two files of a folder together.
///
/// # Errors
/// If they are not what cutover writes.
pub fn read(study: &str, runs: &str) -> Result<Results, Unreadable> {
    let manifest: Manifest = serde_json::from_str(study).map_err(|_| Unreadable::Manifest)?;
    if !manifest.format.starts_with("cutover study ") {
        return Err(Unreadable::Manifest);
    }
    let told = manifest.files.iter().find(|file| file.path == "runs.csv");
    let altered = told.is_none_or(|file| file.sha256 != digest(runs.as_bytes()));
    Ok(Results {
        scenario: manifest.scenario,
        digest: manifest.digest,
        version: manifest.cutover,
        altered,
        groups: groups(runs)?,
    })
}

fn groups(runs: &str) -> Result<Vec<Runs>, Unreadable> {
    let mut reader = ::csv::Reader::from_reader(runs.as_bytes());
    let header = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let needed = |name: &str| column(name).ok_or_else(|| wrong(1, format!("no column {name}")));
    let (strategy, release, seed) = (needed("strategy")?, needed("release")?, needed("seed")?);
    let metrics: Vec<Option<usize>> = METRICS.iter().map(|metric| column(metric.name)).collect();
    let mut groups: Vec<Runs> = Vec::new();
    for (place, record) in reader.records().enumerate() {
        let line = place + 2;
        let record = record.map_err(|error| wrong(line, error.to_string()))?;
        let seed = record[seed].parse().map_err(|_| wrong(line, "the seed is no number"))?;
        let (strategy, release) = (&record[strategy], &record[release]);
        let at = groups.iter().position(|g| g.strategy == strategy && g.release == release);
        let at = at.unwrap_or_else(|| {
            groups.push(Runs {
                strategy: strategy.to_owned(),
                release: release.to_owned(),
                seeds: Vec::new(),
                values: vec![Vec::new(); METRICS.len()],
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        if group.seeds.last().is_some_and(|last| *last >= seed) {
            return Err(wrong(line, "seeds must rise"));
        }
        group.seeds.push(seed);
        for (values, column) in group.values.iter_mut().zip(&metrics) {
            values.push(match column.map(|column| &record[column]) {
                None | Some("") => None,
                Some(text) => {
                    Some(number(text).ok_or_else(|| wrong(line, format!("{text} is no number")))?)
                }
            });
        }
    }
    Ok(groups)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}
