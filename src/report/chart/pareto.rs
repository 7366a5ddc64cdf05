//! Harm against extra capacity: which strategies no other beats on both.
//!
//! Releases are mixed in their shares, so a point is one mean deployment.

use crate::experiment::{StudyResult, Summary};

use super::axis::{Axis, Spread, logarithmic, tick_text};
use super::frame::{BODY, MARGIN, Plot, SMALL, WIDTH, mark, sheet};
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Side};
use super::render::text_width;
use super::source;
use crate::report::answer::mixed;
use crate::report::figure::Scale;
use crate::report::text::visible;

const HEIGHT: u32 = 900;
/// Harms further apart than this get a logarithmic axis.
const WIDE: f64 = 60.0;

struct Dot {
    place: usize,
    name: String,
    cost: (f64, f64, f64),
    harm: (f64, f64, f64),
}

/// The chart; `None` with fewer than two strategies or without a control.
pub fn draw(result: &StudyResult, summary: &Summary) -> Option<Picture> {
    let value = |strategy: &str, metric: &str, scale: Scale| {
        let (mean, interval) = mixed(result, summary, strategy, metric)?;
        let (low, high) = interval.unwrap_or((mean, mean));
        Some((scale.apply(low), scale.apply(mean), scale.apply(high)))
    };
    let dots: Vec<Dot> = result
        .study
        .arms
        .iter()
        .enumerate()
        .filter_map(|(place, arm)| {
            Some(Dot {
                place,
                name: visible(&arm.name),
                cost: value(&arm.name, "extra_instance_s", Scale::Minutes)?,
                harm: value(&arm.name, "excess_failed", Scale::Plain)?,
            })
        })
        .collect();
    if dots.len() < 2 {
        return None;
    }
    let caption = format!(
        "{} Crosses: intervals of both means. The line joins the strategies that no other beats \
         on both; down and left is better.{}",
        source(result, summary),
        if result.study.releases.len() > 1 { " Releases mixed in their shares." } else { "" }
    );
    let mut picture = sheet(HEIGHT, "Harm against extra capacity", &caption);
    let plot = Plot { left: 170, right: WIDTH as i32 - 90, top: 130, bottom: 720 };
    let (x, y) = (cost_axis(&dots, &plot), harm_axis(&dots, &plot));
    let note = if y.spread != Spread::Linear { " (log scale)" } else { "" };
    plot.left_axis(
        &mut picture,
        &y,
        &y.ticks(9),
        &format!("excess failed requests a deployment{note}"),
    );
    let ticks: Vec<(i32, String)> =
        x.ticks(9).into_iter().map(|tick| (x.place(tick), tick_text(tick))).collect();
    plot.bottom_axis(&mut picture, &ticks, "extra instance minutes a deployment");
    plot.base(&mut picture);
    front(&mut picture, &dots, (&x, &y));
    for dot in &dots {
        paint_dot(&mut picture, &dots, dot, (&x, &y));
    }
    names(&mut picture, &dots, (&x, &y), &plot);
    Some(picture)
}

fn cost_axis(dots: &[Dot], plot: &Plot) -> Axis {
    let low = dots.iter().map(|dot| dot.cost.0).fold(0.0, f64::min);
    let high = dots.iter().map(|dot| dot.cost.2).fold(0.0, f64::max);
    let room = (high - low).max(1e-6) * 0.08;
    let low = if low < 0.0 { low - room } else { low };
    Axis { spread: Spread::Linear, values: (low, high + room), pixels: (plot.left, plot.right) }
}

fn harm_axis(dots: &[Dot], plot: &Plot) -> Axis {
    let low = dots.iter().map(|dot| dot.harm.0).fold(f64::INFINITY, f64::min);
    let high = dots.iter().map(|dot| dot.harm.2).fold(0.0, f64::max);
    let least = dots.iter().map(|dot| dot.harm.1).fold(f64::INFINITY, f64::min).max(1.0);
    let pixels = (plot.bottom, plot.top);
    if high > WIDE * least {
        logarithmic(low, high, pixels)
    } else {
        let room = (high - low.min(0.0)).max(1e-6) * 0.08;
        let low = if low < 0.0 { low - room } else { 0.0 };
        Axis { spread: Spread::Linear, values: (low, high + room), pixels }
    }
}

/// A strategy that is at least as good on both and better on one.
fn beaten_by<'a>(dots: &'a [Dot], dot: &Dot) -> Option<&'a Dot> {
    dots.iter().find(|other| {
        let (cost, harm) = (other.cost.1 - dot.cost.1, other.harm.1 - dot.harm.1);
        cost <= 0.0 && harm <= 0.0 && (cost < 0.0 || harm < 0.0)
    })
}

fn front(picture: &mut Picture, dots: &[Dot], (x, y): (&Axis, &Axis)) {
    let mut best: Vec<&Dot> = dots.iter().filter(|dot| beaten_by(dots, dot).is_none()).collect();
    best.sort_by(|a, b| a.cost.1.total_cmp(&b.cost.1));
    let mut points: Vec<Point> = Vec::new();
    for dot in best {
        let at = (x.place(dot.cost.1), y.place(dot.harm.1));
        if let Some(&(_, above)) = points.last() {
            points.push((at.0, above));
        }
        points.push(at);
    }
    picture.dashed(&points, &[14, 8], Ink::Muted, 3);
}

fn paint_dot(picture: &mut Picture, dots: &[Dot], dot: &Dot, (x, y): (&Axis, &Axis)) {
    let ink = Ink::Series(dot.place);
    let at = (x.place(dot.cost.1), y.place(dot.harm.1));
    picture.line(vec![(x.place(dot.cost.0), at.1), (x.place(dot.cost.2), at.1)], ink, 3);
    picture.line(vec![(at.0, y.place(dot.harm.0)), (at.0, y.place(dot.harm.2))], ink, 3);
    mark(picture, at, dot.place, ink, 13);
    if beaten_by(dots, dot).is_some() {
        mark(picture, at, dot.place, Ink::Paper, 8);
    }
}

/// Writes the names beside the dots, on the side and height where there is room.
fn names(picture: &mut Picture, dots: &[Dot], (x, y): (&Axis, &Axis), plot: &Plot) {
    let places: Vec<Point> =
        dots.iter().map(|dot| (x.place(dot.cost.1), y.place(dot.harm.1))).collect();
    let mut taken: Vec<(Point, Point)> =
        places.iter().map(|&(x, y)| ((x - 15, y - 15), (x + 15, y + 15))).collect();
    for (dot, &at) in dots.iter().zip(&places) {
        let detail = beaten_by(dots, dot)
            .map_or_else(String::new, |other| format!("beaten by {} on both", other.name));
        let width = text_width(&dot.name, BODY, true).max(text_width(&detail, SMALL, false));
        let height = if detail.is_empty() { 16 } else { 42 };
        // The line comes from above and leaves to the right.
        let left = -24 - width;
        let candidates = [(24, -34), (24, 34), (24, 0), (left, -34), (left, 34), (left, 0)];
        let free = |&(dx, dy): &(i32, i32)| {
            let from = (at.0 + dx, at.1 + dy - 16);
            let to = (from.0 + width, at.1 + dy + height);
            from.0 >= MARGIN
                && from.1 >= plot.top
                && to.0 <= WIDTH as i32 - 10
                && to.1 <= plot.bottom
                && taken
                    .iter()
                    .all(|(a, b)| to.0 < a.0 || from.0 > b.0 || to.1 < a.1 || from.1 > b.1)
        };
        let (dx, dy) = candidates.iter().copied().find(free).unwrap_or((24, -34));
        let start = (at.0 + dx, at.1 + dy);
        taken.push(((start.0, start.1 - 16), (start.0 + width, start.1 + height)));
        let label = Label::new(start, BODY, dot.name.clone()).bold().ink(Ink::Series(dot.place));
        picture.text(label.side(Side::Left));
        picture.text(Label::new((start.0, start.1 + 27), SMALL, detail).ink(Ink::Muted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(place: usize, cost: f64, harm: f64) -> Dot {
        Dot { place, name: place.to_string(), cost: (cost, cost, cost), harm: (harm, harm, harm) }
    }

    #[test]
    fn a_strategy_is_beaten_only_by_one_that_is_as_good_on_both() {
        let dots = [dot(0, 0.0, 100.0), dot(1, 5.0, 10.0), dot(2, 6.0, 10.0), dot(3, 5.0, 10.0)];
        let beaten: Vec<Option<usize>> =
            dots.iter().map(|dot| beaten_by(&dots, dot).map(|other| other.place)).collect();
        assert_eq!(beaten, [None, None, Some(1), None]);
    }
}
