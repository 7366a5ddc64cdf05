//! Costs of a request, round by round, and their ratios.

use cutover::experiment::{COMPARE_BUCKETS, Silent, Simulator, run_study};
use cutover::plan::Study;

use super::Effort;
use super::agreement::Latency;
use super::clock::{of_thread, of_wall};
use super::table::{Target, median};
use crate::{limit, scenarios};

/// One thing measured: its name, and a value a round.
pub struct Series {
    pub name: &'static str,
    pub costs: Vec<f64>,
    pub latencies: Vec<Latency>,
}

/// Everything measured, in the order of the table.
pub struct Rounds {
    pub series: Vec<Series>,
    /// Work done a second by two threads over that of one: plain program, simulator.
    gains: [Vec<f64>; 2],
}

impl Rounds {
    /// What was measured under a name.
    pub fn of(&self, name: &str) -> &Series {
        self.series.iter().find(|series| series.name == name).expect("a measured name")
    }
}

/// A measurement: from a seed to nanoseconds of the thread, requests, latency.
type Measure = Box<dyn Fn(u64) -> (f64, u64, Latency)>;

fn plain(run: impl Fn(u64) -> limit::Outcome + 'static) -> Measure {
    Box::new(move |seed| {
        let (spent, outcome) = of_thread(|| run(seed));
        (spent, outcome.latency.count + outcome.failed, Latency::of_plain(&outcome))
    })
}

fn scenario(text: &str) -> Measure {
    let study = scenarios::study(text);
    Box::new(move |seed| {
        let (spent, record) = of_thread(|| scenarios::run(&study, seed));
        (spent, record.work.requests, Latency::of_record(&record))
    })
}

fn measures(n: u64) -> Vec<(&'static str, Measure)> {
    let users = "client: { timeout: none, users: { count: 5000, pick: uniform } }";
    vec![
        ("M1 plain", plain(move |seed| limit::m1::run(n, seed))),
        ("M1", scenario(&scenarios::m1(n))),
        ("M2 plain", plain(move |seed| limit::m2::run(n, 20, seed))),
        ("M2", scenario(&scenarios::m2(n, 20))),
        ("M2 plain, no departures", plain(move |s| limit::kiefer_wolfowitz::run(n, 20, s))),
        ("M2 plain, 2,000 instances", plain(move |seed| limit::m2::run(n, 2000, seed))),
        ("M2, 2,000 instances", scenario(&scenarios::m2(n, 2000))),
        ("M3 plain", plain(move |seed| limit::m3::run(n, 20, seed))),
        ("M3", scenario(&scenarios::m3(n))),
        ("M2 with 5,000 users", scenario(&scenarios::m2_with(n, 20, users))),
        ("rollout alone", scenario(&scenarios::rollout_alone(n))),
        ("rolling, checks, scrapes", scenario(&scenarios::rolling(n))),
        ("rolling, with sessions", scenario(&scenarios::rolling_sessions(n))),
    ]
}

/// Runs everything in interleaved rounds.
pub fn measure(effort: &Effort) -> Rounds {
    let measures = measures(effort.requests);
    let name = |&(name, _): &(&'static str, Measure)| name;
    let empty = |name| Series { name, costs: Vec::new(), latencies: Vec::new() };
    let mut rounds = Rounds {
        series: measures.iter().map(name).map(empty).collect(),
        gains: [Vec::new(), Vec::new()],
    };
    let study = scenarios::study(&scenarios::m2(effort.requests, 20));
    for seed in 1..=effort.rounds {
        for (series, (_, measure)) in rounds.series.iter_mut().zip(&measures) {
            let (spent, requests, latency) = measure(seed);
            series.costs.push(spent / requests as f64);
            series.latencies.push(latency);
        }
        rounds.gains[0].push(gain_of_plain(effort.requests, seed));
        rounds.gains[1].push(gain_of_study(&study, seed));
        eprintln!("round {seed} of {}", effort.rounds);
    }
    rounds
}

fn gain_of_plain(requests: u64, seed: u64) -> f64 {
    let run = |seed: u64| limit::m2::run(requests, 20, seed);
    let alone = of_wall(|| run(seed));
    let together = of_wall(|| {
        std::thread::scope(|scope| {
            let threads = [seed, seed + 1].map(|seed| scope.spawn(move || run(seed)));
            threads.map(|thread| thread.join().expect("a model does not panic")).len()
        })
    });
    2.0 * alone / together
}

fn gain_of_study(study: &Study, seed: u64) -> f64 {
    let of_seeds = |seeds: u64, threads: usize| {
        let study = Study { first_seed: seed, seeds, ..study.clone() };
        let simulator = Simulator::of_figures(&study, COMPARE_BUCKETS);
        of_wall(|| run_study(&study, &simulator, Some(threads), &Silent))
    };
    2.0 * of_seeds(1, 1) / of_seeds(2, 2)
}

/// The table of costs.
pub fn print_costs(rounds: &Rounds) {
    println!("| what | ns a request | million requests/s |\n| --- | ---: | ---: |");
    for series in &rounds.series {
        let cost = median(&series.costs);
        println!("| {} | {cost:.1} | {:.1} |", series.name, 1e3 / cost);
    }
}

/// The table of ratios and verdicts.
pub fn print_ratios(rounds: &Rounds) {
    println!("| what | ratio | rounds | target | |\n| --- | ---: | --- | --- | --- |");
    let row = |what: &str, ratios: &[f64], target: Target| {
        let middle = median(ratios);
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        println!("| {what} | {middle:.3} | {low:.2} to {high:.2} | {} |", target.cells(middle));
    };
    let ratios = |above: &str, below: &str| -> Vec<f64> {
        let pairs = rounds.of(above).costs.iter().zip(&rounds.of(below).costs);
        pairs.map(|(above, below)| above / below).collect()
    };
    row("M1: speed over the plain program's", &ratios("M1 plain", "M1"), Target::AtLeast(0.35));
    row("M2: speed over the plain program's", &ratios("M2 plain", "M2"), Target::AtLeast(0.60));
    row("M3: speed over the plain program's", &ratios("M3 plain", "M3"), Target::AtLeast(0.50));
    row(
        "M2: speed over the best plain design's (moonshot)",
        &ratios("M2 plain, no departures", "M2"),
        Target::AtLeast(0.50),
    );
    row(
        "cost of a rolling update alone over plain M2's",
        &ratios("rollout alone", "M2"),
        Target::AtMost(1.05),
    );
    row(
        "cost of a rolling update with checks and scrapes over plain M2's",
        &ratios("rolling, checks, scrapes", "M2"),
        Target::AtMost(1.5),
    );
    row(
        "cost of that with the sessions of 50,000 users over plain M2's",
        &ratios("rolling, with sessions", "M2"),
        Target::AtMost(2.5),
    );
    row(
        "cost of 2,000 instances over 20",
        &ratios("M2, 2,000 instances", "M2"),
        Target::AtMost(1.7),
    );
    let pairs = rounds.gains[1].iter().zip(&rounds.gains[0]);
    let gains: Vec<f64> = pairs.map(|(ours, plain)| ours / plain).collect();
    row("gain of a second thread over the plain program's", &gains, Target::AtLeast(0.95));
    println!(
        "\nFor comparison: the plain program's cost of 2,000 instances over 20 is {:.2}; a second \
         thread brings it {:.2} times the work, and the simulator {:.2} times; 5,000 users cost \
         {:.2} of M2 without.",
        median(&ratios("M2 plain, 2,000 instances", "M2 plain")),
        median(&rounds.gains[0]),
        median(&rounds.gains[1]),
        median(&ratios("M2 with 5,000 users", "M2")),
    );
}
