//! The committed results: what the program gives today is, byte by byte, what is in the
//! repository, manifest and charts included. `scripts/test` compares the flagship's, for which it
//! has a release build.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A study's results take no more than this in the repository.
const MOST: u64 = 2_000_000;

/// All files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_string_lossy();
                found.insert(name.replace('\\', "/"), fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn the_quickstart_gives_the_committed_bytes() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let out = place.path().join("quickstart");
    let output = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["compare", "quickstart", "--quiet", "--out"])
        .arg(&out)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (today, kept) = (files(&out), files(Path::new("results/published/quickstart")));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&today), names(&kept), "scripts/results renews what is committed");
    let changed: Vec<&String> = today.keys().filter(|name| today[*name] != kept[*name]).collect();
    assert_eq!(changed, Vec::<&String>::new(), "scripts/results renews what is committed");
}

/// Lines of a committed table of the flagship, by their headings.
fn flagship(file: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new("results/published/friday-deploy").join(file);
    csv::Reader::from_path(path).expect("a table").deserialize().map(|line| line.unwrap()).collect()
}

#[test]
fn the_flagship_says_of_its_whole_window_what_its_story_says() {
    let figure = |line: &BTreeMap<String, String>, name: &str| line[name].parse::<f64>().unwrap();
    let half = |line: &BTreeMap<String, String>| line["strategy"] == "left-at-half";
    let runs: Vec<_> = flagship("runs.csv").into_iter().filter(half).collect();
    assert_eq!(runs.len(), 12);
    for run in &runs {
        let of_5xx = ["app_error", "refused", "reset", "overflow", "timeout"];
        let count: f64 = of_5xx.iter().map(|name| figure(run, name)).sum();
        assert!(count / figure(run, "requests") < 0.001, "seed {}", run["seed"]);
    }
    let users = |name| runs.iter().map(|run| figure(run, name)).sum::<f64>();
    assert!(users("users_affected") / users("users_active") > 0.99);
    // Left at half from 12 minutes after the push on; the push is 5 minutes into the window.
    let line: Vec<_> = flagship("timeline.csv").into_iter().filter(half).collect();
    let paused = |line: &&BTreeMap<_, _>| (1500.0..3300.0).contains(&figure(line, "t_s"));
    let sum = |name| line.iter().filter(paused).map(|line| figure(line, name)).sum::<f64>();
    let forced = sum("forced_logins") / sum("sent");
    assert!((0.48..=0.52).contains(&forced), "{forced} of requests");
    assert!(sum("stale_reads") / sum("sent") > 0.1);
}

#[test]
fn committed_results_are_whole_and_not_too_large() {
    for study in ["quickstart", "friday-deploy"] {
        let kept = files(&Path::new("results/published").join(study));
        let size: u64 = kept.values().map(|bytes| bytes.len() as u64).sum();
        assert!(size <= MOST, "{study}: {size} bytes");
        let manifest: serde_json::Value =
            serde_json::from_slice(&kept["study.json"]).expect("a manifest");
        let listed = manifest["files"].as_array().expect("its files");
        assert_eq!(listed.len() + 1, kept.len(), "{study}");
        for file in listed {
            let (path, digest) = (file["path"].as_str(), file["sha256"].as_str());
            let bytes = &kept[path.expect("a path")];
            assert_eq!(digest, Some(hex(bytes).as_str()), "{study}: {path:?}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
