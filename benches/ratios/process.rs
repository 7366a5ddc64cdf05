//! The program as a user starts it: memory, start, the shipped quickstart, long runs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Effort;
use super::table::{Target, median};
use crate::scenarios;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cutover");

/// How long a start of the program took, and the most memory it had, where the system tells.
struct Finished {
    seconds: f64,
    peak_kib: Option<f64>,
}

fn start(folder: &Path, arguments: &[&str]) -> Finished {
    let begun = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = None;
    let ended = loop {
        // The figure only grows, so the last one read is the peak but for the last moment.
        peak_kib = peak(&status).or(peak_kib);
        if let Some(ended) = child.try_wait().expect("a child of ours") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(ended.success(), "cutover {} ends with {ended}", arguments.join(" "));
    Finished { seconds: begun.elapsed().as_secs_f64(), peak_kib }
}

fn peak(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The table of what the program takes.
pub fn print(effort: &Effort) {
    let folder = tempfile::tempdir().expect("a folder for results");
    let folder = folder.path();
    println!("| what | figure | target | |\n| --- | ---: | --- | --- |");
    let row = |what: &str, figure: f64, unit: &str, target: Target| {
        println!("| {what} | {figure:.1} {unit} | {} |", target.cells(figure));
    };
    let starts: Vec<f64> = (0..21).map(|_| 1e3 * start(folder, &["--help"]).seconds).collect();
    row("`cutover --help`, median of 21 starts", median(&starts), "ms", Target::AtMost(20.0));
    let quick = start(folder, &["compare", "quickstart"]);
    row("`cutover compare quickstart`", quick.seconds, "s", Target::AtMost(5.0));
    let mut sizes = vec![("10^6", 1_000_000), ("10^8", 100_000_000)];
    if effort.long {
        sizes.push(("10^9", 1_000_000_000));
    }
    for (name, requests) in sizes {
        std::fs::write(folder.join("m2.yaml"), scenarios::m2(requests, 20)).expect("a full disk");
        for command in ["run", "compare"] {
            let finished = start(folder, &[command, "m2.yaml", "--allow-huge"]);
            let what = format!("`cutover {command}`, M2, {name} requests: peak memory");
            let figure = finished.peak_kib.unwrap_or(f64::NAN) / 1024.0;
            row(&what, figure, "MiB", Target::AtMost(32.0));
        }
    }
    if effort.long {
        std::fs::write(folder.join("day.yaml"), scenarios::day()).expect("a full disk");
        let finished = start(folder, &["run", "day.yaml", "--allow-huge"]);
        println!("| 24 h at 5,000 requests/s, 432 million | {:.1} s | | |", finished.seconds);
    }
}
