//! Files around a scenario: data with bad rows, manifests of other kinds, special files.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cutover::plan::Study;
use cutover::scenario::{Overrides, Problem, load};
use tempfile::TempDir;

use super::keeps_the_contract;

const SCENARIO: &str = "\
name: files
clock: {window: 20m}
traffic: [{name: web, arrivals: ARRIVALS, service_time: 20ms}]
strategies: [STRATEGY]
";

/// A folder with a scenario whose arrivals and strategy are given, and one more file.
fn scenario(arrivals: &str, strategy: &str, file: &str, content: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = SCENARIO.replace("ARRIVALS", arrivals).replace("STRATEGY", strategy);
    fs::write(folder.path().join("scenario.yaml"), text).unwrap();
    fs::write(folder.path().join(file), content).unwrap();
    folder
}

fn loaded(folder: &Path) -> Result<Study, Problem> {
    let begun = Instant::now();
    let outcome = load(folder, &Overrides::default());
    assert!(begun.elapsed() < Duration::from_secs(2), "took {:?}", begun.elapsed());
    outcome
}

fn refused(folder: &TempDir, exit: u8, named: &[&str]) {
    let problem = loaded(folder.path()).expect_err("refused");
    let text = problem.to_string();
    assert!(
        problem.exit == exit && named.iter().all(|name| text.contains(name)),
        "{named:?}\n{text}"
    );
    keeps_the_contract(&problem).unwrap();
}

const PROFILE: &str = "{profile: {file: data.csv}}";
const TRACE: &str = "{trace: {file: data.csv}}";
const ROLLING: &str = "{name: a, rolling: {}}";
const MANIFEST: &str = "{name: a, manifest: data.yaml}";

#[test]
fn rows_that_cannot_be_used_are_counted_and_numbered() {
    let mut rows = "time,rate\n".to_owned();
    for row in 1..=100 {
        rows += &if row % 10 == 3 { format!("{row},lots\n") } else { format!("{row},5\n") };
    }
    let folder = scenario(PROFILE, ROLLING, "data.csv", rows.as_bytes());
    refused(&folder, 2, &["10 of 100 rows", "row 3, 13, 23, 33, 43", "not a number"]);
    for (rows, named) in [
        ("", "empty"),
        ("a,b\n1,2\n", "`time` or `timestamp`"),
        ("time,rate\n1\n2,3\n", "a column is missing"),
        ("time,rate\n2,1\n1,1\n", "row 2 (time goes back)"),
        ("time,rate\n1,1\n1,1\n", "time goes back"),
        ("time,rate\n1,-1\n2,1\n", "negative"),
        ("time,rate\n1,inf\n2,1\n", "not finite"),
        ("time,rate\n1,1\n99999999,1\n", "31 days"),
        ("time,rate\n1,1\n", "at least two rows"),
        ("time,rate\nx1,0\n2,0\n", "row 1"),
        ("time,rate\n1,1\n2014-04-10 00:04:00,1\n", "mixed"),
    ] {
        let folder = scenario(PROFILE, ROLLING, "data.csv", rows.as_bytes());
        refused(&folder, 2, &[named, "traffic.web.arrivals.profile.file"]);
    }
}

#[test]
fn a_profile_that_never_sends_is_refused() {
    let folder = scenario(PROFILE, ROLLING, "data.csv", b"time,rate\n1,0\n2,0\n");
    refused(&folder, 2, &["every rate of this profile is 0"]);
}

#[test]
fn traces_must_not_go_back() {
    let folder = scenario(TRACE, ROLLING, "data.csv", b"time\n0\n1.5\n1.5\n1.25\n");
    refused(&folder, 2, &["row 4", "time goes back"]);
    let folder = scenario(TRACE, ROLLING, "data.csv", b"time\n0\n1.5\n1.5\n");
    assert!(loaded(folder.path()).is_ok());
}

#[test]
fn huge_and_endless_files_cost_neither_time_nor_memory() {
    let folder = scenario(TRACE, ROLLING, "data.csv", b"");
    let file = fs::File::create(folder.path().join("data.csv")).unwrap();
    file.set_len(10 << 30).unwrap();
    refused(&folder, 2, &["longer than 4096 bytes"]);
    let sparse =
        fs::OpenOptions::new().write(true).open(folder.path().join("scenario.yaml")).unwrap();
    sparse.set_len(10 << 30).unwrap();
    refused(&folder, 2, &["1 MiB"]);
    let folder = scenario(TRACE, ROLLING, "data.csv", b"\x1f\x8b\x08\x00\x00\xff\xff");
    refused(&folder, 2, &["not text"]);
}

#[test]
fn manifests_of_another_kind_are_named() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: a}]}}}\n";
    for (text, named) in [
        ("apiVersion: v1\nkind: Service\n", &["v1 Service", "no Deployment"][..]),
        ("apiVersion: example.com/v9\nkind: Widget\n", &["Widget", "example.com/v9"]),
        ("apiVersion: apps/v1beta1\nkind: Deployment\n", &["apps/v1beta1"]),
        ("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n", &["not modelled yet", "Rollout"]),
        ("apiVersion: apps/v1\nkind: Deployment\n", &["no spec"]),
        ("", &["nothing"]),
        (&format!("{deployment}---\n{deployment}"), &["second Deployment"]),
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec: {strategy: {type: Blue}, template: {spec: {containers: [{}]}}}",
            &["Blue"],
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: many, template: {spec: {containers: [{}]}}}",
            &["data.yaml:3:18"],
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec: {strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}, template: {spec: {containers: [{}]}}}",
            &["CUT0022"],
        ),
    ] {
        let folder = scenario("{poisson: {rate: 5/s}}", MANIFEST, "data.yaml", text.as_bytes());
        refused(&folder, 2, named);
    }
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  spec:\n    replicas: 7\n    template: {spec: {containers: [{name: a}]}}\n";
    let folder = scenario("{poisson: {rate: 5/s}}", MANIFEST, "data.yaml", list.as_bytes());
    let study = loaded(folder.path()).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(study.arms[0].plan.as_ref().unwrap().service.replicas, 7);
}

#[cfg(unix)]
#[test]
fn special_files_never_block() {
    let folder = scenario(TRACE, ROLLING, "data.csv", b"");
    fs::remove_file(folder.path().join("data.csv")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("data.csv")).status();
    assert!(made.is_ok_and(|status| status.success()));
    refused(&folder, 2, &["not a regular file"]);
    for path in ["/dev/zero", "/proc/self/environ", "/etc"] {
        assert_eq!(loaded(Path::new(path)).unwrap_err().exit, 2, "{path}");
    }
    assert_eq!(loaded(&folder.path().join("data.csv")).unwrap_err().exit, 2);
    let problem = loaded(Path::new("no-such-scenario")).unwrap_err();
    assert!(problem.exit == 2 && problem.to_string().contains("CUT0060"), "{problem}");
}

#[test]
fn the_content_of_a_refused_file_is_never_shown() {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("scenario");
    fs::create_dir(&inner).unwrap();
    fs::write(outer.path().join("secret.yaml"), "kind: hunter2\n").unwrap();
    let text = SCENARIO
        .replace("ARRIVALS", "{poisson: {rate: 5/s}}")
        .replace("STRATEGY", "{name: a, manifest: ../secret.yaml}");
    fs::write(inner.join("scenario.yaml"), text).unwrap();
    let problem = loaded(&inner).unwrap_err();
    assert!(problem.exit == 2 && !problem.to_string().contains("hunter2"), "{problem}");
    let overrides = Overrides { allow_outside: true, ..Overrides::default() };
    assert!(load(&inner, &overrides).unwrap_err().to_string().contains("hunter2"));
}
