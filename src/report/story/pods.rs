//! Which pods are ready, by version, as the log tells it.

use std::collections::BTreeMap;

use crate::plan::{Plan, STABLE, VersionId};
use crate::record::EventKind;

use crate::report::text::visible;

/// Pods by number: version, and whether ready and not going away.
pub struct Pods {
    pods: BTreeMap<u32, (VersionId, bool)>,
}

impl Pods {
    /// The pods that stand when the log begins: `replicas` of the stable version, ready. If
    /// the log tells of their creation too, it comes to the same.
    pub fn new(replicas: u32) -> Self {
        Self { pods: (0..replicas).map(|pod| (pod, (STABLE, true))).collect() }
    }

    /// Follows an event.
    pub fn follow(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::InstanceReady { instance, version } => {
                self.pods.insert(instance, (version, true));
            }
            EventKind::InstanceConfigured { instance, version } => {
                self.pods.entry(instance).or_insert((version, false)).0 = version;
            }
            EventKind::InstanceCreated { instance, version }
            | EventKind::InstanceUnready { instance, version }
            | EventKind::InstanceCrashed { instance, version }
            | EventKind::InstanceFailed { instance, version }
            | EventKind::InstanceTerminating { instance, version } => {
                self.pods.insert(instance, (version, false));
            }
            EventKind::InstanceGone { instance, .. } => {
                self.pods.remove(&instance);
            }
            _ => {}
        }
    }

    /// `12 ready: 9 stable, 3 bad`.
    pub fn ready(&self, plan: &Plan) -> String {
        let mut counts: BTreeMap<VersionId, u32> = BTreeMap::new();
        for &(version, ready) in self.pods.values() {
            *counts.entry(version).or_default() += u32::from(ready);
        }
        let total: u32 = counts.values().sum();
        let parts: Vec<String> = counts
            .iter()
            .filter(|&(_, &count)| count > 0)
            .map(|(&version, count)| format!("{count} {}", name(plan, version)))
            .collect();
        if parts.is_empty() {
            "none ready".to_owned()
        } else if let [only] = &parts[..] {
            only.replacen(' ', " ready, all ", 1)
        } else {
            format!("{total} ready: {}", parts.join(", "))
        }
    }
}

/// A version's name.
pub fn name(plan: &Plan, version: VersionId) -> String {
    plan.versions
        .get(usize::from(version.0))
        .map_or_else(|| format!("version {}", version.0), |version| visible(&version.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn pods_are_counted_by_version_and_readiness() {
        let plan = fixture::plan();
        let mut pods = Pods::new(3);
        assert_eq!(pods.ready(&plan), "3 ready, all stable");
        let version = VersionId(2);
        pods.follow(&EventKind::InstanceCreated { instance: 3, version });
        assert_eq!(pods.ready(&plan), "3 ready, all stable");
        pods.follow(&EventKind::InstanceReady { instance: 3, version });
        pods.follow(&EventKind::InstanceTerminating { instance: 0, version: STABLE });
        assert_eq!(pods.ready(&plan), "3 ready: 2 stable, 1 bad");
        for instance in 0..3 {
            pods.follow(&EventKind::InstanceGone { instance, version: STABLE });
        }
        pods.follow(&EventKind::InstanceCrashed { instance: 3, version });
        assert_eq!(pods.ready(&plan), "none ready");
    }
}
