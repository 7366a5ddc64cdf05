//! Whole runs: M1, M2 and M3 as scenarios and as the plain programs of `limit`, a rolling update
//! with everything that watches it, and a fleet a hundred times larger. `scripts/bench` turns
//! the same into ratios.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group};

use crate::{limit, scenarios};

const REQUESTS: u64 = 300_000;

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(REQUESTS));
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(3));
    group
}

fn scenario(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, text: &str) {
    let study = scenarios::study(text);
    group.bench_function(name, |bencher| bencher.iter(|| scenarios::run(&study, 1)));
}

fn m1(criterion: &mut Criterion) {
    let mut group = group(criterion, "m1");
    group.bench_function("limit", |bencher| bencher.iter(|| limit::m1::run(REQUESTS, 1)));
    scenario(&mut group, "cutover", &scenarios::m1(REQUESTS));
}

fn m2(criterion: &mut Criterion) {
    for instances in [20, 2000] {
        let mut group = group(criterion, &format!("m2 of {instances}"));
        group.bench_function("limit", |bencher| {
            bencher.iter(|| limit::m2::run(REQUESTS, instances, 1));
        });
        scenario(&mut group, "cutover", &scenarios::m2(REQUESTS, instances as u64));
    }
}

fn m3(criterion: &mut Criterion) {
    let mut group = group(criterion, "m3");
    group.bench_function("limit", |bencher| bencher.iter(|| limit::m3::run(REQUESTS, 20, 1)));
    scenario(&mut group, "cutover", &scenarios::m3(REQUESTS));
}

/// What belongs to a scenario beside its requests.
fn whole(criterion: &mut Criterion) {
    let mut group = group(criterion, "whole scenario");
    let with_users = "client: { timeout: none, users: { count: 5000, pick: uniform } }";
    scenario(&mut group, "m2 with users", &scenarios::m2_with(REQUESTS, 20, with_users));
    scenario(&mut group, "rollout alone", &scenarios::rollout_alone(REQUESTS));
    scenario(&mut group, "rolling, checks, scrapes", &scenarios::rolling(REQUESTS));
    scenario(&mut group, "that with sessions", &scenarios::rolling_sessions(REQUESTS));
}

criterion_group!(models, m1, m2, m3, whole);
