//! `cutover compare`: every strategy over many seeds.

use super::args::{CompareArgs, Format, OutputArgs, PrecisionArgs, ScenarioArgs, SeedsArgs};
use super::console::Console;
use super::exemplars;
use super::exit::Exit;
use super::failure::Failure;
use super::growth::Growth;
use super::keeper::Keeper;
use super::load;
use super::place::Place;
use super::reproduce;
use super::study::{self, Job};
use crate::experiment::{
    COMPARE_BUCKETS, Simulator, StudyResult, Summary, precision, summarise_look,
};
use crate::plan::Study;
use crate::report;
use crate::report::exemplar::Shown;
use crate::report::folder::FolderOptions;
use crate::report::terminal::Screen;

/// Compares, writes the results folder, prints the answer.
///
/// # Errors
/// Whatever keeps the command from doing so.
pub fn compare(args: &CompareArgs, console: &Console) -> Result<Exit, Failure> {
    let asked = Asked::load(&args.scenario, &args.seeds, &args.precision, Some(console))?;
    let place = Place::claim(&args.output, &asked.study, "compare")?;
    study::warn(&asked.study, console);
    let (result, summary) = asked.run(&args.scenario, args.output.threads, &place, console)?;
    let command = reproduce::study("compare", &asked, &args.scenario, &args.seeds);
    let shown = asked.shown(&result, &args.scenario, &args.output)?;
    let charts = args.output.chart_files();
    let options = FolderOptions { charts, shown: &shown, events: None, command: &command };
    place.fill(&result, &summary, options, console)?;
    console.answer(&answer(&result, &summary, args.format, console))?;
    let open =
        summary.target.is_some_and(|target| !precision::is_reached(&result, &summary, target));
    Ok(if open { Exit::NoFullAnswer } else { Exit::Done })
}

/// A study of many seeds as it was asked for.
pub struct Asked {
    /// With as many seeds as it may come to.
    pub study: Study,
    /// How many seeds it gets, and what decides it.
    pub growth: Growth,
}

impl Asked {
    /// Reads the scenario and the options.
    ///
    /// # Errors
    /// If they are wrong, or ask for more than the limits allow.
    pub fn load(
        scenario: &ScenarioArgs,
        seeds: &SeedsArgs,
        precision: &PrecisionArgs,
        console: Option<&Console>,
    ) -> Result<Self, Failure> {
        let overrides = scenario.overrides(seeds);
        let first = load::study(scenario, &overrides, console)?;
        let growth = Growth::of(precision, &first)?;
        if growth.target.is_none() {
            return Ok(Self { study: first, growth });
        }
        let study = load::study(scenario, &growth.at_ceiling(overrides), None)?;
        Ok(Self { study, growth })
    }

    /// Runs it and puts the result into figures.
    ///
    /// # Errors
    /// If a run breaks an invariant, or a checkpoint cannot be read.
    pub fn run(
        &self,
        scenario: &ScenarioArgs,
        threads: Option<usize>,
        place: &Place,
        console: &Console,
    ) -> Result<(StudyResult, Summary), Failure> {
        let (study, growth) = (&self.study, &self.growth);
        let runner = Simulator::of_figures(study, COMPARE_BUCKETS);
        let timeline_width = runner.options.timeline_width;
        let job = Job { study, growth, runner: &runner, scenario, threads };
        let keeper = Keeper::beside(place, console);
        let result = study::carry_out(&job, timeline_width, &keeper, console)?;
        let mut summary = summarise_look(&result, self.growth.looks.len());
        summary.target = self.growth.target;
        Ok((result, summary))
    }

    /// The runs that the report shows one by one; none without charts.
    ///
    /// # Errors
    /// If a run breaks an invariant.
    pub fn shown(
        &self,
        result: &StudyResult,
        scenario: &ScenarioArgs,
        output: &OutputArgs,
    ) -> Result<Vec<Shown>, Failure> {
        if output.no_charts {
            return Ok(Vec::new());
        }
        exemplars::shown(&self.study, result, scenario, output.threads)
    }
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
