//! Cuts a run into chapters of a minute (of less where the rollout is short) and condenses
//! what happened in each. Chapters in which nothing happens become one.

use std::cmp::Ordering;

use crate::engine::SimDuration;
use crate::plan::Plan;
use crate::record::{Bucket, CoarseHistogram, Event, EventKind, Outcome, RunRecord};

use super::pods::Pods;
use super::tell::{decision, happenings};
use crate::report::figure::{rounded, whole};
use crate::report::text::visible;

/// A stretch of the run.
#[derive(Debug, Default)]
pub struct Chapter {
    /// Its end, in nanoseconds from the deployment.
    pub to: i128,
    /// What was decided or switched, each at its time.
    pub decisions: Vec<(i128, String)>,
    /// What instances did, condensed, each at the time of the first of it.
    pub happenings: Vec<(i128, String)>,
    /// What came of it for requests.
    pub effect: String,
}

/// A line of a chapter.
pub struct Line<'a> {
    /// Nanoseconds from the deployment.
    pub at: i128,
    /// Whether it was decided or switched, not something that instances did.
    pub decides: bool,
    pub text: &'a str,
}

impl Chapter {
    /// What was decided and what instances did, in the order of time; of one instant, the
    /// decision first.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let decisions = self.decisions.iter().map(|line| (true, line));
        let all = decisions.chain(self.happenings.iter().map(|line| (false, line)));
        let mut lines: Vec<Line<'_>> =
            all.map(|(decides, (at, text))| Line { at: *at, decides, text }).collect();
        lines.sort_by_key(|line| line.at);
        lines
    }
}

const SECOND: i128 = 1_000_000_000;
/// A rollout has at least about this many chapters.
const CHAPTERS: i128 = 8;

/// What requests met in a stretch.
#[derive(Default)]
struct Effect {
    sent: u64,
    outcomes: [u64; 7],
    stale_reads: u64,
    forced_logins: u64,
    latency: CoarseHistogram,
    routable: u64,
    weight_bp: u64,
}

impl Effect {
    fn add(&mut self, bucket: &Bucket) {
        self.sent += bucket.sent;
        for (sum, count) in self.outcomes.iter_mut().zip(bucket.outcomes) {
            *sum += count;
        }
        self.stale_reads += bucket.stale_reads;
        self.forced_logins += bucket.forced_logins;
        self.latency.merge(&bucket.ok);
        (self.routable, self.weight_bp) = (bucket.routable, bucket.weight_candidate_bp);
    }

    fn merge(&mut self, later: &Self) {
        self.sent += later.sent;
        for (sum, count) in self.outcomes.iter_mut().zip(later.outcomes) {
            *sum += count;
        }
        self.stale_reads += later.stale_reads;
        self.forced_logins += later.forced_logins;
        self.latency.merge(&later.latency);
        (self.routable, self.weight_bp) = (later.routable, later.weight_bp);
    }

    fn failed(&self) -> u64 {
        self.outcomes[1..].iter().sum()
    }
}

/// The run's chapters, in order.
pub fn chapters(plan: &Plan, record: &RunRecord) -> Vec<Chapter> {
    let clock = &plan.clock;
    let deploy = i128::from(clock.warmup.0) + i128::from(clock.deploy_at.0);
    let begin = -i128::from(clock.deploy_at.0);
    let end = i128::from(clock.window.0) + begin;
    let mut pods = Pods::new(plan.service.replicas);
    let mut events = record.events.iter().peekable();
    while let Some(event) = events.next_if(|event| i128::from(event.at.0) - deploy < begin) {
        pods.follow(&event.kind);
    }
    let mut chapters: Vec<Chapter> = Vec::new();
    // A stretch in which nothing happens goes on as long as its failures do.
    let mut quiet: Option<Effect> = None;
    let mut before = (0, 0);
    let mut again = Again::default();
    for (from, to) in edges(begin, end, length(record)) {
        let mut here: Vec<&Event> = Vec::new();
        while let Some(event) = events.next_if(|event| i128::from(event.at.0) - deploy < to) {
            here.push(event);
        }
        let decisions: Vec<(i128, String)> = here
            .iter()
            .filter_map(|event| {
                let line = decision(plan, &event.kind)?;
                let line = again.told(&event.kind, line)?;
                Some((i128::from(event.at.0) - deploy, line))
            })
            .collect();
        let happenings = happenings(plan, &here, &mut pods)
            .into_iter()
            .map(|(at, line)| (i128::from(at.0) - deploy, line))
            .collect::<Vec<_>>();
        let effect = effect(record, begin, (from, to));
        let now = (effect.failed(), effect.weight_bp);
        let is_quiet = decisions.is_empty() && happenings.is_empty();
        if let (true, true, Some(sum)) = (is_quiet, alike(before, now), quiet.as_mut()) {
            sum.merge(&effect);
            let last = chapters.last_mut().expect("a quiet stretch is a chapter");
            (last.to, last.effect) = (to, line(sum, None));
        } else {
            let pods = (!is_quiet).then_some((plan, &pods));
            let effect_line = line(&effect, pods);
            chapters.push(Chapter { to, decisions, happenings, effect: effect_line });
            quiet = is_quiet.then_some(effect);
        }
        before = now;
    }
    chapters
}

/// An alert that fires for days while nothing else is decided: told three times, then counted.
#[derive(Default)]
struct Again {
    alert: String,
    fired: u32,
}

impl Again {
    const MOST: u32 = 3; // as the words say

    /// The line of a decision, with the count of what was left out before it; `None` if it is
    /// left out itself.
    fn told(&mut self, kind: &EventKind, line: String) -> Option<String> {
        if let EventKind::AlertFired { alert, .. } = kind
            && *alert == self.alert
        {
            self.fired += 1;
            return match self.fired.cmp(&Self::MOST) {
                Ordering::Less => Some(line),
                Ordering::Equal => {
                    Some(format!("{line}, for the third time; repeats are not told"))
                }
                Ordering::Greater => None,
            };
        }
        let more = self.fired.saturating_sub(Self::MOST);
        let before = if more > 0 {
            format!("(alert {} has fired {more} more times) ", visible(&self.alert))
        } else {
            String::new()
        };
        *self = match kind {
            EventKind::AlertFired { alert, .. } => Self { alert: alert.clone(), fired: 1 },
            _ => Self::default(),
        };
        Some(format!("{before}{line}"))
    }
}

/// A minute, or a rounder part of one where the rollout is short; always whole buckets of the
/// timeline, which tells what came of each chapter.
fn length(record: &RunRecord) -> i128 {
    let rollout = &record.rollout;
    let last = record.events.last().map(|event| event.at);
    let took = match (rollout.started, rollout.finished.or(last)) {
        (Some(started), Some(finished)) => i128::from(finished.since(started).0),
        _ => i128::from(SimDuration::from_secs(600).0),
    };
    let width = i128::from(record.timeline.width.0);
    let steps = [10, 20, 30, 60].map(|seconds| seconds * SECOND);
    let mut whole = steps.into_iter().filter(|step| step % width == 0);
    let long_enough = whole.clone().rfind(|&step| step * CHAPTERS <= took);
    long_enough.or_else(|| whole.next()).unwrap_or(width)
}

/// Edges at whole chapters from the deployment, within the window.
fn edges(begin: i128, end: i128, length: i128) -> Vec<(i128, i128)> {
    let mut edges = Vec::new();
    let mut from = begin;
    while from < end {
        let to = ((from.div_euclid(length) + 1) * length).min(end);
        edges.push((from, to));
        from = to;
    }
    edges
}

/// The buckets that begin in a stretch.
fn effect(record: &RunRecord, begin: i128, (from, to): (i128, i128)) -> Effect {
    let mut effect = Effect::default();
    for (index, bucket) in record.timeline.buckets.iter().enumerate() {
        let start = begin + i128::from(record.timeline.start_of(index).0);
        if (from..to).contains(&start) {
            effect.add(bucket);
        }
    }
    effect
}

/// Whether a stretch goes on like the one before: about as many failures, the same weight.
fn alike(before: (u64, u64), now: (u64, u64)) -> bool {
    let near = before.0.abs_diff(now.0) <= 5 + before.0.max(now.0) / 4;
    near && before.1 == now.1
}

/// `133 of 10,200 failed (130 refused, 3 reset); p99 105 ms; 12 ready: 9 stable, 3 bad`.
fn line(effect: &Effect, pods: Option<(&Plan, &Pods)>) -> String {
    let mut parts = vec![failures(effect)];
    if let Some(p99) = effect.latency.quantile(0.99) {
        parts.push(format!("ok p99 {} ms", rounded(p99 as f64 / 1e6)));
    }
    if let Some((plan, pods)) = pods {
        parts.push(pods.ready(plan));
        parts.push(format!("{} in rotation", whole(effect.routable)));
    }
    if (1..10_000).contains(&effect.weight_bp) {
        let share = effect.weight_bp as f64 / 100.0;
        parts.push(format!("{} % of the traffic on the new version", rounded(share)));
    }
    parts.join("; ")
}

fn failures(effect: &Effect) -> String {
    let mut kinds: Vec<(u64, String)> = Outcome::ALL[1..]
        .iter()
        .map(|&outcome| (effect.outcomes[outcome as usize], outcome.name().replace('_', " ")))
        .filter(|&(count, _)| count > 0)
        .collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.0));
    let all = whole(effect.sent);
    let failed = whole(effect.failed());
    let mut text = if kinds.is_empty() {
        format!("{all} requests, none failed")
    } else if let [(_, only)] = &kinds[..] {
        format!("{failed} of {all} requests failed ({only})")
    } else {
        let list = kinds.iter().map(|(count, name)| format!("{} {name}", whole(*count)));
        let list = list.collect::<Vec<_>>().join(", ");
        format!("{failed} of {all} requests failed ({list})")
    };
    for (count, what) in
        [(effect.stale_reads, "stale reads"), (effect.forced_logins, "forced logins")]
    {
        if count > 0 {
            text.push_str(&format!(", {} {what}", whole(count)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn chapters_meet_at_whole_minutes_from_the_deployment() {
        let minute = 60 * SECOND;
        assert_eq!(
            edges(-90 * SECOND, 2 * minute, minute),
            [(-90 * SECOND, -minute), (-minute, 0), (0, minute), (minute, 2 * minute)]
        );
    }

    #[test]
    fn causes_are_told_before_their_effects() {
        let line = |at: i128, text: &str| (at * SECOND, text.to_owned());
        let chapter = Chapter {
            decisions: vec![line(25, "the rollout starts"), line(40, "rollback decided")],
            happenings: vec![line(25, "scaled 4 → 3"), line(41, "5 configured")],
            ..Chapter::default()
        };
        let told: Vec<_> = chapter.lines().iter().map(|line| line.text.to_owned()).collect();
        assert_eq!(
            told,
            ["the rollout starts", "scaled 4 → 3", "rollback decided", "5 configured"]
        );
    }

    #[test]
    fn chapters_are_whole_buckets_however_wide_these_are() {
        let mut record = fixture::record();
        for (seconds, length_s) in [(1, 60), (5, 60), (15, 60), (120, 120), (900, 900)] {
            record.timeline.width = SimDuration::from_secs(seconds);
            assert_eq!(length(&record) / SECOND, length_s, "buckets of {seconds} s");
        }
    }

    #[test]
    fn every_request_is_told_of_once() {
        let record = fixture::record();
        let begin = -120 * SECOND;
        let sent: u64 = edges(begin, begin + 900 * SECOND, 60 * SECOND)
            .into_iter()
            .map(|edge| effect(&record, begin, edge).sent)
            .sum();
        let all: u64 = record.timeline.buckets.iter().map(|bucket| bucket.sent).sum();
        assert_eq!(sent, all);
    }
}
