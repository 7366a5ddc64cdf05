//! A comparison of two folders for each reader.

use serde::Serialize;

use super::{Diff, Line, Results};
use crate::experiment::{METRICS, Unit, Verdict};
use crate::report::answer::{Grid, GridLine, Heading, Section};
use crate::report::figure::{Estimate, Scale, machine};
use crate::report::markdown::table as markdown_table;
use crate::report::paint::Paint;
use crate::report::table;
use crate::report::terminal::Screen;
use crate::report::text::{csv_cell, markdown as escaped, visible, wrap};

fn scale(line: &Line) -> Scale {
    Scale::of(METRICS[line.metric].unit)
}

fn unit(line: &Line) -> &'static str {
    match METRICS[line.metric].unit {
        Unit::Count | Unit::Money => "",
        Unit::Share => " %",
        Unit::Milliseconds => " ms",
        Unit::Seconds => " s",
    }
}

fn words(text: impl Into<String>) -> Estimate {
    Estimate { mean: text.into(), interval: String::new() }
}

fn verdict(line: &Line) -> &'static str {
    match &line.difference {
        Some(difference) => difference.verdict.name(),
        None if line.before.is_none() => "new",
        None => "gone",
    }
}

fn grid(diff: &Diff) -> Grid {
    let releases = diff.relevant().any(|line| !line.release.is_empty());
    let mut headings = vec![Heading::words("strategy")];
    if releases {
        headings.push(Heading::words("release"));
    }
    headings.push(Heading::words("metric"));
    headings.extend(["before", "after", "change"].map(|name| Heading::number(name, "")));
    headings.push(Heading::words("verdict"));
    let lines = diff.relevant().map(|line| {
        let mean = |mean: Option<f64>| {
            mean.map_or_else(Estimate::default, |mean| {
                let text = Estimate::new(mean, None, scale(line)).mean;
                words(format!("{text}{}", unit(line)))
            })
        };
        let mut cells = vec![words(visible(&line.strategy))];
        if releases {
            cells.push(words(visible(&line.release)));
        }
        cells.push(words(METRICS[line.metric].name));
        cells.extend([mean(line.before), mean(line.after)]);
        cells.push(line.difference.map_or_else(Estimate::default, |difference| {
            let mut change = Estimate::new(difference.mean, Some(difference.interval), scale(line));
            if difference.mean > 0.0 {
                change.mean.insert(0, '+');
            }
            change
        }));
        cells.push(words(verdict(line)));
        GridLine { cells, aside: false }
    });
    let sections = vec![Section { title: String::new(), lines: lines.collect() }];
    Grid { headings, sections }
}

fn heading(first: &Results, second: &Results) -> String {
    if first.scenario == second.scenario {
        visible(&first.scenario)
    } else {
        format!("{} against {}", visible(&second.scenario), visible(&first.scenario))
    }
}

fn closing(diff: &Diff) -> String {
    let counts = [Verdict::Better, Verdict::Worse, Verdict::Different]
        .map(|verdict| format!("{} {}", diff.count(verdict), verdict.name()));
    let how = if diff.paired { "paired by seed" } else { "unpaired" };
    format!(
        "{} of {} metrics: {}; {} without a difference that matters, {} inconclusive. Differences \
         are {how}, with 95 % intervals at once for all {} pairs of strategies of a metric.",
        diff.relevant().count(),
        diff.lines.len(),
        counts.join(", "),
        diff.count(Verdict::NoRelevantDifference),
        diff.count(Verdict::Inconclusive),
        diff.pairs
    )
}

/// What `cutover diff` prints.
#[must_use]
pub fn terminal(first: &Results, second: &Results, diff: &Diff, screen: Screen) -> String {
    let paint = Paint { color: screen.color };
    let columns = screen.columns.max(40);
    let mut parts = vec![paint.strong(&heading(first, second))];
    let notes = diff.notes.iter().map(|note| wrap(&visible(note), columns.min(110), 2));
    parts.push(notes.collect::<Vec<_>>().join("\n"));
    if diff.relevant().next().is_some() {
        parts.push(table::paint(&grid(diff), columns, paint).trim_end().to_owned());
    } else {
        parts.push("No relevant change.".to_owned());
    }
    parts.push(paint.faint(&wrap(&closing(diff), columns.min(110), 0)));
    parts.join("\n\n") + "\n"
}

/// For pull requests.
#[must_use]
pub fn markdown(first: &Results, second: &Results, diff: &Diff) -> String {
    let mut text = format!("### {}: what changed\n\n", escaped(&heading(first, second)));
    for note in &diff.notes {
        text.push_str(&format!("- {}\n", escaped(note)));
    }
    text.push('\n');
    if diff.relevant().next().is_some() {
        markdown_table(&mut text, &grid(diff));
    } else {
        text.push_str("No relevant change.\n");
    }
    text.push_str(&format!("\n{}\n", escaped(&closing(diff))));
    text
}

#[derive(Serialize)]
struct Root<'a> {
    scenarios: [&'a str; 2],
    digests: [&'a str; 2],
    paired: bool,
    notes: &'a [String],
    relevant: usize,
    changes: Vec<View<'a>>,
}

#[derive(Serialize)]
struct View<'a> {
    strategy: &'a str,
    release: &'a str,
    metric: &'static str,
    before: Option<f64>,
    after: Option<f64>,
    difference: Option<f64>,
    interval: Option<(f64, f64)>,
    threshold: Option<f64>,
    verdict: &'static str,
}

fn view(line: &Line) -> View<'_> {
    View {
        strategy: &line.strategy,
        release: &line.release,
        metric: METRICS[line.metric].name,
        before: line.before,
        after: line.after,
        difference: line.difference.map(|difference| difference.mean),
        interval: line.difference.map(|difference| difference.interval),
        threshold: line.difference.map(|difference| difference.threshold),
        verdict: verdict(line),
    }
}

/// For programs: every metric, not only what matters.
///
/// # Panics
/// Never: it is plain data.
#[must_use]
pub fn json(first: &Results, second: &Results, diff: &Diff) -> String {
    let root = Root {
        scenarios: [&first.scenario, &second.scenario],
        digests: [&first.digest, &second.digest],
        paired: diff.paired,
        notes: &diff.notes,
        relevant: diff.relevant().count(),
        changes: diff.lines.iter().map(view).collect(),
    };
    serde_json::to_string_pretty(&root).expect("a comparison is plain data") + "\n"
}

/// For spreadsheets: every metric.
#[must_use]
pub fn csv(diff: &Diff) -> String {
    let mut text =
        "strategy,release,metric,before,after,diff,diff_ci_low,diff_ci_high,verdict\n".to_owned();
    let cell = |value: Option<f64>| value.map_or_else(String::new, machine);
    for line in &diff.lines {
        let difference = line.difference.as_ref();
        let quoted = |name: &str| {
            let cell = csv_cell(name);
            if cell.contains([',', '"', '\n']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell
            }
        };
        let cells = [
            quoted(&line.strategy),
            quoted(&line.release),
            METRICS[line.metric].name.to_owned(),
            cell(line.before),
            cell(line.after),
            cell(difference.map(|difference| difference.mean)),
            cell(difference.map(|difference| difference.interval.0)),
            cell(difference.map(|difference| difference.interval.1)),
            verdict(line).to_owned(),
        ];
        text.push_str(&format!("{}\n", cells.join(",")));
    }
    text
}
