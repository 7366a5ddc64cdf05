//! A tornado: how far the metric of a strategy moves between the ends of each input's range, the
//! widest bar on top.

use crate::experiment::sweep::{Bar, Sweep};
use crate::experiment::{Difference, METRICS};

use super::axis::{Axis, Spread, tick_text};
use super::frame::{BODY, Plot, SMALL, WIDTH, fitted, sheet};
use super::palette::Ink;
use super::picture::{Label, Picture, Side};
use crate::report::answer::counted;
use crate::report::figure::Estimate;
use crate::report::sweep::{metric_with_unit, scale};
use crate::report::text::visible;

const ROW: i32 = 74;

/// The chart of a strategy and release; `None` without bars. `of` is added to the title.
pub fn draw(sweep: &Sweep, arm: usize, release: usize, of: &str) -> Option<Picture> {
    let bars = sweep.bars(arm, release);
    let ends: Vec<Difference> = bars.iter().flat_map(|bar| bar.ends).flatten().collect();
    let study = &sweep.points[0].result.study;
    let metric = METRICS[sweep.metric].name;
    let group = sweep.group(0, arm, release)?;
    let base = sweep.points[0].summary.line(group, metric)?;
    if ends.is_empty() {
        return None;
    }
    let scale = scale(sweep);
    let title = format!("What {metric} of {} depends on{of}", visible(&study.arms[arm].name));
    let caption = format!(
        "{}: {} at each point. Bars: change of the mean when one input alone is set to the end of \
         its range; whiskers: 95 % intervals of the change, paired by seed, for all bars at once. \
         Zero: the scenario as it is, {}.",
        visible(&study.name),
        counted(study.seeds, "seed"),
        Estimate::new(base.mean, base.interval, scale).joined()
    );
    let bottom = 110 + ROW * bars.len() as i32;
    let mut picture = sheet((bottom + 190) as u32, &title, &caption);
    let plot = Plot { left: 520, right: WIDTH as i32 - 120, top: 90, bottom };
    let low = ends.iter().map(|end| scale.apply(end.interval.0)).fold(0.0, f64::min);
    let high = ends.iter().map(|end| scale.apply(end.interval.1)).fold(0.0, f64::max);
    let room = (high - low).max(1e-6) * 0.1;
    let pixels = (plot.left, plot.right);
    let axis = Axis { spread: Spread::Linear, values: (low - room, high + room), pixels };
    let ticks: Vec<(i32, String)> =
        axis.ticks(8).into_iter().map(|tick| (axis.place(tick), tick_text(tick))).collect();
    let unit = format!("change of {}", metric_with_unit(sweep));
    plot.bottom_axis(&mut picture, &ticks, &unit);
    plot.base(&mut picture);
    for (place, bar) in bars.iter().enumerate() {
        let y = plot.top + ROW * place as i32 + ROW / 2;
        let path = visible(&sweep.inputs[bar.input].path);
        let name = Label::new((plot.left - 24, y), BODY, fitted(&path, BODY, false, 470));
        picture.text(name.side(Side::Right));
        row(&mut picture, sweep, bar, &axis, y);
    }
    let zero = axis.place(0.0);
    picture.line(vec![(zero, plot.top), (zero, plot.bottom)], Ink::Text, 2);
    Some(picture)
}

fn row(picture: &mut Picture, sweep: &Sweep, bar: &Bar, axis: &Axis, y: i32) {
    let scale = scale(sweep);
    let zero = axis.place(0.0);
    // Both ends may lie on one side: the second is drawn below the first.
    for (end, difference) in bar.ends.iter().enumerate() {
        let Some(difference) = difference else { continue };
        let (top, bottom) = if end == 0 { (y - 24, y - 2) } else { (y + 2, y + 24) };
        let at = axis.place(scale.apply(difference.mean));
        let ink = Ink::Series(end);
        picture.rect((zero.min(at), top), (zero.max(at).max(zero.min(at) + 1), bottom), ink);
        let middle = i32::midpoint(top, bottom);
        let ends = [difference.interval.0, difference.interval.1];
        let [low, high] = ends.map(|value| axis.place(scale.apply(value)));
        picture.line(vec![(low, middle), (high, middle)], Ink::Text, 2);
        for whisker in [low, high] {
            picture.line(vec![(whisker, middle - 6), (whisker, middle + 6)], Ink::Text, 2);
        }
        let value = visible(&sweep.inputs[bar.input].values[end]);
        let right = difference.mean >= 0.0;
        let x = if right { high.max(at) + 8 } else { low.min(at) - 8 };
        let label = Label::new((x, middle), SMALL, fitted(&value, SMALL, false, 110));
        picture.text(label.side(if right { Side::Left } else { Side::Right }));
    }
}
