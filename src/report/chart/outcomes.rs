//! How and why requests failed: for each strategy the mix of outcomes beside the mix of
//! causes, with the number that failed.

use crate::experiment::{Group, StudyResult, Summary};
use crate::record::{Cause, Outcome};

use super::frame::{BODY, MARGIN, SMALL, WIDTH, fitted, sheet};
use super::hatch::Hatch;
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Side};
use super::render::text_width;
use super::source;
use crate::report::answer::is_control;
use crate::report::figure::{Estimate, Scale, percent, rounded};
use crate::report::text::visible;

const ROW: i32 = 78;
const TOP: i32 = 150;
const NAMES: i32 = 290;
const GAP: i32 = 60;

/// A kind of failure: its name, colour, hatching, and requests a run.
struct Part {
    name: &'static str,
    ink: Ink,
    hatch: usize,
    count: f64,
}

/// The chart of a release; `None` where nothing was sent.
pub fn draw(result: &StudyResult, summary: &Summary, release: &str, of: &str) -> Option<Picture> {
    let groups: Vec<(usize, &Group)> = result
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.release == release || is_control(group))
        .collect();
    if groups.is_empty() {
        return None;
    }
    let caption = format!(
        "{} Bars show the mix of all failed requests; below each name: failed requests a \
         deployment, and their share of all requests with its interval.",
        source(result, summary)
    );
    let bottom = TOP + groups.len() as i32 * ROW;
    let mut picture =
        sheet((bottom + 190) as u32, &format!("How and why requests failed{of}"), &caption);
    let width = (WIDTH as i32 - 2 * MARGIN - NAMES - GAP) / 2;
    let left = MARGIN + NAMES;
    let right = left + width + GAP;
    for (x, title) in [(left, "how they ended"), (right, "why")] {
        picture.text(Label::new((x, TOP - 46), BODY, title).bold());
    }
    let mut shown: [Vec<Part>; 2] = [Vec::new(), Vec::new()];
    for (row, &(index, group)) in groups.iter().enumerate() {
        let y = TOP + row as i32 * ROW;
        name(&mut picture, summary, (index, group), y);
        let sides = [(left, outcomes(group)), (right, causes(group))];
        for ((x, parts), shown) in sides.into_iter().zip(&mut shown) {
            bar(&mut picture, &parts, (x, y), width);
            for part in parts {
                if !shown.iter().any(|other| other.name == part.name) {
                    shown.push(part);
                }
            }
        }
    }
    for (x, parts) in [left, right].into_iter().zip(&shown) {
        legend(&mut picture, parts, (x, bottom + 20), width);
    }
    Some(picture)
}

fn outcomes(group: &Group) -> Vec<Part> {
    let runs = group.rows.len().max(1) as f64;
    let count = |outcome: Outcome| {
        group.timeline.buckets.iter().map(|b| b.outcomes[outcome as usize]).sum::<u64>() as f64
    };
    Outcome::ALL[1..]
        .iter()
        .map(|&outcome| Part {
            name: outcome.name(),
            ink: Ink::Outcome(outcome),
            hatch: outcome as usize - 1,
            count: count(outcome) / runs,
        })
        .filter(|part| part.count > 0.0)
        .collect()
}

fn causes(group: &Group) -> Vec<Part> {
    Cause::ALL
        .iter()
        .map(|&cause| Part {
            name: cause.name(),
            ink: Ink::Cause(cause),
            hatch: cause as usize,
            count: crate::report::answer::per_run(group, cause),
        })
        .filter(|part| part.count > 0.0)
        .collect()
}

fn name(picture: &mut Picture, summary: &Summary, (index, group): (usize, &Group), y: i32) {
    let failed: f64 = outcomes(group).iter().map(|part| part.count).sum();
    let ink = if is_control(group) { Ink::Muted } else { Ink::Text };
    let name = fitted(&visible(&group.strategy), BODY, true, NAMES - 20);
    let right = MARGIN + NAMES - 20;
    let label = Label::new((right, y + 16), BODY, name).bold().ink(ink);
    picture.text(label.side(Side::Right));
    let number = if failed < 10.0 { rounded(failed) } else { rounded(failed.round()) };
    let share = summary.line(index, "failed_share").map_or_else(String::new, |line| {
        let estimate = Estimate::new(line.mean, line.interval, Scale::Percent);
        if line.mean > 0.0 { format!(": {} %", estimate.joined()) } else { String::new() }
    });
    let text = fitted(&format!("{number}{share}"), SMALL, false, NAMES - 20);
    let label = Label::new((right, y + 44), SMALL, text).ink(Ink::Muted);
    picture.text(label.side(Side::Right));
}

fn bar(picture: &mut Picture, parts: &[Part], (left, top): Point, width: i32) {
    let total: f64 = parts.iter().map(|part| part.count).sum();
    if total <= 0.0 {
        let label = Label::new((left, top + 30), SMALL, "none").ink(Ink::Muted);
        picture.text(label);
        return;
    }
    let mut sum = 0.0;
    for part in parts {
        let from = left + (f64::from(width) * sum / total).round() as i32;
        sum += part.count;
        let to = left + (f64::from(width) * sum / total).round() as i32;
        hatched(picture, part, ((from, top + 6), ((to - 2).max(from + 1), top + 54)));
        // The share is written on a plate, so that hatching does not disturb it.
        let text = percent(part.count / total);
        let length = text_width(&text, SMALL, true);
        if length + 24 < to - from {
            let middle = i32::midpoint(from, to);
            let half = length / 2 + 6;
            picture.rect((middle - half, top + 15), (middle + half, top + 45), Ink::Paper);
            let label = Label::new((middle, top + 30), SMALL, text).bold();
            picture.text(label.side(Side::Middle));
        }
    }
}

/// A filled rectangle with lines that tell it from others where colours do not.
fn hatched(picture: &mut Picture, part: &Part, (from, to): (Point, Point)) {
    picture.rect(from, to, part.ink);
    Hatch::of(part.hatch).draw(picture, (from, to), Ink::Paper);
}

fn legend(picture: &mut Picture, parts: &[Part], (left, top): Point, width: i32) {
    let (mut x, mut y) = (left, top);
    for part in parts {
        let name = part.name.replace('_', " ");
        let length = 38 + text_width(&name, SMALL, false) + 26;
        if x + length > left + width && x > left {
            (x, y) = (left, y + 34);
        }
        hatched(picture, part, ((x, y - 12), (x + 28, y + 12)));
        picture.text(Label::new((x + 38, y), SMALL, name));
        x += length;
    }
}
