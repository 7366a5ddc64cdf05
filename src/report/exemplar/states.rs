//! Pods by version and state over the time of one run, as its log tells it.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Plan, STABLE};
use crate::record::{EventKind, RunRecord};

/// The state of a pod as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its Ready condition is true and nobody wants it gone.
    Ready,
    /// It was created but is not ready (yet, or no longer).
    NotReady,
    /// Its deletion was requested.
    Stopping,
}

/// A kind of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Of a version that is being deployed, not of the one that ran before: by its image, or by
    /// the configuration that it uses.
    pub new: bool,
    /// In this state.
    pub state: State,
}

const fn layer(new: bool, state: State) -> Layer {
    Layer { new, state }
}

/// All kinds, from the bottom of a stack to its top.
pub const LAYERS: [Layer; 6] = [
    layer(false, State::Ready),
    layer(false, State::NotReady),
    layer(false, State::Stopping),
    layer(true, State::Stopping),
    layer(true, State::NotReady),
    layer(true, State::Ready),
];

impl Layer {
    /// `ready`, with the name of its versions in front.
    #[must_use]
    pub fn name(self, old: &str, new: &str) -> String {
        let state = match self.state {
            State::Ready => "ready",
            State::NotReady => "not ready",
            State::Stopping => "stopping",
        };
        format!("{} {state}", if self.new { new } else { old })
    }
}

/// From an instant on, so many pods of each kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Seconds from the window's start.
    pub at: f64,
    /// By place in [`LAYERS`].
    pub pods: [u32; LAYERS.len()],
}

/// The pods of a run from the window's start on. Empty without a log.
#[must_use]
pub fn states(plan: &Plan, record: &RunRecord) -> Vec<Change> {
    let start = plan.clock.warmup.as_secs_f64();
    let window = plan.clock.window.as_secs_f64();
    let mut pods = Pods::default();
    (0..plan.service.replicas).for_each(|pod| pods.put(pod, LAYERS[0]));
    let before = pods.counts;
    let mut changes: Vec<Change> = Vec::new();
    for event in &record.events {
        let at = event.at.as_secs_f64() - start;
        if at >= window {
            break;
        }
        if !pods.follow(&event.kind) {
            continue;
        }
        let change = Change { at: at.max(0.0), pods: pods.counts };
        match changes.last_mut() {
            Some(last) if last.at == change.at => *last = change,
            Some(last) if last.pods == change.pods => {}
            _ => changes.push(change),
        }
    }
    if changes.first().is_some_and(|first| first.at > 0.0) {
        changes.insert(0, Change { at: 0.0, pods: before });
    }
    changes
}

/// Pods by number, and how many there are of each kind.
#[derive(Default)]
struct Pods {
    pods: BTreeMap<u32, Layer>,
    /// Pods that use a new configuration. Their image is of the version that ran before, and so
    /// the platform's events name that.
    configured: BTreeSet<u32>,
    counts: [u32; LAYERS.len()],
}

impl Pods {
    fn count(&mut self, layer: Layer) -> &mut u32 {
        let place = LAYERS.iter().position(|&other| other == layer);
        &mut self.counts[place.expect("every kind has a layer")]
    }

    fn put(&mut self, pod: u32, layer: Layer) {
        self.remove(pod);
        *self.count(layer) += 1;
        self.pods.insert(pod, layer);
    }

    fn remove(&mut self, pod: u32) -> bool {
        let before = self.pods.remove(&pod);
        if let Some(layer) = before {
            *self.count(layer) -= 1;
        }
        before.is_some()
    }

    /// Takes an event in; false if it changes no pod.
    fn follow(&mut self, kind: &EventKind) -> bool {
        let (instance, version, state) = match *kind {
            EventKind::InstanceGone { instance, .. } => {
                self.configured.remove(&instance);
                return self.remove(instance);
            }
            EventKind::InstanceConfigured { instance, version } => {
                return self.configure(instance, version != STABLE);
            }
            EventKind::InstanceReady { instance, version } => (instance, version, State::Ready),
            EventKind::InstanceCreated { instance, version }
            | EventKind::InstanceUnready { instance, version }
            | EventKind::InstanceCrashed { instance, version }
            | EventKind::InstanceFailed { instance, version } => {
                (instance, version, State::NotReady)
            }
            EventKind::InstanceTerminating { instance, version } => {
                (instance, version, State::Stopping)
            }
            _ => return false,
        };
        // A pod that is being deleted stays so until it is gone.
        let stopping = self.pods.get(&instance).is_some_and(|pod| pod.state == State::Stopping);
        if !stopping {
            let new = version != STABLE || self.configured.contains(&instance);
            self.put(instance, Layer { new, state });
        }
        true
    }

    /// A pod uses a new configuration from now on, or that of before.
    fn configure(&mut self, pod: u32, new: bool) -> bool {
        if new {
            self.configured.insert(pod);
        } else {
            self.configured.remove(&pod);
        }
        // It may be told of before the pod is.
        let Some(before) = self.pods.get(&pod).copied() else { return false };
        self.put(pod, Layer { new, ..before });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn pods_pass_from_one_state_to_the_next() {
        let mut record = fixture::record();
        record.events.sort_by_key(|event| event.at);
        let changes = states(&fixture::plan(), &record);
        assert_eq!(changes[0], Change { at: 0.0, pods: [12, 0, 0, 0, 0, 0] });
        assert_eq!((changes[1].at, changes[1].pods), (120.1, [12, 0, 0, 0, 3, 0]));
        let at = |at: f64| changes.iter().rev().find(|change| change.at <= at).unwrap().pods;
        assert_eq!(at(134.1), [12, 0, 0, 0, 0, 3]);
        assert_eq!(at(134.3), [9, 0, 3, 0, 0, 3]);
        assert_eq!(at(400.0), [0, 0, 0, 0, 0, 12]);
    }

    #[test]
    fn a_pod_with_a_new_configuration_counts_as_new_until_it_is_rolled_back() {
        let mut pods = Pods::default();
        (0..3).for_each(|pod| pods.put(pod, LAYERS[0]));
        let (instance, new) = (1, crate::plan::VersionId(1));
        pods.follow(&EventKind::InstanceConfigured { instance, version: new });
        assert_eq!(pods.counts, [2, 0, 0, 0, 0, 1]);
        // Its image is the old one.
        pods.follow(&EventKind::InstanceUnready { instance, version: STABLE });
        assert_eq!(pods.counts, [2, 0, 0, 0, 1, 0]);
        pods.follow(&EventKind::InstanceReady { instance, version: STABLE });
        pods.follow(&EventKind::InstanceConfigured { instance: 2, version: new });
        assert_eq!(pods.counts, [1, 0, 0, 0, 0, 2]);
        pods.follow(&EventKind::InstanceConfigured { instance, version: STABLE });
        assert_eq!(pods.counts, [2, 0, 0, 0, 0, 1]);
        // One that starts with the new configuration.
        pods.follow(&EventKind::InstanceConfigured { instance: 9, version: new });
        pods.follow(&EventKind::InstanceCreated { instance: 9, version: STABLE });
        assert_eq!(pods.counts, [2, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn without_a_log_nothing_is_known() {
        let record = RunRecord { events: Vec::new(), ..fixture::record() };
        assert!(states(&fixture::plan(), &record).is_empty());
    }
}
