//! `cutover check`: compare, held against the scenario's objectives.

use super::args::{CheckArgs, CheckFormat};
use super::compare::Asked;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::place::Place;
use super::reproduce;
use super::study;
use super::verdicts::{self, Verdicts};
use crate::experiment::needs_control;
use crate::experiment::objectives::{Holds, hold};
use crate::plan::Study;
use crate::report::folder::FolderOptions;
use crate::scenario::code;

/// Runs the study, holds it against its objectives, prints what became of each.
///
/// # Errors
/// Whatever keeps the command from doing so.
pub fn check(args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    let asked = Asked::load(&args.scenario, &args.seeds, &args.precision, Some(console))?;
    let study = &asked.study;
    if study.objectives.is_empty() {
        return Err(Failure::bad_input(code::NO_OBJECTIVES, "the scenario has no objectives").help(
            "add some, such as `objectives: [ { metric: excess_failed_share, at_most: 0.1% } ]`",
        ));
    }
    has_its_control(study)?;
    let place = Place::claim(&args.output, study, "check")?;
    study::warn(study, console);
    let (result, summary) = asked.run(&args.scenario, args.output.threads, &place, console)?;
    let command = reproduce::study("check", &asked, &args.scenario, &args.seeds);
    let shown = asked.shown(&result, &args.scenario, &args.output)?;
    let charts = args.output.chart_files();
    let options = FolderOptions { charts, shown: &shown, events: None, command: &command };
    place.fill(&result, &summary, options, console)?;
    let held = hold(&result, summary.looks);
    let verdicts = Verdicts { result: &result, held: &held };
    console.answer(&match args.format {
        CheckFormat::Table => verdicts::table(&verdicts),
        CheckFormat::Markdown => verdicts::markdown(&verdicts),
        CheckFormat::Junit => verdicts::junit(&verdicts),
        CheckFormat::Json => verdicts::json(&verdicts),
    })?;
    Ok(match () {
        () if held.iter().any(|held| held.holds == Holds::No) => Exit::DoesNotHold,
        () if held.iter().any(|held| held.holds == Holds::Unknown) => Exit::NoFullAnswer,
        () => Exit::Done,
    })
}

/// Refuses limits on harm beyond the control's where there is no control.
fn has_its_control(study: &Study) -> Result<(), Failure> {
    let mut metrics = study.objectives.iter().map(|objective| objective.metric.as_str());
    let Some(metric) = metrics.find(|metric| !study.control && needs_control(metric)) else {
        return Ok(());
    };
    let what = format!("the objective on {metric} needs a control, and this study has none");
    let why = if study.plan.operations.is_empty() {
        "nothing is deployed here: hold a limit on a metric of the run itself, such as failed_share"
    } else {
        "leave --no-control out, or hold a limit on a metric of the run itself, such as failed_share"
    };
    Err(Failure::bad_input(code::NOT_MEASURED, &what).help(why))
}
