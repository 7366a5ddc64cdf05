//! `study.json`: what a results folder is the answer to, and the digest of each of its files.
//!
//! Nothing in it depends on when, where or with how many threads the study ran.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::experiment::StudyResult;
use crate::plan::{DefaultUsed, ManifestNote, Release, Strategy};

use super::validity::{PARTS, Part};

/// Name of the file.
pub const FILE: &str = "study.json";
/// What the first field says.
const FORMAT: &str = "cutover study 1";

#[derive(Serialize)]
struct Manifest<'a, T> {
    format: &'static str,
    cutover: &'static str,
    scenario: &'a str,
    digest: &'a str,
    first_seed: u64,
    seeds: u64,
    control: bool,
    baseline: Option<&'a str>,
    strategies: Vec<StrategyView<'a>>,
    releases: &'a [Release],
    defaults: &'a [DefaultUsed],
    manifests: &'a [ManifestNote],
    warnings: &'a [String],
    validity: &'static [Part],
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<T>,
    files: Vec<FileDigest>,
}

#[derive(Serialize)]
struct StrategyView<'a> {
    name: &'a str,
    strategy: &'a Strategy,
    /// Whether the strategy runs in a world of its own (`with:`, a manifest).
    own_world: bool,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Below the folder, with `/`.
    pub path: String,
    /// In hex.
    pub sha256: String,
}

/// What another folder's `study.json` says, as far as replacing it goes.
#[derive(Debug, Deserialize)]
pub struct Found {
    /// Tells a results folder of cutover.
    pub format: String,
    /// The scenario's name.
    pub scenario: String,
    /// Its files.
    pub files: Vec<FileDigest>,
}

impl Found {
    /// What a `study.json` says; `None` if it is not one of cutover's.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let found: Self = serde_json::from_str(text).ok()?;
        found.format.starts_with("cutover study ").then_some(found)
    }
}

/// SHA-256 in hex.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file's text.
///
/// # Panics
/// Never: a study is plain data.
#[must_use]
pub fn text(result: &StudyResult, files: Vec<FileDigest>) -> String {
    with::<()>(result, files, None)
}

/// The same of a sweep, with what was varied; `result` is that of its first point.
#[must_use]
pub fn text_of_sweep(
    result: &StudyResult,
    files: Vec<FileDigest>,
    sweep: impl Serialize,
) -> String {
    with(result, files, Some(sweep))
}

fn with<T: Serialize>(result: &StudyResult, files: Vec<FileDigest>, sweep: Option<T>) -> String {
    let study = &result.study;
    let manifest = Manifest {
        format: FORMAT,
        cutover: env!("CARGO_PKG_VERSION"),
        scenario: &study.name,
        digest: &study.digest,
        first_seed: study.first_seed,
        seeds: study.seeds,
        control: study.control,
        baseline: study.arms.get(study.baseline).map(|arm| arm.name.as_str()),
        strategies: study
            .arms
            .iter()
            .map(|arm| StrategyView {
                name: &arm.name,
                strategy: &arm.strategy,
                own_world: arm.plan.is_some(),
            })
            .collect(),
        releases: &study.releases,
        defaults: &study.defaults,
        manifests: &study.manifest_notes,
        warnings: &study.warnings,
        validity: &PARTS,
        sweep,
        files,
    };
    serde_json::to_string_pretty(&manifest).expect("a study is plain data") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_manifest_tells_whose_folder_it_is() {
        let file = FileDigest { path: "runs.csv".to_owned(), sha256: digest(b"") };
        let text = text(&fixture::result(), vec![file.clone()]);
        let found = Found::read(&text).unwrap();
        assert_eq!((found.scenario.as_str(), found.files), ("checkout-friday", vec![file]));
        assert!(Found::read("{\"format\": \"other\"}").is_none());
        assert!(Found::read("not json").is_none());
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), abc);
    }
}
