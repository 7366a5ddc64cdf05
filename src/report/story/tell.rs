//! Events in words: decisions one by one, what instances did by count.

use std::collections::BTreeMap;

use crate::engine::SimTime;
use crate::plan::{Plan, VersionId};
use crate::record::{Event, EventKind};

use super::pods::{Pods, name};
use crate::report::figure::{percent, rounded};
use crate::report::text::visible;

/// The line of an event that stands for itself; `None` for those that are told by count.
pub fn decision(plan: &Plan, kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::RolloutStarted { version } => {
            format!("the rollout of {} starts", name(plan, *version))
        }
        EventKind::RolloutCompleted { version } => {
            format!("the rollout is complete: all is {}", name(plan, *version))
        }
        EventKind::RolloutPaused { reason } => format!("the rollout waits: {}", visible(reason)),
        EventKind::RolloutResumed => "the rollout goes on".to_owned(),
        EventKind::RolloutAborted { reason } => {
            format!("the rollout is aborted: {}", visible(reason))
        }
        EventKind::RolledBack { version } => {
            format!("rolled back: all is {} again", name(plan, *version))
        }
        EventKind::ProgressDeadlineExceeded => "no progress for progressDeadlineSeconds".to_owned(),
        EventKind::WeightSet { candidate } => {
            format!("{} of the traffic goes to the new version", percent(*candidate))
        }
        EventKind::TrafficSwitched { to } => format!("all traffic goes to {}", name(plan, *to)),
        EventKind::AnalysisFinished { analysis, verdict } => {
            format!("analysis {} ends: {}", visible(analysis), visible(verdict))
        }
        EventKind::AlertFired { alert, value } => {
            format!("alert {} fires at {}", visible(alert), rounded(*value))
        }
        EventKind::Paged { alert } => format!("somebody is paged: {}", visible(alert)),
        EventKind::Acknowledged => "somebody looks at it".to_owned(),
        EventKind::Diagnosed => "somebody knows what it is".to_owned(),
        EventKind::RollbackDecided { by } => format!("rollback decided by {}", visible(by)),
        EventKind::ConfigPushed { version, instances, of } => {
            let name = name(plan, *version);
            format!("the configuration of {name} is pushed: {instances} of {of} instances")
        }
        EventKind::Operation { what } => format!("operation: {}", visible(what)),
        EventKind::FaultStarted { fault } => format!("fault begins: {}", visible(fault)),
        EventKind::FaultEnded { fault } => format!("fault ends: {}", visible(fault)),
        _ => return None,
    })
}

/// What a version's instances did in a stretch.
#[derive(Default)]
struct Deeds {
    scaled: Vec<(u32, u32)>,
    created: u32,
    ready: u32,
    unready: u32,
    crashed: u32,
    configured: u32,
    refused: u32,
    repaired: u32,
    terminating: u32,
    gone: u32,
}

/// Lines that tell by count what instances, endpoints and judges did, each with the time at which
/// that began, in this order.
pub fn happenings(plan: &Plan, events: &[&Event], pods: &mut Pods) -> Vec<(SimTime, String)> {
    let mut deeds: BTreeMap<VersionId, (SimTime, Deeds)> = BTreeMap::new();
    let mut measured: BTreeMap<(&str, &str), (SimTime, u32, Option<f64>)> = BTreeMap::new();
    let (mut added, mut removed) = (0, 0);
    let mut endpoints = None;
    for event in events {
        pods.follow(&event.kind);
        if let Some(version) = version_of(&event.kind) {
            deeds.entry(version).or_insert((event.at, Deeds::default())).1.add(&event.kind);
        }
        match event.kind {
            EventKind::EndpointAdded { .. } => {
                added += 1;
                endpoints.get_or_insert(event.at);
            }
            EventKind::EndpointRemoved { .. } => {
                removed += 1;
                endpoints.get_or_insert(event.at);
            }
            EventKind::AnalysisMeasured { ref metric, value, ref verdict } => {
                let entry = measured.entry((metric, verdict)).or_insert((event.at, 0, None));
                *entry = (entry.0, entry.1 + 1, value);
            }
            _ => {}
        }
    }
    let line_of = |(&version, (at, deeds)): (&VersionId, &(SimTime, Deeds))| {
        Some((*at, deeds.line(&name(plan, version))?))
    };
    let mut lines: Vec<(SimTime, String)> = deeds.iter().filter_map(line_of).collect();
    if let Some(at) = endpoints {
        let line = format!("balancer nodes: {added} endpoints added, {removed} removed");
        lines.push((at, line));
    }
    lines.extend(measured.into_iter().map(|((metric, verdict), (at, count, value))| {
        let value = value.map_or_else(|| "no data".to_owned(), rounded);
        let times = if count > 1 {
            format!(" ({count} times, last {value})")
        } else {
            format!(" ({value})")
        };
        (at, format!("measured {}: {}{times}", visible(metric), visible(verdict)))
    }));
    lines.sort_by_key(|&(at, _)| at);
    lines
}

/// Whose instances an event is about.
fn version_of(kind: &EventKind) -> Option<VersionId> {
    match *kind {
        EventKind::ReplicaSetScaled { version, .. }
        | EventKind::InstanceCreated { version, .. }
        | EventKind::InstanceReady { version, .. }
        | EventKind::InstanceUnready { version, .. }
        | EventKind::InstanceCrashed { version, .. }
        | EventKind::InstanceConfigured { version, .. }
        | EventKind::ConfigRefused { version, .. }
        | EventKind::InstanceRepaired { version, .. }
        | EventKind::InstanceTerminating { version, .. }
        | EventKind::InstanceGone { version, .. } => Some(version),
        _ => None,
    }
}

impl Deeds {
    fn add(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::ReplicaSetScaled { from, to, .. } => self.scaled.push((from, to)),
            EventKind::InstanceCreated { .. } => self.created += 1,
            EventKind::InstanceReady { .. } => self.ready += 1,
            EventKind::InstanceUnready { .. } => self.unready += 1,
            EventKind::InstanceCrashed { .. } => self.crashed += 1,
            EventKind::InstanceConfigured { .. } => self.configured += 1,
            EventKind::ConfigRefused { .. } => self.refused += 1,
            EventKind::InstanceRepaired { .. } => self.repaired += 1,
            EventKind::InstanceTerminating { .. } => self.terminating += 1,
            EventKind::InstanceGone { .. } => self.gone += 1,
            _ => {}
        }
    }

    fn line(&self, version: &str) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(&(first, _)) = self.scaled.first() {
            let mut sizes = vec![first.to_string()];
            sizes.extend(self.scaled.iter().map(|(_, to)| to.to_string()));
            parts.push(format!("scaled {}", sizes.join(" → ")));
        }
        for (count, what) in [
            (self.created, "created"),
            (self.ready, "ready"),
            (self.unready, "no longer ready"),
            (self.configured, "configured"),
            (self.refused, "refused its configuration"),
            (self.crashed, "crashed"),
            (self.repaired, "put right"),
            (self.terminating, "terminating"),
            (self.gone, "gone"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        (!parts.is_empty()).then(|| format!("{version}: {}", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn many_events_become_a_line_a_version() {
        let version = VersionId(1);
        let mut events = vec![EventKind::ReplicaSetScaled { version, from: 0, to: 3 }];
        events.extend((12..15).map(|instance| EventKind::InstanceCreated { instance, version }));
        events.push(EventKind::ReplicaSetScaled { version, from: 3, to: 6 });
        events.push(EventKind::InstanceReady { instance: 12, version });
        let measured = |value| EventKind::AnalysisMeasured {
            metric: "error_rate".to_owned(),
            value,
            verdict: "ok".to_owned(),
        };
        events.extend([measured(Some(0.01)), measured(None)]);
        let events: Vec<Event> =
            events.into_iter().map(|kind| Event { at: SimTime::ZERO, kind }).collect();
        let lines =
            happenings(&fixture::plan(), &events.iter().collect::<Vec<_>>(), &mut Pods::new(12));
        assert_eq!(
            lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(),
            [
                "good: scaled 0 → 3 → 6, 3 created, 1 ready",
                "measured error_rate: ok (2 times, last no data)"
            ]
        );
    }
}
