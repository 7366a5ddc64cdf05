//! Benchmarks, in one program: `cargo bench` runs the criterion groups (`models`, `parts`),
//! `cargo bench -- --ratios` holds the simulator against plain programs of the same models, in
//! interleaved rounds, and prints the ratios with their targets (`scripts/bench` keeps them).

mod limit;
mod models;
mod parts;
mod ratios;
mod scenarios;

use criterion::Criterion;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--ratios") {
        ratios::print(&ratios::Effort::of(&arguments));
        return;
    }
    models::models();
    parts::parts();
    Criterion::default().configure_from_args().final_summary();
}
