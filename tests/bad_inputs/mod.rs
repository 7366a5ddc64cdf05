//! Bad input of every class is refused as the contract says: the right exit code, a diagnostic
//! with a code and a place, no long line, nothing of the program's insides, the same every time.

mod chaos;
mod files;
mod generator;
mod meaning;
mod wording;

use std::path::{Path, PathBuf};

use cutover::plan::Study;
use cutover::scenario::{Folder, Overrides, Problem, fields_of, load_text};

/// The folder of the complete scenario.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenario")
}

/// The complete scenario.
pub fn complete() -> String {
    std::fs::read_to_string(folder().join("complete.yaml")).unwrap()
}

/// Loads a text that lies beside the complete scenario.
pub fn load_beside(text: &str) -> Result<Study, Problem> {
    let files = Folder { root: folder(), allow_outside: false };
    load_text("complete.yaml", text, &files, &Overrides::default())
}

/// What the contract asks of every refusal.
pub fn keeps_the_contract(problem: &Problem) -> Result<(), String> {
    let text = problem.to_string();
    let complain = |what: &str| Err(format!("{what}:\n{text}"));
    if !text.starts_with("error[CUT") {
        return complain("no code");
    }
    if text.lines().any(|line| line.len() > 400) {
        return complain("a line of more than 400 bytes");
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return complain("a control character");
    }
    for inside in ["panicked", "RUST_BACKTRACE", "Some(", "Held::", "Shape::"] {
        if text.contains(inside) {
            return complain("the program's insides");
        }
    }
    Ok(())
}

#[test]
fn the_complete_scenario_is_taken() {
    let study = load_beside(&complete()).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(study.arms.len(), 6);
    assert_eq!(study.baseline, 1);
}

#[test]
fn every_hostile_variant_of_the_complete_scenario_ends_as_the_contract_says() {
    let text = complete();
    let fields = fields_of(&text);
    assert!(fields.len() > 150, "{} fields", fields.len());
    let mut wrong = Vec::new();
    let cases = generator::cases(&text, &fields);
    for case in &cases {
        let files = Folder { root: folder(), allow_outside: false };
        let outcome = match std::str::from_utf8(&case.bytes) {
            Ok(text) => load_text("complete.yaml", text, &files, &Overrides::default()),
            Err(_) => from_disk(&case.bytes),
        };
        let exit = outcome.as_ref().map_or_else(|problem| problem.exit, |_| 0);
        if !case.exits.contains(&exit) {
            let shown = outcome.as_ref().map_or_else(ToString::to_string, |_| String::new());
            wrong.push(format!("{} {}: exit {exit}\n{shown}", case.class, case.what));
        }
        if let Err(problem) = outcome
            && let Err(complaint) = keeps_the_contract(&problem)
        {
            wrong.push(format!("{} {}: {complaint}", case.class, case.what));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

#[test]
fn a_file_full_of_errors_takes_no_longer_than_another() {
    let text: String = (0..49_000).map(|index| format!("key{index}: 1\n")).collect();
    let begun = std::time::Instant::now();
    let problem = load_beside(&text).unwrap_err();
    assert!(begun.elapsed().as_secs_f64() < 2.0, "{:?}", begun.elapsed());
    assert!(problem.to_string().ends_with("and 48983 more\n"), "{problem}");
}

/// Loads bytes that are not UTF-8: only a file can hold them.
fn from_disk(bytes: &[u8]) -> Result<Study, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.yaml");
    std::fs::write(&file, bytes).unwrap();
    cutover::scenario::load(&file, &Overrides::default())
}

#[test]
fn line_ends_do_not_change_the_digest() {
    let lf = load_beside(&complete()).unwrap().digest;
    assert_eq!(load_beside(&complete().replace('\n', "\r\n")).unwrap().digest, lf);
    assert_eq!(
        load_beside(&complete().replace("replicas: 6", "replicas: 7"))
            .map(|study| study.digest == lf),
        Ok(false)
    );
}

#[test]
fn errors_of_a_file_come_together_and_at_most_twenty() {
    let text = "name: x y\ntraffic: []\nservice: {replicas: 0, workerz: 3}\nstrategies: nope\n";
    let problem = load_beside(text).unwrap_err();
    assert_eq!(problem.diagnostics.len(), 5, "{problem}");
    let many: String = (0..30).map(|index| format!("unknown{index}: 1\n")).collect();
    let problem = load_beside(&many).unwrap_err();
    assert_eq!(problem.to_string().matches("error[CUT").count(), 20);
    assert!(problem.to_string().contains("and 13 more"), "{problem}");
}
