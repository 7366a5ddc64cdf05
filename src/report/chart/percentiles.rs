//! Latency by percentile on HdrHistogram's scale: each further nine takes the same room, so
//! the tail is as wide as the body.

use crate::engine::Histogram;
use crate::engine::maths::log10;
use crate::experiment::{StudyResult, Summary};

use super::axis::{Axis, Spread, from_zero};
use super::frame::{MARGIN, Plot, WIDTH, sheet};
use super::labels::{Tag, column};
use super::palette::{Ink, dash};
use super::picture::{Picture, Point};
use super::{place_of, source};
use crate::report::answer::{baseline, is_control};
use crate::report::figure::{Estimate, Scale};
use crate::report::hdr::pooled;
use crate::report::text::visible;

const HEIGHT: u32 = 900;
/// Latencies further apart than this get a logarithmic axis.
const WIDE: f64 = 30.0;
/// Points nearer than this on the axis are one.
const GRAIN: i32 = 2;

struct Curve {
    group: usize,
    latency: Histogram,
}

/// The chart of a release; `None` where nothing was answered.
pub fn draw(result: &StudyResult, summary: &Summary, release: &str, of: &str) -> Option<Picture> {
    let curves: Vec<Curve> = result
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.release == release || is_control(group))
        .map(|(index, group)| Curve { group: index, latency: pooled(group) })
        .filter(|curve| !curve.latency.is_empty())
        .collect();
    let longest = curves.iter().map(|curve| curve.latency.len()).max()?;
    let caption = format!(
        "{} Curves, and the p99 on the right with its interval, are of the ok requests of all \
         seeds together. Latency counts from the intended send, retries included.",
        source(result, summary)
    );
    let mut picture = sheet(HEIGHT, &format!("Latency of ok requests by percentile{of}"), &caption);
    let plot = Plot { left: 130, right: WIDTH as i32 - 370, top: 130, bottom: 720 };
    let last = log10(longest as f64).max(1.0);
    let x = Axis { spread: Spread::Linear, values: (0.0, last), pixels: (plot.left, plot.right) };
    let y = latency_axis(&curves, &plot);
    let note = if y.spread == Spread::Log { "latency, ms (log scale)" } else { "latency, ms" };
    plot.left_axis(&mut picture, &y, &y.ticks(14), note);
    plot.bottom_axis(&mut picture, &percent_ticks(last, &x), "share of requests at or below");
    plot.base(&mut picture);
    let tags = curves.iter().map(|curve| one(&mut picture, result, summary, curve, (&x, &y)));
    let tags: Vec<Tag> = tags.collect();
    column(&mut picture, tags, plot.right + 26, (plot.top, plot.bottom), WIDTH as i32 - MARGIN);
    Some(picture)
}

fn latency_axis(curves: &[Curve], plot: &Plot) -> Axis {
    let milliseconds = |value: Option<u64>| value.unwrap_or(0) as f64 / 1e6;
    let highest = curves.iter().map(|c| milliseconds(c.latency.max())).fold(0.0, f64::max);
    let lowest = curves
        .iter()
        .map(|c| milliseconds(c.latency.quantile(0.02)))
        .fold(f64::INFINITY, f64::min)
        .max(0.001);
    let pixels = (plot.bottom, plot.top);
    if highest / lowest > WIDE {
        Axis { spread: Spread::Log, values: (lowest, highest * 1.1), pixels }
    } else {
        from_zero(highest, pixels, 8)
    }
}

/// The usual percentiles that the data reach.
fn percent_ticks(last: f64, axis: &Axis) -> Vec<(i32, String)> {
    let half = log10(2.0);
    let mut ticks =
        vec![(0.0, "0 %".to_owned()), (half, "50 %".to_owned()), (1.0, "90 %".to_owned())];
    for nines in 2..=9 {
        let decimals = "9".repeat(nines - 2);
        let point = if decimals.is_empty() { "" } else { "." };
        ticks.push((nines as f64, format!("99{point}{decimals} %")));
    }
    ticks.retain(|&(value, _)| value <= last);
    ticks.into_iter().map(|(value, text)| (axis.place(value), text)).collect()
}

/// Draws a curve and says what to write at its end.
fn one(
    picture: &mut Picture,
    result: &StudyResult,
    summary: &Summary,
    curve: &Curve,
    axes: (&Axis, &Axis),
) -> Tag {
    let group = &result.groups[curve.group];
    let points = points(&curve.latency, axes);
    let place = place_of(result, &group.strategy);
    let end = points.last().map_or(0, |point| point.1);
    let control = is_control(group);
    let ink = if control { Ink::Control } else { Ink::Series(place) };
    if control {
        picture.dashed(&points, &[4, 8], ink, 3);
    } else {
        picture.dashed(&points, dash(place), ink, 4);
        for nines in [0.5, 1.0, 2.0, 3.0, 4.0] {
            let x = axes.0.place(if nines < 1.0 { log10(2.0) } else { nines });
            if let Some(&point) = points.iter().find(|point| point.0 >= x).filter(|p| p.0 < x + 8) {
                super::frame::mark(picture, point, place, ink, 7);
            }
        }
    }
    let star = if baseline(result) == Some(&group.strategy) { " *" } else { "" };
    let detail = summary.pooled(curve.group, "ok_p99_ms").map_or_else(String::new, |line| {
        let estimate = Estimate::new(line.value, line.interval, Scale::Plain);
        format!("p99 {} ms", estimate.joined())
    });
    let mark = (!control).then_some(place);
    Tag { y: end, ink, mark, name: format!("{}{star}", visible(&group.strategy)), detail }
}

fn points(latency: &Histogram, (x, y): (&Axis, &Axis)) -> Vec<Point> {
    let total = latency.len();
    let mut points: Vec<Point> = Vec::new();
    let mut seen = 0;
    for (lowest, width, count) in latency.buckets() {
        let from = x.place(-log10(1.0 - seen as f64 / total as f64));
        seen += count;
        let rest = (total - seen) as f64 / total as f64;
        let to = if seen == total { x.place(log10(total as f64)) } else { x.place(-log10(rest)) };
        let height = y.place((lowest + width / 2).min(latency.max().unwrap_or(0)) as f64 / 1e6);
        if points.is_empty() {
            points.push((from, height));
        }
        if to - points.last().map_or(0, |point| point.0) >= GRAIN || seen == total {
            // A wide step is drawn as a step, not as a slope.
            if to - from > 3 * GRAIN {
                points.push((from, height));
            }
            points.push((to, height));
        }
    }
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_from_zero_to_the_last_request() {
        let mut latency = Histogram::new();
        (1..=1000u64).for_each(|value| latency.record(value * 1_000_000));
        let x = Axis { spread: Spread::Linear, values: (0.0, 3.0), pixels: (100, 1300) };
        let y = Axis { spread: Spread::Linear, values: (0.0, 1000.0), pixels: (1000, 0) };
        let points = points(&latency, (&x, &y));
        assert_eq!(points[0], (100, 999));
        assert_eq!(points.last(), Some(&(1300, 0)));
        assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 >= pair[1].1));
        let at_99 = points.iter().find(|point| point.0 >= 900).unwrap();
        assert!((at_99.1 - 10).abs() <= 1, "{at_99:?}");
    }
}
