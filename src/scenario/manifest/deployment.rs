//! A Deployment: its rollout, and the life of its pods.
//!
//! The pod template says all there is to say about probes and shutdown: what it leaves out has
//! Kubernetes' default (no probe, no preStop, 30 s of grace), whatever the scenario's own
//! `service` says. Replicas stay with the scenario if the manifest leaves them to an autoscaler.

use super::objects::word;
use super::{Change, Reader, is_map};
use crate::scenario::code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::resolve::Context;
use crate::scenario::source::Span;
use crate::scenario::yaml::{Node, Value};

const POD: &str = "spec.template.spec";
const CONTAINER: &str = "spec.template.spec.containers[0]";

/// Reads a Deployment: its strategy, with edits and notes left in the reader.
pub fn read(reader: &mut Reader<'_>, context: &mut Context<'_>, object: &Node) -> Option<Node> {
    let missing = |what: &str| {
        Diagnostic::new(code::MANIFEST_FIELD, object.span, format!("the Deployment has no {what}"))
    };
    reader.notes.used("apiVersion", "the kind of manifest");
    reader.notes.used("kind", "the kind of manifest");
    let Some(spec) = object.get("spec") else {
        context.errors.push(missing("spec"));
        return None;
    };
    if let Some(replicas) = spec.get("replicas") {
        if replicas.text() == Some("0") {
            let how = "scaled to nothing; taken as 1, since a rollout of none shows nothing";
            reader.notes.approximated("spec.replicas", how);
            let one = Node::plain("1", replicas.span);
            reader.edits.push(Change::new("spec.replicas", "service.replicas", one));
        } else {
            reader.pass("spec.replicas", "service.replicas", replicas.clone());
        }
    }
    let strategy = strategy(reader, context, spec)?;
    let Some(pod) = spec.get("template").and_then(|template| template.get("spec")) else {
        context.errors.push(missing("spec.template.spec"));
        return None;
    };
    let Some(container) = pod.get("containers").and_then(|list| list.items().first()) else {
        context.errors.push(missing("containers"));
        return None;
    };
    shutdown(reader, pod, container);
    for (key, path) in [
        ("startupProbe", "startup"),
        ("readinessProbe", "readiness"),
        ("livenessProbe", "liveness"),
    ] {
        probe(reader, container, key, &format!("service.probes.{path}"));
    }
    known_bystanders(reader, object, spec, pod, container);
    reader.notes.rest(object, "");
    Some(strategy)
}

/// `{rolling: {…}}` or `{recreate: {…}}`.
fn strategy(reader: &mut Reader<'_>, context: &mut Context<'_>, spec: &Node) -> Option<Node> {
    let span = spec.get("strategy").map_or(spec.span, |strategy| strategy.span);
    let written = spec.get("strategy");
    let kind = written.map_or("RollingUpdate".to_owned(), |strategy| match strategy.get("type") {
        Some(_) => word(strategy, "type"),
        None => "RollingUpdate".to_owned(),
    });
    let mut fields: Vec<(&str, Node)> = Vec::new();
    for key in ["minReadySeconds", "progressDeadlineSeconds"] {
        if let Some(value) = spec.get(key) {
            reader.notes.used(&format!("spec.{key}"), key);
            fields.push((key, value.clone()));
        }
    }
    // 2147483647 is how the API writes "no deadline".
    for (key, value) in &mut fields {
        if *key == "progressDeadlineSeconds" && value.text() == Some("2147483647") {
            *value = Node::plain("none", value.span);
        }
    }
    let update = written.and_then(|strategy| strategy.get("rollingUpdate"));
    let name = match kind.as_str() {
        "RollingUpdate" => "rolling",
        "Recreate" => "recreate",
        _ => {
            let error = Diagnostic::new(
                code::MANIFEST_FIELD,
                span,
                "a Deployment has no such strategy type",
            );
            context.errors.push(
                error
                    .value(&kind)
                    .path("spec.strategy.type")
                    .allowed("`RollingUpdate` or `Recreate`"),
            );
            return None;
        }
    };
    if let (Some(update), "recreate") = (update.filter(|update| is_map(update)), name) {
        let error = Diagnostic::new(
            code::MANIFEST_FIELD,
            update.span,
            "rollingUpdate must not be given with type Recreate",
        );
        context.errors.push(error.path("spec.strategy.rollingUpdate"));
        return None;
    }
    if written.and_then(|strategy| strategy.get("type")).is_some() {
        reader.notes.used("spec.strategy.type", name);
    }
    for key in ["maxSurge", "maxUnavailable"] {
        if let Some(value) = update.and_then(|update| update.get(key)) {
            reader.notes.used(&format!("spec.strategy.rollingUpdate.{key}"), key);
            fields.push((key, value.clone()));
        }
    }
    Some(Node::map(vec![(name, Node::map(fields, span))], span))
}

fn shutdown(reader: &mut Reader<'_>, pod: &Node, container: &Node) {
    let grace = "terminationGracePeriodSeconds";
    match pod.get(grace) {
        Some(value) => {
            let field = format!("{POD}.{grace}");
            reader.notes.used(&field, "service.shutdown.grace");
            // The path ends in Kubernetes' spelling, whose values are whole seconds.
            reader.edits.push(Change::new(
                &field,
                &format!("service.shutdown.{grace}"),
                value.clone(),
            ));
        }
        None => silent(reader, pod.span, POD, "service.shutdown.grace", "30s"),
    }
    let field = format!("{CONTAINER}.lifecycle.preStop");
    let hook = container.get("lifecycle").and_then(|lifecycle| lifecycle.get("preStop"));
    let Some(hook) = hook else {
        return silent(reader, container.span, CONTAINER, "service.shutdown.pre_stop", "0s");
    };
    let path = "service.shutdown.pre_stop";
    match sleep(hook) {
        Some((seconds, exact)) => {
            if exact {
                reader.notes.used(&field, path);
            } else {
                reader.notes.approximated(&field, "as its sleep alone: service.shutdown.pre_stop");
            }
            let value = Node::plain(&seconds, hook.span);
            reader.edits.push(Change::new(&field, path, value));
        }
        None => {
            reader
                .notes
                .approximated(&field, "taken to return at once: how long it runs cannot be told");
            silent(reader, hook.span, &field, path, "0s");
        }
    }
}

/// A default of Kubernetes that holds because the manifest is silent.
fn silent(reader: &mut Reader<'_>, span: Span, field: &str, path: &str, value: &str) {
    if !reader.base {
        reader.edits.push(Change::new(field, path, Node::plain(value, span)));
    }
}

/// The length of a hook that sleeps, and whether that is all it does.
fn sleep(hook: &Node) -> Option<(String, bool)> {
    if let Some(action) = hook.get("sleep") {
        let seconds = action.get("seconds")?.text()?;
        return seconds.parse::<u32>().ok().map(|seconds| (format!("{seconds}s"), true));
    }
    let words: Vec<&str> =
        hook.get("exec")?.get("command")?.items().iter().filter_map(Node::text).collect();
    let line = match words.as_slice() {
        [shell, "-c", line] if shell.ends_with("sh") => (*line).to_owned(),
        words => words.join(" "),
    };
    let mut parts =
        line.split([';', '&', '|', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let (mut found, mut others) = (None, false);
    for part in parts.by_ref() {
        match part.split_whitespace().collect::<Vec<_>>().as_slice() {
            [program, length] if program.rsplit('/').next() == Some("sleep") && found.is_none() => {
                found = Some(length_of(length)?);
            }
            _ => others = true,
        }
    }
    found.map(|length| (length, !others))
}

/// What `sleep` understands: `5`, `0.5`, `5s`, `2m`.
fn length_of(word: &str) -> Option<String> {
    let (number, unit) = match word.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &word[number.len()..]),
        None => (word, "s"),
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let sane = number.parse::<f64>().is_ok_and(|value| value < 1e6);
    (plain && sane).then(|| format!("{number}{unit}"))
}

fn probe(reader: &mut Reader<'_>, container: &Node, key: &str, path: &str) {
    let field = format!("{CONTAINER}.{key}");
    let Some(probe) = container.get(key) else {
        return silent(reader, container.span, CONTAINER, path, "none");
    };
    let mut fields = Vec::new();
    for entry in probe.entries() {
        let below = format!("{field}.{}", entry.key);
        match entry.key.as_str() {
            name @ ("initialDelaySeconds"
            | "periodSeconds"
            | "timeoutSeconds"
            | "successThreshold"
            | "failureThreshold") => {
                // The API server takes 0 for "not said".
                if entry.value.text() == Some("0") {
                    reader.notes.ignored(&below, "0 means Kubernetes' default");
                    continue;
                }
                reader.notes.used(&below, path);
                fields.push((name, entry.value.clone()));
            }
            "httpGet" | "tcpSocket" | "exec" | "grpc" => {
                reader.notes.approximated(&below, "succeeds while the process listens and answers");
            }
            _ => reader.notes.ignored(&below, "not part of the model"),
        }
    }
    reader.edits.push(Change::new(
        &field,
        path,
        Node { span: probe.span, ..Node::map(fields, probe.span) },
    ));
}

/// Fields whose absence from the model has a reason worth telling.
fn known_bystanders(
    reader: &mut Reader<'_>,
    object: &Node,
    spec: &Node,
    pod: &Node,
    container: &Node,
) {
    let here = |node: &Node, key: &str| node.get(key).is_some();
    let mut ignore = |there: bool, field: String, why: &str| {
        if there {
            reader.notes.ignored(&field, why);
        }
    };
    ignore(here(object, "metadata"), "metadata".into(), "names and labels play no part");
    ignore(
        here(object, "status"),
        "status".into(),
        "the simulation starts from a finished rollout",
    );
    ignore(here(spec, "selector"), "spec.selector".into(), "there is one service");
    ignore(
        here(spec, "revisionHistoryLimit"),
        "spec.revisionHistoryLimit".into(),
        "empty replica sets play no part",
    );
    let metadata = spec.get("template").is_some_and(|template| here(template, "metadata"));
    ignore(metadata, "spec.template.metadata".into(), "names and labels play no part");
    ignore(
        here(pod, "initContainers"),
        format!("{POD}.initContainers"),
        "their time is service.startup.init",
    );
    ignore(
        here(container, "resources"),
        format!("{CONTAINER}.resources"),
        "capacity is service.workers",
    );
    ignore(
        here(container, "image"),
        format!("{CONTAINER}.image"),
        "pull time is service.startup.pull",
    );
    let containers = pod.get("containers").map_or(0, |list| list.items().len());
    for index in 1..containers {
        ignore(true, format!("{POD}.containers[{index}]"), "the first container serves");
    }
    let paused = spec.get("paused").is_some_and(|paused| paused.value != Value::Null);
    ignore(paused, "spec.paused".into(), "the rollout runs unless an operation pauses it");
}
