//! The story of one run for a person: time from the deployment, what happened, what came of
//! it. Hundreds of events of instances become a line or two a minute; decisions keep their
//! own lines and their exact time.

mod aftermath;
mod chapter;
mod pods;
mod tell;
mod traced;

pub use traced::{Traced, traced};

use crate::plan::{Plan, Strategy, Study};
use crate::record::{CauseCount, RunRecord};

use super::answer::strategy as strategy_words;
use super::figure::{clock, percent, whole};
use super::paint::Paint;
use super::rollout;
use super::terminal::Screen;
use super::text::{visible, wrap};
use chapter::{Chapter, chapters};

/// Running text is not set wider than this.
const READABLE: usize = 120;
/// Columns that the time takes, with the gap after it.
const TIME: usize = 10;

/// What `cutover run` prints.
#[must_use]
pub fn tell(study: &Study, record: &RunRecord, strategy: &str, screen: Screen) -> String {
    let arm = record.key.arm.and_then(|arm| study.arms.get(usize::from(arm)));
    let plan = arm.and_then(|arm| arm.plan.as_deref()).unwrap_or(&study.plan);
    let paint = Paint { color: screen.color };
    let columns = screen.columns.clamp(40, READABLE);
    let release = record.key.release.and_then(|release| study.releases.get(usize::from(release)));
    let mut title = format!("{}: {}", visible(&study.name), visible(strategy));
    if let Some(release) = release {
        title.push_str(&format!(", release {}", visible(&release.name)));
    }
    title.push_str(&format!(", seed {}", record.key.seed));
    let mut text = format!("{}\n", paint.strong(&title));
    if let Some(arm) = arm {
        text.push_str(&wrap(&strategy_words(&arm.strategy), columns, 2));
        text.push('\n');
    }
    text.push_str("Times are minutes and seconds from the start of the rollout.\n");
    text.push_str(&sparkline(plan, record, columns, paint));
    text.push('\n');
    if arm.is_some_and(|arm| is_deployment(&arm.strategy)) {
        let picture = rollout::show(&study.name, plan, record, columns);
        if !picture.is_empty() {
            text.push_str(&picture);
            text.push('\n');
        }
    }
    for chapter in chapters(plan, record) {
        write_chapter(&mut text, &chapter, columns, paint);
    }
    text.push('\n');
    write_traced(&mut text, plan, record, columns, paint);
    text.push_str(&ending(plan, record, columns));
    text
}

/// Some of the failed requests, hop by hop.
fn write_traced(text: &mut String, plan: &Plan, record: &RunRecord, columns: usize, paint: Paint) {
    let requests = traced(plan, record);
    if requests.is_empty() {
        return;
    }
    text.push_str(&paint.strong("Failed requests, hop by hop: the first of each kind"));
    text.push('\n');
    for request in requests {
        text.push_str(&wrap(&request.what, columns, 2));
        text.push('\n');
        for hop in request.hops {
            text.push_str(&wrap(&format!("  {hop}"), columns, 4));
            text.push('\n');
        }
    }
    text.push('\n');
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Minutes and seconds from the start of the rollout.
    pub time: String,
    /// What happened.
    pub text: String,
    /// `decision`, `pods` or `effect`.
    pub kind: &'static str,
}

/// The story as lines: what was decided, what instances did, and what came of it for requests
/// while anything was done. Quiet stretches are left out.
#[must_use]
pub fn log(plan: &Plan, record: &RunRecord) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |time: String, text: &str, kind| {
        entries.push(Entry { time, text: text.to_owned(), kind });
    };
    for chapter in chapters(plan, record) {
        if chapter.decisions.is_empty() && chapter.happenings.is_empty() {
            continue;
        }
        for line in chapter.lines() {
            let kind = if line.decides { "decision" } else { "pods" };
            add(clock(line.at), line.text, kind);
        }
        add(format!("to {}", clock(chapter.to)), &chapter.effect, "effect");
    }
    entries
}

/// Whether kubectl would show this rollout as a Deployment's.
fn is_deployment(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Recreate(_) | Strategy::Rolling(_))
}

/// In the order of time: what was decided and what instances did, then what came of it until the
/// chapter's end.
fn write_chapter(text: &mut String, chapter: &Chapter, columns: usize, paint: Paint) {
    let mut last = None;
    for line in chapter.lines() {
        let time = clock(line.at);
        let shown = if line.decides || last.as_ref() != Some(&time) { &*time } else { "" };
        let emphasis =
            |entry: &str| if line.decides { paint.strong(entry) } else { entry.to_owned() };
        write_line(text, shown, line.text, columns, emphasis);
        last = Some(time);
    }
    let until = format!("to {}", clock(chapter.to));
    write_line(text, &until, &chapter.effect, columns, |entry| paint.faint(entry));
}

fn write_line(
    text: &mut String,
    time: &str,
    line: &str,
    columns: usize,
    emphasis: impl Fn(&str) -> String,
) {
    text.push_str(&emphasis(&wrap(&format!("{time:>8}  {line}"), columns, TIME)));
    text.push('\n');
}

/// Failed requests over the window in one line of blocks, with its scale.
fn sparkline(plan: &Plan, record: &RunRecord, columns: usize, paint: Paint) -> String {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let buckets = &record.timeline.buckets;
    let width = columns - TIME;
    let failed: Vec<u64> = buckets
        .chunks(buckets.len().div_ceil(width).max(1))
        .map(|chunk| chunk.iter().map(crate::record::Bucket::failed).sum())
        .collect();
    let most = failed.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    // Any failure at all shows.
    let block = |count: u64| BLOCKS[(count * 8).div_ceil(most) as usize];
    let line: String = failed.iter().map(|&count| block(count)).collect();
    let window = i128::from(plan.clock.window.0);
    let deploy = i128::from(plan.clock.deploy_at.0);
    let (from, to) = (clock(-deploy), clock(window - deploy));
    let space = " ".repeat(failed.len().saturating_sub(from.len() + to.len()));
    let label = format!("{:>8}  ", "failed");
    let axis = format!("{}{from}{space}{to}", " ".repeat(TIME));
    format!("\n{label}{line}\n{}\n", paint.faint(&axis))
}

/// What came of it all.
pub(super) fn ending(plan: &Plan, record: &RunRecord, columns: usize) -> String {
    let totals = record
        .timeline
        .buckets
        .iter()
        .fold((0, 0), |(sent, failed), bucket| (sent + bucket.sent, failed + bucket.failed()));
    let outcome = record.rollout.outcome.name().replace('_', " ");
    let mut parts = vec![format!("The rollout ended: {outcome}.")];
    let deploy = i128::from(plan.clock.warmup.0) + i128::from(plan.clock.deploy_at.0);
    if let Some(finished) = record.rollout.finished {
        let at = clock(i128::from(finished.0) - deploy);
        parts[0] = format!("The rollout ended at {at}: {outcome}.");
    }
    let share = if totals.0 > 0 { totals.1 as f64 / totals.0 as f64 } else { 0.0 };
    parts.push(format!(
        "{} of {} requests failed ({}).",
        whole(totals.1),
        whole(totals.0),
        percent(share)
    ));
    let causes = causes(&record.causes);
    if !causes.is_empty() {
        parts.push(format!("Why: {causes}."));
    }
    parts.extend(aftermath::sentences(plan, record));
    wrap(&parts.join(" "), columns, 0) + "\n"
}

/// `98 % termination race (refused), 2 % overload (timeout)`, largest first.
fn causes(counts: &[CauseCount]) -> String {
    let total: u64 = counts.iter().map(|count| count.count).sum();
    let mut counts = counts.to_vec();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    let texts = counts.iter().filter(|count| count.count > 0).map(|count| {
        let share = percent(count.count as f64 / total as f64);
        format!("{share} {} ({})", count.cause.name(), count.outcome.name().replace('_', " "))
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::text::width;

    fn told(columns: usize) -> String {
        let screen = Screen { columns, color: false };
        tell(&fixture::result().study, &fixture::record(), "rolling", screen)
    }

    #[test]
    fn a_run_is_told_minute_by_minute() {
        let text = told(100);
        assert!(text.lines().all(|line| width(line) <= 100), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_log_tells_decisions_at_their_time() {
        let entries = log(&fixture::plan(), &fixture::record());
        let decision = |time: &str, text: &str| Entry {
            time: time.to_owned(),
            text: text.to_owned(),
            kind: "decision",
        };
        assert!(entries.contains(&decision("5:10.5", "somebody looks at it")), "{entries:?}");
        assert!(entries.iter().any(|entry| entry.kind == "effect"));
    }

    #[test]
    fn a_story_fits_a_narrow_screen() {
        let text = told(80);
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
    }

    #[test]
    fn hostile_names_cannot_steer_the_terminal() {
        let study = fixture::hostile().study;
        let screen = Screen { columns: 80, color: false };
        let text = tell(&study, &fixture::record(), "a\u{1b}[2J\u{202e}", screen);
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
        assert!(!text.contains('\u{202e}'));
    }
}
