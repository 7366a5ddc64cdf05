//! The simulator beside plain programs of the same models, measured in interleaved rounds.
//!
//! A shared machine changes its speed from second to second, so each round runs everything once
//! with a seed of its own, and what counts is the median of the rounds' ratios. Single runs are
//! timed by their thread's processor time where the system tells it.

mod agreement;
mod clock;
mod process;
mod speed;
mod table;

/// How much is measured.
pub struct Effort {
    /// Rounds of the speed comparison.
    rounds: u64,
    /// Requests of a run.
    requests: u64,
    /// Whether the runs of minutes are part of it.
    long: bool,
}

impl Effort {
    /// What the arguments ask for: `--rounds N`, `--requests N`, `--long`.
    pub fn of(arguments: &[String]) -> Self {
        let number = |name: &str, default: u64| {
            let at = arguments.iter().position(|argument| argument == name);
            let value = at.and_then(|at| arguments.get(at + 1));
            value.map_or(default, |value| value.parse().expect("a whole number"))
        };
        Self {
            rounds: number("--rounds", 9),
            requests: number("--requests", 2_000_000),
            long: arguments.iter().any(|argument| argument == "--long"),
        }
    }
}

/// Measures and prints all of it as Markdown.
pub fn print(effort: &Effort) {
    let rounds = speed::measure(effort);
    println!("## Speed\n");
    println!(
        "Nanoseconds of processor time a request, one thread; medians of {} rounds of {} requests.\n",
        effort.rounds, effort.requests
    );
    speed::print_costs(&rounds);
    println!("\n## Ratios\n\nMedians of the rounds' ratios, with the lowest and highest round.\n");
    speed::print_ratios(&rounds);
    println!(
        "\n## Agreement\n\nSeconds, over the same rounds; ± is the standard error of the difference.\n"
    );
    agreement::print(&rounds);
    println!("\n## The program\n");
    process::print(effort);
}
