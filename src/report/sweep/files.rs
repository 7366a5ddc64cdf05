//! A sweep's results folder: `sweep.csv`, charts, `study.json`.

use serde::Serialize;

use crate::experiment::METRICS;
use crate::experiment::sweep::{Design, Sweep};
use crate::report::chart;
use crate::report::csv::{summary_cells, summary_columns, table};
use crate::report::folder::{File, drawn};
use crate::report::manifest::{self, FileDigest};
use crate::report::text::csv_cell;

use super::{study, value, words};

/// Every metric of every point: the inputs' columns, then those of `summary.csv`.
#[must_use]
pub fn csv(sweep: &Sweep) -> String {
    let paths: Vec<String> = sweep.inputs.iter().map(|input| csv_cell(&input.path)).collect();
    let mut header: Vec<&str> = paths.iter().map(String::as_str).collect();
    header.extend(summary_columns());
    let rows = sweep.points.iter().flat_map(|point| {
        let settings: Vec<String> =
            point.values.iter().map(|setting| csv_cell(&value(setting.as_ref()))).collect();
        summary_cells(&point.result, &point.summary)
            .map(move |cells| settings.iter().cloned().chain(cells).collect::<Vec<String>>())
    });
    table(header, rows)
}

/// What `study.json` says of a sweep beside the study.
#[derive(Serialize)]
pub struct SweepView<'a> {
    design: &'static str,
    metric: &'static str,
    inputs: Vec<InputView<'a>>,
    points: usize,
    command: &'a str,
}

#[derive(Serialize)]
struct InputView<'a> {
    path: &'a str,
    values: &'a [String],
}

fn view<'a>(sweep: &'a Sweep, command: &'a str) -> SweepView<'a> {
    SweepView {
        design: design(sweep),
        metric: METRICS[sweep.metric].name,
        inputs: sweep
            .inputs
            .iter()
            .map(|input| InputView { path: &input.path, values: &input.values })
            .collect(),
        points: sweep.points.len(),
        command,
    }
}

fn design(sweep: &Sweep) -> &'static str {
    match sweep.design {
        Design::Grid => "grid",
        Design::Tornado => "tornado",
    }
}

/// The folder's files, `study.json` last.
#[must_use]
pub fn files(sweep: &Sweep, charts: bool, command: &str) -> Vec<File> {
    let mut files = vec![("sweep.csv".to_owned(), csv(sweep).into_bytes())];
    if charts {
        files.extend(drawn(&chart::sweep_charts(sweep)));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let digests = files
        .iter()
        .map(|(path, bytes)| FileDigest { path: path.clone(), sha256: manifest::digest(bytes) });
    let digests = digests.collect();
    let text = manifest::text_of_sweep(study(sweep), digests, view(sweep, command));
    files.push((manifest::FILE.to_owned(), text.into_bytes()));
    files
}

#[derive(Serialize)]
struct Root<'a> {
    scenario: &'a str,
    cutover: &'static str,
    first_seed: u64,
    seeds: u64,
    design: &'static str,
    metric: &'static str,
    answer: Vec<String>,
    points: Vec<PointView<'a>>,
}

#[derive(Serialize)]
struct PointView<'a> {
    /// By input; null: as the scenario has it.
    values: &'a [Option<String>],
    groups: Vec<GroupView<'a>>,
    /// By release: the strategies that no other is shown to beat.
    best: Vec<(&'a str, Vec<&'a str>)>,
}

#[derive(Serialize)]
struct GroupView<'a> {
    strategy: &'a str,
    release: &'a str,
    mean: f64,
    interval: Option<(f64, f64)>,
}

/// For programs.
///
/// # Panics
/// Never: a sweep is plain data.
#[must_use]
pub fn json(sweep: &Sweep) -> String {
    let whole = &study(sweep).study;
    let best = |place: usize| {
        let releases = whole.releases.iter().enumerate();
        let best = releases.map(|(release, named)| {
            let arms = sweep.best(place, release);
            (named.name.as_str(), arms.iter().map(|arm| whole.arms[*arm].name.as_str()).collect())
        });
        best.collect::<Vec<(&str, Vec<&str>)>>()
    };
    let views = sweep.points.iter().enumerate().map(|(place, here)| {
        let lines = here.summary.lines.iter().filter(|line| line.metric == sweep.metric);
        let groups = lines.map(|line| {
            let group = &here.result.groups[line.group];
            GroupView {
                strategy: &group.strategy,
                release: &group.release,
                mean: line.mean,
                interval: line.interval,
            }
        });
        PointView { values: &here.values, groups: groups.collect(), best: best(place) }
    });
    let root = Root {
        scenario: &whole.name,
        cutover: env!("CARGO_PKG_VERSION"),
        first_seed: whole.first_seed,
        seeds: whole.seeds,
        design: design(sweep),
        metric: METRICS[sweep.metric].name,
        answer: words::sentences(sweep),
        points: views.collect(),
    };
    serde_json::to_string_pretty(&root).expect("a sweep is plain data") + "\n"
}
