//! Strategies with intervals: what each fails beyond no deployment, its interval, and the
//! spread over seeds.

use crate::experiment::{StudyResult, Summary, SummaryLine};

use super::axis::{Axis, Spread, fitting, tick_text};
use super::frame::{BODY, MARGIN, Plot, SMALL, WIDTH, fitted, mark, sheet};
use super::palette::Ink;
use super::picture::{Label, Picture, Side};
use super::render::text_width;
use super::{place_of, source};
use crate::report::answer::{baseline, group_of};
use crate::report::figure::{Estimate, Scale, percent};
use crate::report::text::visible;

const ROW: i32 = 64;
const SECTION: i32 = 50;

struct Row<'a> {
    strategy: &'a str,
    line: &'a SummaryLine,
}

/// The chart; `None` where nothing can be said of failed requests.
pub fn draw(result: &StudyResult, summary: &Summary) -> Option<Picture> {
    let (metric, scale, title, unit) = if summary.lines.is_empty() {
        return None;
    } else if rows(result, summary, "excess_failed").iter().any(|(_, rows)| !rows.is_empty()) {
        let title = "Failed requests beyond no deployment, by strategy";
        ("excess_failed", Scale::Plain, title, "excess failed requests a deployment")
    } else {
        ("failed_share", Scale::Percent, "Failed requests by strategy", "% of requests failed")
    };
    let sections = rows(result, summary, metric);
    let count: i32 = sections.iter().map(|(_, rows)| rows.len() as i32).sum();
    if count == 0 {
        return None;
    }
    let titles = if sections.len() > 1 { sections.len() as i32 } else { 0 };
    let bottom = 110 + count * ROW + titles * SECTION;
    let caption = format!(
        "{} Mark and thick line: mean and its interval. Pale bar: 5 % to 95 % of seeds. Left is \
         better.{}",
        source(result, summary),
        if result.study.arms.len() > 1 { " * baseline." } else { "" }
    );
    let mut picture = sheet((bottom + 170) as u32, title, &caption);
    let widest = sections
        .iter()
        .flat_map(|(_, rows)| rows)
        .map(|row| text_width(&estimate(row, scale), BODY, true))
        .max();
    // The numbers beside a row are what it says: they are never cut.
    let right = WIDTH as i32 - MARGIN - 24 - widest.unwrap_or(0);
    let plot = Plot { left: 400, right: right.clamp(800, WIDTH as i32 - 290), top: 80, bottom };
    let axis = axis(&sections, scale, (plot.left, plot.right));
    let ticks: Vec<(i32, String)> =
        axis.ticks(9).into_iter().map(|tick| (axis.place(tick), tick_text(tick))).collect();
    plot.bottom_axis(&mut picture, &ticks, &axis.told(unit));
    plot.base(&mut picture);
    let mut y = plot.top;
    for (release, rows) in &sections {
        if titles > 0 {
            y += SECTION;
            picture.text(Label::new((MARGIN, y - SECTION / 2), BODY, release.clone()).bold());
            picture.line(vec![(MARGIN, y - 2), (plot.right, y - 2)], Ink::Grid, 2);
        }
        for row in rows {
            paint_row(&mut picture, result, &axis, row, (y + ROW / 2, scale));
            y += ROW;
        }
    }
    Some(picture)
}

/// Rows by release, in the study's order.
fn rows<'a>(
    result: &'a StudyResult,
    summary: &'a Summary,
    metric: &str,
) -> Vec<(String, Vec<Row<'a>>)> {
    let section = |release: &'a crate::plan::Release| {
        let title = format!(
            "release {} ({} of deployments)",
            visible(&release.name),
            percent(release.share)
        );
        let rows = result.study.arms.iter().filter_map(|arm| {
            let group = group_of(result, &arm.name, &release.name)?;
            Some(Row { strategy: &arm.name, line: summary.line(group, metric)? })
        });
        (title, rows.collect())
    };
    result.study.releases.iter().map(section).collect()
}

/// The axis of all rows. Where an interval reaches far below zero it is cut: its ends are
/// written beside it.
fn axis(sections: &[(String, Vec<Row<'_>>)], scale: Scale, pixels: (i32, i32)) -> Axis {
    let lines = || sections.iter().flat_map(|(_, rows)| rows).map(|row| row.line);
    let most = lines().map(|line| scale.apply(line.mean)).fold(0.0, f64::max);
    let values = lines().flat_map(|line| {
        let (low, high) = line.interval.unwrap_or((line.mean, line.mean));
        let ends = [low.min(line.quantiles.0), line.mean, high.max(line.quantiles.2)];
        ends.map(|end| scale.apply(end).max(-most))
    });
    // Only means decide whether the axis bends: the ends of an interval may be near zero.
    let means = fitting(lines().map(|line| scale.apply(line.mean)), scale == Scale::Plain, pixels);
    fitting(values, means.spread != Spread::Linear, pixels)
}

/// A row's mean and interval in figures.
fn estimate(row: &Row<'_>, scale: Scale) -> String {
    Estimate::new(row.line.mean, row.line.interval, scale).joined()
}

fn paint_row(
    picture: &mut Picture,
    result: &StudyResult,
    axis: &Axis,
    row: &Row<'_>,
    (y, scale): (i32, Scale),
) {
    let place = place_of(result, row.strategy);
    let line = row.line;
    let at = |value: f64| axis.place(scale.apply(value));
    let star = if baseline(result) == Some(row.strategy) && result.study.arms.len() > 1 {
        " *"
    } else {
        ""
    };
    let name = format!("{}{star}", visible(row.strategy));
    let label = Label::new((axis.pixels.0 - 24, y), BODY, fitted(&name, BODY, false, 330));
    picture.text(label.side(Side::Right));
    picture.line(vec![(axis.pixels.0, y), (axis.pixels.1, y)], Ink::Grid, 1);
    let (p05, _, p95) = line.quantiles;
    picture.rect((at(p05), y - 13), (at(p95).max(at(p05) + 2), y + 13), Ink::Pale(place));
    let ink = Ink::Series(place);
    if let Some((low, high)) = line.interval {
        let (low, high) = (at(low), at(high));
        picture.line(vec![(low, y), (high, y)], ink, 5);
        for end in [low, high] {
            picture.line(vec![(end, y - 11), (end, y + 11)], ink, 3);
        }
    }
    mark(picture, (at(line.mean), y), place, ink, 9);
    let told = fitted(&estimate(row, scale), BODY, true, WIDTH as i32 - 48 - axis.pixels.1);
    picture.text(Label::new((axis.pixels.1 + 24, y), BODY, told).bold());
    if line.censored > 0 {
        let text = format!("{} censored", line.censored);
        picture.text(Label::new((axis.pixels.1 + 24, y + 24), SMALL, text).ink(Ink::Muted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::picture::Shape;
    use crate::report::fixture;

    #[test]
    fn long_numbers_take_their_room_from_the_plot() {
        let result = fixture::one_release();
        let mut summary = fixture::summary(&result);
        for line in &mut summary.lines {
            line.mean = -380_298_123.0;
            line.interval = Some((-380_966_123.0, -379_556_123.0));
        }
        let picture = draw(&result, &summary).expect("a chart");
        let told = picture.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(label) if label.bold && label.text.contains('[') => Some(label),
            _ => None,
        });
        let told: Vec<&Label> = told.collect();
        assert!(!told.is_empty());
        for label in told {
            let end = label.at.0 + text_width(&label.text, BODY, true);
            assert!(label.text.ends_with(']') && end <= WIDTH as i32, "{label:?}");
        }
    }
}
