//! The objects of a manifest file, and which of them belong together.
//!
//! `kubectl get -o yaml` writes a List, people write several documents: both are flattened.
//! A Service or a PodDisruptionBudget belongs to a Deployment if it selects its pods, an
//! autoscaler if it names it, each in the same namespace; an object that says no namespace is
//! taken to be in the same one.

use crate::scenario::diagnostic::shorten;
use crate::scenario::yaml::{Node, Value};

/// The objects of all documents, those of Lists included; empty documents are none.
pub fn flatten(documents: Vec<Node>) -> Vec<Node> {
    let mut objects = Vec::new();
    for document in documents {
        if word(&document, "kind").ends_with("List") {
            objects.extend(document.get("items").map_or(&[][..], Node::items).iter().cloned());
        } else if document.value != Value::Null {
            objects.push(document);
        }
    }
    objects
}

/// A text field of an object, fit to be shown.
pub fn word(object: &Node, key: &str) -> String {
    let text = object.get(key).and_then(Node::text).unwrap_or("(none)");
    shorten(text, 80)
}

/// The value at a path of keys.
pub fn at<'a>(object: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(object, |node, key| node.get(key))
}

/// `metadata.name`.
pub fn name(object: &Node) -> Option<&str> {
    at(object, &["metadata", "name"]).and_then(Node::text)
}

/// `metadata.namespace`.
pub fn namespace(object: &Node) -> Option<&str> {
    at(object, &["metadata", "namespace"]).and_then(Node::text)
}

/// Whether an object stands beside a Deployment and is about it.
pub fn belongs(object: &Node, deployment: &Node) -> bool {
    let same_namespace = match (namespace(object), namespace(deployment)) {
        (Some(here), Some(there)) => here == there,
        _ => true,
    };
    same_namespace
        && match word(object, "kind").as_str() {
            "Service" => selected_by_service(object, deployment),
            "PodDisruptionBudget" => selected_by_budget(object, deployment),
            "HorizontalPodAutoscaler" => named_by_scaler(object, deployment),
            _ => false,
        }
}

fn labels(deployment: &Node) -> Option<&Node> {
    at(deployment, &["spec", "template", "metadata", "labels"])
}

fn label<'a>(deployment: &'a Node, key: &str) -> Option<&'a str> {
    labels(deployment)?.get(key)?.text()
}

fn matches_all(selector: &Node, deployment: &Node) -> bool {
    selector.entries().iter().all(|entry| label(deployment, &entry.key) == entry.value.text())
}

/// A Service without a selector selects nothing.
fn selected_by_service(service: &Node, deployment: &Node) -> bool {
    at(service, &["spec", "selector"])
        .is_some_and(|selector| !selector.entries().is_empty() && matches_all(selector, deployment))
}

/// An empty selector of a budget selects every pod.
fn selected_by_budget(budget: &Node, deployment: &Node) -> bool {
    let Some(selector) = at(budget, &["spec", "selector"]) else { return false };
    let by_label = selector.get("matchLabels").is_none_or(|all| matches_all(all, deployment));
    let expressions = selector.get("matchExpressions").map_or(&[][..], Node::items);
    by_label && expressions.iter().all(|expression| holds(expression, deployment))
}

fn holds(expression: &Node, deployment: &Node) -> bool {
    let text = |key: &str| expression.get(key).and_then(Node::text).unwrap_or("");
    let value = label(deployment, text("key"));
    let values = expression.get("values").map_or(&[][..], Node::items);
    let listed = value.is_some_and(|value| values.iter().any(|item| item.text() == Some(value)));
    match text("operator") {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

fn named_by_scaler(scaler: &Node, deployment: &Node) -> bool {
    let target = |key: &str| at(scaler, &["spec", "scaleTargetRef", key]).and_then(Node::text);
    target("kind") == Some("Deployment") && target("name") == name(deployment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::yaml;

    fn object(text: &str) -> Node {
        yaml::parse(0, text).unwrap().documents.remove(0)
    }

    #[test]
    fn what_selects_the_pods_or_names_the_deployment_belongs_to_it() {
        let deployment = object(
            "{kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: \
             {metadata: {labels: {app: web, tier: front}}}}}",
        );
        for (text, expected) in [
            ("{kind: Service, spec: {selector: {app: web}}}", true),
            ("{kind: Service, spec: {selector: {app: web, tier: back}}}", false),
            ("{kind: Service, spec: {selector: {}}}", false),
            ("{kind: Service, spec: {}}", false),
            ("{kind: Service, metadata: {namespace: other}, spec: {selector: {app: web}}}", false),
            ("{kind: PodDisruptionBudget, spec: {selector: {matchLabels: {app: web}}}}", true),
            ("{kind: PodDisruptionBudget, spec: {selector: {}}}", true),
            ("{kind: PodDisruptionBudget, spec: {}}", false),
            (
                "{kind: PodDisruptionBudget, spec: {selector: {matchExpressions: [{key: tier, \
                 operator: In, values: [front, back]}, {key: canary, operator: DoesNotExist}]}}}",
                true,
            ),
            (
                "{kind: PodDisruptionBudget, spec: {selector: {matchExpressions: [{key: tier, \
                 operator: NotIn, values: [front]}]}}}",
                false,
            ),
            (
                "{kind: HorizontalPodAutoscaler, spec: {scaleTargetRef: {kind: Deployment, name: \
                 web}}}",
                true,
            ),
            (
                "{kind: HorizontalPodAutoscaler, spec: {scaleTargetRef: {kind: StatefulSet, name: \
                 web}}}",
                false,
            ),
            ("{kind: ConfigMap, metadata: {name: web}}", false),
        ] {
            assert_eq!(belongs(&object(text), &deployment), expected, "{text}");
        }
    }

    #[test]
    fn lists_and_documents_are_one_pile() {
        let text = "---\nkind: List\nitems: [{kind: A}, {kind: B}]\n---\n---\nkind: C\n---\n\
                    kind: DeploymentList\nitems: []\n";
        let objects = flatten(yaml::parse(0, text).unwrap().documents);
        let kinds: Vec<String> = objects.iter().map(|object| word(object, "kind")).collect();
        assert_eq!(kinds, ["A", "B", "C"]);
    }
}
