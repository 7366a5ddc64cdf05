//! `cutover run`: one strategy, one seed, in full detail.

use std::sync::{Mutex, PoisonError};

use super::args::{Format, RunArgs, SeedsArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::growth::Growth;
use super::keeper::Keeper;
use super::load;
use super::place::Place;
use super::reproduce;
use super::study::{self, Job};
use crate::experiment::{RUN_BUCKETS, Role, Runner, Simulator, StudyResult, Summary, summarise};
use crate::plan::Study;
use crate::record::{RunKey, RunRecord, timeline_width};
use crate::report;
use crate::report::exemplar::Shown;
use crate::report::folder::FolderOptions;
use crate::report::terminal::Screen;
use crate::scenario::code;
use crate::simulation::RunOptions;

/// Failed requests of each outcome and cause that are followed hop by hop.
pub(super) const FAILURE_SAMPLES: u32 = 5;

/// Runs one seed of one strategy, beside no deployment of the same seed; writes the results
/// folder with the event log and tells the story.
///
/// # Errors
/// Whatever keeps the command from doing so.
pub fn run(args: &RunArgs, console: &Console) -> Result<Exit, Failure> {
    let seeds = SeedsArgs {
        seeds: Some(1),
        seed: Some(args.seed),
        // What is wrong with the worlds of the others does not matter to this one.
        strategy: args.strategy.iter().cloned().collect(),
        no_control: args.no_control,
    };
    let whole = load::study(&args.scenario, &args.scenario.overrides(&seeds), Some(console))?;
    let study = chosen(whole, args)?;
    let place = Place::claim(&args.output, &study, "run")?;
    let timeline_width = timeline_width(study.plan.clock.window, RUN_BUCKETS);
    let options = RunOptions {
        timeline_width,
        log: true,
        failure_samples: FAILURE_SAMPLES,
        detail_small_up_to: None,
    };
    let runner =
        Witness { simulator: Simulator { study: &study, options }, record: Mutex::new(None) };
    let job = Job {
        study: &study,
        growth: &Growth::fixed(1),
        runner: &runner,
        scenario: &args.scenario,
        threads: args.output.threads,
    };
    // Two runs: not worth a checkpoint, which would not hold the log.
    let keeper = Keeper::of_nothing(console);
    let result = study::carry_out(&job, timeline_width, &keeper, console)?;
    let record = runner.record.into_inner().unwrap_or_else(PoisonError::into_inner);
    let record = record.expect("the strategy's run was carried out");
    let summary = summarise(&result);
    let command = reproduce::run(&study, args);
    // The only group that deploys comes last.
    let group = result.groups.len() - 1;
    let shown = [Shown { group, roles: vec![Role::Only], record, command: command.clone() }];
    let record = &shown[0].record;
    let options = FolderOptions {
        charts: args.output.chart_files(),
        shown: &shown,
        events: Some(record),
        command: &command,
    };
    place.fill(&result, &summary, options, console)?;
    console.answer(&answer(&result, &summary, record, args.format, console))?;
    Ok(Exit::Done)
}

/// Keeps the record of the strategy's run.
struct Witness<'a> {
    simulator: Simulator<'a>,
    record: Mutex<Option<RunRecord>>,
}

impl Runner for Witness<'_> {
    fn run(&self, key: RunKey) -> RunRecord {
        let record = self.simulator.run(key);
        if key.arm.is_some() {
            let mut kept = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(record.clone());
        }
        record
    }
}

/// The study of one strategy and one release. Everything else, the window above all, is as in
/// a comparison of the whole scenario, so that the run is the same one.
fn chosen(mut study: Study, args: &RunArgs) -> Result<Study, Failure> {
    let arms = || study.arms.iter().map(|arm| arm.name.as_str());
    let arm = match &args.strategy {
        Some(wanted) => arms().position(|name| name == wanted).ok_or_else(|| {
            let what = format!("the scenario has no strategy {wanted}");
            Failure::bad_input(code::NO_STRATEGY, &what).allowed(arms())
        })?,
        None if study.arms.len() == 1 => 0,
        None => {
            let what = "the scenario has several strategies: name one with --strategy";
            return Err(Failure::bad_input(code::WHICH_STRATEGY, what).allowed(arms()));
        }
    };
    let releases = || study.releases.iter().map(|release| release.name.as_str());
    let release = match &args.release {
        None => 0,
        Some(wanted) => releases().position(|name| name == wanted).ok_or_else(|| {
            let what = format!("the scenario has no release {wanted}");
            Failure::bad_input(code::NO_RELEASE, &what).allowed(releases())
        })?,
    };
    study.arms = vec![study.arms.swap_remove(arm)];
    study.releases = vec![study.releases.swap_remove(release)];
    study.releases[0].share = 1.0;
    study.baseline = 0;
    study.warnings.clear();
    Ok(study)
}

fn answer(
    result: &StudyResult,
    summary: &Summary,
    record: &RunRecord,
    format: Format,
    console: &Console,
) -> String {
    match format {
        Format::Table => {
            let screen = Screen { columns: console.columns, color: console.color };
            let strategy = result.study.arms.first().map_or("", |arm| &arm.name);
            report::story::tell(&result.study, record, strategy, screen)
        }
        Format::Json => report::events::jsonl(&result.study.plan, record),
        Format::Csv => report::csv::runs(result),
        Format::Markdown => report::markdown::compare(result, summary),
    }
}
