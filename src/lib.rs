//! Deployment strategies, simulated: what recreate, rolling, blue-green and canary rollouts do
//! to the people who use a service, and why.
//!
//! `cutover` is a deterministic discrete-event simulator and a benchmarking harness around it.
//! A scenario says what traffic a service gets, what stands in front of it, how its pods start
//! and stop, what is wrong with the version being deployed, and who notices. Every strategy
//! then meets the same requests, demands, users and faults, seed by seed, beside a control in
//! which nothing is deployed; the answer is the difference, with intervals.
//!
//! # What is modelled
//!
//! Clients with timeouts, deadlines and retries; balancer nodes that each see the endpoints
//! with a delay of their own; instances with workers, queues, warm-up and a way to stop; pods,
//! replica sets and the Deployment controller as Kubernetes runs them; canaries that judge
//! *reported* metrics; people on call. Every failed request has an outcome and a cause.
//!
//! # The rooms
//!
//! ```text
//! scenario.yaml ──> scenario ──> plan ──> experiment ──> simulation ──> record
//!                   (parse,      (plain   (seeds in      (one world,       │
//!                    resolve)     data)    parallel)      one thread)      ▼
//!                                 report <── summary <── stats <── rows and merged series
//! ```
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`engine`] | integer time, the future event list, random streams, samplers, histograms |
//! | [`plan`] | the data that a run needs; two equal plans and seeds give equal bytes |
//! | [`model`], [`platform`], [`strategy`] | the served world, what carries it, who decides |
//! | [`simulation`] | the event loop that ties them together |
//! | [`record`] | what a run leaves behind |
//! | [`scenario`] | from YAML and manifests to a plan, or to all that is wrong with them |
//! | [`import`] | what people already have, as scenarios |
//! | [`experiment`], [`stats`] | many runs, reduced and compared |
//! | [`report`] | tables, files, charts |
//! | [`cli`] | the command line |
//!
//! # Example
//!
//! The program is the usual way in (`cutover compare quickstart`); the same from Rust:
//!
//! ```
//! use cutover::experiment::{COMPARE_BUCKETS, Silent, Simulator, run_study, summarise};
//! use cutover::scenario::{NoFiles, Overrides, load_text};
//!
//! let scenario = "
//!     name: example
//!     seeds: 4
//!     clock: { warmup: 5s, window: 1m, deploy_at: 5s }
//!     traffic:
//!       - name: web
//!         arrivals: { poisson: { rate: 100/s } }
//!         service_time: { exponential: { mean: 20ms } }
//!     service: { replicas: 3, startup: { boot: 2s } }
//!     strategies:
//!       - { name: recreate, recreate: {} }
//!       - { name: rolling, rolling: { max_surge: 1, max_unavailable: 0 } }
//! ";
//! let study = load_text("example.yaml", scenario, &NoFiles, &Overrides::default()).unwrap();
//! let simulator = Simulator::of_figures(&study, COMPARE_BUCKETS);
//! let result = run_study(&study, &simulator, None, &Silent);
//! let summary = summarise(&result);
//!
//! // Groups: the control, recreate, rolling.
//! let recreate = summary.line(1, "excess_failed").unwrap();
//! let rolling = summary.line(2, "excess_failed").unwrap();
//! assert!(recreate.mean > rolling.mean);
//! ```

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod import;
pub mod model;
pub mod plan;
pub mod platform;
pub mod record;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod stats;
pub mod strategy;
pub mod verify;
