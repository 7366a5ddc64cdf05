//! What stands beside a Deployment: its PodDisruptionBudget, Service and
//! HorizontalPodAutoscaler.
//!
//! A budget of `maxUnavailable` becomes the `minAvailable` that is the same at the manifest's
//! replicas (a percentage rounds up, as the disruption controller does it). A Service says that
//! kube-proxy balances. An autoscaler on CPU utilisation becomes ours; others are left out.

use super::objects::{at, word};
use super::{Change, Reader};
use crate::scenario::yaml::Node;

/// An object's fields, by the name they have in notes.
struct Fields<'a> {
    object: &'a Node,
    prefix: String,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Node) -> Self {
        Self { object, prefix: format!("({})", word(object, "kind")) }
    }

    fn get(&self, path: &str) -> Option<&'a Node> {
        at(self.object, &path.split('.').collect::<Vec<_>>())
    }

    fn note(&self, path: &str) -> String {
        format!("{}.{path}", self.prefix)
    }
}

/// Reads a PodDisruptionBudget. `replicas` are the Deployment's.
pub fn budget(reader: &mut Reader<'_>, object: &Node, replicas: Option<u32>) {
    let fields = Fields::of(object);
    common(reader, &fields);
    let path = "platform.pdb.min_available";
    if let Some(value) = fields.get("spec.minAvailable") {
        let field = fields.note("spec.minAvailable");
        reader.notes.used(&field, path);
        reader.change(&field, "platform.pdb", min_available(value.clone()));
    } else if let Some(value) = fields.get("spec.maxUnavailable") {
        let field = fields.note("spec.maxUnavailable");
        match (replicas, value.text().and_then(|text| at_most(text, replicas?))) {
            (Some(replicas), Some(missing)) => {
                let least = replicas.saturating_sub(missing);
                let how = format!("as {path} {least}, the same at {replicas} replicas");
                reader.notes.approximated(&field, &how);
                let value = Node::plain(&least.to_string(), value.span);
                reader.change(&field, "platform.pdb", min_available(value));
            }
            _ => reader.notes.ignored(&field, "it needs replicas, and a number or percentage"),
        }
    }
    reader.ignore(
        fields.get("spec.unhealthyPodEvictionPolicy").is_some(),
        &fields.note("spec.unhealthyPodEvictionPolicy"),
        "always IfHealthyBudget, the default",
    );
    reader.notes.rest(object, &fields.prefix);
}

fn min_available(value: Node) -> Node {
    let span = value.span;
    Node::map(vec![("min_available", value)], span)
}

/// How many of so many pods a budget lets be missing.
fn at_most(text: &str, replicas: u32) -> Option<u32> {
    match text.strip_suffix('%') {
        None => text.parse().ok(),
        Some(percent) => {
            let percent: u64 = percent.parse::<u32>().ok()?.into();
            u32::try_from((percent * u64::from(replicas)).div_ceil(100)).ok()
        }
    }
}

/// Reads a Service.
pub fn service(reader: &mut Reader<'_>, object: &Node) {
    let fields = Fields::of(object);
    common(reader, &fields);
    let is = |path: &str, wanted: &str| fields.get(path).and_then(Node::text) == Some(wanted);
    let kind = fields.note("spec.type");
    if is("spec.type", "ExternalName") {
        reader.notes.ignored(&kind, "it leads to a name, not to pods");
    } else if is("spec.clusterIP", "None") {
        let field = fields.note("spec.clusterIP");
        reader.notes.approximated(&field, "clients find pods by themselves: balancer.preset ideal");
    } else {
        let span = fields.get("spec.type").map_or(object.span, |node| node.span);
        let how = "kube-proxy balances, request by request: balancer.preset kube-proxy";
        reader.notes.approximated(&kind, how);
        reader.change(&kind, "balancer.preset", Node::plain("kube-proxy", span));
    }
    if is("spec.sessionAffinity", "ClientIP") {
        affinity(reader, &fields);
    } else if fields.get("spec.sessionAffinity").is_some() {
        reader.notes.used(&fields.note("spec.sessionAffinity"), "balancer.sticky none");
    }
    for (path, why) in [
        ("spec.externalTrafficPolicy", "every balancer node may use every endpoint"),
        ("spec.internalTrafficPolicy", "every balancer node may use every endpoint"),
        ("spec.trafficDistribution", "every balancer node may use every endpoint"),
        ("spec.ports", "there is one port"),
        ("spec.selector", "there is one service"),
    ] {
        reader.ignore(fields.get(path).is_some(), &fields.note(path), why);
    }
    if is("spec.publishNotReadyAddresses", "true") {
        let why = "requests go to ready pods alone, here: what comes too early is not seen";
        reader.notes.ignored(&fields.note("spec.publishNotReadyAddresses"), why);
    }
    reader.notes.rest(object, &fields.prefix);
}

fn affinity(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let field = fields.note("spec.sessionAffinity");
    let how = "by user instead of client address, remembered by all nodes: balancer.sticky";
    reader.notes.approximated(&field, how);
    let timeout = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
    let written = fields.get(timeout);
    if written.is_some() {
        reader.notes.used(&fields.note(timeout), "balancer.sticky.ttl");
    }
    // Kubernetes' own default is three hours.
    let seconds = written.and_then(Node::text).unwrap_or("10800");
    let span =
        written.or(fields.get("spec.sessionAffinity")).map_or(fields.object.span, |n| n.span);
    let ttl = Node::plain(&format!("{seconds}s"), span);
    reader.change(&field, "balancer.sticky", Node::map(vec![("ttl", ttl)], span));
}

/// Reads a HorizontalPodAutoscaler. `left_out`: the Deployment says no replicas.
pub fn scaler(reader: &mut Reader<'_>, object: &Node, left_out: bool) {
    let fields = Fields::of(object);
    common(reader, &fields);
    let sizes = ["status.desiredReplicas", "status.currentReplicas", "spec.minReplicas"];
    let found = sizes.iter().find_map(|path| Some((*path, fields.get(path)?)));
    if let (true, Some((path, value))) = (left_out, found) {
        let field = fields.note(path);
        reader.notes.approximated(&field, "as service.replicas, where the autoscaler starts");
        reader.change(&field, "service.replicas", value.clone());
    }
    let told = |path: &str| left_out && found.is_some_and(|(found, _)| found == path);
    let metrics = fields.get("spec.metrics");
    let field = fields.note("spec.metrics");
    let on_cpu = metrics.map_or_else(|| Some(None), cpu_target);
    let Some(target) = on_cpu.filter(|_| fields.get("spec.maxReplicas").is_some()) else {
        let why = "only one metric, CPU as averageUtilization, is simulated: replicas stay";
        for key in ["minReplicas", "maxReplicas", "metrics", "behavior"] {
            let path = format!("spec.{key}");
            reader.ignore(fields.get(&path).is_some() && !told(&path), &fields.note(&path), why);
        }
        reader.notes.rest(object, &fields.prefix);
        return;
    };
    let mut values = Vec::new();
    for (key, path) in [("min", "spec.minReplicas"), ("max", "spec.maxReplicas")] {
        if let Some(value) = fields.get(path) {
            if !told(path) {
                reader.notes.used(&fields.note(path), &format!("platform.hpa.{key}"));
            }
            values.push((key, value.clone()));
        }
    }
    if let (Some(percent), Some(metrics)) = (target, metrics) {
        reader
            .notes
            .approximated(&field, "as platform.hpa.target: a busy worker is its share of CPU");
        let share = format!("{}", percent / 100.0);
        values.push(("target", Node::plain(&share, metrics.span)));
    }
    let window = "spec.behavior.scaleDown.stabilizationWindowSeconds";
    if let Some(seconds) = fields.get(window).and_then(|node| node.text()?.parse::<u32>().ok()) {
        reader.notes.used(&fields.note(window), "platform.hpa.scale_down_window");
        values.push(("scale_down_window", Node::plain(&format!("{seconds}s"), object.span)));
    }
    let policies = "only scaleDown.stabilizationWindowSeconds is simulated";
    reader.ignore(fields.get("spec.behavior").is_some(), &fields.note("spec.behavior"), policies);
    reader.change(&field, "platform.hpa", Node::map(values, object.span));
    reader.notes.rest(object, &fields.prefix);
}

/// The target of the one metric, CPU utilisation in percent; `Some(None)`: the default.
fn cpu_target(metrics: &Node) -> Option<Option<f64>> {
    let [metric] = metrics.items() else { return None };
    let name = at(metric, &["resource", "name"])?.text()?;
    let target = at(metric, &["resource", "target", "averageUtilization"])?.text()?;
    let percent: f64 = target.parse().ok()?;
    (name == "cpu" && (1.0..=100.0).contains(&percent)).then_some(Some(percent))
}

/// Fields that every object has.
fn common(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    for key in ["apiVersion", "kind"] {
        reader.notes.used(&fields.note(key), "the kind of manifest");
    }
    let metadata = fields.get("metadata").is_some();
    reader.ignore(metadata, &fields.note("metadata"), "names and labels play no part");
}

impl Reader<'_> {
    fn change(&mut self, field: &str, path: &str, value: Node) {
        self.edits.push(Change::new(field, path, value));
    }

    fn ignore(&mut self, there: bool, field: &str, why: &str) {
        if there {
            self.notes.ignored(field, why);
        }
    }
}
