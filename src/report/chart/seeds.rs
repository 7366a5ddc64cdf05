//! Every seed: one dot for each run's headline metric, so that nobody has to trust a mean.

use crate::experiment::{Group, StudyResult, Summary, headline};

use super::axis::{Axis, fitting, tick_text};
use super::frame::{BODY, MARGIN, Plot, SMALL, WIDTH, fitted, sheet};
use super::palette::Ink;
use super::picture::{Label, Picture, Shape, Side};
use super::render::text_width;
use super::{place_of, source};
use crate::report::answer::{group_of, is_control};
use crate::report::figure::{Estimate, Scale, percent, rounded};
use crate::report::text::visible;
use crate::stats::quantile::of_sorted;

const ROW: i32 = 84;
const SECTION: i32 = 50;
/// Half of the height that dots may take.
const REACH: i32 = 34;
const RADIUS: i32 = 5;

/// The chart; `None` where a strategy has only one run.
pub fn draw(result: &StudyResult, summary: &Summary) -> Option<Picture> {
    let sections: Vec<(String, Vec<(usize, &Group)>)> = result
        .study
        .releases
        .iter()
        .map(|release| {
            let groups = result.study.arms.iter().filter_map(|arm| {
                let index = group_of(result, &arm.name, &release.name)?;
                Some((index, &result.groups[index]))
            });
            let groups = groups.filter(|(_, group)| !is_control(group) && group.rows.len() > 1);
            let share = percent(release.share);
            let title = format!("release {} ({share} of deployments)", visible(&release.name));
            (title, groups.collect())
        })
        .collect();
    let count = sections.iter().map(|(_, groups)| groups.len() as i32).sum::<i32>();
    if count == 0 {
        return None;
    }
    let rows = || sections.iter().flat_map(|(_, groups)| groups).flat_map(|(_, group)| &group.rows);
    let excess = rows().any(|row| row.value("excess_failed").is_some());
    let (scale, title, unit) = if excess {
        let title = "Failed requests beyond no deployment, every seed";
        (Scale::Plain, title, "excess failed requests a deployment")
    } else {
        (Scale::Percent, "Failed requests, every seed", "% of requests failed")
    };
    let titles = if sections.len() > 1 { sections.len() as i32 } else { 0 };
    let bottom = 90 + count * ROW + titles * SECTION;
    let caption = format!(
        "{} A dot is one run; the upright line is the median; on the right the mean with its \
         interval. Left is better.",
        source(result, summary)
    );
    let mut picture = sheet((bottom + 170) as u32, title, &caption);
    let right = WIDTH as i32 - MARGIN - 24 - widest(&sections, summary, scale);
    let plot = Plot { left: 330, right: right.clamp(800, WIDTH as i32 - 400), top: 80, bottom };
    let values = rows().map(|row| scale.apply(headline(row)));
    let axis = fitting(values, scale == Scale::Plain, (plot.left, plot.right));
    let ticks: Vec<(i32, String)> =
        axis.ticks(9).into_iter().map(|tick| (axis.place(tick), tick_text(tick))).collect();
    plot.bottom_axis(&mut picture, &ticks, &axis.told(unit));
    plot.base(&mut picture);
    let mut y = plot.top;
    for (release, groups) in &sections {
        if titles > 0 {
            y += SECTION;
            picture.text(Label::new((MARGIN, y - SECTION / 2), BODY, release.clone()).bold());
            picture.line(vec![(MARGIN, y - 2), (plot.right, y - 2)], Ink::Grid, 2);
        }
        for &(index, group) in groups {
            let place = place_of(result, &group.strategy);
            strip(&mut picture, &axis, group, place, (y + ROW / 2, scale));
            let x = plot.right + 24;
            let told = mean(summary, index, scale).unwrap_or_default();
            let told = fitted(&told, BODY, true, WIDTH as i32 - 24 - x);
            picture.text(Label::new((x, y + ROW / 2 - 14), BODY, told).bold());
            let told = fitted(&spread(group, scale), SMALL, false, WIDTH as i32 - 24 - x);
            picture.text(Label::new((x, y + ROW / 2 + 15), SMALL, told).ink(Ink::Muted));
            y += ROW;
        }
    }
    Some(picture)
}

/// Pixels that the widest text beside a row takes.
fn widest(sections: &[(String, Vec<(usize, &Group)>)], summary: &Summary, scale: Scale) -> i32 {
    let groups = sections.iter().flat_map(|(_, groups)| groups);
    let widths = groups.map(|&(index, group)| {
        let mean = mean(summary, index, scale).unwrap_or_default();
        let spread = text_width(&spread(group, scale), SMALL, false);
        spread.max(text_width(&mean, BODY, true))
    });
    widths.max().unwrap_or(0)
}

fn strip(
    picture: &mut Picture,
    axis: &Axis,
    group: &Group,
    place: usize,
    (y, scale): (i32, Scale),
) {
    let name = fitted(&visible(&group.strategy), BODY, false, axis.pixels.0 - 24 - MARGIN);
    picture.text(Label::new((axis.pixels.0 - 24, y), BODY, name).side(Side::Right));
    picture.line(vec![(axis.pixels.0, y), (axis.pixels.1, y)], Ink::Grid, 1);
    let columns: Vec<i32> = runs(group).iter().map(|run| axis.place(scale.apply(run.0))).collect();
    for at in swarm(&columns, y) {
        picture.shapes.push(Shape::Dot { at, radius: RADIUS as u32, ink: Ink::Series(place) });
    }
    let median = axis.place(median(group, scale));
    picture.line(vec![(median, y - REACH - 5), (median, y + REACH + 5)], Ink::Text, 3);
}

/// The headline metric of a group's runs with their seeds, rising.
fn runs(group: &Group) -> Vec<(f64, u64)> {
    let mut runs: Vec<(f64, u64)> =
        group.rows.iter().map(|row| (headline(row), row.seed)).collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    runs
}

/// The same median as in tables: of two middle runs, half-way between them.
fn median(group: &Group, scale: Scale) -> f64 {
    let values: Vec<f64> = runs(group).iter().map(|run| scale.apply(run.0)).collect();
    of_sorted(&values, 0.5).unwrap_or_default()
}

/// `median 672, worst 759 (seed 9)`.
fn spread(group: &Group, scale: Scale) -> String {
    let runs = runs(group);
    let middle = rounded(median(group, scale));
    let (value, seed) = runs[runs.len() - 1];
    // The first seed of the worst ones.
    let seed = runs.iter().find(|run| run.0 == value).map_or(seed, |run| run.1);
    format!("median {middle}, worst {} (seed {seed})", rounded(scale.apply(value)))
}

/// The mean of a group with its interval.
fn mean(summary: &Summary, group: usize, scale: Scale) -> Option<String> {
    let metrics = ["excess_failed", "failed_share"];
    let line = metrics.iter().find_map(|metric| summary.line(group, metric))?;
    Some(Estimate::new(line.mean, line.interval, scale).joined())
}

/// Places of dots in rising columns: those that would cover each other stand above and below
/// the line in turn, closer together where there are many.
fn swarm(columns: &[i32], y: i32) -> Vec<(i32, i32)> {
    let mut places = Vec::with_capacity(columns.len());
    let mut rest = columns;
    while let Some(&first) = rest.first() {
        let count = rest.iter().take_while(|&&x| x - first < 2 * RADIUS).count();
        let apart = f64::from(2 * RADIUS + 1).min(f64::from(2 * REACH) / count.max(1) as f64);
        for (index, &x) in rest[..count].iter().enumerate() {
            let steps = index.div_ceil(2) as f64;
            let side = if index % 2 == 0 { 1.0 } else { -1.0 };
            places.push((x, y + (side * steps * apart).round() as i32));
        }
        rest = &rest[count..];
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{index_of, summarise};
    use crate::report::fixture;

    #[test]
    fn no_number_is_cut() {
        let mut result = fixture::one_release();
        for group in &mut result.groups {
            for row in &mut group.rows {
                row.seed += 123_456_789_012;
            }
        }
        let summary = fixture::summary(&result);
        let picture = draw(&result, &summary).expect("a chart");
        let told = picture.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(label) if label.text.starts_with("median") => Some(label),
            _ => None,
        });
        let told: Vec<&Label> = told.collect();
        assert!(told.len() > 1);
        for label in told {
            let end = label.at.0 + text_width(&label.text, SMALL, false);
            assert!(label.text.ends_with(')') && end <= WIDTH as i32, "{label:?}");
        }
    }

    #[test]
    fn dots_of_one_value_stand_above_and_below_the_line() {
        assert_eq!(swarm(&[50, 50, 52, 90], 100), [(50, 100), (50, 89), (52, 111), (90, 100)]);
    }

    #[test]
    fn many_dots_stay_in_their_row() {
        let places = swarm(&[7; 1000], 100);
        assert!(places.iter().all(|&(_, y)| (100 - REACH..=100 + REACH).contains(&y)));
    }

    #[test]
    fn the_median_is_that_of_the_tables() {
        let mut result = fixture::one_release();
        let place = index_of("excess_failed").unwrap();
        for group in &mut result.groups {
            for (index, row) in group.rows.iter_mut().enumerate() {
                row.values[place] = Some(if index < 10 { 0.0 } else { 100.0 });
            }
        }
        let summary = summarise(&result);
        assert_eq!(summary.line(1, "excess_failed").unwrap().quantiles.1, 50.0);
        let picture = draw(&result, &summary).unwrap();
        let told = |shape: &Shape| matches!(shape, Shape::Text(label) if label.text.starts_with("median 50,"));
        assert!(picture.shapes.iter().any(told));
    }
}
