//! The results folder: every file of an answer, built beside its place and renamed, so that it
//! is whole or not there.

mod place;

pub use place::{TargetError, check_target};

use std::io;
use std::path::Path;

use crate::experiment::{StudyResult, Summary};
use crate::record::RunRecord;

use super::chart::{Chart, Theme, charts, png, svg};
use super::exemplar::Shown;
use super::manifest::{self, FileDigest};
use super::{csv, events, hdr, html};

/// What goes into a folder besides the tables.
#[derive(Clone, Copy, Debug)]
pub struct FolderOptions<'a> {
    /// Charts, as files and in the report.
    pub charts: bool,
    /// Runs shown one by one, on timelines and in the report.
    pub shown: &'a [Shown],
    /// The record of the one run that the study consists of: its log becomes `events.jsonl`.
    pub events: Option<&'a RunRecord>,
    /// The command that reproduces the study, for the report. It must not depend on the
    /// machine: the scenario by its file's name, no folder, no threads.
    pub command: &'a str,
}

/// A file: its path below the folder, with `/`, and its bytes.
pub type File = (String, Vec<u8>);

/// Writes files as a results folder; the last one is `study.json`.
///
/// # Errors
/// If the disk says no; what was there before is then still there.
pub fn put(files: &[File], out: &Path) -> io::Result<()> {
    place::replace(out, files)
}

/// Writes the folder, replacing what is there: see [`check_target`].
///
/// # Errors
/// If the disk says no; what was there before is then still there.
pub fn write(
    result: &StudyResult,
    summary: &Summary,
    out: &Path,
    options: FolderOptions<'_>,
) -> io::Result<()> {
    place::replace(out, &contents(result, summary, options))
}

/// The folder's files, `study.json` last.
#[must_use]
pub fn contents(result: &StudyResult, summary: &Summary, options: FolderOptions<'_>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut add = |path: &str, text: String| files.push((path.to_owned(), text.into_bytes()));
    add("runs.csv", csv::runs(result));
    add("classes.csv", csv::classes(result));
    add("summary.csv", csv::summary(result, summary));
    add("quantiles.csv", csv::quantiles(result, summary));
    add("verdicts.csv", csv::verdicts(result, summary));
    add("timeline.csv", csv::timeline(result));
    if !result.study.plan.phases.is_empty() {
        add("phases.csv", csv::phases(result));
    }
    if let Some(record) = options.events {
        add("events.jsonl", events::jsonl(plan_of_run(result, record), record));
    }
    for (path, text) in hdr::files(result) {
        add(&path, text);
    }
    let charts = if options.charts { charts(result, summary, options.shown) } else { Vec::new() };
    add("report.html", html::page(result, summary, options.command, &charts, options.shown));
    files.extend(drawn(&charts));
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let digests = files
        .iter()
        .map(|(path, bytes)| FileDigest { path: path.clone(), sha256: manifest::digest(bytes) });
    let study = manifest::text(result, digests.collect());
    files.push((manifest::FILE.to_owned(), study.into_bytes()));
    files
}

fn plan_of_run<'a>(result: &'a StudyResult, record: &RunRecord) -> &'a crate::plan::Plan {
    let arm = record.key.arm.and_then(|arm| result.study.arms.get(usize::from(arm)));
    arm.and_then(|arm| arm.plan.as_deref()).unwrap_or(&result.study.plan)
}

/// All files of each chart: for white paper, and below `dark` for dark slides.
#[must_use]
pub fn drawn(charts: &[Chart]) -> Vec<File> {
    let mut files = Vec::new();
    for chart in charts {
        for (folder, theme) in [("charts", Theme::Light), ("charts/dark", Theme::Dark)] {
            let path = |kind: &str| format!("{folder}/{}.{kind}", chart.name);
            files.push((path("svg"), svg(&chart.picture, theme).into_bytes()));
            files.push((path("png"), png(&chart.picture, theme)));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use std::fs;

    const OPTIONS: FolderOptions<'static> = FolderOptions {
        charts: false,
        shown: &[],
        events: None,
        command: "cutover compare checkout.yaml",
    };

    #[test]
    fn a_folder_has_every_promised_file_and_its_digest() {
        let (parent, result, record) =
            (tempfile::tempdir().unwrap(), fixture::one_release(), fixture::record());
        let out = parent.path().join("results/checkout-friday/compare");
        let options = FolderOptions { charts: true, events: Some(&record), ..OPTIONS };
        write(&result, &fixture::summary(&result), &out, options).unwrap();
        for file in [
            "runs.csv",
            "classes.csv",
            "summary.csv",
            "timeline.csv",
            "events.jsonl",
            "report.html",
            "latency/rolling.hlog",
            "latency/rolling.hgrm",
            "charts/strategies.svg",
            "charts/strategies.png",
            "charts/pareto.svg",
            "charts/outcomes.svg",
            "charts/latency.svg",
            "charts/timeline-canary.png",
            "charts/dark/timeline-canary.svg",
            "charts/dark/heatmap.png",
            "charts/overview.svg",
            "charts/seeds.svg",
        ] {
            assert!(out.join(file).is_file(), "{file}");
        }
        let text = fs::read_to_string(out.join("study.json")).unwrap();
        let study = manifest::Found::read(&text).unwrap();
        for file in &study.files {
            let bytes = fs::read(out.join(&file.path)).unwrap();
            assert_eq!(manifest::digest(&bytes), file.sha256, "{}", file.path);
        }
        assert_eq!(fs::read_dir(parent.path().join("results/checkout-friday")).unwrap().count(), 1);
    }

    #[test]
    fn the_same_study_gives_the_same_bytes() {
        let draw = || {
            let result = fixture::result();
            contents(&result, &fixture::summary(&result), OPTIONS)
        };
        assert!(draw() == draw());
    }

    #[test]
    fn hostile_names_stay_in_the_folder() {
        let result = fixture::hostile();
        for (path, _) in contents(&result, &fixture::summary(&result), OPTIONS) {
            assert!(path.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
            assert!(path.is_ascii() && !path.contains(['\\', ':']), "{path}");
        }
    }
}
