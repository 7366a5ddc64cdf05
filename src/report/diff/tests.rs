//! Folders made up by hand.

use super::*;
use crate::report::csv::runs as runs_csv;
use crate::report::fixture;
use crate::report::manifest::{FileDigest, digest, text};
use crate::report::terminal::Screen;
use crate::report::text::width;

/// A folder of the fixture, after a change of its rows.
fn folder(change: impl Fn(&mut crate::experiment::StudyResult)) -> Results {
    let mut result = fixture::result();
    change(&mut result);
    let runs = runs_csv(&result);
    let files = vec![FileDigest { path: "runs.csv".into(), sha256: digest(runs.as_bytes()) }];
    read(&text(&result, files), &runs).unwrap()
}

fn place(metric: &str) -> usize {
    METRICS.iter().position(|known| known.name == metric).unwrap()
}

#[test]
fn a_folder_is_no_different_from_itself() {
    // Harm that no seed of a few met can be no more than bounded, between two scenarios.
    let (lost, requests) = (place("sessions_lost"), place("requests"));
    let results = folder(|result| {
        for group in &mut result.groups {
            group.rows.truncate(2);
            for row in &mut group.rows {
                (row.values[lost], row.values[requests]) = (Some(0.0), Some(100.0));
            }
        }
    });
    let other = Results { digest: "other".into(), ..results.clone() };
    assert_ne!(diff(&results, &other).count(Verdict::Inconclusive), 0);
    let diff = diff(&results, &results);
    assert!(diff.paired);
    assert_eq!(diff.relevant().count(), 0);
    assert_eq!(diff.count(Verdict::Inconclusive), 0, "equal values are no change");
    let screen = Screen { columns: 80, color: false };
    let told = terminal(&results, &results, &diff, screen);
    assert!(told.contains("No relevant change."), "{told}");
    assert!(markdown(&results, &results, &diff).contains("No relevant change."));
}

#[test]
fn only_what_changed_and_matters_is_told() {
    let (before, metric) = (folder(|_| {}), place("ok_p99_ms"));
    let after = folder(|result| {
        for row in &mut result.groups[1].rows {
            row.values[metric] = row.values[metric].map(|value| value + 200.0);
        }
        for row in &mut result.groups[2].rows {
            row.values[metric] = row.values[metric].map(|value| value + 0.1);
        }
    });
    let diff = diff(&before, &after);
    let changed: Vec<&Line> = diff.relevant().collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(
        (changed[0].metric, changed[0].difference.unwrap().verdict),
        (metric, Verdict::Worse)
    );
    let told = terminal(&before, &after, &diff, Screen { columns: 80, color: false });
    assert!(told.lines().all(|line| width(line) <= 80), "{told}");
    assert!(told.contains("+200 ms") || told.contains("+200"), "{told}");
    let told: serde_json::Value =
        serde_json::from_str(&json(&before, &after, &diff)).expect("JSON");
    assert_eq!(told["relevant"], 1);
    assert!(csv(&diff).lines().count() > 40);
}

#[test]
fn other_seeds_and_other_strategies_are_said_to_be_so() {
    let before = folder(|_| {});
    let after = folder(|result| {
        result.study.digest = "other".into();
        for group in &mut result.groups {
            group.rows.iter_mut().for_each(|row| row.seed += 100);
        }
        result.groups[3].strategy = "new one".into();
    });
    let diff = diff(&before, &after);
    assert!(!diff.paired);
    let notes = diff.notes.join("\n");
    for said in ["scenarios differ", "only in the first", "new one", "the seeds differ"] {
        assert!(notes.contains(said), "{notes}");
    }
    assert_eq!(diff.relevant().count(), 0, "the same values by other seeds");
}

#[test]
fn a_damaged_folder_is_refused_with_its_line() {
    let study = text(&fixture::result(), Vec::new());
    assert_eq!(read("{}", ""), Err(Unreadable::Manifest));
    let wrong = |runs: &str| read(&study, runs).unwrap_err().to_string();
    assert_eq!(wrong("strategy,seed\n"), "runs.csv, line 1: no column release");
    assert_eq!(
        wrong("strategy,release,seed,ok\na,b,1,many\n"),
        "runs.csv, line 2: many is no number"
    );
    assert_eq!(
        wrong("strategy,release,seed,ok\na,b,2,1\na,b,1,1\n"),
        "runs.csv, line 3: seeds must rise"
    );
    let changed = read(&study, "strategy,release,seed,ok\na,b,1,2\n").unwrap();
    assert!(changed.altered);
}
