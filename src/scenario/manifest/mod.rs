//! Kubernetes manifests as pieces of a scenario.
//!
//! A Deployment gives replicas, strategy, probes, preStop sleep and grace period. What it says
//! becomes edits of the scenario's tree, checked like everything else; every field of it is
//! reported as used, approximated or ignored. Rollouts of other controllers are refused.

mod deployment;
mod notes;

use super::checked::Checked;
use super::code;
use super::diagnostic::{Diagnostic, shorten};
use super::edit::Edit;
use super::resolve::Context;
use super::source::Span;
use super::yaml::{self, Node, Value};
use crate::plan::ManifestNote;
use notes::Notes;

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

/// Reads the manifest that a field names. `base` takes a PodDisruptionBudget as well.
pub fn read(context: &mut Context<'_>, at: &Checked, base: bool) -> Option<Manifest> {
    let bytes = context.bytes(at, yaml::MOST_BYTES)?;
    let (id, documents) = context.parse(at.text(), &bytes)?;
    let objects = flatten(documents);
    let mut reader =
        Reader { file: at.text(), base, notes: Notes::new(at.text()), edits: Vec::new() };
    let before = context.errors.len();
    let mut deployments = Vec::new();
    for object in &objects {
        let (kind, version) = (word(object, "kind"), word(object, "apiVersion"));
        match (kind.as_str(), version.as_str()) {
            ("Deployment", "apps/v1") => deployments.push(object),
            ("PodDisruptionBudget", "policy/v1") if base => reader.budget(object),
            ("PodDisruptionBudget", "policy/v1") => reader.bystander(&kind),
            (kind, _) if BYSTANDERS.contains(&kind) => reader.bystander(kind),
            _ => context.errors.push(reader.other_kind(object, &kind, &version)),
        }
    }
    match deployments.as_slice() {
        [one] if context.errors.len() == before => {
            let strategy = deployment::read(&mut reader, context, one)?;
            Some(Manifest { strategy, edits: reader.edits, notes: reader.notes.done() })
        }
        [] if context.errors.len() == before => {
            let kinds: Vec<String> = objects
                .iter()
                .map(|object| format!("{} {}", word(object, "apiVersion"), word(object, "kind")))
                .collect();
            let span = objects.first().map_or(Span::whole(id), |object| object.span);
            let found = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
            let error = Diagnostic::new(
                code::MANIFEST_KIND,
                span,
                "there is no Deployment in this manifest",
            );
            context.errors.push(error.value(&found).allowed("one apps/v1 Deployment"));
            None
        }
        [_, second, ..] if context.errors.len() == before => {
            let error = Diagnostic::new(
                code::MANIFEST_KIND,
                second.span,
                "a second Deployment begins here",
            );
            context.errors.push(error.allowed("one apps/v1 Deployment"));
            None
        }
        _ => None,
    }
}

/// The objects of all documents, those of Lists included.
fn flatten(documents: Vec<Node>) -> Vec<Node> {
    let mut objects = Vec::new();
    for document in documents {
        if word(&document, "kind").ends_with("List") {
            objects.extend(document.get("items").map_or(&[][..], Node::items).iter().cloned());
        } else {
            objects.push(document);
        }
    }
    objects
}

fn word(object: &Node, key: &str) -> String {
    let text = object.get(key).and_then(Node::text).unwrap_or("(none)");
    shorten(text, 80)
}

/// What reading a manifest leaves behind.
struct Reader<'a> {
    file: &'a str,
    base: bool,
    notes: Notes,
    edits: Vec<Change>,
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

    fn budget(&mut self, object: &Node) {
        let spec = object.get("spec");
        match spec.and_then(|spec| spec.get("minAvailable")) {
            Some(value) => {
                let field = "(PodDisruptionBudget).spec.minAvailable";
                self.notes.used(field, "platform.pdb.min_available");
                let map = Node::map(vec![("min_available", value.clone())], value.span);
                self.edits.push(Change::new(field, "platform.pdb", map));
            }
            None => {
                self.notes.ignored("(PodDisruptionBudget)", "only spec.minAvailable is modelled")
            }
        }
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
