//! A sweep for each reader: a table of the metric by value and strategy, where the knee is,
//! which value changes the winner; of a tornado, which input matters most.

mod files;
mod words;

pub use files::{csv, files, json};

use crate::experiment::sweep::{Bar, Design, Sweep};
use crate::experiment::{METRICS, StudyResult, Unit};

use super::answer::{Grid, GridLine, Heading, Section, counted};
use super::figure::{Estimate, Scale};
use super::paint::Paint;
use super::terminal::Screen;
use super::text::{markdown as escaped, visible, wrap};
use super::{markdown, table};

fn cell(text: impl Into<String>) -> Estimate {
    Estimate { mean: text.into(), interval: String::new() }
}

fn study(sweep: &Sweep) -> &StudyResult {
    &sweep.points[0].result
}

/// How the metric is shown.
#[must_use]
pub fn scale(sweep: &Sweep) -> Scale {
    Scale::of(METRICS[sweep.metric].unit)
}

/// `ok_p99_ms, ms`.
#[must_use]
pub fn metric_with_unit(sweep: &Sweep) -> String {
    let metric = &METRICS[sweep.metric];
    let unit = match metric.unit {
        Unit::Count => match metric.name {
            name if name.contains("users") => ", users",
            name if name.contains("sessions") => ", sessions",
            "min_available" | "min_routable" | "max_pods" => ", pods",
            "logouts_per_user" => "",
            _ => ", requests",
        },
        Unit::Money => "",
        Unit::Share => ", %",
        Unit::Milliseconds => ", ms",
        Unit::Seconds => ", s",
    };
    format!("{}{unit}", metric.name)
}

/// A release's title; empty where there is one.
fn release_title(sweep: &Sweep, release: usize) -> String {
    let releases = &study(sweep).study.releases;
    if releases.len() > 1 {
        format!("release {}", visible(&releases[release].name))
    } else {
        String::new()
    }
}

fn names(sweep: &Sweep, arms: &[usize]) -> String {
    let arms = arms.iter().map(|arm| visible(&study(sweep).study.arms[*arm].name));
    arms.collect::<Vec<_>>().join(", ")
}

/// The value of an input at a point, as written.
fn value(setting: Option<&String>) -> String {
    setting.map_or_else(|| "as it is".to_owned(), |value| visible(value))
}

fn grid(sweep: &Sweep) -> Grid {
    let unit = metric_with_unit(sweep);
    // A tornado sets one input at a time: one column names it.
    let tornado = sweep.design == Design::Tornado;
    let mut headings: Vec<Heading> = if tornado {
        vec![Heading::words("setting")]
    } else {
        sweep.inputs.iter().map(|input| Heading::words(&visible(&input.path))).collect()
    };
    let arms = &study(sweep).study.arms;
    headings.extend(arms.iter().map(|arm| Heading::number(&visible(&arm.name), &unit)));
    headings.push(Heading::words("best"));
    let sections = (0..study(sweep).study.releases.len()).map(|release| {
        let line = |(place, point): (usize, &crate::experiment::sweep::Point)| {
            let mut cells: Vec<Estimate> = if tornado {
                vec![cell(words::setting(sweep, place))]
            } else {
                point.values.iter().map(|setting| cell(value(setting.as_ref()))).collect()
            };
            cells.extend((0..arms.len()).map(|arm| {
                let line = sweep
                    .group(place, arm, release)
                    .and_then(|group| point.summary.line(group, METRICS[sweep.metric].name));
                line.map_or_else(Estimate::default, |line| {
                    Estimate::new(line.mean, line.interval, scale(sweep))
                })
            }));
            cells.push(cell(names(sweep, &sweep.best(place, release))));
            GridLine { cells, aside: false }
        };
        let lines = sweep.points.iter().enumerate().map(line).collect();
        Section { title: release_title(sweep, release), lines }
    });
    Grid { sections: sections.collect(), headings }
}

/// A tornado's bars of every strategy.
fn bars(sweep: &Sweep) -> Grid {
    let unit = metric_with_unit(sweep);
    let mut headings = vec![Heading::words("input"), Heading::words("from")];
    headings.push(Heading::number("change", &unit));
    headings.push(Heading::words("to"));
    headings.push(Heading::number("change", &unit));
    headings.push(Heading::number("swing", &unit));
    let result = study(sweep);
    let mut sections = Vec::new();
    for release in 0..result.study.releases.len() {
        for (arm, named) in result.study.arms.iter().enumerate() {
            let lines = sweep.bars(arm, release).into_iter().map(|bar| bar_line(sweep, &bar));
            let title = format!("{} {}", visible(&named.name), release_title(sweep, release));
            sections.push(Section { title: title.trim_end().to_owned(), lines: lines.collect() });
        }
    }
    Grid { sections, headings }
}

fn bar_line(sweep: &Sweep, bar: &Bar) -> GridLine {
    let input = &sweep.inputs[bar.input];
    let change = |end: usize| {
        bar.ends[end].map_or_else(Estimate::default, |difference| {
            Estimate::new(difference.mean, Some(difference.interval), scale(sweep))
        })
    };
    let cells = vec![
        cell(visible(&input.path)),
        cell(visible(&input.values[0])),
        change(0),
        cell(visible(&input.values[1])),
        change(1),
        cell(Estimate::new(bar.swing(), None, scale(sweep)).mean),
    ];
    GridLine { cells, aside: false }
}

fn scope(sweep: &Sweep) -> String {
    let study = &study(sweep).study;
    let design = match sweep.design {
        Design::Grid => "over",
        Design::Tornado => "one at a time, over the ranges of",
    };
    let paths: Vec<String> = sweep.inputs.iter().map(|input| visible(&input.path)).collect();
    format!(
        "{} {design} {}: {} of {} and {}",
        METRICS[sweep.metric].name,
        paths.join(", "),
        counted(sweep.points.len() as u64, "point"),
        counted(study.seeds, "seed"),
        if study.arms.len() == 1 {
            "1 strategy".to_owned()
        } else {
            format!("{} strategies", study.arms.len())
        }
    )
}

const LEGEND: &str = "Means over seeds with 95 % intervals. Best: no other strategy is shown to \
    beat it. What is said of knees, winners and changes is paired by seed and holds at 95 % for \
    all points at once.";

/// What `cutover sweep` prints.
#[must_use]
pub fn terminal(sweep: &Sweep, screen: Screen) -> String {
    let paint = Paint { color: screen.color };
    let (columns, prose) = (screen.columns.max(40), screen.columns.clamp(40, 110));
    let name = paint.strong(&visible(&study(sweep).study.name));
    let mut parts = vec![format!("{name}\n{}", wrap(&scope(sweep), prose, 0))];
    parts.push(table::paint(&grid(sweep), columns, paint).trim_end().to_owned());
    if sweep.design == Design::Tornado {
        let title = paint.strong("What each input changes, the largest swing first");
        let table = table::paint(&bars(sweep), columns, paint);
        parts.push(format!("{title}\n{}", table.trim_end()));
    }
    let words = words::sentences(sweep).iter().map(|s| wrap(s, prose, 2)).collect::<Vec<_>>();
    parts.push(format!("{}\n{}", paint.strong("In words"), words.join("\n")));
    parts.push(paint.faint(&wrap(LEGEND, prose, 0)));
    parts.join("\n\n") + "\n"
}

/// For pull requests.
#[must_use]
pub fn markdown(sweep: &Sweep) -> String {
    let name = escaped(&visible(&study(sweep).study.name));
    let mut text = format!("### {name}: {}\n\n", escaped(&scope(sweep)));
    for sentence in words::sentences(sweep) {
        text.push_str(&format!("- {}\n", escaped(&sentence)));
    }
    text.push('\n');
    markdown::table(&mut text, &grid(sweep));
    if sweep.design == Design::Tornado {
        text.push('\n');
        markdown::table(&mut text, &bars(sweep));
    }
    text.push_str(&format!("\n{}\n", escaped(LEGEND)));
    text
}

#[cfg(test)]
mod tests;
