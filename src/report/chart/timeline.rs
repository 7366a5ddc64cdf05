//! What happened when: failures by outcome, traffic, latency, instances and the candidate's
//! weight over the window, with the rollout's events marked across all of them.

use crate::experiment::{Group, StudyResult, Summary};
use crate::record::Outcome;

use super::axis::{Axis, Spread, clock_ticks, clock_unit, from_zero};
use super::bands::{Stack, plain};
use super::frame::{MARGIN, Plot, SMALL, WIDTH, fitted, sheet_below};
use super::hatch::Hatch;
use super::labels::{Tag, column};
use super::marks::{Mark, marks};
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Shape, Side};
use super::timeline_data::{STEPS, Step, focus, steps};
use super::timeline_pods;
use crate::report::answer::counted;
use crate::report::csv::plan_of;
use crate::report::exemplar::Shown;
use crate::report::figure::clock;
use crate::report::text::visible;

const HEIGHT: u32 = 1320;
const LEFT: i32 = 120;
const RIGHT: i32 = WIDTH as i32 - 290;
/// Top and bottom of the panels: failures, traffic, latency, instances, weight.
const PANELS: [(i32, i32); 5] = [(165, 355), (415, 515), (580, 750), (815, 965), (1030, 1100)];
/// The first row of what the marks mean.
const LEGEND: i32 = PANELS[PANELS.len() - 1].1 + 92;
const WIDE: f64 = 30.0;

/// A drawn sheet in the making.
pub(super) struct Sheet<'a> {
    pub(super) picture: Picture,
    steps: &'a [Step],
    pub(super) x: Axis,
}

/// The chart of a group; `None` where it has no timeline. With a typical run, its pods and
/// events are shown.
pub fn draw(
    result: &StudyResult,
    summary: &Summary,
    index: usize,
    title: &str,
    typical: Option<&Shown>,
) -> Option<Picture> {
    let group = &result.groups[index];
    let plan = plan_of(result, &group.strategy);
    let window = plan.clock.window.as_secs_f64();
    let shown = focus(result, group, typical);
    let most = STEPS as f64 * window / shown;
    let mut steps = steps(group, &plan.clock, most as usize);
    steps.retain(|step| step.from < shown);
    if steps.is_empty() {
        return None;
    }
    let title = format!("What happened when: {title}");
    let mut caption = caption(result, group, typical, super::headline(summary, index));
    if shown < window {
        let end = clock(((window - plan.clock.deploy_at.as_secs_f64()) * 1e9) as i128);
        caption.push_str(&format!(" The quiet rest of the window, to {end}, is left out."));
    }
    let deploy = plan.clock.deploy_at.as_secs_f64();
    let marks = marks(result, group, typical.map(|typical| &typical.record));
    let legend = legend(&marks, deploy);
    let bottom = legend.last().map_or(LEGEND, |(at, _)| at.1);
    let picture = sheet_below(bottom, HEIGHT, &title, &caption);
    let x = Axis { spread: Spread::Linear, values: (0.0, shown), pixels: (LEFT, RIGHT) };
    let mut sheet = Sheet { picture, steps: &steps, x };
    sheet.phases(plan);
    sheet.times(deploy);
    sheet.failures(panel(0));
    sheet.traffic(panel(1));
    sheet.latency(panel(2));
    match typical {
        Some(typical) if !typical.record.events.is_empty() => {
            timeline_pods::draw(&mut sheet, panel(3), plan, typical);
        }
        _ => sheet.instances(panel(3)),
    }
    sheet.weight(panel(4));
    sheet.events(&marks);
    for (at, text) in legend {
        sheet.picture.text(Label::new(at, SMALL, text));
    }
    Some(sheet.picture)
}

fn caption(
    result: &StudyResult,
    group: &Group,
    typical: Option<&Shown>,
    headline: Option<String>,
) -> String {
    let runs = group.timeline.runs;
    let name = visible(&result.study.name);
    let mut text = if runs > 1 {
        format!("{name}: means over {}, latency over all their requests.", counted(runs, "seed"))
    } else {
        let seed = group.rows.first().map_or(0, |row| row.seed);
        format!("{name}: seed {seed} alone, so without intervals.")
    };
    if let Some(typical) = typical.filter(|_| runs > 1) {
        let seed = typical.record.key.seed;
        text.push_str(&format!(
            " Instances and numbered events are those of seed {seed}, the median of failed \
             requests."
        ));
    }
    if let Some(headline) = headline {
        text.push_str(&format!(" {headline}."));
    }
    text.push_str(" Requests stand at their intended send time.");
    text
}

fn panel(index: usize) -> Plot {
    let (top, bottom) = PANELS[index];
    Plot { left: LEFT, right: RIGHT, top, bottom }
}

impl Sheet<'_> {
    fn phases(&mut self, plan: &crate::plan::Plan) {
        let bottom = PANELS[PANELS.len() - 1].1;
        for phase in &plan.phases {
            let from = self.x.place(phase.from.as_secs_f64());
            let to = self.x.place(phase.to.as_secs_f64());
            self.picture.rect((from, PANELS[0].0), (to, bottom), Ink::Band);
            let name = fitted(&visible(&phase.name), SMALL, false, (to - from - 12).max(0));
            // A phase too narrow for a few letters stays a band.
            if name.chars().count() < 4 && name.ends_with('…') {
                continue;
            }
            let label = Label::new((from + 6, PANELS[0].1 + 16), SMALL, name);
            self.picture.text(label.ink(Ink::Muted));
        }
    }

    fn spans(&self) -> Vec<(i32, i32)> {
        self.steps.iter().map(|step| (self.x.place(step.from), self.x.place(step.to))).collect()
    }

    /// Failed requests a second, stacked by outcome.
    fn failures(&mut self, plot: Plot) {
        let failed = |step: &Step| step.outcomes[1..].iter().sum::<f64>();
        let highest = self.steps.iter().map(failed).fold(0.0, f64::max);
        let axis = from_zero(highest, (plot.bottom, plot.top), 4);
        // Of nothing there are no steps to mark.
        let ticks = if highest > 0.0 { axis.ticks(4) } else { vec![0.0] };
        plot.left_axis(&mut self.picture, &axis, &ticks, "failed requests/s, by outcome");
        let mut stack = Stack::new(self.spans());
        let mut swatches = Vec::new();
        for &outcome in &Outcome::ALL[1..] {
            let counts: Vec<f64> =
                self.steps.iter().map(|step| step.outcomes[outcome as usize]).collect();
            if counts.iter().any(|&count| count > 0.0) {
                let look = (Ink::Outcome(outcome), Hatch::of(outcome as usize - 1));
                stack.add(&mut self.picture, &axis, &counts, look);
                swatches.push((outcome.name().replace('_', " "), look));
            }
        }
        plot.base(&mut self.picture);
        if swatches.is_empty() {
            let at = (RIGHT + 18, plot.bottom - 12);
            self.picture.text(Label::new(at, SMALL, "none failed").ink(Ink::Muted));
        }
        self.swatches(&swatches, &plot);
    }

    /// Names with their looks, in the order of the stack.
    pub(super) fn swatches(&mut self, swatches: &[(String, (Ink, Hatch))], plot: &Plot) {
        let mut y = plot.top + 12;
        for (name, (ink, hatch)) in swatches.iter().rev() {
            let place = ((RIGHT + 18, y - 10), (RIGHT + 46, y + 10));
            self.picture.rect(place.0, place.1, *ink);
            hatch.draw(&mut self.picture, place, Ink::Paper);
            let name = fitted(name, SMALL, false, WIDTH as i32 - MARGIN - RIGHT - 56);
            self.picture.text(Label::new((RIGHT + 56, y), SMALL, name));
            y += 28;
        }
    }

    fn traffic(&mut self, plot: Plot) {
        let highest = self.steps.iter().map(|step| step.sent).fold(0.0, f64::max);
        let axis = from_zero(highest, (plot.bottom, plot.top), 3);
        plot.left_axis(&mut self.picture, &axis, &axis.ticks(3), "requests/s");
        let sent = self.stepped(&axis, |step| Some(step.sent));
        let ok = self.stepped(&axis, |step| Some(step.outcomes[0]));
        self.lines(&plot, [(sent, "sent", Ink::Control, true), (ok, "ok", Ink::Series(2), false)]);
    }

    fn latency(&mut self, plot: Plot) {
        let highest = self.steps.iter().filter_map(|step| step.p99).fold(0.0, f64::max);
        let lowest = self.steps.iter().filter_map(|step| step.p50).fold(f64::INFINITY, f64::min);
        let pixels = (plot.bottom, plot.top);
        let log = lowest > 0.0 && highest / lowest > WIDE;
        let axis = if log {
            Axis { spread: Spread::Log, values: (lowest * 0.8, highest * 1.1), pixels }
        } else {
            from_zero(highest, pixels, 4)
        };
        let title = if log {
            "latency of ok requests, ms (log scale)"
        } else {
            "latency of ok requests, ms"
        };
        plot.left_axis(&mut self.picture, &axis, &axis.ticks(6), title);
        let p99 = self.stepped(&axis, |step| step.p99);
        let p50 = self.stepped(&axis, |step| step.p50);
        self.lines(
            &plot,
            [(p99, "p99", Ink::Series(1), false), (p50, "p50", Ink::Series(0), true)],
        );
    }

    fn instances(&mut self, plot: Plot) {
        let highest = self.steps.iter().map(|step| step.instances).fold(1.0, f64::max);
        let axis = from_zero(highest, (plot.bottom, plot.top), 3);
        plot.left_axis(&mut self.picture, &axis, &axis.ticks(3), "instances");
        let all = self.stepped(&axis, |step| Some(step.instances));
        let routable = self.stepped(&axis, |step| Some(step.routable));
        self.lines(
            &plot,
            [(all, "existing", Ink::Control, true), (routable, "routable", Ink::Series(2), false)],
        );
    }

    fn weight(&mut self, plot: Plot) {
        let axis =
            Axis { spread: Spread::Linear, values: (0.0, 100.0), pixels: (plot.bottom, plot.top) };
        let title = "the new version's share of the traffic, %";
        plot.left_axis(&mut self.picture, &axis, &[0.0, 50.0, 100.0], title);
        let weight: Vec<f64> = self.steps.iter().map(|step| step.weight * 100.0).collect();
        let look = (Ink::Pale(3), Hatch::Plain);
        Stack::new(self.spans()).add(&mut self.picture, &axis, &weight, look);
        let line = self.stepped(&axis, |step| Some(step.weight * 100.0));
        self.picture.line(line.into_iter().flatten().collect(), Ink::Series(3), 3);
        plot.base(&mut self.picture);
    }

    /// A stepped line; a gap where there is no value.
    fn stepped(&self, axis: &Axis, value: impl Fn(&Step) -> Option<f64>) -> Vec<Vec<Point>> {
        let mut lines = vec![Vec::new()];
        for step in self.steps {
            let line = lines.last_mut().expect("there is always a line");
            if let Some(value) = value(step) {
                let y = axis.place(value);
                line.extend([(self.x.place(step.from), y), (self.x.place(step.to), y)]);
            } else if !line.is_empty() {
                lines.push(Vec::new());
            }
        }
        lines.into_iter().map(|line| plain(line.into_iter())).collect()
    }

    /// Draws lines and their names at their right ends.
    fn lines(&mut self, plot: &Plot, lines: [(Vec<Vec<Point>>, &str, Ink, bool); 2]) {
        plot.base(&mut self.picture);
        let mut tags = Vec::new();
        for (pieces, name, ink, dashed) in lines {
            let end = pieces.iter().flatten().last().map_or(plot.bottom, |point| point.1);
            for piece in pieces {
                self.picture.dashed(&piece, if dashed { &[10, 6] } else { &[] }, ink, 3);
            }
            let name = name.to_owned();
            tags.push(Tag { y: end, ink, mark: None, name, detail: String::new() });
        }
        let limits = (plot.top, plot.bottom + 15);
        column(&mut self.picture, tags, RIGHT + 18, limits, WIDTH as i32 - MARGIN);
    }

    /// The time axis, counted from the deployment.
    fn times(&mut self, deploy: f64) {
        let (_, bottom) = PANELS[PANELS.len() - 1];
        let (from, to) = self.x.values;
        for tick in clock_ticks(from - deploy, to - deploy, 12) {
            let x = self.x.place(tick + deploy);
            for (top, bottom) in PANELS {
                self.picture.line(vec![(x, top), (x, bottom)], Ink::Grid, 1);
            }
            let text = clock((tick * 1e9) as i128);
            let label = Label::new((x, bottom + 22), SMALL, text).side(Side::Middle);
            self.picture.text(label.ink(Ink::Muted));
        }
        let title = format!("time from the start of the rollout, {}", clock_unit(to - deploy));
        let label = Label::new((i32::midpoint(LEFT, RIGHT), bottom + 54), SMALL, title);
        self.picture.text(label.side(Side::Middle));
    }

    /// Numbered lines in all panels.
    fn events(&mut self, marks: &[Mark]) {
        let flags = PANELS[0].0 - 77;
        let mut last = i32::MIN;
        for (index, mark) in marks.iter().enumerate() {
            let x = self.x.place(mark.at);
            for (top, bottom) in PANELS {
                self.picture.dashed(&[(x, top), (x, bottom)], &[8, 6], Ink::Text, 2);
            }
            // Flags that would cover each other stand side by side.
            let flag = x.max(last.saturating_add(34)).min(WIDTH as i32 - MARGIN);
            last = flag;
            let knee = flags + if flag == x { 0 } else { 21 };
            let stem = vec![(flag, flags), (flag, knee), (x, knee), (x, flags + 26)];
            self.picture.line(stem, Ink::Text, 2);
            self.picture.shapes.push(Shape::Dot { at: (flag, flags), radius: 16, ink: Ink::Text });
            let number = Label::new((flag, flags), SMALL, (index + 1).to_string());
            self.picture.text(number.bold().ink(Ink::Paper).side(Side::Middle));
        }
    }
}

/// What the numbers mean, in rows.
fn legend(marks: &[Mark], deploy: f64) -> Vec<(Point, String)> {
    let right = WIDTH as i32 - MARGIN;
    let (mut x, mut y) = (LEFT, LEGEND);
    let mut texts = Vec::new();
    for (index, mark) in marks.iter().enumerate() {
        let at = clock(((mark.at - deploy) * 1e9).round() as i128);
        let text = fitted(&format!("{}: {at} {}", index + 1, mark.text), SMALL, false, 720);
        let length = super::render::text_width(&text, SMALL, false);
        if x + length > right && x > LEFT {
            (x, y) = (LEFT, y + 28);
        }
        texts.push(((x, y), text));
        x += length + 36;
    }
    texts
}
