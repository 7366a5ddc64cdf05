//! What a cluster says about a Deployment and what stands beside it, as pieces of a scenario:
//! `kubectl get deploy,hpa,pdb,svc -o yaml`, read as it comes.
//!
//! Other objects in the file are ignored and told of. What is found is put into a scenario and
//! checked like one, so that a wrong value is reported at its place in the manifest.

use super::objects::{self, name, namespace, word};
use super::{Manifest, Reader, beside, deployment, is_deployment, no_deployment, replicas};
use crate::scenario::check::Checker;
use crate::scenario::code;
use crate::scenario::diagnostic::{Diagnostic, Problem, shorten};
use crate::scenario::edit;
use crate::scenario::files::NoFiles;
use crate::scenario::names;
use crate::scenario::resolve::{Context, strategy};
use crate::scenario::schema::{Form, KINDS, Shape};
use crate::scenario::source::{Sources, Span};
use crate::scenario::yaml::{self, Node};

/// What a Deployment and its companions say.
#[derive(Debug)]
pub struct Imported {
    /// `metadata.name` of the Deployment; empty if it has none.
    pub name: String,
    /// Its namespace; empty if it says none.
    pub namespace: String,
    /// The names of other Deployments in the file, which were left out.
    pub others: Vec<String>,
    /// Init containers of a pod.
    pub init_containers: usize,
    /// A container's share of a processor, if it says one: `limits.cpu`, else `requests.cpu`.
    pub cpu: Option<String>,
    /// Strategy, edits and notes.
    pub manifest: Manifest,
}

/// Whether a text is a manifest rather than a scenario: its first document has a `kind`.
#[must_use]
pub fn is_manifest(bytes: &[u8]) -> bool {
    let mut sources = Sources::default();
    let parsed =
        yaml::decode("", bytes, &mut sources).and_then(|(id, text)| yaml::parse(id, &text));
    let documents = parsed.map(|parsed| parsed.documents).unwrap_or_default();
    documents.first().is_some_and(|first| {
        let version = first.get("apiVersion").and_then(Node::text);
        first.get("kind").and_then(Node::text).is_some()
            && version.is_some_and(|version| !version.starts_with("cutover/"))
    })
}

/// Reads manifests. `file` is what messages call the text; `wanted` names the Deployment where
/// there are several, as `name` or `namespace/name`.
///
/// # Errors
/// Everything that is wrong with them.
pub fn import(file: &str, bytes: &[u8], wanted: Option<&str>) -> Result<Imported, Problem> {
    let mut context = Context::new(&NoFiles);
    match read(&mut context, file, bytes, wanted) {
        Some(imported) if context.errors.is_empty() => Ok(imported),
        _ => Err(Problem::new(std::mem::take(&mut context.errors), &context.sources)),
    }
}

fn read(
    context: &mut Context<'_>,
    file: &str,
    bytes: &[u8],
    wanted: Option<&str>,
) -> Option<Imported> {
    let (id, documents) = context.parse(file, bytes)?;
    let objects = objects::flatten(documents);
    let chosen = choose(context, id, &objects, wanted)?;
    let mut reader = Reader::new(file, false);
    let replicas = replicas(chosen);
    for object in objects.iter().filter(|object| !std::ptr::eq(*object, chosen)) {
        let kind = word(object, "kind");
        let ours = objects::belongs(object, chosen);
        let first = !reader.notes.told_of(&kind);
        match kind.as_str() {
            "PodDisruptionBudget" if ours && first => beside::budget(&mut reader, object, replicas),
            "Service" if ours && first => beside::service(&mut reader, object),
            "HorizontalPodAutoscaler" if ours && first => {
                beside::scaler(&mut reader, object, replicas.is_none());
            }
            _ => {
                let field = format!("({kind} {})", shorten(name(object).unwrap_or("?"), 80));
                let why = match kind.as_str() {
                    "Deployment" => "another one was chosen",
                    "PodDisruptionBudget" | "Service" | "HorizontalPodAutoscaler" if ours => {
                        "the first of its kind was taken"
                    }
                    "PodDisruptionBudget" | "Service" | "HorizontalPodAutoscaler" => {
                        "it is not about this Deployment"
                    }
                    _ => "not part of the model",
                };
                reader.notes.ignored(&field, why);
            }
        }
    }
    let strategy = deployment::read(&mut reader, context, chosen)?;
    let manifest = Manifest { strategy, edits: reader.edits, notes: reader.notes.done() };
    check(context, &manifest);
    let others = objects.iter().filter(|o| is_deployment(o) && !std::ptr::eq(*o, chosen));
    let pod = objects::at(chosen, &["spec", "template", "spec"]);
    let container = pod.and_then(|pod| pod.get("containers")?.items().first());
    let cpu = |kind: &str| objects::at(container?, &["resources", kind, "cpu"])?.text();
    Some(Imported {
        name: name(chosen).unwrap_or("").to_owned(),
        namespace: namespace(chosen).unwrap_or("").to_owned(),
        others: others.map(full_name).collect(),
        init_containers: pod
            .and_then(|pod| pod.get("initContainers"))
            .map_or(0, |list| list.items().len()),
        cpu: cpu("limits").or_else(|| cpu("requests")).map(|text| shorten(text, 20)),
        manifest,
    })
}

/// The Deployment that is meant.
fn choose<'a>(
    context: &mut Context<'_>,
    id: u16,
    objects: &'a [Node],
    wanted: Option<&str>,
) -> Option<&'a Node> {
    let deployments: Vec<&Node> = objects.iter().filter(|object| is_deployment(object)).collect();
    if deployments.is_empty() {
        context.errors.push(no_candidate(id, objects));
        return None;
    }
    let Some(wanted) = wanted else {
        if let [one] = deployments.as_slice() {
            return Some(one);
        }
        let error = Diagnostic::new(
            code::MANIFEST_KIND,
            deployments[1].span,
            format!("there are {} Deployments: name the one that is meant", deployments.len()),
        );
        let help = "`cutover import kubernetes FILE --name NAME`".to_owned();
        context.errors.push(error.allowed(listed(&deployments)).help(Some(help)));
        return None;
    };
    let named = |object: &&&Node| name(object) == Some(wanted) || full_name(object) == wanted;
    let found: Vec<&&Node> = deployments.iter().filter(named).collect();
    if let [one] = found.as_slice() {
        return Some(one);
    }
    let known: Vec<String> = deployments.iter().map(|object| full_name(object)).collect();
    let near = names::nearest(wanted, known.iter().map(String::as_str));
    let message = match found.len() {
        0 => "there is no Deployment of this name",
        _ => "several Deployments have this name: write it as NAMESPACE/NAME",
    };
    let error = Diagnostic::new(code::MANIFEST_KIND, Span::whole(id), message).value(wanted);
    let help = near.map(|name| format!("did you mean `{name}`?"));
    context.errors.push(error.allowed(listed(&deployments)).help(help));
    None
}

fn listed(deployments: &[&Node]) -> String {
    let mut names: Vec<String> = deployments.iter().take(12).map(|one| full_name(one)).collect();
    if deployments.len() > names.len() {
        names.push(format!("and {} more", deployments.len() - names.len()));
    }
    names.join(", ")
}

fn full_name(object: &Node) -> String {
    let name = shorten(name(object).unwrap_or("(no name)"), 80);
    match namespace(object) {
        Some(namespace) => format!("{}/{name}", shorten(namespace, 80)),
        None => name,
    }
}

/// Nothing to import: empty, not manifests at all, or of other controllers.
fn no_candidate(id: u16, objects: &[Node]) -> Diagnostic {
    let help = "write them with `kubectl get deploy,hpa,pdb,svc -o yaml`".to_owned();
    let other = objects.iter().find(|object| {
        matches!(word(object, "kind").as_str(), "Rollout" | "Canary" | "StatefulSet" | "DaemonSet")
    });
    match other {
        Some(object) => {
            let span = object.get("kind").map_or(object.span, |kind| kind.span);
            let kind = word(object, "kind");
            let message = format!("not modelled yet: rollouts of a {kind}");
            let error = Diagnostic::new(code::NOT_MODELLED, span, message);
            error.allowed("an apps/v1 Deployment")
        }
        None => no_deployment(id, objects).help(Some(help)),
    }
}

/// Reports values that no scenario could have, at their places in the manifest.
fn check(context: &mut Context<'_>, manifest: &Manifest) {
    let (_, mut documents) =
        context.parse("(a scenario)", FRAME.as_bytes()).expect("the frame is a scenario");
    let mut tree = documents.pop().expect("the frame is a document");
    for change in &manifest.edits {
        if let Err(error) = edit::apply(&mut tree, &change.edit) {
            context.errors.push(error);
        }
    }
    let mut checker = Checker::default();
    checker.scenario(&tree);
    let checked =
        checker.value(&manifest.strategy, &Shape::Choice(&KINDS), Form::Same, "spec.strategy");
    context.errors.append(&mut checker.errors);
    if let Some(checked) = checked {
        strategy::strategy(context, &checked, &[]);
    }
}

/// What a scenario needs besides.
const FRAME: &str = "name: frame\n\
     traffic: [ { name: all, arrivals: { constant: { rate: 1/s } }, service_time: 1ms } ]\n\
     strategies: [ { name: s, recreate: {} } ]\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, wanted: Option<&str>) -> (u16, String) {
        let problem = import("k.yaml", text.as_bytes(), wanted).unwrap_err();
        (problem.diagnostics[0].code.number, problem.to_string())
    }

    const TWO: &str = "apiVersion: v1\nkind: List\nitems:\n\
        - {apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: x}, spec: \
        {template: {spec: {containers: [{name: c}]}}}}\n\
        - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b, namespace: x}, spec: \
        {template: {spec: {containers: [{name: c}]}}}}\n";

    #[test]
    fn one_of_several_deployments_is_named() {
        let (number, text) = refusal(TWO, None);
        assert_eq!(number, code::MANIFEST_KIND.number);
        assert!(text.contains("x/a, x/b") && text.contains("--name"), "{text}");
        let (_, text) = refusal(TWO, Some("aa"));
        assert!(text.contains("x/a, x/b"), "{text}");
        for wanted in ["b", "x/b"] {
            let imported = import("k.yaml", TWO.as_bytes(), Some(wanted)).unwrap();
            assert_eq!(
                (imported.name.as_str(), imported.others.as_slice()),
                ("b", &["x/a".to_owned()][..])
            );
        }
    }

    #[test]
    fn what_is_no_deployment_is_refused_with_a_place() {
        for (text, expected) in [
            ("", code::MANIFEST_KIND),
            ("hello", code::MANIFEST_KIND),
            ("[1, 2]", code::MANIFEST_KIND),
            ("apiVersion: v1\nkind: List\nitems: []\n", code::MANIFEST_KIND),
            ("a: [", code::SYNTAX),
            ("\u{1}", code::CONTROL),
            ("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n", code::NOT_MODELLED),
            ("apiVersion: apps/v1\nkind: StatefulSet\n", code::NOT_MODELLED),
            ("apiVersion: extensions/v1beta1\nkind: Deployment\n", code::MANIFEST_KIND),
            ("apiVersion: apps/v1\nkind: Deployment\n", code::MANIFEST_FIELD),
            (
                "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {}}}",
                code::MANIFEST_FIELD,
            ),
        ] {
            assert_eq!(refusal(text, None).0, expected.number, "{text:?}");
        }
        assert_eq!(refusal("", None).1.lines().count(), 5, "{}", refusal("", None).1);
    }

    #[test]
    fn wrong_values_are_shown_in_the_manifest() {
        let deployment = |spec: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nspec:\n  {spec}\n  template: {{spec: \
                 {{containers: [{{name: c}}]}}}}\n"
            )
        };
        for spec in [
            "replicas: -1",
            "replicas: many",
            "replicas: [3]",
            "minReadySeconds: 1.5",
            "strategy: {rollingUpdate: {maxSurge: 200 percent}}",
            "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}",
            "strategy: {type: Canary}",
            "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}",
        ] {
            let (_, text) = refusal(&deployment(spec), None);
            assert!(text.contains("k.yaml:4:"), "{spec}: {text}");
        }
    }

    #[test]
    fn manifests_are_told_from_scenarios() {
        for (text, expected) in [
            (TWO, true),
            ("{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\"}", true),
            ("apiVersion: cutover/v1\nname: x\n", false),
            ("name: x\n", false),
            ("", false),
            ("a: [", false),
        ] {
            assert_eq!(is_manifest(text.as_bytes()), expected, "{text}");
        }
    }
}
