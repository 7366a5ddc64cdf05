//! What is looked at in a recorded rollout, and how far the simulated one may differ.
//!
//! Tolerances are those of the recordings' own description: counts are equal or, where pods
//! that are equal to the controller differ in their termination or more than 30 change at
//! once, within 2, else within 1; times within 0.15 s and 0.05 s for each wave of pods that
//! wait for one another, or 5 % of the duration; the fewest ready pods exactly.
//!
//! Two things no model can know. Which of several pods that are equal to the controller it
//! deletes is arbitrary: a recording shows one course of several, and is held against the
//! nearest of a few simulated ones that differ in nothing but that choice. And a pod that
//! becomes ready within the lags' spread of a whole second may be available a second earlier
//! or later.

use std::collections::BTreeMap;

use super::mapping::{Case, case_of};
use super::recording::Recording;
use super::replay::{EndpointTurn, Replay, Sizes, replay};
use crate::verify::{Check, Verdict};

/// Simulates a recording and compares.
#[must_use]
pub fn check(recording: &Recording) -> Vec<Check> {
    let case = match case_of(recording) {
        Ok(case) => case,
        Err(why) => return vec![not_modelled(recording, why)],
    };
    let judge = Judge::new(recording, &case);
    let off = |checks: &[Check]| checks.iter().filter(|c| c.verdict != Verdict::Ok).count();
    let mut nearest = judge.compare(&replay(&case, 1));
    for course in 2..=COURSES {
        if off(&nearest) == 0 {
            break;
        }
        let checks = judge.compare(&replay(&case, course));
        if off(&checks) < off(&nearest) {
            nearest = checks;
        }
    }
    nearest
}

/// Choices among equal pods that are tried.
const COURSES: u64 = 8;
/// Whole seconds decide when the deadline passes.
const DEADLINE_WIDTH: f64 = 0.05;
/// The endpoint controller's own spread.
const ENDPOINT_WIDTH: f64 = 0.2;
/// Nothing happens for this long before and after a quiet moment.
const QUIET: f64 = 0.5;
/// Changes of replica sets that lie closer than this belong to one wave.
const WAVE_GAP: f64 = 0.25;
/// The spread of the lags, next to a whole second.
const EDGE: f64 = 0.1;
/// No number of waves makes times looser than this.
const LOOSEST: f64 = 0.7;

fn not_modelled(recording: &Recording, why: String) -> Check {
    Check {
        case: recording.name.clone(),
        metric: "rollout".to_owned(),
        expected: String::new(),
        got: why,
        tolerance: String::new(),
        verdict: Verdict::NotModelled,
    }
}

struct Judge<'a> {
    recording: &'a Recording,
    case: &'a Case,
    count_width: u32,
    time_width: f64,
    /// Which of equal pods goes last is arbitrary, so its termination delay is.
    termination_spread: f64,
    /// How far a pod's availability may shift because its second is not known.
    edge: f64,
}

impl<'a> Judge<'a> {
    fn new(recording: &'a Recording, case: &'a Case) -> Self {
        let spread = |delays: &[f64]| {
            let most = delays.iter().copied().fold(0.0, f64::max);
            most - delays.iter().copied().fold(most, f64::min)
        };
        let versions = recording.config.versions.values();
        let termination_spread =
            versions.map(|version| spread(&version.term_delay)).fold(0.0, f64::max);
        let summary = &recording.summary;
        let duration = summary.complete_at.or(summary.all_terminated_at).unwrap_or(0.0);
        let waves = 0.15 + 0.05 * f64::from(waves(recording));
        let many = recording.config.replicas >= 30 || termination_spread > 0.0;
        Self {
            recording,
            case,
            count_width: if many { 2 } else { 1 },
            time_width: waves.min(LOOSEST).max(0.05 * duration) + edge(recording),
            termination_spread,
            edge: edge(recording),
        }
    }

    /// All checks of one simulated course.
    fn compare(&self, got: &Replay) -> Vec<Check> {
        let summary = &self.recording.summary;
        let width = self.count_width;
        let counts = [
            ("min_ready_pods", summary.min_ready_pods, got.min_ready, 0),
            ("min_ready_endpoints", summary.min_ready_endpoints, got.min_ready_endpoints, 1),
            ("max_pods_existing", summary.max_pods_existing, got.max_existing, width),
            ("max_pods_active", summary.max_pods_active, got.max_active, width),
            ("pods_created", summary.pods_created, got.created, width),
        ];
        let width = self.time_width;
        let gone_width = width + self.termination_spread;
        let deadline = summary.progress_deadline_exceeded_at;
        let times = [
            ("complete_at", summary.complete_at, got.complete_at, width),
            ("all_terminated_at", summary.all_terminated_at, got.all_gone_at, gone_width),
            ("progress_deadline_exceeded_at", deadline, got.deadline_at, DEADLINE_WIDTH),
        ];
        let counts =
            counts.map(|(metric, expected, got, width)| self.count(metric, expected, got, width));
        let times =
            times.map(|(metric, expected, got, width)| self.time(metric, expected, got, width));
        let others = [self.quiet_sizes(got), self.endpoints(got)];
        counts.into_iter().chain(times).chain(others).collect()
    }

    fn line(&self, metric: &str, expected: String, got: String, tolerance: String) -> Check {
        Check {
            case: self.recording.name.clone(),
            metric: metric.to_owned(),
            expected,
            got,
            tolerance,
            verdict: Verdict::Off,
        }
    }

    fn count(&self, metric: &str, expected: u32, got: u32, width: u32) -> Check {
        let tolerance = if width == 0 { "equal".to_owned() } else { format!("±{width}") };
        let mut check = self.line(metric, expected.to_string(), got.to_string(), tolerance);
        check.verdict = verdict(expected.abs_diff(got) <= width);
        check
    }

    fn time(&self, metric: &str, expected: Option<f64>, got: Option<f64>, width: f64) -> Check {
        let show = |time: Option<f64>| time.map_or("never".to_owned(), |t| format!("{t:.3} s"));
        let mut check = self.line(metric, show(expected), show(got), format!("±{width:.2} s"));
        check.verdict = verdict(match (expected, got) {
            (None, None) => true,
            (Some(expected), Some(got)) => (expected - got).abs() <= width,
            _ => false,
        });
        check
    }

    /// Sizes of every set at the moments when nothing had happened for a while.
    fn quiet_sizes(&self, got: &Replay) -> Check {
        let moments = quiet_moments(self.recording);
        let wrong = moments.iter().filter(|&&t| {
            let recorded = self.recorded_sizes(t);
            let near = [t, t - self.edge, t + self.edge];
            near.iter().all(|&t| recorded != self.our_sizes(got, t))
        });
        let wrong: Vec<String> = wrong
            .map(|&t| {
                let (recorded, ours) = (self.recorded_sizes(t), self.our_sizes(got, t));
                format!("at {t:.2} s {recorded:?}, not {ours:?}")
            })
            .collect();
        let shown = match wrong.as_slice() {
            [] => format!("{} equal", moments.len()),
            [first, ..] => format!("{} differ; {first}", wrong.len()),
        };
        let expected = format!("{} moments", moments.len());
        let tolerance =
            if self.edge > 0.0 { format!("equal, ±{} s", self.edge) } else { "equal".to_owned() };
        let mut check = self.line("sizes_when_quiet", expected, shown, tolerance);
        check.verdict = verdict(wrong.is_empty());
        check
    }

    fn recorded_sizes(&self, t: f64) -> BTreeMap<usize, Sizes> {
        let changes = self.recording.replicasets.iter().filter(|change| change.t <= t);
        let sizes = changes.map(|change| {
            let place = self.place(&change.version);
            (place, [change.spec, change.replicas, change.ready, change.available])
        });
        without_empty(sizes)
    }

    fn our_sizes(&self, got: &Replay, t: f64) -> BTreeMap<usize, Sizes> {
        let changes = got.sets.iter().filter(|(at, ..)| *at <= t);
        without_empty(changes.map(|&(_, version, sizes)| (usize::from(version.0), sizes)))
    }

    fn place(&self, version: &str) -> usize {
        let known = self.case.names.iter().position(|name| name == version);
        known.unwrap_or(self.case.names.len())
    }

    /// Turns of endpoints, matched in order of time within each version and kind of turn.
    fn endpoints(&self, got: &Replay) -> Check {
        let width = self.time_width + self.termination_spread + ENDPOINT_WIDTH;
        let recorded = self.recorded_turns();
        let mut ours: BTreeMap<(usize, EndpointTurn), Vec<f64>> = BTreeMap::new();
        for &(t, version, turn) in &got.endpoints {
            ours.entry((usize::from(version.0), turn)).or_default().push(t);
        }
        let (mut total, mut near) = (0, 0);
        for (key, times) in &recorded {
            total += times.len();
            near += nearby(times, ours.get(key).map_or(&[], Vec::as_slice), width);
        }
        // Each pod more or less, within the tolerance of counts, has up to four turns; and one
        // turn of a hundred is late by the controller's retry.
        let spare = 4 * self.count_width as usize + total.div_ceil(100);
        let expected = format!("{total} turns");
        let tolerance = format!("±{width:.2} s, but {spare}");
        let mut check = self.line("endpoint_turns", expected, format!("{near} near"), tolerance);
        check.verdict = verdict(near + spare >= total);
        check
    }

    fn recorded_turns(&self) -> BTreeMap<(usize, EndpointTurn), Vec<f64>> {
        let pods = self.recording.pods.iter();
        let version: BTreeMap<&str, usize> =
            pods.map(|pod| (pod.name.as_str(), self.place(&pod.version))).collect();
        let mut flags: BTreeMap<&str, &str> = BTreeMap::new();
        let mut turns: BTreeMap<(usize, EndpointTurn), Vec<f64>> = BTreeMap::new();
        for change in &self.recording.endpoints {
            for (pod, now) in &change.changes {
                let before = match now {
                    Some(now) => flags.insert(pod, now),
                    None => flags.remove(pod.as_str()),
                };
                let turn = turn(before, now.as_deref());
                let Some(turn) = turn.filter(|_| change.t > 0.0) else { continue };
                let place = version.get(pod.as_str()).copied().unwrap_or(usize::MAX);
                turns.entry((place, turn)).or_default().push(change.t);
            }
        }
        turns
    }
}

fn verdict(holds: bool) -> Verdict {
    if holds { Verdict::Ok } else { Verdict::Off }
}

/// A second where `minReadySeconds` counts from a second that the lags' spread decides.
fn edge(recording: &Recording) -> f64 {
    let near = recording.pods.iter().filter_map(|pod| pod.ready).any(|ready| {
        let second = (recording.t0_epoch + ready).rem_euclid(1.0);
        ready > 0.0 && !(EDGE..=1.0 - EDGE).contains(&second)
    });
    if near && recording.config.min_ready_seconds > 0 { 1.0 } else { 0.0 }
}

/// The last sizes of each version; sets without pods are as good as none.
fn without_empty(sizes: impl Iterator<Item = (usize, Sizes)>) -> BTreeMap<usize, Sizes> {
    let mut last: BTreeMap<usize, Sizes> = sizes.collect();
    last.retain(|_, sizes| *sizes != [0; 4]);
    last
}

/// How an endpoint's flags (R ready, S serving, T terminating) turned.
fn turn(before: Option<&str>, now: Option<&str>) -> Option<EndpointTurn> {
    let ready = |flags: Option<&str>| flags.is_some_and(|flags| flags.contains('R'));
    match (before, now) {
        (_, None) => Some(EndpointTurn::Removed),
        (before, now) if ready(now) && !ready(before) => Some(EndpointTurn::Ready),
        (before, now) if ready(before) && !ready(now) => Some(EndpointTurn::Unready),
        (None, Some(_)) => Some(EndpointTurn::Added),
        _ => None,
    }
}

/// How many of the recorded times have one of ours nearby, each used once, in order.
fn nearby(recorded: &[f64], ours: &[f64], width: f64) -> usize {
    let (mut recorded, mut ours) = (recorded.to_vec(), ours.to_vec());
    recorded.sort_by(f64::total_cmp);
    ours.sort_by(f64::total_cmp);
    let mut next = ours.into_iter().peekable();
    let mut found = 0;
    for t in recorded {
        while next.next_if(|&ours| ours < t - width).is_some() {}
        found += usize::from(next.next_if(|&ours| ours <= t + width).is_some());
    }
    found
}

/// Groups of changes of wanted sizes after time 0.
fn waves(recording: &Recording) -> u32 {
    let mut specs: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut waves, mut last) = (0, f64::NEG_INFINITY);
    for change in &recording.replicasets {
        let changed = specs.insert(&change.version, change.spec) != Some(change.spec);
        if changed && change.t > 0.0 {
            waves += u32::from(change.t - last > WAVE_GAP);
            last = change.t;
        }
    }
    waves
}

/// The middles of spans in which neither pods nor sets changed.
fn quiet_moments(recording: &Recording) -> Vec<f64> {
    let mut times: Vec<f64> = recording.replicasets.iter().map(|change| change.t).collect();
    for pod in &recording.pods {
        times.push(pod.created);
        times.extend(pod.deletion_requested);
        times.extend(pod.gone);
    }
    times.extend(recording.actions.iter().map(|action| action.sent.unwrap_or(action.t)));
    times.push(0.0);
    times.push(recording.recorded_until);
    times.retain(|&t| t >= 0.0);
    times.sort_by(f64::total_cmp);
    let gaps = times.windows(2).filter(|pair| pair[1] - pair[0] > 2.0 * QUIET);
    gaps.map(|pair| f64::midpoint(pair[0], pair[1])).collect()
}
