//! Everything side by side: one row a strategy, the same scales in all rows, small enough for
//! one slide.

use crate::experiment::{Group, StudyResult, Summary};

use super::axis::{Axis, Spread, clock_unit, from_zero, tick_text};
use super::bands::{Stack, plain};
use super::frame::{BODY, MARGIN, Plot, SMALL, WIDTH, fitted, mark, sheet};
use super::hatch::Hatch;
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Side};
use super::render::text_width;
use super::timeline_data::{Step, focus, steps};
use super::{headline_estimate, place_of, source};
use crate::report::answer::is_control;
use crate::report::csv::plan_of;
use crate::report::exemplar::{Shown, typical};
use crate::report::figure::clock;
use crate::report::text::visible;

const TOP: i32 = 170;
const PANEL: i32 = 84;
const ROW: i32 = 118;
/// Right edge of the last column.
const RIGHT: i32 = 1330;
/// Room for a name, between its mark and the first column's scale.
const NAME: i32 = 166;
const STEPS: usize = 110;

/// Left and right edges of the columns: failures, latency, instances. Long names take room from
/// all of them alike.
fn columns(rows: &[Row<'_>]) -> [(i32, i32); 3] {
    let widest = rows.iter().map(|row| text_width(&visible(&row.group.strategy), BODY, true)).max();
    let more = (widest.unwrap_or(0) - NAME).clamp(0, 150);
    let part = |thirds: i32| more * thirds / 3;
    [(300 + part(3), 600 + part(2)), (680 + part(2), 980 + part(1)), (1050 + part(1), RIGHT)]
}

struct Row<'a> {
    index: usize,
    group: &'a Group,
    steps: Vec<Step>,
    /// Seconds of the window that are shown.
    span: f64,
}

/// The sheet of a release; `None` with fewer than two strategies.
pub fn draw(
    result: &StudyResult,
    summary: &Summary,
    release: &str,
    of: &str,
    shown: &[Shown],
) -> Option<Picture> {
    let groups = || {
        let groups = result.groups.iter().enumerate();
        groups.filter(|(_, group)| group.release == release && !is_control(group))
    };
    let span = groups()
        .map(|(index, group)| focus(result, group, typical(shown, index)))
        .fold(0.0, f64::max);
    let thinned = |group: &Group| {
        let clock = &plan_of(result, &group.strategy).clock;
        let most = STEPS as f64 * clock.window.as_secs_f64() / span;
        let mut steps = steps(group, clock, most as usize);
        steps.retain(|step| step.from < span);
        steps
    };
    let rows: Vec<Row<'_>> =
        groups().map(|(index, group)| Row { index, group, steps: thinned(group), span }).collect();
    if rows.len() < 2 || rows.iter().any(|row| row.steps.is_empty()) {
        return None;
    }
    let bottom = TOP + rows.len() as i32 * ROW;
    let what = headline_estimate(summary, rows[0].index).map_or("", |(what, _)| what);
    let caption = format!(
        "{} Lines are means over seeds, the same scales in all rows. On the right: {what} with its \
         interval.",
        source(result, summary)
    );
    let height = (bottom + 140) as u32;
    let mut picture = sheet(height, &format!("Side by side{of}"), &caption);
    let titles = ["failed requests/s", "p99 of ok requests, ms", "instances (dashed: routable)"];
    let columns = columns(&rows);
    for ((left, _), title) in columns.iter().zip(titles) {
        picture.text(Label::new((*left, TOP - 50), SMALL, title));
    }
    picture.text(Label::new((RIGHT + 24, TOP - 50), SMALL, "harm a deployment"));
    for (index, row) in rows.iter().enumerate() {
        let top = TOP + index as i32 * ROW;
        let place = place_of(result, &row.group.strategy);
        name(&mut picture, summary, row, (place, top), columns[0].0);
        for (column, scales) in scales(&rows).into_iter().enumerate() {
            let (left, right) = columns[column];
            let plot = Plot { left, right, top, bottom: top + PANEL };
            panel(&mut picture, result, row, (column, place), (scales, plot));
        }
        if let Some(typical) = typical(shown, row.index) {
            let text = format!("median: seed {}", typical.record.key.seed);
            let at = (RIGHT + 24, top + PANEL / 2 + 26);
            picture.text(Label::new(at, SMALL, text).ink(Ink::Muted));
        }
    }
    times(&mut picture, result, &rows[0], (columns, bottom - ROW + PANEL));
    Some(picture)
}

/// The values of the columns, `None` where there is none.
fn value(step: &Step, column: usize) -> Option<f64> {
    match column {
        0 => Some(step.outcomes[1..].iter().sum()),
        1 => step.p99,
        _ => Some(step.instances),
    }
}

/// One axis for each column (its pixels are still those of no row).
fn scales(rows: &[Row<'_>]) -> [Axis; 3] {
    [0, 1, 2].map(|column| {
        let values =
            || rows.iter().flat_map(|row| &row.steps).filter_map(move |step| value(step, column));
        let highest = values().fold(0.0, f64::max);
        let lowest = values().filter(|&value| value > 0.0).fold(f64::INFINITY, f64::min);
        if column == 1 && highest > 20.0 * lowest {
            let values = (lowest * 0.8, highest * 1.1);
            Axis { spread: Spread::Log, values, pixels: (0, 0) }
        } else {
            from_zero(highest, (0, 0), 2)
        }
    })
}

fn panel(
    picture: &mut Picture,
    result: &StudyResult,
    row: &Row<'_>,
    (column, place): (usize, usize),
    (scale, plot): (Axis, Plot),
) {
    let axis = Axis { pixels: (plot.bottom, plot.top), ..scale };
    let clock = &plan_of(result, &row.group.strategy).clock;
    let x =
        Axis { spread: Spread::Linear, values: (0.0, row.span), pixels: (plot.left, plot.right) };
    for tick in axis.ticks(2) {
        let y = axis.place(tick);
        picture.line(vec![(plot.left, y), (plot.right, y)], Ink::Grid, 1);
        let label = Label::new((plot.left - 8, y), SMALL, tick_text(tick));
        picture.text(label.side(Side::Right).ink(Ink::Muted));
    }
    let start = x.place(clock.deploy_at.as_secs_f64());
    picture.dashed(&[(start, plot.top), (start, plot.bottom)], &[6, 5], Ink::Muted, 2);
    if column == 0 {
        let spans = row.steps.iter().map(|step| (x.place(step.from), x.place(step.to))).collect();
        let counts: Vec<f64> = row.steps.iter().filter_map(|step| value(step, 0)).collect();
        Stack::new(spans).add(picture, &axis, &counts, (Ink::Series(place), Hatch::Plain));
    } else {
        let mut pieces: Vec<Vec<Point>> = vec![Vec::new()];
        for step in &row.steps {
            let line = pieces.last_mut().expect("there is always a piece");
            match value(step, column).map(|value| axis.place(value)) {
                Some(y) => line.extend([(x.place(step.from), y), (x.place(step.to), y)]),
                None if !line.is_empty() => pieces.push(Vec::new()),
                None => {}
            }
        }
        for piece in pieces {
            picture.line(plain(piece.into_iter()), Ink::Series(place), 3);
        }
        if column == 2 {
            let points = row.steps.iter().flat_map(|step| {
                let y = axis.place(step.routable);
                [(x.place(step.from), y), (x.place(step.to), y)]
            });
            picture.dashed(&plain(points), &[6, 5], Ink::Text, 2);
        }
    }
    plot.base(picture);
}

fn name(
    picture: &mut Picture,
    summary: &Summary,
    row: &Row<'_>,
    (place, top): (usize, i32),
    left: i32,
) {
    let y = top + PANEL / 2;
    mark(picture, (MARGIN + 12, y), place, Ink::Series(place), 9);
    let name = fitted(&visible(&row.group.strategy), BODY, true, left - 60 - MARGIN - 34);
    picture.text(Label::new((MARGIN + 34, y), BODY, name).bold());
    if let Some((_, estimate)) = headline_estimate(summary, row.index) {
        let x = RIGHT + 24;
        let (mean, interval) = (estimate.mean, estimate.interval);
        let room = WIDTH as i32 - 10 - x;
        picture.text(Label::new((x, y - 26), BODY, fitted(&mean, BODY, true, room)).bold());
        picture.text(Label::new((x, y), SMALL, fitted(&interval, SMALL, false, room)));
    }
}

fn times(
    picture: &mut Picture,
    result: &StudyResult,
    row: &Row<'_>,
    (columns, bottom): ([(i32, i32); 3], i32),
) {
    let clock_of = &plan_of(result, &row.group.strategy).clock;
    let (deploy, window) = (clock_of.deploy_at.as_secs_f64(), row.span);
    for (left, right) in columns {
        let x = Axis { spread: Spread::Linear, values: (0.0, window), pixels: (left, right) };
        for (at, side) in [(0.0, Side::Left), (deploy, Side::Middle), (window, Side::Right)] {
            let near = at > 0.0 && at < window && {
                let place = x.place(at);
                place - left < 90 || right - place < 90
            };
            if !near {
                let text = clock(((at - deploy) * 1e9).round() as i128);
                let label = Label::new((x.place(at), bottom + 20), SMALL, text);
                picture.text(label.side(side).ink(Ink::Muted));
            }
        }
    }
    let unit = clock_unit(window - deploy);
    let text = format!("time from the start of the rollout (dashed), {unit}");
    let at = (i32::midpoint(columns[0].0, RIGHT), bottom + 50);
    picture.text(Label::new(at, SMALL, text).side(Side::Middle).ink(Ink::Muted));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::picture::Shape;
    use crate::report::fixture;

    #[test]
    fn a_name_of_usual_length_is_whole() {
        let mut result = fixture::one_release();
        let name = "canary-on-log-ins";
        let before = std::mem::replace(&mut result.study.arms[1].name, name.to_owned());
        result.groups.iter_mut().filter(|group| group.strategy == before).for_each(|group| {
            group.strategy = name.to_owned();
        });
        let release = result.study.releases[0].name.clone();
        let summary = fixture::summary(&result);
        let picture = draw(&result, &summary, &release, "", &[]).expect("a sheet");
        let whole = |shape: &Shape| matches!(shape, Shape::Text(label) if label.text == name);
        assert!(picture.shapes.iter().any(whole));
    }
}
