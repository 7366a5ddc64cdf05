//! `cutover validate`: everything that can be said about a scenario without running it.

use super::args::{Dump, ValidateArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::plain;
use super::progress::{clock, magnitude};
use crate::experiment::default_threads;
use crate::plan::{ManifestVerdict, Study};
use crate::report::text::visible;
use crate::scenario;

/// Loads the scenario and prints its defaults, notes, warnings and predicted run time.
///
/// # Errors
/// Whatever is wrong with the scenario.
pub fn validate(args: &ValidateArgs, console: &Console) -> Result<Exit, Failure> {
    let study = load::study(&args.scenario, &args.scenario.overrides(&args.seeds), Some(console))?;
    console.answer(&match args.dump {
        Some(Dump::Plan) => {
            serde_json::to_string_pretty(&study).expect("a study is plain data") + "\n"
        }
        None => description(&study),
    })?;
    Ok(Exit::Done)
}

fn description(study: &Study) -> String {
    let mut parts = vec![scope(study), predicted(study)];
    if !study.defaults.is_empty() {
        let rows: Vec<Vec<String>> = study
            .defaults
            .iter()
            .map(|used| vec![used.path.clone(), used.value.clone(), used.source.clone()])
            .collect();
        let table = plain::table(&["default", "value", "source"], &rows);
        parts.push(format!("Not said by the scenario, so taken as:\n{}", table.trim_end()));
    }
    if !study.manifest_notes.is_empty() {
        let rows: Vec<Vec<String>> = study
            .manifest_notes
            .iter()
            .map(|note| {
                let verdict = match note.verdict {
                    ManifestVerdict::Used => "used",
                    ManifestVerdict::Approximated => "approximated",
                    ManifestVerdict::Ignored => "ignored",
                };
                vec![note.file.clone(), note.field.clone(), verdict.to_owned(), note.note.clone()]
            })
            .collect();
        let table = plain::table(&["manifest", "field", "", "how"], &rows);
        parts.push(format!("From manifests:\n{}", table.trim_end()));
    }
    let warnings = study.warnings.iter().map(|warning| format!("warning: {}", visible(warning)));
    parts.push(match study.warnings.len() {
        0 => "No warnings.".to_owned(),
        _ => warnings.collect::<Vec<_>>().join("\n"),
    });
    parts.join("\n\n") + "\n"
}

fn scope(study: &Study) -> String {
    let names = |names: Vec<String>| names.join(", ");
    let arms = names(study.arms.iter().map(|arm| visible(&arm.name)).collect());
    let share = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
    let releases = study.releases.iter();
    let releases = releases.map(|r| format!("{} ({})", visible(&r.name), share(r.share)));
    let clock = &study.plan.clock;
    let control = if study.control { ", and once without a deployment" } else { "" };
    format!(
        "{}: the scenario is valid.\nStrategies: {arms}\nReleases: {}\nSeeds: {} to {} each{control}\n\
         Clock: {} of warm-up, a window of {}, the rollout {} into it",
        visible(&study.name),
        names(releases.collect()),
        study.first_seed,
        study.first_seed.saturating_add(study.seeds - 1),
        clock.warmup,
        clock.window,
        clock.deploy_at,
    )
}

fn predicted(study: &Study) -> String {
    let prediction = scenario::predict(study);
    let threads = default_threads();
    let seconds = prediction.core_seconds / threads as f64;
    let time = if seconds < 1.0 { "under a second".to_owned() } else { clock(seconds) };
    format!(
        "Predicted: {} runs, {} requests, about {time} on {threads} {}",
        magnitude(prediction.runs),
        magnitude(prediction.requests),
        if threads == 1 { "core" } else { "cores" }
    )
}
