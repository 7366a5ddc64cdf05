//! Latency over time as a heat map: for each strategy, what share of a step's ok requests took
//! how long. A second mode, a growing tail or a brief stall shows where a quantile hides it.

use crate::engine::maths::{log10, pow};
use crate::experiment::{Group, StudyResult, Summary};
use crate::plan::Plan;
use crate::record::CoarseHistogram;

use super::axis::{Axis, Spread, clock_ticks, clock_unit};
use super::frame::{BODY, MARGIN, Plot, SMALL, WIDTH, fitted, sheet};
use super::palette::{HEATS, Ink};
use super::picture::{Label, Picture, Side};
use super::source;
use super::timeline_data::focus;
use crate::report::answer::is_control;
use crate::report::csv::plan_of;
use crate::report::figure::{Estimate, Scale, clock};
use crate::report::text::visible;

const TOP: i32 = 130;
const PANEL: i32 = 150;
const GAP: i32 = 34;
const LEFT: i32 = 130;
const RIGHT: i32 = WIDTH as i32 - 330;
/// Steps of time on a sheet, and of latency at most.
const STEPS: usize = 120;
const LEVELS: usize = 20;
/// A level is not narrower than the buckets it counts.
const NARROWEST: f64 = 1.08;
/// From these shares of a step's requests on, the next shade.
const SHARES: [f64; HEATS] = [0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];

/// The chart of a release; `None` where nothing was answered.
pub fn draw(result: &StudyResult, summary: &Summary, release: &str, of: &str) -> Option<Picture> {
    let alone = result.groups.iter().all(is_control);
    let groups: Vec<(usize, &Group)> = result
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.release == release && (alone || !is_control(group)))
        .collect();
    let levels = levels(&groups)?;
    let span = groups.iter().map(|(_, group)| focus(result, group, None)).fold(0.0, f64::max);
    let bottom = TOP + groups.len() as i32 * (PANEL + GAP);
    let caption = format!(
        "{} The darker, the larger the share of a step's ok requests (on dark paper: the \
         brighter), all seeds pooled; so is the p99 on the right with its interval.",
        source(result, summary)
    );
    let height = (bottom + 190) as u32;
    let mut picture = sheet(height, &format!("Latency of ok requests over time{of}"), &caption);
    let title = "latency, ms (log scale)";
    picture.text(Label::new((LEFT, TOP - 24), BODY, title));
    for (row, &(index, group)) in groups.iter().enumerate() {
        let top = TOP + row as i32 * (PANEL + GAP);
        let plot = Plot { left: LEFT, right: RIGHT, top, bottom: top + PANEL };
        panel(&mut picture, result, group, (&levels, span), plot);
        names(&mut picture, summary, (index, group), plot);
    }
    let plot = Plot { left: LEFT, right: RIGHT, top: TOP, bottom: bottom - GAP };
    times(&mut picture, plan_of(result, &groups[0].1.strategy), span, plot);
    legend(&mut picture, bottom + 62);
    Some(picture)
}

/// Levels of latency in milliseconds: the lowest, the factor from one to the next, how many.
struct Levels {
    low: f64,
    factor: f64,
    count: usize,
}

fn levels(groups: &[(usize, &Group)]) -> Option<Levels> {
    let mut all = CoarseHistogram::default();
    for (_, group) in groups {
        group.timeline.buckets.iter().for_each(|bucket| all.merge(&bucket.ok));
    }
    let low = all.quantile(0.001)?.max(1_000) as f64 / 1e6;
    let high = (all.quantile(1.0)? as f64 / 1e6).max(low * 1.5) * 1.02;
    let factor = pow(high / low, 1.0 / LEVELS as f64).max(NARROWEST);
    let count = (log10(high / low) / log10(factor)).ceil().max(1.0) as usize;
    Some(Levels { low, factor, count })
}

impl Levels {
    fn of(&self, milliseconds: f64) -> usize {
        let level = log10(milliseconds.max(self.low) / self.low) / log10(self.factor);
        (level as usize).min(self.count - 1)
    }

    fn axis(&self, plot: &Plot) -> Axis {
        let high = self.low * pow(self.factor, self.count as f64);
        Axis { spread: Spread::Log, values: (self.low, high), pixels: (plot.bottom, plot.top) }
    }
}

fn panel(
    picture: &mut Picture,
    result: &StudyResult,
    group: &Group,
    (levels, span): (&Levels, f64),
    plot: Plot,
) {
    let axis = levels.axis(&plot);
    for tick in axis.ticks(4) {
        let y = axis.place(tick);
        picture.line(vec![(plot.left, y), (plot.right, y)], Ink::Grid, 1);
        let label = Label::new((plot.left - 12, y), SMALL, super::axis::tick_text(tick));
        picture.text(label.side(Side::Right).ink(Ink::Muted));
    }
    let x = time_axis(span, plot);
    let timeline = &group.timeline;
    let starts = |bucket: usize| timeline.start_of(bucket).as_secs_f64();
    let shown = (0..timeline.buckets.len()).take_while(|&bucket| starts(bucket) < span).count();
    let buckets = &timeline.buckets[..shown];
    let together = buckets.len().div_ceil(STEPS).max(1);
    let place = |cell: usize| x.place(starts((cell * together).min(shown)));
    let mut cells: Vec<Vec<Option<usize>>> = vec![Vec::new(); levels.count];
    for chunk in buckets.chunks(together) {
        let mut counts = vec![0u64; levels.count];
        for (low, width, count) in chunk.iter().flat_map(|bucket| bucket.ok.buckets()) {
            counts[levels.of((low as f64 + width as f64 / 2.0) / 1e6)] += count;
        }
        let total = counts.iter().sum::<u64>().max(1) as f64;
        for (row, count) in cells.iter_mut().zip(counts) {
            row.push((count > 0).then(|| shade(count as f64 / total)));
        }
    }
    // One shade after the other, and neighbours of one shade together, keep the file small.
    let level = |count: usize| axis.place(levels.low * pow(levels.factor, count as f64));
    for heat in 0..HEATS {
        for (index, row) in cells.iter().enumerate() {
            let mut from = 0;
            for run in row.chunk_by(|a, b| a == b) {
                let to = from + run.len();
                if run[0] == Some(heat) {
                    let (left, right) = (place(from), place(to));
                    picture.rect((left, level(index + 1)), (right, level(index)), Ink::Heat(heat));
                }
                from = to;
            }
        }
    }
    let start = x.place(plan_of(result, &group.strategy).clock.deploy_at.as_secs_f64());
    picture.dashed(&[(start, plot.top - 8), (start, plot.bottom + 8)], &[8, 6], Ink::Text, 2);
    plot.base(picture);
}

fn shade(share: f64) -> usize {
    SHARES.iter().rposition(|&from| share >= from).unwrap_or(0)
}

fn time_axis(span: f64, plot: Plot) -> Axis {
    Axis { spread: Spread::Linear, values: (0.0, span), pixels: (plot.left, plot.right) }
}

fn names(picture: &mut Picture, summary: &Summary, (index, group): (usize, &Group), plot: Plot) {
    let (x, y) = (plot.right + 24, i32::midpoint(plot.top, plot.bottom) - 14);
    let room = WIDTH as i32 - MARGIN - x;
    let name = fitted(&visible(&group.strategy), BODY, true, room);
    picture.text(Label::new((x, y), BODY, name).bold());
    if let Some(line) = summary.pooled(index, "ok_p99_ms") {
        let estimate = Estimate::new(line.value, line.interval, Scale::Plain);
        let text = fitted(&format!("p99 {} ms", estimate.joined()), SMALL, false, room);
        picture.text(Label::new((x, y + 28), SMALL, text).ink(Ink::Muted));
    }
}

fn times(picture: &mut Picture, plan: &Plan, span: f64, plot: Plot) {
    let deploy = plan.clock.deploy_at.as_secs_f64();
    let x = time_axis(span, plot);
    for tick in clock_ticks(-deploy, x.values.1 - deploy, 12) {
        let at = (x.place(tick + deploy), plot.bottom + 24);
        let label = Label::new(at, SMALL, clock((tick * 1e9) as i128));
        picture.text(label.side(Side::Middle).ink(Ink::Muted));
    }
    let unit = clock_unit(x.values.1 - deploy);
    let title = format!("time from the start of the rollout (dashed), {unit}");
    let at = (i32::midpoint(plot.left, plot.right), plot.bottom + 56);
    picture.text(Label::new(at, SMALL, title).side(Side::Middle));
}

fn legend(picture: &mut Picture, y: i32) {
    picture.text(Label::new((LEFT, y), SMALL, "share of a step's requests, from"));
    let mut x = LEFT + 350;
    for (heat, share) in SHARES.iter().enumerate() {
        picture.rect((x, y - 13), (x + 34, y + 13), Ink::Heat(heat));
        let text =
            if heat == 0 { "any".to_owned() } else { super::axis::tick_text(share * 100.0) + " %" };
        picture.text(Label::new((x + 42, y), SMALL, text));
        x += 136;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_has_the_level_that_holds_it() {
        let levels = Levels { low: 1.0, factor: 2.0, count: 5 };
        let found = [0.1, 1.0, 1.9, 2.1, 15.0, 17.0, 1e9].map(|value| levels.of(value));
        assert_eq!(found, [0, 0, 0, 1, 3, 4, 4]);
    }

    #[test]
    fn a_share_has_the_last_shade_that_begins_below_it() {
        assert_eq!([1e-9, 0.0003, 0.02, 0.3, 1.0].map(shade), [0, 1, 4, 7, 7]);
    }
}
