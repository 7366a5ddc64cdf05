//! What a sweep says, in sentences.

use crate::experiment::METRICS;
use crate::experiment::sweep::{Curve, Design, Knee, Sweep};
use crate::report::figure::Estimate;
use crate::report::text::visible;

use super::{names, release_title, scale, study, value};

/// Every sentence: knees, winners, the input that matters most.
pub fn sentences(sweep: &Sweep) -> Vec<String> {
    let mut sentences = Vec::new();
    for release in 0..study(sweep).study.releases.len() {
        let title = release_title(sweep, release);
        let start = if title.is_empty() { String::new() } else { format!("{title}: ") };
        let texts = match sweep.design {
            Design::Grid => knees(sweep, release),
            Design::Tornado => inputs(sweep, release),
        };
        let texts = texts.into_iter().chain(winners(sweep, release));
        sentences.extend(texts.map(|text| format!("{start}{text}")));
    }
    sentences
}

fn at(sweep: &Sweep, point: usize) -> String {
    value(sweep.points[point].values[0].as_ref())
}

fn knees(sweep: &Sweep, release: usize) -> Vec<String> {
    let (path, metric) = (visible(&sweep.inputs[0].path), METRICS[sweep.metric].name);
    let mut texts = Vec::new();
    for Curve { points, others } in sweep.curves() {
        let with = others
            .iter()
            .map(|(path, value)| format!(" with {} {}", visible(path), visible(value)));
        let with: String = with.collect();
        for (arm, named) in study(sweep).study.arms.iter().enumerate() {
            let Some(knee) = sweep.knee(&points, arm, release) else { continue };
            let name = format!("{}{with}", visible(&named.name));
            let at = |place: usize| at(sweep, points[place]);
            texts.push(match knee {
                Knee::Flat => format!(
                    "{name}: {metric} does not depend on {path} by more than matters in this range."
                ),
                Knee::From(from, best) if from == best => {
                    format!("{name}: the knee is at {path} {}; nothing is gained beyond.", at(from))
                }
                Knee::From(from, best) => format!(
                    "{name}: the knee is at {path} {}; up to {}, the best, no further gain is \
                     shown.",
                    at(from),
                    at(best)
                ),
                Knee::UpTo(end, _) => {
                    format!(
                        "{name}: nothing is lost up to {path} {}; beyond, it gets worse.",
                        at(end)
                    )
                }
                Knee::Beyond(best) => format!(
                    "{name}: best at {path} {}, the end of the range, and still improving there: \
                     the knee lies beyond.",
                    at(best)
                ),
                Knee::Peak(best) => {
                    format!("{name}: best around {path} {}, worse on both sides.", at(best))
                }
            });
        }
    }
    texts
}

/// Which settings change who is best.
fn winners(sweep: &Sweep, release: usize) -> Option<String> {
    if study(sweep).study.arms.len() < 2 {
        return None;
    }
    let best: Vec<Vec<usize>> =
        (0..sweep.points.len()).map(|point| sweep.best(point, release)).collect();
    let metric = METRICS[sweep.metric].name;
    if best.iter().any(Vec::is_empty) {
        return None;
    }
    let everywhere: Vec<usize> =
        best[0].iter().copied().filter(|arm| best.iter().all(|best| best.contains(arm))).collect();
    if !everywhere.is_empty() {
        let names = names(sweep, &everywhere);
        let are = if everywhere.len() == 1 { "is" } else { "are" };
        return Some(format!(
            "No value flips the winner in {metric}: {names} {are} among the best at every point."
        ));
    }
    let told = best
        .iter()
        .enumerate()
        .map(|(point, best)| format!("{}: {}", setting(sweep, point), names(sweep, best)));
    let told = told.collect::<Vec<_>>().join("; ");
    let flips = (0..best.len())
        .any(|one| (0..one).any(|other| !best[one].iter().any(|arm| best[other].contains(arm))));
    let what = if flips {
        format!("The winner in {metric} flips for certain")
    } else {
        format!("Who is best in {metric} changes, though no flip is certain")
    };
    Some(format!("{what}. {told}."))
}

/// What a point sets: `a 1, b 2`, or `the scenario as it is`.
pub(super) fn setting(sweep: &Sweep, point: usize) -> String {
    let set = sweep.inputs.iter().zip(&sweep.points[point].values);
    let set: Vec<String> = set
        .filter_map(|(input, setting)| {
            Some(format!("{} {}", visible(&input.path), visible(setting.as_ref()?)))
        })
        .collect();
    if set.is_empty() { "the scenario as it is".to_owned() } else { set.join(", ") }
}

/// The input that matters most to each strategy.
fn inputs(sweep: &Sweep, release: usize) -> Vec<String> {
    let arms = study(sweep).study.arms.iter().enumerate();
    arms.filter_map(|(arm, named)| {
        let bars = sweep.bars(arm, release);
        let first = bars.first()?;
        let matters = |difference: &crate::experiment::Difference| {
            use crate::experiment::Verdict::{Better, Different, Worse};
            matches!(difference.verdict, Better | Worse | Different)
        };
        let name = visible(&named.name);
        let metric = METRICS[sweep.metric].name;
        let shown: Vec<_> =
            bars.iter().filter(|bar| bar.ends.iter().flatten().any(matters)).collect();
        if shown.is_empty() {
            return Some(format!("{name}: no input is shown to change {metric} by what matters."));
        }
        let swing = Estimate::new(first.swing(), None, scale(sweep)).mean;
        let input = &sweep.inputs[first.input];
        Some(format!(
            "{name}: {metric} depends most on {}: it swings by {swing} between {} and {}.",
            visible(&input.path),
            visible(&input.values[0]),
            visible(&input.values[1])
        ))
    })
    .collect()
}
