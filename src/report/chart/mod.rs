//! Charts for a design review: latency by percentile, what happened when, how and why requests
//! failed, strategies with intervals, harm against cost.
//!
//! A chart is laid out as a [`Picture`] of whole pixels; [`svg()`] and [`png()`] draw it. Every
//! caption says how many seeds and which interval; every axis has its unit.

mod axis;
mod band;
mod bands;
mod callout;
mod curve;
mod dots;
mod frame;
mod hatch;
mod heat;
mod labels;
mod marks;
mod outcomes;
mod overview;
mod palette;
mod pareto;
mod percentiles;
mod picture;
mod raster;
mod render;
mod seeds;
mod timeline;
mod timeline_data;
mod timeline_pods;
mod tornado;
mod vector;

pub use marks::{Mark, marks_of};
pub use palette::{Ink, Theme, pairs};
pub use picture::Picture;
pub use render::png;
pub use timeline_pods::version_names;
pub use vector::svg;

use crate::experiment::sweep::{Curve, Design, Sweep};
use crate::experiment::{StudyResult, Summary};

use super::answer::{counted, is_control};
use super::exemplar::{Shown, typical};
use super::figure::{Estimate, Scale, percent};
use super::text::{file_names, visible};

/// A chart: the stem of its file names, and what it shows.
pub struct Chart {
    /// Such as `timeline-rolling`.
    pub name: String,
    /// For the report's table of contents.
    pub title: String,
    /// The drawing.
    pub picture: Picture,
}

/// All charts of a study. Events and instances of typical runs are shown on the timelines.
#[must_use]
pub fn charts(result: &StudyResult, summary: &Summary, shown: &[Shown]) -> Vec<Chart> {
    let mut charts = Vec::new();
    let mut add = |name: String, title: String, picture: Option<Picture>| {
        charts.extend(picture.map(|picture| Chart { name, title, picture }));
    };
    let several = result.study.releases.len() > 1;
    add("strategies".into(), "Strategies with intervals".into(), dots::draw(result, summary));
    add("seeds".into(), "Every seed".into(), seeds::draw(result, summary));
    let title = "Harm against capacity and time".to_owned();
    add("pareto".into(), title, pareto::draw(result, summary));
    let releases = file_names(result.study.releases.iter().map(|release| release.name.as_str()));
    for (release, file) in result.study.releases.iter().zip(&releases) {
        let (suffix, of) = if several {
            (format!("-{file}"), format!(", release {}", visible(&release.name)))
        } else {
            (String::new(), String::new())
        };
        let picture = overview::draw(result, summary, &release.name, &of, shown);
        add(format!("overview{suffix}"), format!("Everything side by side{of}"), picture);
        let picture = outcomes::draw(result, summary, &release.name, &of);
        add(format!("outcomes{suffix}"), format!("How and why requests failed{of}"), picture);
        let picture = percentiles::draw(result, summary, &release.name, &of);
        add(format!("latency{suffix}"), format!("Latency by percentile{of}"), picture);
        let picture = heat::draw(result, summary, &release.name, &of);
        add(format!("heatmap{suffix}"), format!("Latency over time{of}"), picture);
    }
    for (group, name, title) in timelines(result) {
        let picture = timeline::draw(result, summary, group, &title, typical(shown, group));
        add(name, title, picture);
    }
    charts
}

/// The charts of a sweep: a curve for each release and value of the second input, or a tornado
/// for each release and strategy.
#[must_use]
pub fn sweep_charts(sweep: &Sweep) -> Vec<Chart> {
    let study = &sweep.points[0].result.study;
    let mut drawn: Vec<(String, String, Picture)> = Vec::new();
    for (place, release) in study.releases.iter().enumerate() {
        let (suffix, of) = if study.releases.len() > 1 {
            (format!("-{}", release.name), format!(", release {}", visible(&release.name)))
        } else {
            (String::new(), String::new())
        };
        match sweep.design {
            Design::Grid => {
                for Curve { points, others: with } in sweep.curves() {
                    let told: String = with
                        .iter()
                        .map(|(path, value)| format!(" with {} {}", visible(path), visible(value)))
                        .collect();
                    let name: String = with.iter().map(|(_, value)| format!("-{value}")).collect();
                    let picture = curve::draw(sweep, &points, place, &format!("{told}{of}"));
                    drawn.extend(picture.map(|picture| {
                        (format!("sweep{name}{suffix}"), format!("Curve{told}{of}"), picture)
                    }));
                }
            }
            Design::Tornado => {
                for (arm, named) in study.arms.iter().enumerate() {
                    let picture = tornado::draw(sweep, arm, place, &of);
                    let title = format!("Tornado of {}{of}", visible(&named.name));
                    let name = format!("tornado-{}{suffix}", named.name);
                    drawn.extend(picture.map(|picture| (name, title, picture)));
                }
            }
        }
    }
    let names = file_names(drawn.iter().map(|(name, ..)| name.as_str()));
    let charts = drawn.into_iter().zip(names);
    charts.map(|((_, title, picture), name)| Chart { name, title, picture }).collect()
}

/// Groups with the names and titles of their timelines; the control's only if it is all there
/// is.
fn timelines(result: &StudyResult) -> Vec<(usize, String, String)> {
    let several = result.study.releases.len() > 1;
    let alone = result.groups.iter().all(is_control);
    let shown: Vec<usize> = (0..result.groups.len())
        .filter(|&index| alone || !is_control(&result.groups[index]))
        .collect();
    let full = |index: &usize| {
        let group = &result.groups[*index];
        if several {
            format!("{}-{}", group.strategy, group.release)
        } else {
            group.strategy.clone()
        }
    };
    let names: Vec<String> = shown.iter().map(full).collect();
    let files = file_names(names.iter().map(String::as_str));
    shown
        .into_iter()
        .zip(files)
        .map(|(index, file)| {
            let group = &result.groups[index];
            let of = if several {
                format!(", release {}", visible(&group.release))
            } else {
                String::new()
            };
            (index, format!("timeline-{file}"), format!("{}{of}", visible(&group.strategy)))
        })
        .collect()
}

/// `checkout-friday: 20 seeds, 95 % intervals`.
fn source(result: &StudyResult, summary: &Summary) -> String {
    let seeds = counted(result.study.seeds, "seed");
    let intervals = if result.study.seeds > 1 {
        format!(", {} intervals", percent(summary.level))
    } else {
        String::new()
    };
    format!("{}: {seeds}{intervals}.", visible(&result.study.name))
}

/// `Excess failed requests a deployment: 227 [218; 232], 95 % interval` of a group.
fn headline(summary: &Summary, group: usize) -> Option<String> {
    let (what, estimate) = headline_estimate(summary, group)?;
    let level = if estimate.interval.is_empty() {
        String::new()
    } else {
        format!(", {} interval", percent(summary.level))
    };
    Some(format!("{}{}: {}{level}", what[..1].to_uppercase(), &what[1..], estimate.joined()))
}

/// What the headline metric is, and how it is for a group.
fn headline_estimate(summary: &Summary, group: usize) -> Option<(&'static str, Estimate)> {
    let (line, scale, what) = match summary.line(group, "excess_failed") {
        Some(line) => (line, Scale::Plain, "excess failed requests a deployment"),
        None => (summary.line(group, "failed_share")?, Scale::Percent, "% of requests failed"),
    };
    Some((what, Estimate::new(line.mean, line.interval, scale)))
}

/// The place of a strategy in the study, which decides its colour and mark.
fn place_of(result: &StudyResult, strategy: &str) -> usize {
    result.study.arms.iter().position(|arm| arm.name == strategy).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn drawn() -> Vec<Chart> {
        let result = fixture::result();
        charts(&result, &fixture::summary(&result), &fixture::shown())
    }

    #[test]
    fn a_study_has_every_promised_chart() {
        let names: Vec<String> = drawn().into_iter().map(|chart| chart.name).collect();
        let expected = [
            "strategies",
            "seeds",
            "pareto",
            "overview-good",
            "outcomes-good",
            "latency-good",
            "heatmap-good",
            "overview-bad",
            "outcomes-bad",
            "latency-bad",
            "heatmap-bad",
            "timeline-recreate-good",
            "timeline-recreate-bad",
            "timeline-rolling-good",
            "timeline-rolling-bad",
            "timeline-blue-green-good",
            "timeline-blue-green-bad",
            "timeline-canary-good",
            "timeline-canary-bad",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_chart_gives_the_same_bytes_twice() {
        for (first, second) in drawn().iter().zip(&drawn()).take(3) {
            assert_eq!(
                svg(&first.picture, Theme::Light),
                svg(&second.picture, Theme::Light),
                "{}",
                first.name
            );
            assert_eq!(
                png(&first.picture, Theme::Dark),
                png(&second.picture, Theme::Dark),
                "{}",
                first.name
            );
        }
    }

    #[test]
    fn hostile_names_are_text_in_svg() {
        let result = fixture::hostile();
        for chart in charts(&result, &fixture::summary(&result), &fixture::shown()) {
            let text = svg(&chart.picture, Theme::Light);
            assert!(!text.contains("<img") && !text.contains("<script"), "{}", chart.name);
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{}", chart.name);
            assert!(!chart.name.contains('/'), "{}", chart.name);
        }
    }

    #[test]
    fn everything_is_drawn_on_the_sheet() {
        for chart in drawn() {
            let (width, height) = (chart.picture.width as i32, chart.picture.height as i32);
            for shape in &chart.picture.shapes {
                let points = match shape {
                    picture::Shape::Line { points, .. } | picture::Shape::Area { points, .. } => {
                        points.clone()
                    }
                    picture::Shape::Box { from, to, .. } => vec![*from, *to],
                    picture::Shape::Dot { at, .. } => vec![*at],
                    picture::Shape::Text(label) => {
                        let length = render::text_width(&label.text, label.size, label.bold);
                        let start = match label.side {
                            picture::Side::Left => label.at.0,
                            picture::Side::Middle => label.at.0 - length / 2,
                            picture::Side::Right => label.at.0 - length,
                        };
                        vec![(start, label.at.1), (start + length, label.at.1)]
                    }
                };
                for (x, y) in points {
                    assert!(
                        (0..=width).contains(&x) && (0..=height).contains(&y),
                        "{}: {shape:?}",
                        chart.name
                    );
                }
            }
        }
    }
}
