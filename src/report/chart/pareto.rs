//! Harm against extra capacity and against time: which strategies no other beats on all three.
//!
//! Releases are mixed in their shares, so a point is one mean deployment.

use crate::experiment::{StudyResult, Summary};

use super::axis::{Axis, Spread, fitting, tick_text};
use super::frame::{BODY, Plot, SMALL, WIDTH, fitted, mark, sheet};
use super::labels::{Tag, column};
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Side};
use super::render::text_width;
use super::source;
use crate::report::answer::mixed;
use crate::report::figure::{Scale, rounded};
use crate::report::text::visible;

const HEIGHT: u32 = 900;
/// The list on the right.
const LIST: i32 = WIDTH as i32 - 330;

/// A mean between the ends of its interval.
type Span = (f64, f64, f64);

struct Dot {
    place: usize,
    name: String,
    harm: Span,
    /// By place in [`COSTS`].
    costs: [Option<Span>; 2],
}

struct Cost {
    metric: &'static str,
    scale: Scale,
    title: &'static str,
    /// Left and right edge of its panel.
    edges: (i32, i32),
}

const COSTS: [Cost; 2] = [
    Cost {
        metric: "extra_instance_s",
        scale: Scale::Minutes,
        title: "extra instance minutes",
        edges: (150, 660),
    },
    Cost {
        metric: "deploy_s",
        scale: Scale::Minutes,
        title: "rollout time, minutes",
        edges: (730, LIST - 50),
    },
];

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
            let harm = value(&arm.name, "excess_failed", Scale::Plain)?;
            let costs =
                [0, 1].map(|cost: usize| value(&arm.name, COSTS[cost].metric, COSTS[cost].scale));
            Some(Dot { place, name: visible(&arm.name), harm, costs })
        })
        .collect();
    if dots.len() < 2 {
        return None;
    }
    let caption = format!(
        "{} Crosses: intervals of both means. A dashed line joins the strategies that no other \
         beats on its two axes; hollow: beaten on all three. Down and left is better.{}",
        source(result, summary),
        if result.study.releases.len() > 1 { " Releases mixed in their shares." } else { "" }
    );
    let height = HEIGHT.max(330 + 62 * dots.len() as u32);
    let mut picture = sheet(height, "Harm against extra capacity and time", &caption);
    let (top, bottom) = (150, height as i32 - 180);
    let y = harm_axis(&dots, (bottom, top));
    for (index, cost) in COSTS.iter().enumerate() {
        let plot = Plot { left: cost.edges.0, right: cost.edges.1, top, bottom };
        panel(&mut picture, &dots, index, (&y, plot));
    }
    list(&mut picture, &dots, (top, bottom));
    Some(picture)
}

fn panel(picture: &mut Picture, dots: &[Dot], cost: usize, (y, plot): (&Axis, Plot)) {
    let ends = dots.iter().filter_map(|dot| dot.costs[cost]).flat_map(|(a, b, c)| [a, b, c]);
    let x = fitting(ends, false, (plot.left, plot.right));
    let title = y.told("excess failed requests a deployment");
    plot.left_axis(picture, y, &y.ticks(9), if cost == 0 { &title } else { "" });
    let ticks: Vec<(i32, String)> =
        x.ticks(6).into_iter().map(|tick| (x.place(tick), tick_text(tick))).collect();
    plot.bottom_axis(picture, &ticks, COSTS[cost].title);
    plot.base(picture);
    let axes = (&x, y);
    front(picture, dots, cost, axes);
    for dot in dots {
        paint_dot(picture, dots, (dot, cost), axes);
    }
    names(picture, dots, cost, (axes, &plot));
}

/// The axis of harm. An interval that reaches far below zero is cut.
fn harm_axis(dots: &[Dot], pixels: (i32, i32)) -> Axis {
    let most = dots.iter().map(|dot| dot.harm.1).fold(0.0, f64::max);
    let means = fitting(dots.iter().map(|dot| dot.harm.1), true, pixels);
    let least = dots.iter().map(|dot| dot.harm.1).filter(|&harm| harm > 0.0);
    let floor = -least.fold(most, f64::min);
    let ends = dots.iter().flat_map(|dot| [dot.harm.0.max(floor), dot.harm.1, dot.harm.2]);
    fitting(ends, means.spread != Spread::Linear, pixels)
}

/// A strategy that is at least as good on all counts and better on one.
fn beaten_by<'a>(dots: &'a [Dot], dot: &Dot) -> Option<&'a Dot> {
    dots.iter().find(|other| {
        let mut differences = vec![other.harm.1 - dot.harm.1];
        for (mine, theirs) in dot.costs.iter().zip(other.costs) {
            // What cannot be compared does not make it beaten.
            let difference = mine.zip(theirs).map(|(mine, theirs)| theirs.1 - mine.1);
            differences.push(difference.unwrap_or(f64::INFINITY));
        }
        differences.iter().all(|&difference| difference <= 0.0)
            && differences.iter().any(|&difference| difference < 0.0)
    })
}

/// The line through the strategies that no other beats on these two axes.
fn front(picture: &mut Picture, dots: &[Dot], cost: usize, (x, y): (&Axis, &Axis)) {
    let mut points: Vec<(f64, f64)> =
        dots.iter().filter_map(|dot| Some((dot.costs[cost]?.1, dot.harm.1))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut line: Vec<Point> = Vec::new();
    let mut lowest = f64::INFINITY;
    for (spent, harm) in points {
        if harm < lowest {
            lowest = harm;
            let at = (x.place(spent), y.place(harm));
            if let Some(&(_, above)) = line.last() {
                line.push((at.0, above));
            }
            line.push(at);
        }
    }
    picture.dashed(&line, &[14, 8], Ink::Muted, 3);
}

fn paint_dot(
    picture: &mut Picture,
    dots: &[Dot],
    (dot, cost): (&Dot, usize),
    (x, y): (&Axis, &Axis),
) {
    let Some(spent) = dot.costs[cost] else { return };
    let ink = Ink::Series(dot.place);
    let at = (x.place(spent.1), y.place(dot.harm.1));
    picture.line(vec![(x.place(spent.0), at.1), (x.place(spent.2), at.1)], ink, 3);
    picture.line(vec![(at.0, y.place(dot.harm.0)), (at.0, y.place(dot.harm.2))], ink, 3);
    mark(picture, at, dot.place, ink, 13);
    if beaten_by(dots, dot).is_some() {
        mark(picture, at, dot.place, Ink::Paper, 8);
    }
}

/// Writes names beside the dots where there is room; the list has them all.
fn names(
    picture: &mut Picture,
    dots: &[Dot],
    cost: usize,
    ((x, y), plot): ((&Axis, &Axis), &Plot),
) {
    let place = |dot: &Dot| Some((x.place(dot.costs[cost]?.1), y.place(dot.harm.1)));
    let mut taken: Vec<(Point, Point)> =
        dots.iter().filter_map(place).map(|(x, y)| ((x - 15, y - 15), (x + 15, y + 15))).collect();
    // Intervals are in the way too.
    for dot in dots {
        let Some(spent) = dot.costs[cost] else { continue };
        let (at, height) = (x.place(spent.1), y.place(dot.harm.1));
        taken.push(((x.place(spent.0), height - 3), (x.place(spent.2), height + 3)));
        taken.push(((at - 3, y.place(dot.harm.2)), (at + 3, y.place(dot.harm.0))));
    }
    for dot in dots {
        let Some(at) = place(dot) else { continue };
        let width = text_width(&dot.name, BODY, true);
        let left = -24 - width;
        let candidates = [(24, -30), (24, 30), (left, -30), (left, 30), (24, 0), (left, 0)];
        let spot = |&(dx, dy): &(i32, i32)| {
            let start = (at.0 + dx, at.1 + dy);
            ((start.0, start.1 - 15), (start.0 + width, start.1 + 15))
        };
        let free = |candidate: &&(i32, i32)| {
            let (from, to) = spot(candidate);
            from.0 >= plot.left + 4
                && from.1 >= plot.top
                && to.0 <= plot.right
                && to.1 <= plot.bottom - 4
                && taken
                    .iter()
                    .all(|(a, b)| to.0 < a.0 || from.0 > b.0 || to.1 < a.1 || from.1 > b.1)
        };
        if let Some(candidate) = candidates.iter().find(free) {
            let (from, to) = spot(candidate);
            taken.push((from, to));
            let ink = Ink::Series(dot.place);
            let label = Label::new((from.0, from.1 + 15), BODY, dot.name.clone()).bold().ink(ink);
            picture.text(label.side(Side::Left));
        }
    }
}

/// All strategies with their marks, and which of them are beaten.
fn list(picture: &mut Picture, dots: &[Dot], (top, bottom): (i32, i32)) {
    let step = (bottom - top) / dots.len() as i32;
    let tags = dots.iter().enumerate().map(|(index, dot)| Tag {
        y: top + step.min(90) * index as i32,
        ink: Ink::Series(dot.place),
        mark: Some(dot.place),
        name: dot.name.clone(),
        detail: beaten_by(dots, dot).map_or_else(
            || format!("harm {}", rounded(dot.harm.1)),
            |other| format!("beaten by {}", fitted(&other.name, SMALL, false, 170)),
        ),
    });
    column(picture, tags.collect(), LIST, (top, bottom), WIDTH as i32 - 20);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(place: usize, cost: f64, time: Option<f64>, harm: f64) -> Dot {
        let span = |value: f64| (value, value, value);
        let costs = [Some(span(cost)), time.map(span)];
        Dot { place, name: place.to_string(), harm: span(harm), costs }
    }

    #[test]
    fn a_strategy_is_beaten_only_by_one_that_is_as_good_on_all_counts() {
        let dots = [
            dot(0, 0.0, Some(9.0), 100.0),
            dot(1, 5.0, Some(2.0), 10.0),
            dot(2, 6.0, Some(2.0), 10.0),
            dot(3, 5.0, Some(2.0), 10.0),
            dot(4, 6.0, Some(1.0), 10.0),
            dot(5, 9.0, None, 20.0),
        ];
        let beaten: Vec<Option<usize>> =
            dots.iter().map(|dot| beaten_by(&dots, dot).map(|other| other.place)).collect();
        assert_eq!(beaten, [None, None, Some(1), None, None, None]);
    }
}
