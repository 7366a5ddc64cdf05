//! The answer of a comparison, put together once: tables of text cells, causes, sentences. The
//! terminal, Markdown and HTML only lay it out.
//!
//! Names in here are safe to show (no control characters) but not yet escaped for any markup.

mod asked;
mod causes;
mod columns;
mod differences;
mod grid;
mod hundred;
mod responding;
mod spread;
mod sure;
mod versions;
mod words;

pub use asked::{Fact, facts, strategy};
pub use causes::{CauseLine, CauseShare, per_run};
pub use grid::{Grid, Heading, Line, Line as GridLine, Section};
pub use hundred::{Mixed, is_cut_off, mixed};
pub use words::Sentence;

use crate::experiment::{CONTROL_NAME, Group, StudyResult, Summary};

use super::figure::{percent, whole};
use super::text::visible;

/// Everything there is to say about a comparison.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The scenario's name.
    pub scenario: String,
    /// What was run, in one line.
    pub scope: String,
    /// One line a strategy and release.
    pub table: Grid,
    /// What to know to read the table.
    pub legend: String,
    /// Where there are several releases: what 100 deployments do.
    pub hundred: Option<Grid>,
    /// Latency over the requests of all seeds together.
    pub latency: Option<Grid>,
    /// How the seeds spread.
    pub spread: Option<Grid>,
    /// Why requests failed.
    pub causes: Vec<CauseLine>,
    /// What the models behind these causes were held against; empty where nothing failed.
    pub rests: String,
    /// Which strategy fails fewest requests on average.
    pub ranking: Option<String>,
    /// Every strategy against the baseline, in words.
    pub sentences: Vec<Sentence>,
    /// Which strategy is probably the best, and which are dominated.
    pub choices: Vec<String>,
    /// Every metric's difference to the baseline.
    pub differences: Option<Grid>,
    /// How sure the sentences are.
    pub certainty: String,
    /// `path = value` of the defaults used.
    pub defaults: Vec<String>,
    /// Findings of the lint.
    pub warnings: Vec<String>,
    /// What intervals do not say.
    pub caveat: String,
}

impl Answer {
    /// The answer of a study.
    #[must_use]
    pub fn new(result: &StudyResult, summary: &Summary) -> Self {
        let study = &result.study;
        let causes = causes::lines(result);
        Self {
            scenario: visible(&study.name),
            scope: scope(result),
            table: columns::table(result, summary),
            legend: legend(result, summary),
            hundred: hundred::table(result, summary),
            latency: spread::latency(result, summary),
            spread: spread::spread(result, summary),
            rests: causes::rests(&causes),
            causes,
            ranking: hundred::ranking(result, summary),
            sentences: words::sentences(result, summary),
            choices: sure::choices(result, summary),
            differences: differences::table(result, summary),
            certainty: sure::certainty(result, summary),
            defaults: study
                .defaults
                .iter()
                .map(|default| format!("{} = {}", visible(&default.path), visible(&default.value)))
                .collect(),
            warnings: study.warnings.iter().map(|warning| visible(warning)).collect(),
            caveat: CAVEAT.to_owned(),
        }
    }
}

const CAVEAT: &str = "Intervals cover the simulation's noise over seeds, not errors of the inputs: \
    traffic, service times, boot times and defects are taken as the scenario states them.";

/// A strategy's group of a release; the control's where the release is empty.
#[must_use]
pub fn group_of(result: &StudyResult, strategy: &str, release: &str) -> Option<usize> {
    result.groups.iter().position(|group| group.strategy == strategy && group.release == release)
}

/// The control's group.
#[must_use]
pub fn control(result: &StudyResult) -> Option<usize> {
    result.groups.iter().position(is_control)
}

/// Whether nothing is deployed in a group though the study deploys.
#[must_use]
pub fn is_control(group: &Group) -> bool {
    group.strategy == CONTROL_NAME && group.release.is_empty()
}

/// The baseline's name.
#[must_use]
pub fn baseline(result: &StudyResult) -> Option<&str> {
    result.study.arms.get(result.study.baseline).map(|arm| arm.name.as_str())
}

/// `1 seed` or `7 seeds`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", whole(count), if count == 1 { "" } else { "s" })
}

fn scope(result: &StudyResult) -> String {
    let study = &result.study;
    let strategies = match study.arms.len() {
        1 => "1 strategy".to_owned(),
        many => format!("{many} strategies"),
    };
    let releases = match study.releases.len() {
        0 | 1 => String::new(),
        many => format!(" x {many} releases"),
    };
    let seeds = if study.seeds == 1 {
        format!("seed {}", study.first_seed)
    } else {
        let last = study.first_seed.saturating_add(study.seeds - 1);
        format!("{} ({} to {last})", counted(study.seeds, "seed"), study.first_seed)
    };
    let control =
        if control(result).is_some() { ", beside the same seeds without a deployment" } else { "" };
    format!("{strategies}{releases}, {seeds}{control}")
}

fn legend(result: &StudyResult, summary: &Summary) -> String {
    let several = result.study.seeds > 1;
    let mut parts = Vec::new();
    if several {
        parts.push(format!(
            "Means over {} with {} intervals.",
            counted(result.study.seeds, "seed"),
            percent(summary.level)
        ));
    }
    if control(result).is_some() {
        parts.push("Excess: beyond what fails without a deployment.".to_owned());
    }
    if result.study.arms.len() > 1 {
        parts.push("* baseline.".to_owned());
    }
    parts.join(" ")
}
