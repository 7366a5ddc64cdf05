//! Kubernetes manifests as pieces of a scenario.
//!
//! A Deployment gives replicas, strategy, probes, preStop sleep and grace period; what stands
//! beside it gives the disruption budget and the balancer. What they say becomes edits of the
//! scenario's tree, checked like everything else; every field is reported as used, approximated
//! or ignored. Rollouts of other controllers are refused.

mod beside;
mod deployment;
mod import;
mod notes;
mod objects;

use super::checked::Checked;
use super::code;
use super::diagnostic::Diagnostic;
use super::edit::Edit;
use super::resolve::Context;
use super::source::Span;
use super::yaml::{self, Node, Value};
use crate::plan::ManifestNote;
use notes::Notes;
use objects::word;

pub use import::{Imported, import, is_manifest};

/// What a manifest says.
#[derive(Debug)]
pub struct Manifest {
    /// The strategy, as the scenario would write it.
    pub strategy: Node,
    /// Changes of the scenario's tree.
    pub edits: Vec<Change>,
    /// What became of each field.
    pub notes: Vec<ManifestNote>,
}

/// A change of the scenario, and the manifest's field it comes from.
#[derive(Debug)]
pub struct Change {
    /// The manifest's field.
    pub field: String,
    /// The change.
    pub edit: Edit,
}

impl Change {
    fn new(field: &str, path: &str, value: Node) -> Self {
        let edit = Edit { path: path.to_owned(), path_span: value.span, value, keep: false };
        Self { field: field.to_owned(), edit }
    }
}

/// Kinds that say nothing about a rollout and may stand beside a Deployment.
const BYSTANDERS: [&str; 10] = [
    "Service",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Ingress",
    "Namespace",
    "NetworkPolicy",
    "HorizontalPodAutoscaler",
    "Role",
    "RoleBinding",
];

/// Reads the manifest that a field names. `base` takes what stands beside a Deployment as well.
pub fn read(context: &mut Context<'_>, at: &Checked, base: bool) -> Option<Manifest> {
    let bytes = context.bytes(at, yaml::MOST_BYTES)?;
    let (id, documents) = context.parse(at.text(), &bytes)?;
    let objects = objects::flatten(documents);
    let mut reader = Reader::new(at.text(), base);
    let before = context.errors.len();
    for object in &objects {
        let (kind, version) = (word(object, "kind"), word(object, "apiVersion"));
        match (kind.as_str(), version.as_str()) {
            ("Deployment", "apps/v1") => {}
            ("PodDisruptionBudget", "policy/v1") => {}
            (kind, _) if BYSTANDERS.contains(&kind) => {}
            _ => context.errors.push(reader.other_kind(object, &kind, &version)),
        }
    }
    if context.errors.len() > before {
        return None;
    }
    let deployments: Vec<&Node> = objects.iter().filter(|object| is_deployment(object)).collect();
    match deployments.as_slice() {
        [one] => {
            for object in objects.iter().filter(|object| !is_deployment(object)) {
                let kind = word(object, "kind");
                let ours = objects::belongs(object, one)
                    || objects::at(object, &["spec", "selector"]).is_none();
                match kind.as_str() {
                    "PodDisruptionBudget" if base && ours => {
                        beside::budget(&mut reader, object, replicas(one));
                    }
                    "HorizontalPodAutoscaler" if base && ours => {
                        beside::scaler(&mut reader, object, replicas(one).is_none());
                    }
                    _ => reader.bystander(&kind),
                }
            }
            let strategy = deployment::read(&mut reader, context, one)?;
            Some(Manifest { strategy, edits: reader.edits, notes: reader.notes.done() })
        }
        [] => {
            context.errors.push(no_deployment(id, &objects));
            None
        }
        [_, second, ..] => {
            let error = Diagnostic::new(
                code::MANIFEST_KIND,
                second.span,
                "a second Deployment begins here",
            );
            context.errors.push(error.allowed("one apps/v1 Deployment"));
            None
        }
    }
}

fn is_deployment(object: &Node) -> bool {
    word(object, "kind") == "Deployment" && word(object, "apiVersion") == "apps/v1"
}

/// `spec.replicas`, where it is a number.
fn replicas(deployment: &Node) -> Option<u32> {
    objects::at(deployment, &["spec", "replicas"])?.text()?.parse().ok()
}

fn no_deployment(id: u16, objects: &[Node]) -> Diagnostic {
    let kinds: Vec<String> = objects
        .iter()
        .map(|object| format!("{} {}", word(object, "apiVersion"), word(object, "kind")))
        .collect();
    let span = objects.first().map_or(Span::whole(id), |object| object.span);
    let found = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
    let error =
        Diagnostic::new(code::MANIFEST_KIND, span, "there is no Deployment in this manifest");
    error.value(&found).allowed("one apps/v1 Deployment")
}

/// What reading a manifest leaves behind.
struct Reader<'a> {
    file: &'a str,
    base: bool,
    notes: Notes,
    edits: Vec<Change>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, base: bool) -> Self {
        Self { file, base, notes: Notes::new(file), edits: Vec::new() }
    }
}

impl Reader<'_> {
    fn other_kind(&self, object: &Node, kind: &str, version: &str) -> Diagnostic {
        let span = object.get("kind").map_or(object.span, |kind| kind.span);
        if matches!(kind, "Rollout" | "Canary" | "AnalysisTemplate") {
            let message = format!("not modelled yet: manifests of kind {kind} ({version})");
            return Diagnostic::new(code::NOT_MODELLED, span, message).path(self.file);
        }
        let message =
            format!("a manifest of kind {kind} and apiVersion {version} cannot be used here");
        Diagnostic::new(code::MANIFEST_KIND, span, message)
            .allowed("one apps/v1 Deployment, and what stands beside it")
    }

    fn bystander(&mut self, kind: &str) {
        self.notes.ignored(&format!("({kind})"), "says nothing about the rollout");
    }

    /// Passes a value on to a scenario field.
    fn pass(&mut self, field: &str, path: &str, value: Node) {
        self.notes.used(field, path);
        self.edits.push(Change::new(field, path, value));
    }
}

/// Whether a node is a mapping with anything in it.
fn is_map(node: &Node) -> bool {
    matches!(&node.value, Value::Map(entries) if !entries.is_empty())
}
