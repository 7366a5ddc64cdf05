//! A rollout as a tree: replica sets, their pods, and each pod's life as a bar over time. What
//! `kubectl get pods -w` and a tree of replica sets tell in hundreds of lines, in one picture.
//!
//! A column shows the state at its end; a crash inside it is marked. Pods with the same bar
//! share a row; of many pods, those with much the same bar.

use std::collections::BTreeMap;

use crate::engine::SimTime;
use crate::plan::VersionId;
use crate::record::{Event, EventKind};

use crate::report::figure::clock;
use crate::report::text::{visible, width};

/// What the bars mean.
const LEGEND: &str = "· pending  ░ starting  ▓ ready  █ available  ▁ terminating  × crash";
/// Rows of pods for one set; the rest are counted.
const MOST_ROWS: usize = 16;
/// Changes of a size that are named one by one.
const MOST_STEPS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Pending,
    Starting,
    Ready,
    Available,
    Terminating,
}

impl State {
    fn glyph(self) -> char {
        match self {
            Self::Absent => ' ',
            Self::Pending => '·',
            Self::Starting => '░',
            Self::Ready => '▓',
            Self::Available => '█',
            Self::Terminating => '▁',
        }
    }
}

/// One pod's turns, in order of time.
struct Life {
    instance: u32,
    version: VersionId,
    turns: Vec<(SimTime, State)>,
    crashes: Vec<SimTime>,
}

/// The tree between two instants, at most so many columns wide. Empty where no pod lived.
#[must_use]
pub fn tree(
    events: &[Event],
    versions: &[&str],
    from: SimTime,
    to: SimTime,
    columns: usize,
) -> String {
    let lives = lives(events);
    let mut order: Vec<VersionId> = Vec::new();
    for life in lives.iter().filter(|life| life.is_seen(from, to)) {
        if !order.contains(&life.version) {
            order.push(life.version);
        }
    }
    let sets: Vec<(String, Vec<(String, String)>)> = order
        .iter()
        .map(|&version| {
            let name = versions.get(usize::from(version.0)).map_or("?".to_owned(), |n| visible(n));
            let head = format!("{name}  {}", sizes(events, version, from, to));
            let pods = lives.iter().filter(|life| life.version == version);
            (head, rows(pods.filter(|life| life.is_seen(from, to)), from, to, columns))
        })
        .collect();
    if sets.is_empty() {
        return String::new();
    }
    let label = sets.iter().flat_map(|(_, rows)| rows).map(|(label, _)| width(label)).max();
    let label = label.unwrap_or(0);
    let mut text = axis(label + 6, from, to, columns);
    for (index, (head, rows)) in sets.iter().enumerate() {
        let last = index + 1 == sets.len();
        text.push_str(&format!("{} {head}\n", if last { "└─" } else { "├─" }));
        let trunk = if last { "   " } else { "│  " };
        for (place, (name, bar)) in rows.iter().enumerate() {
            let branch = if place + 1 == rows.len() { "└─" } else { "├─" };
            let gap = " ".repeat(label - width(name));
            let row = format!("{trunk}{branch} {name}{gap} {bar}");
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    text.push_str(&format!("   {LEGEND}\n"));
    text
}

impl Life {
    fn is_seen(&self, from: SimTime, to: SimTime) -> bool {
        let born = self.turns.first().is_some_and(|&(at, _)| at <= to);
        born && (self.state_at(from) != State::Absent || self.turns.iter().any(|t| t.0 > from))
    }

    fn state_at(&self, at: SimTime) -> State {
        let passed = self.turns.partition_point(|&(turn, _)| turn <= at);
        if passed == 0 { State::Absent } else { self.turns[passed - 1].1 }
    }

    fn bar(&self, from: SimTime, to: SimTime, columns: usize) -> String {
        let edge = |column: usize| {
            let passed = u128::from((to - from).0) * column as u128 / columns as u128;
            SimTime(from.0 + passed as u64)
        };
        let glyph = |column: usize| {
            let (begin, end) = (edge(column), edge(column + 1));
            let crashed = self.crashes.iter().any(|&at| at > begin && at <= end);
            if crashed { '×' } else { self.state_at(end).glyph() }
        };
        (0..columns).map(glyph).collect()
    }
}

/// The lives of all pods of a log, by number.
fn lives(events: &[Event]) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for event in events {
        let (instance, version, state) = match event.kind {
            EventKind::InstanceCreated { instance, version } => (instance, version, State::Pending),
            EventKind::InstanceRunning { instance, version }
            | EventKind::InstanceUnready { instance, version }
            | EventKind::InstanceCrashed { instance, version }
            | EventKind::InstanceRestarted { instance, version } => {
                (instance, version, State::Starting)
            }
            EventKind::InstanceReady { instance, version } => (instance, version, State::Ready),
            EventKind::InstanceAvailable { instance, version } => {
                (instance, version, State::Available)
            }
            EventKind::InstanceTerminating { instance, version }
            | EventKind::InstanceFailed { instance, version } => {
                (instance, version, State::Terminating)
            }
            EventKind::InstanceGone { instance, version } => (instance, version, State::Absent),
            _ => continue,
        };
        let place = *places.entry(instance).or_insert(lives.len());
        if place == lives.len() {
            // A log need not tell of pods that were there before it began.
            let known = matches!(event.kind, EventKind::InstanceCreated { .. });
            let before = (!known).then_some((SimTime::ZERO, State::Available));
            let (turns, crashes) = (before.into_iter().collect(), Vec::new());
            lives.push(Life { instance, version, turns, crashes });
        }
        let life = &mut lives[place];
        if matches!(event.kind, EventKind::InstanceCrashed { .. }) {
            life.crashes.push(event.at);
        }
        let stopping = life.turns.last().is_some_and(|turn| turn.1 == State::Terminating);
        if !stopping || state == State::Absent {
            life.turns.push((event.at, state));
        }
    }
    lives.sort_by_key(|life| life.turns.first().map(|&(born, _)| born));
    lives
}

/// A row for each different bar: the pods that share it, and the bar.
fn rows<'a>(
    lives: impl Iterator<Item = &'a Life>,
    from: SimTime,
    to: SimTime,
    columns: usize,
) -> Vec<(String, String)> {
    // A label is "pod 123" or "pods 120-123, 7 in all" at its longest.
    let bar_columns = columns.saturating_sub(LABEL + 6).max(10);
    let bars: Vec<(u32, String)> =
        lives.map(|life| (life.instance, life.bar(from, to, bar_columns))).collect();
    let mut groups = grouped(&bars, 1);
    // Where that is too much, bars that agree in every second, fourth, … column share a row.
    let mut step = 2;
    while groups.len() > MOST_ROWS && step <= bar_columns / 3 {
        groups = grouped(&bars, step);
        step *= 2;
    }
    let rest: usize = groups.iter().skip(MOST_ROWS).map(|(pods, _)| pods.len()).sum();
    groups.truncate(MOST_ROWS);
    let mut rows: Vec<(String, String)> =
        groups.into_iter().map(|(pods, bar)| (label(&pods), bar)).collect();
    if rest > 0 {
        rows.push((format!("and {rest} more"), String::new()));
    }
    rows
}

/// Pods whose bars agree in every `step`-th column, with the first one's bar.
fn grouped(bars: &[(u32, String)], step: usize) -> Vec<(Vec<u32>, String)> {
    let key = |bar: &str| bar.chars().skip(step - 1).step_by(step).collect::<String>();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(Vec<u32>, String)> = Vec::new();
    for (instance, bar) in bars {
        let place = *places.entry(key(bar)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((pods, _)) => pods.push(*instance),
            None => groups.push((vec![*instance], bar.clone())),
        }
    }
    groups
}

/// The widest label of a row.
const LABEL: usize = 18;

fn label(pods: &[u32]) -> String {
    let (first, last) = (pods[0], pods[pods.len() - 1]);
    let in_a_row = (last - first) as usize + 1 == pods.len();
    match pods.len() {
        1 => format!("pod {first}"),
        _ if in_a_row => format!("pods {first}-{last}"),
        count => format!("{count} pods from {first}"),
    }
}

/// How a set's wanted size went.
fn sizes(events: &[Event], version: VersionId, from: SimTime, to: SimTime) -> String {
    let mut steps: Vec<u32> = Vec::new();
    for event in events.iter().filter(|event| event.at >= from && event.at <= to) {
        if let EventKind::ReplicaSetScaled { version: of, from, to } = event.kind
            && of == version
        {
            if steps.is_empty() {
                steps.push(from);
            }
            steps.push(to);
        }
    }
    let shown: Vec<String> = steps.iter().map(u32::to_string).collect();
    match shown.as_slice() {
        [first, .., last] if shown.len() > MOST_STEPS => {
            format!("{first} → … → {last} ({} steps)", shown.len() - 1)
        }
        _ => shown.join(" → "),
    }
}

/// Where the bars begin and end.
fn axis(indent: usize, from: SimTime, to: SimTime, columns: usize) -> String {
    let (left, right) = (clock(0), clock(i128::from((to - from).0)));
    let bar = columns.saturating_sub(LABEL + 6).max(10);
    let gap = bar.saturating_sub(left.len() + right.len());
    format!("{}{left}{}{right}\n", " ".repeat(indent), " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: VersionId = VersionId(0);
    const NEW: VersionId = VersionId(1);

    fn at(second: u64, kind: EventKind) -> Event {
        Event { at: SimTime(second * 1_000_000_000), kind }
    }

    fn old_pod(instance: u32, deleted: u64) -> Vec<Event> {
        let version = OLD;
        vec![
            at(0, EventKind::InstanceCreated { instance, version }),
            at(0, EventKind::InstanceAvailable { instance, version }),
            at(deleted, EventKind::InstanceTerminating { instance, version }),
            at(deleted + 4, EventKind::InstanceGone { instance, version }),
        ]
    }

    fn new_pod(instance: u32, created: u64) -> Vec<Event> {
        let version = NEW;
        vec![
            at(created, EventKind::InstanceCreated { instance, version }),
            at(created + 2, EventKind::InstanceRunning { instance, version }),
            at(created + 4, EventKind::InstanceCrashed { instance, version }),
            at(created + 6, EventKind::InstanceReady { instance, version }),
            at(created + 8, EventKind::InstanceAvailable { instance, version }),
        ]
    }

    fn log() -> Vec<Event> {
        let mut events = vec![
            at(10, EventKind::ReplicaSetScaled { version: NEW, from: 0, to: 1 }),
            at(18, EventKind::ReplicaSetScaled { version: OLD, from: 2, to: 0 }),
        ];
        events.extend([old_pod(0, 18), old_pod(1, 18), new_pod(2, 10)].concat());
        events.sort_by_key(|event| event.at);
        events
    }

    #[test]
    fn each_life_is_a_bar_and_equal_ones_share_a_row() {
        let (from, to) = (SimTime(8_000_000_000), SimTime(28_000_000_000));
        let text = tree(&log(), &["stable", "next"], from, to, 44);
        let expected = [
            "              0:00            0:20",
            "├─ stable  2 → 0",
            "│  └─ pods 0-1 █████████▁▁▁▁",
            "└─ next  0 → 1",
            "   └─ pod 2     ··░░×░▓▓███████████",
            "   · pending  ░ starting  ▓ ready  █ available  ▁ terminating  × crash",
        ];
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, expected, "\n{text}");
    }

    #[test]
    fn of_many_different_lives_those_that_are_much_the_same_share_a_row() {
        for pods in [40, 500] {
            let life = |pod| new_pod(pod, u64::from(pod) * 40 / u64::from(pods));
            let mut events: Vec<Event> = (0..pods).flat_map(life).collect();
            events.sort_by_key(|event| event.at);
            let text = tree(&events, &["old", "new"], SimTime(0), SimTime(60_000_000_000), 100);
            assert!(!text.contains("more"), "{text}");
            assert!((4..=19).contains(&text.lines().count()), "{text}");
        }
    }

    #[test]
    fn what_is_still_too_much_is_cut_and_counted() {
        // Pods that crash at every instant, each with a pattern of its own.
        let version = NEW;
        let life = |pod: u32| {
            let crashes = (0..9u64).filter(move |bit| pod >> bit & 1 == 1);
            let crash =
                move |bit| at(8 * bit + 7, EventKind::InstanceCrashed { instance: pod, version });
            let born = at(0, EventKind::InstanceCreated { instance: pod, version });
            std::iter::once(born).chain(crashes.map(crash))
        };
        let mut events: Vec<Event> = (0..512).flat_map(life).collect();
        events.sort_by_key(|event| event.at);
        let text = tree(&events, &["old", "new"], SimTime(0), SimTime(72_000_000_000), 96);
        assert!(text.lines().count() <= 1 + 1 + 17 + 1, "{text}");
    }

    #[test]
    fn where_no_pod_lived_there_is_no_tree() {
        assert_eq!(tree(&[], &["old"], SimTime(0), SimTime(1), 80), "");
    }
}
