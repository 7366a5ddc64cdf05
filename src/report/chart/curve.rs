//! A sweep's curves: the metric of each strategy over the values of an input, with intervals.
//! Values stand at equal distances, as they were listed.

use crate::experiment::METRICS;
use crate::experiment::sweep::Sweep;

use super::axis::{Axis, Spread, logarithmic};
use super::frame::{BODY, Plot, SMALL, WIDTH, fitted, mark, sheet};
use super::palette::{Ink, dash};
use super::picture::{Label, Picture, Point};
use crate::report::answer::counted;
use crate::report::sweep::{metric_with_unit, scale};
use crate::report::text::visible;

const HEIGHT: u32 = 900;
/// Means further apart than this get a logarithmic axis.
const WIDE: f64 = 60.0;

/// A strategy's mean and interval at each point.
struct Curve {
    place: usize,
    name: String,
    at: Vec<Option<(f64, f64, f64)>>,
}

/// The chart of these points of a release; `None` without values. `of` is added to the title.
pub fn draw(sweep: &Sweep, points: &[usize], release: usize, of: &str) -> Option<Picture> {
    let study = &sweep.points[0].result.study;
    let metric = METRICS[sweep.metric].name;
    let curves: Vec<Curve> = (0..study.arms.len())
        .map(|arm| {
            let at = points.iter().map(|&point| {
                let group = sweep.group(point, arm, release)?;
                let line = sweep.points[point].summary.line(group, metric)?;
                let (low, high) = line.interval.unwrap_or((line.mean, line.mean));
                let scale = scale(sweep);
                Some((scale.apply(low), scale.apply(line.mean), scale.apply(high)))
            });
            Curve { place: arm, name: visible(&study.arms[arm].name), at: at.collect() }
        })
        .collect();
    let all = || curves.iter().flat_map(|curve| curve.at.iter().flatten());
    all().next()?;
    let path = visible(&sweep.inputs[0].path);
    let title = format!("{metric} over {path}{of}");
    let caption = format!(
        "{}: {} at each point, 95 % intervals. Values stand at equal distances, in the order in \
         which they were given.",
        visible(&study.name),
        counted(study.seeds, "seed")
    );
    let mut picture = sheet(HEIGHT, &title, &caption);
    let plot = Plot { left: 190, right: WIDTH as i32 - 330, top: 140, bottom: 720 };
    let axis = values_axis(all().copied(), (plot.bottom, plot.top));
    let note = if axis.spread == Spread::Linear { "" } else { " (log scale)" };
    let unit = format!("{}{note}", metric_with_unit(sweep));
    plot.left_axis(&mut picture, &axis, &axis.ticks(9), &unit);
    let room = (plot.right - plot.left) / points.len().max(1) as i32;
    let x = |place: usize| plot.left + room / 2 + room * place as i32;
    let ticks: Vec<(i32, String)> = points
        .iter()
        .enumerate()
        .map(|(place, &point)| {
            let text = sweep.points[point].values[0].as_deref().unwrap_or("as it is");
            (x(place), fitted(&visible(text), SMALL, false, (room - 8).max(20)))
        })
        .collect();
    plot.bottom_axis(&mut picture, &ticks, &fitted(&path, BODY, false, 900));
    plot.base(&mut picture);
    let several = curves.len() as i32;
    for curve in &curves {
        // Side by side, so that equal curves do not hide one another.
        let shift = (2 * curve.place as i32 - several + 1) * 7;
        paint(&mut picture, curve, &axis, &|place| x(place) + shift);
    }
    legend(&mut picture, &curves, &plot);
    Some(picture)
}

fn values_axis(all: impl Iterator<Item = (f64, f64, f64)> + Clone, pixels: (i32, i32)) -> Axis {
    let low = all.clone().map(|at| at.0).fold(f64::INFINITY, f64::min);
    let high = all.clone().map(|at| at.2).fold(f64::NEG_INFINITY, f64::max);
    let means = || all.clone().map(|at| at.1).filter(|mean| *mean > 0.0);
    let (least, most) = (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max));
    let near_zero = all.clone().any(|at| at.1 <= 0.0);
    if most > WIDE * least.max(1.0) || (near_zero && most > WIDE) {
        return logarithmic(low, high.max(1.0), pixels);
    }
    let low = low.min(0.0);
    let room = (high - low).max(1e-6) * 0.06;
    let low = if low < 0.0 { low - room } else { 0.0 };
    Axis { spread: Spread::Linear, values: (low, high + room), pixels }
}

fn paint(picture: &mut Picture, curve: &Curve, axis: &Axis, x: &dyn Fn(usize) -> i32) {
    let ink = Ink::Series(curve.place);
    let mut line: Vec<Point> = Vec::new();
    for (place, at) in curve.at.iter().enumerate() {
        let Some((low, mean, high)) = *at else { continue };
        let (x, low, high) = (x(place), axis.place(low), axis.place(high));
        picture.line(vec![(x, low), (x, high)], ink, 3);
        for end in [low, high] {
            picture.line(vec![(x - 8, end), (x + 8, end)], ink, 3);
        }
        line.push((x, axis.place(mean)));
    }
    if line.len() > 1 {
        picture.dashed(&line, dash(curve.place), ink, 3);
    }
    for at in line {
        mark(picture, at, curve.place, ink, 9);
    }
}

fn legend(picture: &mut Picture, curves: &[Curve], plot: &Plot) {
    for (place, curve) in curves.iter().enumerate() {
        let y = plot.top + 20 + 40 * place as i32;
        let x = plot.right + 40;
        mark(picture, (x, y), curve.place, Ink::Series(curve.place), 9);
        picture.text(Label::new((x + 24, y), BODY, fitted(&curve.name, BODY, false, 240)));
    }
}
