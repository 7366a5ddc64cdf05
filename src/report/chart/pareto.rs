//! Harm against extra capacity and against time: which strategies no other beats on all three.
//!
//! Releases are mixed in their shares, so a point is one mean deployment.

use crate::experiment::{StudyResult, Summary};

use super::axis::{Axis, Spread, fitting, tick_text};
use super::callout::{self, Callout};
use super::frame::{Plot, SMALL, WIDTH, fitted, mark, sheet};
use super::labels::{Tag, column};
use super::palette::Ink;
use super::picture::{Picture, Point};
use super::source;
use crate::report::answer::mixed;
use crate::report::figure::{Estimate, Scale};
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
    /// Who dominates it for certain.
    dominated_by: Option<String>,
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
            let dominated_by = dominated_by(result, summary, place);
            Some(Dot { place, name: visible(&arm.name), harm, costs, dominated_by })
        })
        .collect();
    if dots.len() < 2 {
        return None;
    }
    let caption = format!(
        "{} Crosses: intervals of both means. A dashed line joins the strategies whose means no \
         other beats on its two axes; hollow: dominated for certain, weighing all three. Down and \
         left is better.{}",
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
    // Marks at zero stand clear of the other axis' numbers.
    let x = fitting(ends, false, (plot.left + 22, plot.right - 10));
    let title = y.told("excess failed requests a deployment");
    plot.left_axis(picture, y, &y.ticks(9), if cost == 0 { &title } else { "" });
    let ticks: Vec<(i32, String)> =
        x.ticks(6).into_iter().map(|tick| (x.place(tick), tick_text(tick))).collect();
    plot.bottom_axis(picture, &ticks, COSTS[cost].title);
    plot.base(picture);
    let axes = (&x, y);
    let front = front(dots, cost, axes);
    picture.dashed(&front, &[14, 8], Ink::Muted, 3);
    let callouts = callouts(dots, cost, (axes, &plot), &front);
    callouts.iter().for_each(|callout| callout.lead(picture));
    for dot in dots {
        paint_dot(picture, (dot, cost), axes);
    }
    callouts.into_iter().for_each(|callout| callout.write(picture));
}

/// The names beside the dots.
fn callouts(
    dots: &[Dot],
    cost: usize,
    ((x, y), plot): ((&Axis, &Axis), &Plot),
    front: &[Point],
) -> Vec<Callout> {
    let mut points = Vec::new();
    // Level and upright lines, so that their ends are their corners.
    let mut taken: Vec<(Point, Point)> = front
        .windows(2)
        .map(|ends| {
            let (a, b) = (ends[0], ends[1]);
            ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)))
        })
        .collect();
    for dot in dots {
        let Some(spent) = dot.costs[cost] else { continue };
        let (at, height) = (x.place(spent.1), y.place(dot.harm.1));
        points.push(((at, height), dot.name.as_str(), Ink::Series(dot.place)));
        // Intervals are in the way of names.
        taken.push(((x.place(spent.0), height - 3), (x.place(spent.2), height + 3)));
        taken.push(((at - 3, y.place(dot.harm.2)), (at + 3, y.place(dot.harm.0))));
    }
    let room = ((plot.left + 4, plot.top - 16), (plot.right + 24, plot.bottom - 4));
    callout::placed(&points, &taken, room)
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

/// Who dominates a strategy for certain in every release; `None` where nobody does.
fn dominated_by(result: &StudyResult, summary: &Summary, arm: usize) -> Option<String> {
    let mut by: Option<Vec<usize>> = None;
    for release in 0..result.study.releases.len() {
        let mut standings = summary.pareto.iter();
        let here = standings.find(|place| place.release == release && place.arm == arm)?;
        if here.dominated_by.is_empty() {
            return None;
        }
        by = Some(match by {
            None => here.dominated_by.clone(),
            Some(before) => {
                before.into_iter().filter(|arm| here.dominated_by.contains(arm)).collect()
            }
        });
    }
    let name = by?.first().map(|&arm| visible(&result.study.arms[arm].name));
    Some(name.unwrap_or_else(|| "others".to_owned()))
}

/// The line through the strategies whose means no other beats on these two axes.
fn front(dots: &[Dot], cost: usize, (x, y): (&Axis, &Axis)) -> Vec<Point> {
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
    line
}

fn paint_dot(picture: &mut Picture, (dot, cost): (&Dot, usize), (x, y): (&Axis, &Axis)) {
    let Some(spent) = dot.costs[cost] else { return };
    let ink = Ink::Series(dot.place);
    let at = (x.place(spent.1), y.place(dot.harm.1));
    picture.line(vec![(x.place(spent.0), at.1), (x.place(spent.2), at.1)], ink, 3);
    picture.line(vec![(at.0, y.place(dot.harm.0)), (at.0, y.place(dot.harm.2))], ink, 3);
    mark(picture, at, dot.place, ink, 13);
    if dot.dominated_by.is_some() {
        mark(picture, at, dot.place, Ink::Paper, 8);
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
        detail: dot.dominated_by.as_ref().map_or_else(
            || {
                let (low, mean, high) = dot.harm;
                Estimate::new(mean, Some((low, high)), Scale::Plain).joined()
            },
            |other| format!("dominated by {}", fitted(other, SMALL, false, 150)),
        ),
    });
    column(picture, tags.collect(), LIST, (top, bottom), WIDTH as i32 - 20);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Standing;
    use crate::report::fixture;

    #[test]
    fn a_strategy_is_dominated_if_it_is_so_with_every_release() {
        let result = fixture::result();
        let standing = |release, arm, dominated_by: &[usize]| Standing {
            release,
            arm,
            dominated_by: dominated_by.to_vec(),
            on_front: dominated_by.is_empty(),
        };
        let pareto = vec![
            standing(0, 0, &[1]),
            standing(0, 1, &[]),
            standing(0, 2, &[1, 3]),
            standing(0, 3, &[2]),
            standing(1, 0, &[]),
            standing(1, 1, &[]),
            standing(1, 2, &[3]),
            standing(1, 3, &[1]),
        ];
        let summary = Summary { pareto, ..Summary::default() };
        let told = [0, 1, 2, 3].map(|arm| dominated_by(&result, &summary, arm));
        let canary = result.study.arms[3].name.clone();
        assert_eq!(told, [None, None, Some(canary), Some("others".to_owned())]);
        assert_eq!(dominated_by(&result, &Summary::default(), 0), None);
    }
}
