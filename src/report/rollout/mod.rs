//! A Deployment's rollout as people know it from kubectl: a tree of replica sets and pods, and
//! what `kubectl get pods -w` would have printed, condensed.
//!
//! Replica sets are named as Kubernetes names them, the Deployment's name with a hash of the
//! pod template; pods end in their number in the run, as `events.jsonl` has it, where
//! Kubernetes draws five letters. Nothing in a simulation depends on any of these names.

mod tree;
mod watch;

use crate::engine::SimTime;
use crate::plan::{Plan, VersionId};
use crate::record::{Event, EventKind, RunRecord};

use super::text::visible;

/// Rows of the list; more is condensed.
const MOST_ROWS: usize = 30;

/// The tree and the list, as lines of at most so many columns. Empty where nothing was
/// deployed or no log was kept.
#[must_use]
pub fn show(deployment: &str, plan: &Plan, record: &RunRecord, columns: usize) -> String {
    let from = SimTime::ZERO + plan.clock.warmup + plan.clock.deploy_at;
    let is_later = |event: &&Event| event.at >= from && is_of_pods(&event.kind);
    let Some(last) = record.events.iter().rev().find(is_later) else { return String::new() };
    // A rollout that never ends is shown to the window's end.
    let end = SimTime::ZERO + plan.clock.warmup + plan.clock.window;
    let to = if record.rollout.finished.is_some() { last.at } else { end.max(last.at) };
    let sets: Vec<String> =
        plan.versions.iter().map(|version| set_name(deployment, &version.name)).collect();
    let labels: Vec<String> = sets
        .iter()
        .zip(&plan.versions)
        .map(|(set, version)| format!("{set} ({})", visible(&version.name)))
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let tree = tree::tree(&record.events, &labels, from, to, columns);
    if tree.is_empty() {
        return tree;
    }
    let list = watch::watch(&record.events, &sets, from, columns, MOST_ROWS);
    format!("deployment/{}\n{tree}\n{list}", visible(deployment))
}

fn is_of_pods(kind: &EventKind) -> bool {
    pod_of(kind).is_some()
}

/// The pod that an event is about, and its version.
fn pod_of(kind: &EventKind) -> Option<(u32, VersionId)> {
    match *kind {
        EventKind::InstanceCreated { instance, version }
        | EventKind::InstanceScheduled { instance, version }
        | EventKind::InstanceRunning { instance, version }
        | EventKind::InstanceReady { instance, version }
        | EventKind::InstanceUnready { instance, version }
        | EventKind::InstanceAvailable { instance, version }
        | EventKind::InstanceCrashed { instance, version }
        | EventKind::InstanceRestarted { instance, version }
        | EventKind::InstanceFailed { instance, version }
        | EventKind::InstanceTerminating { instance, version }
        | EventKind::InstanceGone { instance, version } => Some((instance, version)),
        _ => None,
    }
}

/// Letters and digits of a pod template's hash: without vowels and what looks like them, as
/// Kubernetes writes it.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// `checkout-7c9f8d5b4f`: the hash stands for the version, as it does for a pod template.
fn set_name(deployment: &str, version: &str) -> String {
    // FNV-1a, 64 bits, as small a hash as there is.
    let bytes = deployment.bytes().chain([0]).chain(version.bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut letters = String::new();
    for _ in 0..10 {
        letters.push(char::from(LETTERS[(hash % 27) as usize]));
        hash /= 27;
    }
    format!("{}-{letters}", visible(deployment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::text::width;

    #[test]
    fn a_rollout_is_shown_within_80_columns() {
        let text = show("checkout-friday", &fixture::plan(), &fixture::record(), 80);
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_set_is_named_by_its_version_alone() {
        let name = set_name("shop", "stable");
        assert_eq!(name, set_name("shop", "stable"));
        assert_ne!(name, set_name("shop", "candidate"));
        assert!(name.strip_prefix("shop-").is_some_and(|hash| hash.len() == 10));
    }

    #[test]
    fn where_nothing_happens_to_pods_there_is_nothing_to_show() {
        let record = RunRecord { events: Vec::new(), ..fixture::record() };
        assert_eq!(show("shop", &fixture::plan(), &record, 80), "");
    }
}
