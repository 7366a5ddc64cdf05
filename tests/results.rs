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
