//! The scalar fields of one scenario with their kinds: what a generator of hostile inputs needs
//! to break each of them.
//!
//! Made by walking the scenario along the field table, so that a new field is attacked from the
//! day it is added.

use serde_json::{Value as Json, json};

use super::check::{find_option, may_be_empty};
use super::schema::{Form, Object, ROOT, Shape};
use super::source::Sources;
use super::yaml::{self, Node, Value};

/// One scalar field: its path with list items by number, its kind, and its bounds where a value
/// on them is good by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldKind {
    /// Such as `traffic.0.arrivals.poisson.rate`.
    pub path: String,
    /// `rate`, `duration`, `prob`, `count`, `bool`, `name`, `path`, `enum`, or another.
    pub kind: &'static str,
    /// The least count.
    pub min: Option<u64>,
}

/// The scalar fields of a scenario's text; empty if the text is not YAML.
#[must_use]
pub fn fields_of(text: &str) -> Vec<FieldKind> {
    let mut sources = Sources::default();
    let Ok((id, text)) = yaml::decode("", text.as_bytes(), &mut sources) else { return Vec::new() };
    let mut found = Vec::new();
    let Ok(parsed) = yaml::parse(id, &text) else { return Vec::new() };
    for document in &parsed.documents {
        walk(document, &Shape::Map(&ROOT), String::new(), &mut found);
    }
    found
}

/// The same as JSON: a list of `{path, kind, min}`.
#[must_use]
pub fn fields_json(text: &str) -> String {
    let row = |field: &FieldKind| match field.min {
        Some(min) => json!({ "path": field.path, "kind": field.kind, "min": min }),
        None => json!({ "path": field.path, "kind": field.kind }),
    };
    let rows: Vec<Json> = fields_of(text).iter().map(row).collect();
    serde_json::to_string_pretty(&rows).expect("a list is JSON") + "\n"
}

fn join(path: &str, key: &str) -> String {
    super::describe::join(path, key)
}

fn walk(node: &Node, shape: &Shape, path: String, found: &mut Vec<FieldKind>) {
    match shape {
        Shape::Map(object) => map(node, object, &path, found),
        Shape::List(list) => {
            for (index, item) in node.items().iter().enumerate() {
                walk(item, &list.item, join(&path, &index.to_string()), found);
            }
        }
        Shape::Named(inner) => {
            for entry in node.entries() {
                walk(&entry.value, inner, join(&path, &entry.key), found);
            }
        }
        Shape::Choice(choice) => {
            for entry in node.entries() {
                if let Some((option, _)) = find_option(choice, &entry.key) {
                    walk(&entry.value, &option.shape, join(&path, &entry.key), found);
                }
            }
            if node.text().is_some() {
                found.push(FieldKind { path, kind: "enum", min: None });
            }
        }
        Shape::Or(words, inner) => {
            if node.text().is_none_or(|text| !words.contains(&text)) {
                walk(node, inner, path, found);
            }
        }
        Shape::ByKind { scalar, list, map } => match (&node.value, list) {
            (Value::Map(_), _) => walk(node, map, path, found),
            (Value::List(_), Some(list)) => walk(node, list, path, found),
            // What may as well be an empty mapping is no scalar field.
            _ if may_be_empty(map) => {}
            _ => {
                walk(node, scalar, path, found);
            }
        },
        _ => {
            if let Some((kind, min)) = kind(shape) {
                found.push(FieldKind { path, kind, min });
            }
        }
    }
}

fn map(node: &Node, object: &'static Object, path: &str, found: &mut Vec<FieldKind>) {
    for entry in node.entries() {
        let path = join(path, &entry.key);
        let spelt = object.fields.iter().find_map(|field| field.spelt(&entry.key));
        if let Some(form @ (Form::Seconds | Form::Percent)) = spelt {
            let kind = if form == Form::Seconds { "seconds" } else { "percent" };
            found.push(FieldKind { path, kind, min: None });
            continue;
        }
        if let Some(field) = object.fields.iter().find(|field| field.spelt(&entry.key).is_some()) {
            walk(&entry.value, &field.shape, path, found);
        } else if let Some((option, _)) =
            object.one_of.and_then(|choice| find_option(choice, &entry.key))
        {
            walk(&entry.value, &option.shape, path, found);
        }
    }
}

fn kind(shape: &Shape) -> Option<(&'static str, Option<u64>)> {
    Some(match shape {
        Shape::Duration(..) => ("duration", None),
        Shape::Rate(_) => ("rate", None),
        Shape::Share => ("prob", None),
        Shape::Count(least, _) => ("count", Some(*least)),
        Shape::Number(..) => ("number", None),
        Shape::IntOrPercent => ("int-or-percent", None),
        Shape::Amount => ("amount", None),
        Shape::Bool => ("bool", None),
        Shape::Name => ("name", None),
        Shape::Label => ("label", None),
        Shape::Text => ("text", None),
        Shape::Path => ("path", None),
        Shape::Instant => ("instant", None),
        Shape::Word(..) => ("enum", None),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_listed_with_their_kind() {
        let text = "name: a\ntraffic: [{name: w, arrivals: {poisson: {rate: 1/s}}, service_time: 20ms}]\n\
                    service: {replicas: 3}\nclient: {timeout: none, retries: {budget: 2%}}\n";
        let list: Vec<(String, &str)> =
            fields_of(text).into_iter().map(|f| (f.path, f.kind)).collect();
        let expected = [
            ("name", "name"),
            ("traffic.0.name", "name"),
            ("traffic.0.arrivals.poisson.rate", "rate"),
            ("traffic.0.service_time", "duration"),
            ("service.replicas", "count"),
            ("client.retries.budget", "prob"),
        ];
        assert_eq!(list, expected.map(|(path, kind)| (path.to_owned(), kind)));
    }
}
