//! The Kubernetes model against the real controllers: recordings, tables, properties.

mod import;
mod operations;
mod properties;

use std::fs;
use std::path::PathBuf;

use cutover::verify::kubernetes::checks;
use cutover::verify::kubernetes::recording::Recording;
use cutover::verify::{Check, Verdict, tables};

fn files(folder: &str, prefix: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let entries = fs::read_dir(&folder).expect("the data are in the repository");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with(prefix) && name.ends_with(".json"))
    });
    files.sort();
    files
}

fn recordings() -> Vec<Recording> {
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a readable file");
        serde_json::from_str(&text).expect("a recording")
    };
    files("k8s-rollouts", "").iter().map(read).collect()
}

fn seconds(text: &str) -> Option<f64> {
    text.strip_suffix(" s").and_then(|number| number.parse().ok())
}

#[test]
fn every_recorded_rollout_is_reproduced_within_its_tolerances() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 49);
    let checks: Vec<Check> = recordings.iter().flat_map(checks::check).collect();
    let off: Vec<&Check> = checks.iter().filter(|check| check.verdict != Verdict::Ok).collect();
    assert!(off.is_empty(), "{off:#?}");

    // Closer than each tolerance: nine of ten completions within a quarter of a second.
    let misses: Vec<f64> = checks
        .iter()
        .filter(|check| check.metric == "complete_at")
        .filter_map(|check| Some((seconds(&check.expected)? - seconds(&check.got)?).abs()))
        .collect();
    let near = misses.iter().filter(|&&miss| miss <= 0.25).count();
    assert!(misses.len() >= 45 && near * 10 >= misses.len() * 9, "{misses:?}");
}

#[test]
fn every_answer_of_the_deployment_controller_is_ours() {
    let mut rows = 0;
    for path in files("conformance", "k8s_") {
        let text = fs::read_to_string(&path).expect("a readable file");
        for check in tables::check(&tables::read(&text).expect("a table")) {
            assert_eq!(check.verdict, Verdict::Ok, "{check:#?}");
            rows += 1;
        }
    }
    assert_eq!(rows, 61);
}
