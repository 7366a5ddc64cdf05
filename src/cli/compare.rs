//! `cutover compare`: every strategy over many seeds.

use super::args::{CompareArgs, Format, ScenarioArgs};
use super::console::Console;
use super::exemplars;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::place::Place;
use super::reproduce;
use super::study::{self, Job};
use crate::experiment::{COMPARE_BUCKETS, Simulator, StudyResult, Summary, summarise};
use crate::plan::Study;
use crate::report;
use crate::report::folder::FolderOptions;
use crate::report::terminal::Screen;

/// Compares, writes the results folder, prints the answer.
///
/// # Errors
/// Whatever keeps the command from doing so.
pub fn compare(args: &CompareArgs, console: &Console) -> Result<Exit, Failure> {
    let study = load::study(&args.scenario, &args.scenario.overrides(&args.seeds), console)?;
    let place = Place::claim(&args.output, &study, "compare")?;
    study::warn(&study, console);
    let result = many_runs(&study, &args.scenario, args.output.threads, &place, console)?;
    let summary = summarise(&result);
    let command = reproduce::study("compare", &study, &args.scenario, &args.seeds);
    let charts = !args.output.no_charts;
    let shown = if charts {
        exemplars::shown(&study, &result, &args.scenario, args.output.threads)?
    } else {
        Vec::new()
    };
    let options = FolderOptions { charts, shown: &shown, events: None, command: &command };
    place.fill(&result, &summary, options, console)?;
    console.answer(&answer(&result, &summary, args.format, console))?;
    Ok(Exit::Done)
}

/// Carries out a study of which only figures are kept.
///
/// # Errors
/// If a run breaks an invariant, or a checkpoint cannot be read.
pub fn many_runs(
    study: &Study,
    scenario: &ScenarioArgs,
    threads: Option<usize>,
    place: &Place,
    console: &Console,
) -> Result<StudyResult, Failure> {
    let runner = Simulator::of_figures(study, COMPARE_BUCKETS);
    let timeline_width = runner.options.timeline_width;
    let job = Job { study, runner: &runner, timeline_width, place: Some(place), scenario, threads };
    study::carry_out(job, console)
}

fn answer(result: &StudyResult, summary: &Summary, format: Format, console: &Console) -> String {
    let screen = Screen { columns: console.columns, color: console.color };
    match format {
        Format::Table => report::terminal::compare(result, summary, screen),
        Format::Json => report::json::compare(result, summary),
        Format::Csv => report::csv::summary(result, summary),
        Format::Markdown => report::markdown::compare(result, summary),
    }
}
