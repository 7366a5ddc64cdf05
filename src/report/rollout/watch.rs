//! What `kubectl get pods -w` would have printed, condensed: pods that go the same step in the
//! same second share a line, and where that is still too much, the steps of longer stretches
//! become the last one of each.
//!
//! STATUS is what kubectl shows, with two simplifications: init containers count as
//! ContainerCreating, and a crash is CrashLoopBackOff from the start of its back-off. A line
//! `-` as AGE is a pod from before the rollout.

use std::collections::BTreeMap;

use crate::engine::SimTime;
use crate::engine::time::SECOND;
use crate::plan::VersionId;
use crate::record::{Event, EventKind};

use super::pod_of;
use crate::report::figure::clock;
use crate::report::text::width;

/// Stretches of time that are tried, in seconds.
const STRETCHES: [u64; 12] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Pending,
    ContainerCreating,
    Running,
    CrashLoopBackOff,
    Evicted,
    Terminating,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::ContainerCreating => "ContainerCreating",
            Self::Running => "Running",
            Self::CrashLoopBackOff => "CrashLoopBackOff",
            Self::Evicted => "Evicted",
            Self::Terminating => "Terminating",
        }
    }
}

/// What kubectl shows of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    status: Status,
    ready: bool,
    restarts: u32,
}

/// A pod as it is now.
#[derive(Clone, Copy, Debug)]
struct Pod {
    version: VersionId,
    /// `None`: from before the rollout.
    born: Option<SimTime>,
    look: Look,
}

/// One change of one pod's look.
struct Step {
    at: SimTime,
    instance: u32,
    pod: Pod,
}

/// A line: pods of one set that took the same step.
struct Row {
    at: SimTime,
    pod: Pod,
    instances: Vec<u32>,
}

/// The list from an instant on, of at most so many columns and about so many rows.
pub fn watch(
    events: &[Event],
    sets: &[String],
    from: SimTime,
    columns: usize,
    most_rows: usize,
) -> String {
    let (before, mut steps) = steps(events, from);
    // A log is written in order of time; one that was put together need not be.
    steps.sort_by_key(|step| step.at);
    let mut rows = Vec::new();
    for (index, stretch) in STRETCHES.into_iter().enumerate() {
        rows = condensed(&before, &steps, from, stretch * SECOND, index > 0);
        if rows.len() <= most_rows {
            break;
        }
    }
    let hidden = rows.len().saturating_sub(most_rows);
    rows.truncate(most_rows);
    let mut text = line(columns, ["TIME", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    for row in &rows {
        text.push_str(&row.line(sets, from, columns));
    }
    if hidden > 0 {
        text.push_str(&format!("        … and {hidden} more lines: see events.jsonl\n"));
    }
    text
}

/// The pods that stand at `from`, and every step after it.
fn steps(events: &[Event], from: SimTime) -> (BTreeMap<u32, Pod>, Vec<Step>) {
    let mut pods: BTreeMap<u32, Pod> = BTreeMap::new();
    let mut before = None;
    let mut steps = Vec::new();
    for event in events {
        if event.at >= from && before.is_none() {
            before = Some(pods.clone());
        }
        let Some((instance, version)) = pod_of(&event.kind) else { continue };
        let created = matches!(event.kind, EventKind::InstanceCreated { .. });
        let born = (created && event.at >= from).then_some(event.at);
        // A log need not tell of pods that were there before it began.
        let status = if created { Status::Pending } else { Status::Running };
        let look = Look { status, ready: !created, restarts: 0 };
        let pod = pods.entry(instance).or_insert(Pod { version, born, look });
        let seen = pod.look;
        pod.follow(&event.kind);
        if event.at >= from && (created || pod.look != seen) {
            steps.push(Step { at: event.at, instance, pod: *pod });
        }
        if matches!(event.kind, EventKind::InstanceGone { .. }) {
            pods.remove(&instance);
        }
    }
    (before.unwrap_or(pods), steps)
}

impl Pod {
    fn follow(&mut self, kind: &EventKind) {
        let look = &mut self.look;
        if look.status == Status::Terminating {
            look.ready &= !matches!(kind, EventKind::InstanceUnready { .. });
            return;
        }
        match kind {
            EventKind::InstanceScheduled { .. } => look.status = Status::ContainerCreating,
            EventKind::InstanceRunning { .. } => look.status = Status::Running,
            EventKind::InstanceReady { .. } => {
                (look.status, look.ready) = (Status::Running, true);
            }
            EventKind::InstanceUnready { .. } => look.ready = false,
            EventKind::InstanceCrashed { .. } => {
                (look.status, look.ready) = (Status::CrashLoopBackOff, false);
            }
            EventKind::InstanceRestarted { .. } => {
                (look.status, look.ready) = (Status::Running, false);
                look.restarts += 1;
            }
            EventKind::InstanceFailed { .. } => {
                (look.status, look.ready) = (Status::Evicted, false);
            }
            EventKind::InstanceTerminating { .. } => look.status = Status::Terminating,
            _ => {}
        }
    }
}

/// Rows: first the pods that stand, then the steps by stretch.
fn condensed(
    before: &BTreeMap<u32, Pod>,
    steps: &[Step],
    from: SimTime,
    stretch: u64,
    last_only: bool,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (&instance, &pod) in before {
        join(&mut rows, 0, Step { at: from, instance, pod });
    }
    let mut rest = steps;
    while let Some(first) = rest.first() {
        let slot = (first.at - from).0 / stretch;
        let here = rest.partition_point(|step| (step.at - from).0 / stretch <= slot);
        let (now, later) = rest.split_at(here);
        let mut last: BTreeMap<u32, usize> = BTreeMap::new();
        for (index, step) in now.iter().enumerate() {
            last.insert(step.instance, index);
        }
        let begin = rows.len();
        for (index, step) in now.iter().enumerate() {
            if !last_only || last[&step.instance] == index {
                let &Step { at, instance, pod } = step;
                join(&mut rows, begin, Step { at, instance, pod });
            }
        }
        rest = later;
    }
    rows
}

/// Adds a step to a row of its stretch that shows the same, or begins one.
fn join(rows: &mut Vec<Row>, begin: usize, step: Step) {
    let same = |row: &&mut Row| {
        (row.pod.version, row.pod.look) == (step.pod.version, step.pod.look)
            && !row.instances.contains(&step.instance)
    };
    match rows[begin..].iter_mut().find(same) {
        Some(row) => row.instances.push(step.instance),
        None => {
            rows.push(Row { at: step.at, pod: step.pod, instances: vec![step.instance] });
        }
    }
}

impl Row {
    fn line(&self, sets: &[String], from: SimTime, columns: usize) -> String {
        let set = sets.get(usize::from(self.pod.version.0)).map_or("?", String::as_str);
        let name = cut(set, &numbers(&self.instances), columns.saturating_sub(OTHERS));
        let look = self.pod.look;
        let time = clock(i128::from((self.at - from).0 / SECOND * SECOND));
        let ready = if look.ready { "1/1" } else { "0/1" };
        let restarts = look.restarts.to_string();
        let age = self.pod.born.map_or("-".to_owned(), |born| age((self.at - born).0 / SECOND));
        line(columns, [&time, &name, ready, look.status.name(), &restarts, &age])
    }
}

/// Columns of everything but the name.
const OTHERS: usize = 7 + 2 + 7 + 19 + 10 + 6;

fn line(columns: usize, [time, name, ready, status, restarts, age]: [&str; 6]) -> String {
    let room = columns.saturating_sub(OTHERS).max(12);
    let gap = " ".repeat(room.saturating_sub(width(name)));
    let line = format!("{time:>7}  {name}{gap}  {ready:<5}  {status:<17}  {restarts:<8}  {age}");
    line.trim_end().to_owned() + "\n"
}

/// `-7`, `-{7..9}`, or how many.
fn numbers(instances: &[u32]) -> String {
    let (least, most) =
        instances.iter().fold((u32::MAX, 0), |(least, most), &pod| (least.min(pod), most.max(pod)));
    match instances.len() {
        1 => format!("-{least}"),
        count if (most - least) as usize + 1 == count => format!("-{{{least}..{most}}}"),
        count => format!(" ({count} pods)"),
    }
}

/// A name that fits: the Deployment's part gives way, since the hash and number tell pods apart.
fn cut(set: &str, number: &str, room: usize) -> String {
    let whole = format!("{set}{number}");
    let room = room.max(12);
    if width(&whole) <= room {
        return whole;
    }
    let mut tail = whole.as_str();
    while width(tail) + 1 > room {
        let next = tail.chars().next().map_or(tail.len(), char::len_utf8);
        tail = &tail[next..];
    }
    format!("…{tail}")
}

/// As kubectl shows ages: `45s`, `2m5s`, `12m`, `3h`.
fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if !seconds.is_multiple_of(60) => format!("{}m{}s", seconds / 60, seconds % 60),
        120..7200 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: VersionId = VersionId(0);
    const NEW: VersionId = VersionId(1);

    fn at(milliseconds: u64, kind: EventKind) -> Event {
        Event { at: SimTime(milliseconds * 1_000_000), kind }
    }

    /// A pod that crashes once.
    fn troubled(instance: u32, created: u64) -> Vec<Event> {
        let version = NEW;
        vec![
            at(created, EventKind::InstanceCreated { instance, version }),
            at(created + 20, EventKind::InstanceScheduled { instance, version }),
            at(created + 3000, EventKind::InstanceRunning { instance, version }),
            at(created + 9000, EventKind::InstanceCrashed { instance, version }),
            at(created + 19_000, EventKind::InstanceRestarted { instance, version }),
            at(created + 30_000, EventKind::InstanceReady { instance, version }),
        ]
    }

    fn log(pods: u32) -> Vec<Event> {
        let version = OLD;
        let mut events: Vec<Event> = (0..pods)
            .map(|instance| at(0, EventKind::InstanceReady { instance, version }))
            .collect();
        for pod in 0..pods {
            events.extend(troubled(pods + pod, 10_000 + 7 * u64::from(pod)));
            let instance = pod;
            let gone = 45_000 + 900 * u64::from(pod);
            events.push(at(gone, EventKind::InstanceTerminating { instance, version }));
            events.push(at(gone + 2000, EventKind::InstanceGone { instance, version }));
        }
        events.sort_by_key(|event| event.at);
        events
    }

    fn shown(pods: u32, columns: usize) -> Vec<String> {
        let sets = ["web-aaaaaaaaaa".to_owned(), "web-bbbbbbbbbb".to_owned()];
        let text = watch(&log(pods), &sets, SimTime(10_000_000_000), columns, 30);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn pods_that_go_the_same_step_share_a_line() {
        let expected = [
            "   TIME  NAME                           READY  STATUS             RESTARTS  AGE",
            "   0:00  web-aaaaaaaaaa-{0..1}          1/1    Running            0         -",
            "   0:00  web-bbbbbbbbbb-{2..3}          0/1    Pending            0         0s",
            "   0:00  web-bbbbbbbbbb-{2..3}          0/1    ContainerCreating  0         0s",
            "   0:03  web-bbbbbbbbbb-{2..3}          0/1    Running            0         3s",
            "   0:09  web-bbbbbbbbbb-{2..3}          0/1    CrashLoopBackOff   0         9s",
            "   0:19  web-bbbbbbbbbb-{2..3}          0/1    Running            1         19s",
            "   0:30  web-bbbbbbbbbb-{2..3}          1/1    Running            1         30s",
            "   0:35  web-aaaaaaaaaa-{0..1}          1/1    Terminating        0         -",
        ];
        assert_eq!(shown(2, 80), expected, "{:#?}", shown(2, 80));
    }

    #[test]
    fn five_hundred_pods_do_not_flood_the_screen() {
        let lines = shown(500, 80);
        assert!((8..=32).contains(&lines.len()), "{lines:#?}");
        assert!(lines.iter().all(|line| width(line) <= 80), "{lines:#?}");
    }

    #[test]
    fn long_names_give_way_in_front() {
        assert_eq!(cut("payments-gateway-bcdfghjklm", "-12", 20), "…teway-bcdfghjklm-12");
        assert_eq!(cut("web-bcdf", "-12", 20), "web-bcdf-12");
    }

    #[test]
    fn ages_are_those_of_kubectl() {
        let ages = [0, 119, 125, 180, 600, 3725, 7300].map(age);
        assert_eq!(ages, ["0s", "119s", "2m5s", "3m", "10m", "62m", "2h"]);
    }
}
