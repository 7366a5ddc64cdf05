//! Whether simulator and plain programs agree: speed of a different answer means nothing.

use cutover::engine::Histogram;
use cutover::record::RunRecord;

use super::speed::Rounds;
use crate::limit;

/// What a run says of latency, in seconds.
#[derive(Clone, Copy)]
pub struct Latency {
    mean: f64,
    p99: f64,
}

impl Latency {
    /// Of a plain program.
    pub fn of_plain(outcome: &limit::Outcome) -> Self {
        Self { mean: outcome.latency.mean(), p99: outcome.latency.quantile(0.99) }
    }

    /// Of the requests that a run answered.
    pub fn of_record(record: &RunRecord) -> Self {
        let mut all = Histogram::new();
        record.cells.iter().for_each(|cell| all.merge(&cell.ok));
        let seconds = |nanoseconds: f64| nanoseconds / 1e9;
        Self {
            mean: seconds(all.mean().expect("requests are answered")),
            p99: seconds(all.quantile(0.99).expect("requests are answered") as f64),
        }
    }
}

/// Mean and standard error of the mean.
fn summary(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}

/// The table of means and p99 side by side. Seeds name different streams in the two, so rounds
/// are independent; three standard errors are exceeded by chance in one of 370 comparisons. The
/// large fleet is left out: its requests are over in seconds of simulated time, and those that are
/// inside at the window's end, the long ones, are not answered yet.
pub fn print(rounds: &Rounds) {
    println!("| what | plain | simulator | difference | |\n| --- | ---: | ---: | ---: | --- |");
    for (plain, ours) in [
        ("M1 plain", "M1"),
        ("M2 plain", "M2"),
        ("M2 plain, no departures", "M2"),
        ("M3 plain", "M3"),
    ] {
        for (figure, of) in [
            ("mean", (|latency| latency.mean) as fn(&Latency) -> f64),
            ("p99", |latency| latency.p99),
        ] {
            let of_name =
                |name: &str| -> Vec<f64> { rounds.of(name).latencies.iter().map(of).collect() };
            let ((a, a_error), (b, b_error)) = (summary(&of_name(plain)), summary(&of_name(ours)));
            let error = (a_error * a_error + b_error * b_error).sqrt();
            let agree = (a - b).abs() <= 3.0 * error.max(0.002 * a / 3.0);
            println!(
                "| {plain}: {figure} | {a:.5} | {b:.5} | {:+.5} ± {error:.5} | {} |",
                b - a,
                if agree { "agree" } else { "**differ**" }
            );
        }
    }
}
