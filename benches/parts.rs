//! The parts: the event list at several sizes, histograms, random draws, and what happens to a
//! study's result: its files, and its charts.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use cutover::engine::rng::Key;
use cutover::engine::{Calendar, Histogram, SimTime, Xoshiro};
use cutover::experiment::{COMPARE_BUCKETS, Silent, Simulator, run_study, summarise};
use cutover::record::CoarseHistogram;
use cutover::report::folder::{ChartFiles, FolderOptions, contents};

use crate::scenarios;

/// Gaps of a thousand nanoseconds on average.
fn gap(random: &mut Xoshiro) -> u64 {
    random.bits() % 2000
}

fn event_list(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event list");
    group.throughput(Throughput::Elements(1));
    for pending in [8, 100, 1_000, 10_000, 100_000] {
        let mut random = Key::of_seed(1).stream();
        let mut calendar = Calendar::default();
        for number in 0..pending {
            calendar.push(SimTime(gap(&mut random) * pending as u64), number as u32);
        }
        group.bench_function(format!("hold {pending}"), |bencher| {
            bencher.iter(|| {
                let at = calendar.next_time().0 + gap(&mut random) * pending as u64;
                calendar.replace_first(SimTime(at), 7);
            });
        });
        group.bench_function(format!("pop and push {pending}"), |bencher| {
            bencher.iter(|| {
                let (at, payload) = calendar.pop().expect("events are pending");
                let later = at.0 + gap(&mut random) * pending as u64;
                calendar.push(SimTime(later), payload);
            });
        });
    }
}

fn histograms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("histogram");
    group.throughput(Throughput::Elements(1));
    let mut random = Key::of_seed(2).stream();
    let mut fine = Histogram::new();
    group.bench_function("record", |bencher| {
        bencher.iter(|| fine.record(20_000_000 + (random.bits() >> 36)));
    });
    let mut coarse = CoarseHistogram::default();
    group.bench_function("record in a bucket of a timeline", |bencher| {
        bencher.iter(|| coarse.record(20_000_000 + (random.bits() >> 36)));
    });
    group.bench_function("quantile", |bencher| bencher.iter(|| black_box(&fine).quantile(0.99)));
    group.bench_function("merge", |bencher| {
        bencher.iter_batched_ref(|| fine.clone(), |mine| mine.merge(&fine), BatchSize::SmallInput);
    });
}

fn results(criterion: &mut Criterion) {
    let study = scenarios::study(&scenarios::rolling(100_000));
    let simulator = Simulator::of_figures(&study, COMPARE_BUCKETS);
    let result = run_study(&study, &simulator, Some(1), &Silent);
    let summary = summarise(&result);
    let mut group = criterion.benchmark_group("result");
    group.sample_size(10);
    group.bench_function("summary", |bencher| bencher.iter(|| summarise(&result)));
    for (name, charts) in
        [("files without charts", ChartFiles::None), ("files and charts", ChartFiles::All)]
    {
        group.bench_function(name, |bencher| {
            let options = || FolderOptions { charts, shown: &[], events: None, command: "bench" };
            bencher.iter(|| contents(&result, &summary, options()));
        });
    }
}

criterion_group!(parts, event_list, histograms, results);
