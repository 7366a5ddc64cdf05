//! What became of objectives: as a table, Markdown, JUnit XML and JSON.

use serde::Serialize;

use super::plain;
use crate::experiment::objectives::{Held, Holds};
use crate::experiment::{METRICS, StudyResult, index_of};
use crate::plan::Objective;
use crate::report::figure::{Estimate, Scale};
use crate::report::text::{markdown as escaped, visible};

/// Objectives held against a study.
pub struct Verdicts<'a> {
    /// The study.
    pub result: &'a StudyResult,
    /// What became of its objectives.
    pub held: &'a [Held],
}

fn word(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "holds",
        Holds::No => "fails",
        Holds::Unknown => "inconclusive",
    }
}

fn scale_of(metric: &str) -> Scale {
    index_of(metric).map_or(Scale::Plain, |place| Scale::of(METRICS[place].unit))
}

fn amount(value: f64, metric: &str) -> String {
    let scale = scale_of(metric);
    let number = Estimate::new(value, None, scale).mean;
    if scale == Scale::Percent { format!("{number} %") } else { number }
}

/// `ok_p99_ms of browse at most 400 in 95 % of seeds`
fn described(objective: &Objective) -> String {
    let mut text = objective.metric.clone();
    if let Some(class) = &objective.class {
        text.push_str(&format!(" of {class}"));
    }
    text.push_str(&format!(" at most {}", amount(objective.at_most, &objective.metric)));
    if let Some(share) = objective.in_seeds {
        text.push_str(&format!(
            " in {} % of seeds",
            Estimate::new(share, None, Scale::Percent).mean
        ));
    }
    text
}

impl Verdicts<'_> {
    fn objective(&self, held: &Held) -> &Objective {
        &self.result.study.objectives[held.objective]
    }

    /// `4.1 ± 0.2 %`, of seeds where the limit is one in a share of them.
    fn got(&self, held: &Held) -> String {
        let Some(estimate) = held.estimate else { return String::new() };
        let objective = self.objective(held);
        let scale = match objective.in_seeds {
            Some(_) => Scale::Percent,
            None => scale_of(&objective.metric),
        };
        let number = Estimate::new(estimate, held.interval, scale).joined();
        let unit = if scale == Scale::Percent { " %" } else { "" };
        let of = if objective.in_seeds.is_some() { " of seeds" } else { "" };
        format!("{number}{unit}{of}")
    }

    /// Strategy, and release where there are several.
    fn of(&self, held: &Held) -> (String, String) {
        let group = &self.result.groups[held.group];
        (group.strategy.clone(), group.release.clone())
    }

    fn counted(&self, holds: Holds) -> usize {
        self.held.iter().filter(|held| held.holds == holds).count()
    }

    fn summary(&self) -> String {
        format!(
            "{} hold, {} fail, {} inconclusive at {} seeds (95 % intervals)",
            self.counted(Holds::Yes),
            self.counted(Holds::No),
            self.counted(Holds::Unknown),
            self.result.study.seeds
        )
    }
}

const HEADING: [&str; 6] = ["verdict", "objective", "strategy", "release", "got", "note"];

fn rows(verdicts: &Verdicts<'_>) -> Vec<Vec<String>> {
    let row = |held: &Held| {
        let (strategy, release) = verdicts.of(held);
        let objective = described(verdicts.objective(held));
        vec![
            word(held.holds).to_owned(),
            objective,
            strategy,
            release,
            verdicts.got(held),
            held.note.clone(),
        ]
    };
    verdicts.held.iter().map(row).collect()
}

/// For people.
#[must_use]
pub fn table(verdicts: &Verdicts<'_>) -> String {
    format!("{}\n{}\n", plain::table(&HEADING, &rows(verdicts)), verdicts.summary())
}

/// For pull requests.
#[must_use]
pub fn markdown(verdicts: &Verdicts<'_>) -> String {
    let name = escaped(&verdicts.result.study.name);
    let mut text = format!("### {name}: {}\n\n", verdicts.summary());
    text.push_str(&format!("| {} |\n|{}\n", HEADING.join(" | "), " --- |".repeat(HEADING.len())));
    for row in rows(verdicts) {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn xml(text: &str) -> String {
    let mut safe = String::new();
    for character in visible(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}

/// For continuous integration: one test case an objective, strategy and release. What is
/// inconclusive is an error, so that nobody takes it for passed.
#[must_use]
pub fn junit(verdicts: &Verdicts<'_>) -> String {
    let study = &verdicts.result.study;
    let name = xml(&format!("cutover check {}", study.name));
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        verdicts.held.len(),
        verdicts.counted(Holds::No),
        verdicts.counted(Holds::Unknown)
    );
    // Simulated studies have no time and place: the schema's mandatory ones are constant, so
    // that equal studies give equal bytes.
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{name}\" {counts} \
         time=\"0\">\n<testsuite name=\"{name}\" {counts} skipped=\"0\" time=\"0\" \
         timestamp=\"1970-01-01T00:00:00\" hostname=\"localhost\">\n  <properties>\n    <property \
         name=\"seeds\" value=\"{}\"/>\n    <property name=\"digest\" value=\"{}\"/>\n  \
         </properties>\n",
        study.seeds,
        xml(&study.digest)
    );
    for held in verdicts.held {
        let (strategy, release) = verdicts.of(held);
        let name = xml(&described(verdicts.objective(held)));
        let class = xml(&format!("{strategy}.{release}"));
        let case = format!("  <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
        let told = xml([verdicts.got(held), held.note.clone()].join(" ").trim());
        let ended = |element: &str, kind: &str| {
            format!("{case}>\n    <{element} type=\"{kind}\" message=\"{told}\"/>\n  </testcase>\n")
        };
        text.push_str(&match held.holds {
            Holds::Yes => format!("{case}/>\n"),
            Holds::No => ended("failure", "fails"),
            Holds::Unknown => ended("error", "inconclusive"),
        });
    }
    text + "  <system-out/>\n  <system-err/>\n</testsuite>\n</testsuites>\n"
}

#[derive(Serialize)]
struct Root<'a> {
    scenario: &'a str,
    digest: &'a str,
    cutover: &'static str,
    first_seed: u64,
    seeds: u64,
    verdict: &'static str,
    objectives: Vec<HeldView<'a>>,
}

#[derive(Serialize)]
struct HeldView<'a> {
    metric: &'a str,
    class: Option<&'a str>,
    at_most: f64,
    in_seeds: Option<f64>,
    strategy: String,
    release: String,
    verdict: &'static str,
    estimate: Option<f64>,
    interval: Option<(f64, f64)>,
    note: &'a str,
}

/// For programs.
///
/// # Panics
/// Never: verdicts are plain data.
#[must_use]
pub fn json(verdicts: &Verdicts<'_>) -> String {
    let study = &verdicts.result.study;
    let overall =
        [Holds::No, Holds::Unknown].into_iter().find(|&holds| verdicts.counted(holds) > 0);
    let view = |held| {
        let objective: &Objective = verdicts.objective(held);
        let (strategy, release) = verdicts.of(held);
        HeldView {
            metric: &objective.metric,
            class: objective.class.as_deref(),
            at_most: objective.at_most,
            in_seeds: objective.in_seeds,
            strategy,
            release,
            verdict: word(held.holds),
            estimate: held.estimate,
            interval: held.interval,
            note: &held.note,
        }
    };
    let root = Root {
        scenario: &study.name,
        digest: &study.digest,
        cutover: env!("CARGO_PKG_VERSION"),
        first_seed: study.first_seed,
        seeds: study.seeds,
        verdict: word(overall.unwrap_or(Holds::Yes)),
        objectives: verdicts.held.iter().map(view).collect(),
    };
    serde_json::to_string_pretty(&root).expect("verdicts are plain data") + "\n"
}
