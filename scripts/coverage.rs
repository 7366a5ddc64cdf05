//! Measures how often intervals cover the truth and how often verdicts raise a false alarm:
//! ten thousand repeated cheap studies of models with known answers. `scripts/coverage` runs
//! it and writes the tables to `results/coverage`.
//!
//! Two ways. *Formulas*: samples of known laws through the functions of `stats`. *Simulated*:
//! scenarios through the whole way of any user's (text, plan, runs, rows, summary); the model is
//! a server without a queue, whose mean, share of errors and quantiles are known exactly.
//! Everything is seeded: the same program gives the same tables.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use cutover::engine::Key;
use cutover::engine::maths::{exp, ln};
use cutover::experiment::precision::{self, Target};
use cutover::experiment::{
    Group, Silent, Simulator, StudyResult, Summary, Verdict, index_of, run_study, summarise,
    summarise_look,
};
use cutover::plan::Study;
use cutover::scenario::{NoFiles, Overrides, load_text};
use cutover::stats::mean::{Moments, Paired};
use cutover::stats::special::normal_quantile;
use cutover::stats::{Interval, LEVEL, correction, quantile, rare, sequential, share};

/// Numbers of seeds that people use.
const SEEDS: [usize; 4] = [10, 20, 50, 100];

/// A heading, what is measured below it, and how many times the repetitions it takes.
type Part = (&'static str, fn(u64), u64);

const PARTS: [Part; 7] = [
    ("Means and differences, formulas", means, 4),
    ("Rare events and shares, formulas", rare_events_and_shares, 1),
    ("Quantiles over seeds, formulas", quantiles, 1),
    ("Stopping when precise enough, formulas", stopping, 1),
    ("False alarms, formulas", false_alarms, 1),
    ("Simulated studies", simulated, 1),
    ("Simulated, stopping when precise enough", simulated_stopping, 1),
];

/// `coverage [REPETITIONS [HEADING]]`: the parts whose headings begin so.
fn main() {
    let mut arguments = std::env::args().skip(1);
    let repetitions = arguments
        .next()
        .map_or(10_000, |text| text.parse().expect("the number of repetitions, such as 10000"));
    let wanted = arguments.next().unwrap_or_default();
    for (heading, measure, times) in PARTS {
        if heading.starts_with(&wanted) {
            println!("## {heading} ({} repetitions)\n", times * repetitions);
            measure(times * repetitions);
            println!();
        }
    }
}

// Counting.

/// Counts in how many repetitions each of `N` things happened, on all cores. Each repetition
/// depends on its number alone, so the counts do not depend on the cores.
fn count<const N: usize>(repetitions: u64, one: impl Fn(u64) -> [bool; N] + Sync) -> [f64; N] {
    let next = AtomicU64::new(0);
    let counts = [const { AtomicU64::new(0) }; N];
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let repetition = next.fetch_add(1, Ordering::Relaxed);
                    if repetition >= repetitions {
                        break;
                    }
                    for (count, happened) in counts.iter().zip(one(repetition)) {
                        count.fetch_add(u64::from(happened), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    counts.map(|count| count.into_inner() as f64 / repetitions as f64)
}

fn covers(interval: Option<Interval>, truth: f64) -> bool {
    interval.is_some_and(|(low, high)| low <= truth && truth <= high)
}

/// A share in percent with the error of its measurement (two standard errors).
fn cell(share: f64, repetitions: u64) -> String {
    let error = 200.0 * (share * (1.0 - share) / repetitions as f64).sqrt();
    format!("{:.2} ± {error:.2}", 100.0 * share)
}

fn heading(cells: &[&str]) {
    println!("| {} |\n|{}", cells.join(" | "), " --- |".repeat(cells.len()));
}

fn line(name: &str, shares: &[f64], repetitions: u64) {
    let cells: Vec<String> = shares.iter().map(|share| cell(*share, repetitions)).collect();
    println!("| {name} | {} |", cells.join(" | "));
    std::io::stdout().flush().expect("a place to write to");
}

// Laws.

type Law = fn(Key) -> f64;

fn unit(key: Key) -> f64 {
    (key.draw(0) >> 12) as f64 / (1u64 << 52) as f64 + 1e-17
}

fn normal(key: Key) -> f64 {
    normal_quantile(unit(key))
}

fn exponential(key: Key) -> f64 {
    -ln(1.0 - key.unit(0))
}

fn poisson(key: Key, mean: f64) -> f64 {
    let (mut at, mut count) = (0.0, 0);
    loop {
        at += exponential(key.entity(count));
        if at > mean {
            return count as f64;
        }
        count += 1;
    }
}

/// Name, law, true mean.
const LAWS: [(&str, Law, f64); 8] = [
    ("normal", normal, 0.0),
    ("uniform", |key| key.unit(0), 0.5),
    ("exponential", exponential, 1.0),
    ("gamma, shape 4", |key| (0..4).map(|i| exponential(key.entity(i))).sum(), 4.0),
    ("Poisson, mean 10", |key| poisson(key, 10.0), 10.0),
    ("Poisson, mean 1", |key| poisson(key, 1.0), 1.0),
    ("lognormal, sigma 0.5", |key| exp(0.5 * normal(key)), 1.133_148_453_066_826_3),
    ("lognormal, sigma 1", |key| exp(normal(key)), 1.648_721_270_700_128_2),
];

/// Differences of two independent values of one law: as wide as differences can be.
const DIFFERENCES: [(&str, Law); 4] = [
    ("of normals", |key| normal(key.entity(0)) - normal(key.entity(1))),
    ("of exponentials", |key| exponential(key.entity(0)) - exponential(key.entity(1))),
    ("of Poisson, mean 3", |key| poisson(key.entity(0), 3.0) - poisson(key.entity(1), 3.0)),
    ("of lognormals, sigma 0.5", |key| {
        exp(0.5 * normal(key.entity(0))) - exp(0.5 * normal(key.entity(1)))
    }),
];

fn sample(key: Key, law: Law, n: usize) -> Vec<f64> {
    (0..n as u64).map(|i| law(key.entity(i))).collect()
}

/// The coverage of the mean's interval at each number of seeds.
fn of_means(repetitions: u64, law: Law, truth: f64) -> [f64; 4] {
    count(repetitions, |repetition| {
        let values = sample(Key::of_seed(repetition), law, SEEDS[3]);
        SEEDS.map(|n| {
            covers(Moments::of(&values[..n]).and_then(|moments| moments.interval(LEVEL)), truth)
        })
    })
}

fn means(repetitions: u64) {
    heading(&["law", "10 seeds, %", "20 seeds, %", "50 seeds, %", "100 seeds, %"]);
    for (name, law, truth) in LAWS {
        line(name, &of_means(repetitions, law, truth), repetitions);
    }
    for (name, law) in DIFFERENCES {
        line(&format!("difference {name}"), &of_means(repetitions, law, 0.0), repetitions);
    }
}

fn rare_events_and_shares(repetitions: u64) {
    rare_events(repetitions);
    println!();
    shares(repetitions);
}

/// Means of Poisson counts so small that most seeds count nothing, and their differences.
fn rare_events(repetitions: u64) {
    heading(&["events a seed", "10 seeds, %", "20 seeds, %", "50 seeds, %", "100 seeds, %"]);
    for mean in [0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0] {
        let both = count::<8>(repetitions, |repetition| {
            let key = Key::of_seed(repetition);
            let counts = |purpose| -> Vec<f64> {
                let key = key.purpose(purpose);
                (0..SEEDS[3] as u64).map(|i| poisson(key.entity(i), mean)).collect()
            };
            let (a, b) = (counts(1), counts(2));
            std::array::from_fn(|place| {
                let n = SEEDS[place % 4];
                if place < 4 {
                    return covers(rare::mean(&a[..n], 1.0, LEVEL), mean);
                }
                let paired = Paired::of(&a[..n], &b[..n]).expect("pairs");
                covers(rare::difference(&paired, &a[..n], &b[..n], 1.0, LEVEL), 0.0)
            })
        });
        line(&format!("{mean}, mean"), &both[..4], repetitions);
        line(&format!("{mean}, difference of two"), &both[4..], repetitions);
    }
}

/// Exact shares: of seeds that were hit, and at a rate of one in a thousand.
fn shares(repetitions: u64) {
    heading(&["true share", "trials", "covered, %"]);
    for (truth, trials) in [(0.001, 100), (0.001, 1_000), (0.001, 10_000), (0.05, 100), (0.3, 20)] {
        let [covered] = count(repetitions, |repetition| {
            let key = Key::of_seed(repetition);
            let hits = (0..trials).filter(|&trial| key.unit(trial) < truth).count() as u64;
            [covers(Some(share::exact(hits, trials, LEVEL)), truth)]
        });
        println!("| {truth} | {trials} | {} |", cell(covered, repetitions));
    }
}

/// Order statistics of exponential values.
fn quantiles(repetitions: u64) {
    heading(&["quantile", "seeds", "covered, %"]);
    for (q, n) in [(0.5, 10), (0.5, 20), (0.5, 100), (0.9, 50), (0.9, 100), (0.95, 100)] {
        let [covered] = count(repetitions, |repetition| {
            let mut values = sample(Key::of_seed(repetition), exponential, n);
            quantile::sort(&mut values);
            [covers(quantile::interval(&values, q, LEVEL), -ln(1.0 - q))]
        });
        println!("| {q} | {n} | {} |", cell(covered, repetitions));
    }
}

/// The interval at which a growing sample is precise enough, or that of the ceiling; and the
/// size at which it stopped.
fn stopped(key: Key, law: Law, share: f64, shift: f64) -> (Option<Interval>, u64) {
    let looks = sequential::looks(20, 640);
    let level = sequential::level_of_a_look(LEVEL, looks.len());
    let mut values = Vec::new();
    for (place, &seeds) in looks.iter().enumerate() {
        values.extend((values.len() as u64..seeds).map(|i| shift + law(key.entity(i))));
        let moments = Moments::of(&values).expect("values");
        let interval = moments.interval(level);
        let half = interval.map_or(f64::INFINITY, |(low, high)| (high - low) / 2.0);
        if half <= share * moments.mean.abs() || place + 1 == looks.len() {
            return (interval, seeds);
        }
    }
    unreachable!("the last look always stops")
}

fn stopping(repetitions: u64) {
    heading(&["law", "until", "mean seeds", "covered, %"]);
    for (name, law, truth, shift) in [
        ("exponential", exponential as Law, 1.0, 0.0),
        ("normal, mean 3", normal as Law, 3.0, 3.0),
        ("Poisson, mean 1", (|key| poisson(key, 1.0)) as Law, 1.0, 0.0),
        ("lognormal, sigma 0.5", LAWS[6].1, LAWS[6].2, 0.0),
    ] {
        for share in [0.1, 0.2] {
            let seeds = AtomicU64::new(0);
            let [covered] = count(repetitions, |repetition| {
                let (interval, used) = stopped(Key::of_seed(repetition), law, share, shift);
                seeds.fetch_add(used, Ordering::Relaxed);
                [covers(interval, truth)]
            });
            let mean = seeds.into_inner() as f64 / repetitions as f64;
            let covered = cell(covered, repetitions);
            println!("| {name} | {:.0} % | {mean:.0} | {covered} |", 100.0 * share);
        }
    }
}

/// Families of equal strategies: how often any interval of a difference excludes zero.
fn false_alarms(repetitions: u64) {
    heading(&["equal strategies", "10 seeds, %", "20 seeds, %", "50 seeds, %", "100 seeds, %"]);
    for (name, law) in [("normal", normal as Law), ("exponential", exponential as Law)] {
        for rivals in [1, 4, 9] {
            let level = correction::bonferroni(LEVEL, rivals as usize);
            let alarms = count::<4>(repetitions, |repetition| {
                let key = Key::of_seed(repetition);
                let arm = |arm: u32| sample(key.purpose(arm), law, SEEDS[3]);
                let baseline = arm(0);
                let mut alarms = [false; 4];
                for rival in 1..=rivals {
                    let values = arm(rival);
                    for (alarm, n) in alarms.iter_mut().zip(SEEDS) {
                        let paired = Paired::of(&baseline[..n], &values[..n]).expect("pairs");
                        *alarm |= !covers(paired.moments.interval(level), 0.0);
                    }
                }
                alarms
            });
            line(&format!("{} ({name}), independent seeds", rivals + 1), &alarms, repetitions);
        }
    }
}

// Simulated studies.

/// Numbers of seeds of simulated studies, which cost more.
const SIMULATED: [usize; 3] = [10, 20, 50];

/// A server without a queue: `a` and `b` differ in service time (22 against 20 ms) and errors
/// (0.2 against 0.1 %); `c` is `a` under another name.
const WORLD: &str = "
name: known
clock: { warmup: 1s, window: 1m, deploy_at: 1s }
traffic:
  - name: web
    arrivals: { poisson: { rate: 10/s } }
    service_time: { exponential: { mean: 20ms } }
client: { retries: { max: 0 } }
balancer: { preset: ideal, overhead: 0s }
service: { replicas: 1, workers: unlimited }
versions: { stable: { errors: 0.1% }, candidate: {} }
operations: []
strategies:
  - { name: a, recreate: {} }
  - { name: b, recreate: {}, with: { versions.stable.slowdown: 1.1, versions.stable.errors: 0.2% } }
  - { name: c, recreate: {} }
";

fn world() -> Study {
    let study = load_text("known.yaml", WORLD, &NoFiles, &Overrides::default());
    study.unwrap_or_else(|problem| panic!("{problem}"))
}

/// Runs more seeds and adds their runs to a result.
fn grow(result: &mut Option<StudyResult>, study: &Study, first_seed: u64, seeds: u64) {
    let part = Study { first_seed, seeds, ..study.clone() };
    let more = run_study(&part, &Simulator::of_figures(&part, 1), Some(1), &Silent);
    let Some(result) = result else {
        *result = Some(more);
        return;
    };
    result.study.seeds += seeds;
    for (mine, theirs) in result.groups.iter_mut().zip(more.groups) {
        mine.rows.extend(theirs.rows);
        for (cell, other) in mine.cells.iter_mut().zip(&theirs.cells) {
            cell.ok.merge(&other.ok);
        }
    }
}

/// Forgets all columns but these, which makes summaries cheaper and no different.
fn keep_columns(result: &mut StudyResult, names: &[&str]) {
    let kept: Vec<usize> = names.iter().filter_map(|name| index_of(name)).collect();
    for row in result.groups.iter_mut().flat_map(|group| &mut group.rows) {
        for (place, value) in row.values.iter_mut().enumerate() {
            *value = value.filter(|_| kept.contains(&place));
        }
    }
}

/// What is looked at in a simulated study.
const LOOKED_AT: [&str; 13] = [
    "mean latency, 20 ms",
    "share of errors, 0.1 %",
    "p99 of all requests, 92.1 ms",
    "difference of mean latencies, 2 ms",
    "difference of shares of errors, 0.1 %",
    "equal, common seeds: interval excludes 0 (latency)",
    "equal, common seeds: better or worse (latency, errors)",
    "equal, independent seeds: interval excludes 0 (latency)",
    "equal, independent seeds: interval excludes 0 (errors)",
    "equal, independent seeds: better or worse (latency, errors)",
    "difference of shares of errors, independent seeds",
    "difference of mean latencies, independent seeds",
    "mean latency, 20 ms (rival)",
];

/// Strategy `a` against one rival, each of which may come from seeds of its own.
fn pair(of_a: &StudyResult, of_rival: &Group, rival: usize) -> Summary {
    let mut result = of_a.clone();
    result.study.arms = vec![of_a.study.arms[0].clone(), of_a.study.arms[rival].clone()];
    result.groups = vec![of_a.groups[0].clone(), of_rival.clone()];
    summarise(&result)
}

fn look(result: &StudyResult, other: &StudyResult) -> [bool; 13] {
    let (b, c) = (pair(result, &result.groups[1], 1), pair(result, &result.groups[2], 2));
    let (b_apart, c_apart) = (pair(result, &other.groups[0], 1), pair(result, &other.groups[1], 2));
    let mean = |group, metric| b.line(group, metric).and_then(|line| line.interval);
    let difference = |summary: &Summary, metric| {
        summary.line(1, metric).and_then(|line| line.difference).expect("pairs")
    };
    let covered =
        |summary, metric, truth| covers(Some(difference(summary, metric).interval), truth);
    let alarms = |summary| {
        ["ok_mean_ms", "failed_share"].iter().any(|metric| {
            matches!(difference(summary, metric).verdict, Verdict::Better | Verdict::Worse)
        })
    };
    let pooled = b.pooled(0, "ok_p99_ms").and_then(|line| line.interval);
    [
        covers(mean(0, "ok_mean_ms"), 20.0),
        covers(mean(0, "failed_share"), 0.001),
        covers(pooled, 20.0 * ln(100.0)),
        covered(&b, "ok_mean_ms", 2.0),
        covered(&b, "failed_share", 0.001),
        !covered(&c, "ok_mean_ms", 0.0),
        alarms(&c),
        !covered(&c_apart, "ok_mean_ms", 0.0),
        !covered(&c_apart, "failed_share", 0.0),
        alarms(&c_apart),
        covered(&b_apart, "failed_share", 0.001),
        covered(&b_apart, "ok_mean_ms", 2.0),
        covers(mean(1, "ok_mean_ms"), 22.0),
    ]
}

fn simulated(repetitions: u64) {
    let columns = ["requests", "ok_mean_ms", "ok_p99_ms", "failed_share"];
    let study = world();
    let rivals = Study { arms: study.arms[1..].to_vec(), ..study.clone() };
    const N: usize = SIMULATED.len() * LOOKED_AT.len();
    let shares = count::<N>(repetitions, |repetition| {
        let (mut result, mut other) = (None, None);
        let mut seen = [false; N];
        let mut before = 0;
        for (place, n) in SIMULATED.iter().map(|n| *n as u64).enumerate() {
            let first = 1 + repetition * 1_000;
            grow(&mut result, &study, first + before, n - before);
            grow(&mut other, &rivals, first + 500 + before, n - before);
            before = n;
            let (result, other) = (result.as_mut().expect("grown"), other.as_mut().expect("grown"));
            keep_columns(result, &columns);
            keep_columns(other, &columns);
            for (at, happened) in look(result, other).into_iter().enumerate() {
                seen[SIMULATED.len() * at + place] = happened;
            }
        }
        seen
    });
    heading(&["what", "10 seeds, %", "20 seeds, %", "50 seeds, %"]);
    for (name, shares) in LOOKED_AT.iter().zip(shares.chunks(SIMULATED.len())) {
        line(name, shares, repetitions);
    }
}

/// `--until-precision`, as `compare` does it.
fn simulated_stopping(repetitions: u64) {
    let mut study = world();
    study.arms.truncate(1);
    // Nothing is deployed that a control could be held against.
    study.control = false;
    let looks = sequential::looks(20, 320);
    heading(&["metric", "until", "mean seeds", "covered, %"]);
    for (name, truth, share) in [("failed_share", 0.001, 0.5), ("failed_share", 0.001, 0.7)] {
        let target = Target { metric: index_of(name).expect("a metric"), share };
        let used = AtomicU64::new(0);
        let [covered] = count(repetitions, |repetition| {
            let mut result = None;
            let mut before = 0;
            for (place, &seeds) in looks.iter().enumerate() {
                grow(&mut result, &study, 1 + repetition * 1_000 + before, seeds - before);
                before = seeds;
                let result = result.as_mut().expect("grown");
                keep_columns(result, &["requests", name]);
                let summary = summarise_look(result, looks.len());
                let enough = precision::assess(result, &summary, target)
                    .is_some_and(|precision| precision.is_enough());
                if enough || place + 1 == looks.len() {
                    used.fetch_add(seeds, Ordering::Relaxed);
                    let line = summary.line(0, name).and_then(|line| line.interval);
                    return [covers(line, truth)];
                }
            }
            [false]
        });
        let mean = used.into_inner() as f64 / repetitions as f64;
        println!("| {name} | {} % | {mean:.0} | {} |", 100.0 * share, cell(covered, repetitions));
    }
}
