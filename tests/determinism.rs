//! The same input, the same bytes in every file of the results folder: whatever the number of
//! threads, however often, in whatever surroundings, with and without fused multiplication.
//! What needs another build or another machine is in `scripts/same-bytes`; `docs/determinism.md`
//! says why each of them holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

/// Something of everything that computes: laws that need logarithms and powers, retries with
/// jitter, delayed views, checks, people, a judge, warm-up, errors.
const SCENARIO: &str = "
name: digest
seeds: 3
clock: { start: '2025-06-27T17:00:00[Europe/Berlin]', warmup: 5s, window: 3m, deploy_at: 20s }
traffic:
  - name: browse
    arrivals: { bursty: { rate: 20/s, burst: 60/s, on: 5s, off: 20s } }
    service_time: { lognormal: { p50: 20ms, p99: 100ms } }
  - name: pay
    arrivals: { poisson: { rate: 8/s } }
    service_time: { gamma: { mean: 40ms, cv: 1.2 } }
    patience: { weibull: { scale: 2s, shape: 0.8 } }
    idempotent: false
  - name: search
    arrivals: { users: { count: 20, think: { exponential: { mean: 2s } } } }
    service_time: { pareto: { scale: 5ms, shape: 1.5, cap: 1s } }
client:
  timeout: 1s
  retries: { max: 2, on: [timeout, refused, '503'], backoff: { base: 50ms, cap: 1s, jitter: full } }
balancer:
  preset: haproxy
  nodes: 3
  policy: { least_request: { choices: 2 } }
  propagation: { lognormal: { p50: 300ms, p99: 2s } }
service:
  replicas: 5
  workers: 2
  queue: 20
  startup: { boot: { lognormal: { p50: 4s, p99: 9s } }, warm: { penalty: 3, over: 10s, from: ready } }
versions:
  stable: {}
  candidate: { errors: { pay: 15%, browse: 1% }, slowdown: { browse: 1.4 } }
response:
  metrics: { scrape: 5s, window: 20s, delay: 2s }
  alerts: [ { name: errors, metric: error_rate, above: 2%, for: 10s } ]
  on_call: { acknowledge: { exponential: { mean: 20s } }, decide: { exponential: { mean: 20s } } }
  rollback: on_call
strategies:
  - { name: recreate, recreate: {} }
  - { name: rolling, rolling: {} }
  - { name: canary, canary: { traffic: weights, steps: [ { weight: 20% }, { pause: 20s } ] } }
";

/// Runs the scenario in a folder of its own and gives the digest of each file it leaves.
fn digests(threads: u32, surroundings: &[(&str, &str)]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("digest.yaml"), SCENARIO).expect("the scenario");
    let output = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["compare", "digest.yaml", "--out", "results", "--threads", &threads.to_string()])
        .current_dir(folder.path())
        .envs(surroundings.iter().copied())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeMap::from([("the answer".to_owned(), digest(&output.stdout))]);
    collect(&folder.path().join("results"), "", &mut found);
    assert!(found.contains_key("runs.csv") && found.contains_key("study.json"), "{found:?}");
    found
}

fn collect(folder: &Path, below: &str, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        let name = format!("{below}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), into);
        } else {
            into.insert(name, digest(&fs::read(&path).expect("a readable file")));
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_results_folder_is_the_same_for_1_2_3_and_7_threads_and_again() {
    let one = digests(1, &[]);
    for threads in [2, 3, 7, 7] {
        assert_eq!(digests(threads, &[]), one, "{threads} threads");
    }
}

#[test]
fn the_results_folder_does_not_depend_on_the_surroundings() {
    let here = digests(2, &[]);
    let elsewhere = [
        ("TZ", "Asia/Kolkata"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("NO_COLOR", "1"),
        ("COLUMNS", "200"),
        ("RAYON_NUM_THREADS", "1"),
        ("HOME", "/nonexistent"),
    ];
    assert_eq!(digests(2, &elsewhere), here);
}

/// The C library then takes its variants without fused multiplication, whose logarithms and
/// powers differ in the last bit. On other systems the variable means nothing.
#[test]
fn the_results_folder_is_the_same_with_the_c_library_kept_from_fused_multiplication() {
    let tunables = "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-FMA_Usable,-FMA4_Usable,-AVX2_Usable";
    assert_eq!(digests(2, &[("GLIBC_TUNABLES", tunables)]), digests(2, &[]));
}
