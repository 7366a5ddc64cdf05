//! The scenarios that are measured: text that goes the way of every user's.

use cutover::experiment::{COMPARE_BUCKETS, Runner, Simulator};
use cutover::plan::Study;
use cutover::record::{RunKey, RunRecord};
use cutover::scenario::{NoFiles, Overrides, load_text};

/// Requests a second that 20 instances of 8 workers get at utilisation 0.7.
const RATE: u64 = 1120;

/// M1, M2 and M3 of `limit`, without users, whom those do not have either.
fn model(name: &str, window_s: u64, rate: &str, service_time: &str, rest: &str) -> String {
    format!(
        "apiVersion: cutover/v1
name: {name}
seeds: 1
clock: {{ warmup: 0s, window: {window_s}s }}
traffic:
  - name: all
    arrivals: {{ poisson: {{ rate: {rate} }} }}
    service_time: {service_time}
operations: []
strategies: [ {{ name: steady, rolling: {{}} }} ]
{rest}"
    )
}

/// M/M/1 at utilisation 0.9.
pub fn m1(requests: u64) -> String {
    model(
        "m1",
        requests * 10 / 9,
        "0.9/s",
        "{ exponential: { mean: 1s } }",
        "client: { timeout: none, users: none }
service: { replicas: 1, workers: 1, queue: unlimited }
",
    )
}

/// Instances behind the better of two, at utilisation 0.7.
pub fn m2(requests: u64, instances: u64) -> String {
    m2_with(requests, instances, "client: { timeout: none, users: none }")
}

/// A day of 5,000 requests a second on 90 instances, as M2.
pub fn day() -> String {
    model(
        "day",
        86_400,
        "5000/s",
        "{ exponential: { mean: 100ms } }",
        "client: { timeout: none, users: none }
balancer: { policy: { least_request: { choices: 2 } } }
service: { replicas: 90, workers: 8, queue: 100 }
",
    )
}

/// M2 with another client.
pub fn m2_with(requests: u64, instances: u64, client: &str) -> String {
    let rate = RATE * instances / 20;
    model(
        "m2",
        requests.div_ceil(rate),
        &format!("{rate}/s"),
        "{ exponential: { mean: 100ms } }",
        &format!(
            "{client}
balancer: {{ policy: {{ least_request: {{ choices: 2 }} }} }}
service: {{ replicas: {instances}, workers: 8, queue: 100 }}
"
        ),
    )
}

/// Round robin, lognormal service, a timeout and one retry.
pub fn m3(requests: u64) -> String {
    model(
        "m3",
        requests.div_ceil(RATE),
        "1120/s",
        "{ lognormal: { mean: 100ms, cv: 1.5 } }",
        "client:
  timeout: 1s
  users: none
  retries: { max: 1, on: [timeout, '503'], backoff: { base: 0s, cap: 0s, jitter: none } }
balancer: { policy: round_robin }
service: { replicas: 20, workers: 8, queue: 100 }
",
    )
}

/// M2 during a rolling update with probes, health checks and scrapes.
pub fn rolling(requests: u64) -> String {
    rolling_with(requests, "client: { timeout: none, users: none }")
}

/// That, with 50,000 users whose sessions lie in a shared store, are read with every request, and
/// are written back.
pub fn rolling_sessions(requests: u64) -> String {
    rolling_with(
        requests,
        "client: { timeout: none, users: { count: 50000 } }
state: { sessions: { store: shared, rewrite: 100% } }
versions:
  stable: { session: { reads: [v1, v2], writes: v1 } }
  candidate: { session: { reads: [v1, v2], writes: v2 } }",
    )
}

fn rolling_with(requests: u64, more: &str) -> String {
    format!(
        "apiVersion: cutover/v1
name: rolling
seeds: 1
clock: {{ warmup: 0s, window: {}s, deploy_at: 1m }}
traffic:
  - name: all
    arrivals: {{ poisson: {{ rate: {RATE}/s }} }}
    service_time: {{ exponential: {{ mean: 100ms }} }}
{more}
balancer:
  policy: {{ least_request: {{ choices: 2 }} }}
  propagation: 1s
  health_check: {{ interval: 2s, timeout: 1s, fall: 3, rise: 2 }}
service: {{ replicas: 20, workers: 8, queue: 100 }}
response:
  metrics: {{ scrape: 10s, window: 1m, delay: 5s }}
  alerts: [ {{ name: errors, metric: error_rate, above: 50%, for: 2m }} ]
strategies: [ {{ name: rolling, rolling: {{}} }} ]
",
        requests.div_ceil(RATE)
    )
}

/// M2 during a rolling update, and nothing besides: what the rollout layer alone costs.
pub fn rollout_alone(requests: u64) -> String {
    format!(
        "apiVersion: cutover/v1
name: rollout-alone
seeds: 1
clock: {{ warmup: 0s, window: {}s, deploy_at: 10s }}
traffic:
  - name: all
    arrivals: {{ poisson: {{ rate: {RATE}/s }} }}
    service_time: {{ exponential: {{ mean: 100ms }} }}
client: {{ timeout: none, users: none }}
balancer: {{ policy: {{ least_request: {{ choices: 2 }} }} }}
service: {{ replicas: 20, workers: 8, queue: 100, probes: {{ readiness: listening }} }}
strategies: [ {{ name: rolling, rolling: {{}} }} ]
",
        requests.div_ceil(RATE)
    )
}

/// A scenario's study.
///
/// # Panics
/// If the scenario is refused.
pub fn study(text: &str) -> Study {
    let loaded = load_text("bench.yaml", text, &NoFiles, &Overrides::default());
    loaded.unwrap_or_else(|problem| panic!("{problem:?}"))
}

/// One run of a study's first strategy.
pub fn run(study: &Study, seed: u64) -> RunRecord {
    let key = RunKey { arm: Some(0), release: Some(0), seed };
    Simulator::of_figures(study, COMPARE_BUCKETS).run(key)
}
