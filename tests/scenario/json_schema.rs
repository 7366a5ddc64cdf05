//! What the program takes, an editor that follows `cutover schema` must not underline.

use std::path::Path;

use cutover::plan::Study;
use cutover::scenario::source::Sources;
use cutover::scenario::yaml::{self, Node, Value as Yaml};
use cutover::scenario::{json_schema, load};
use serde_json::{Map, Value, json};

use super::{loaded, minimal};

/// What a reader of YAML 1.2 makes of a tree.
fn as_json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::List(items) => items.iter().map(as_json).collect(),
        Yaml::Map(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.clone(), as_json(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Yaml::Scalar { text, plain: true } => match text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            text => text
                .parse::<i64>()
                .map(|number| json!(number))
                .or_else(|_| text.parse::<f64>().map(|number| json!(number)))
                .unwrap_or_else(|_| json!(text)),
        },
        Yaml::Scalar { text, .. } => json!(text),
    }
}

fn tree(text: &str) -> Value {
    let (id, text) = yaml::decode("test", text.as_bytes(), &mut Sources::default()).expect("text");
    as_json(&yaml::parse(id, &text).expect("YAML").documents[0])
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type's name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no type {other}"),
    }
}

/// Why a value breaks a schema, as far as our schemas use JSON Schema. Patterns and descriptions
/// are passed over.
fn fault(value: &Value, schema: &Value, root: &Value, path: &str) -> Option<String> {
    let complain = |what: &str| Some(format!("{path}: {what}: {value}"));
    let holds = |schema: &Value| fault(value, schema, root, path).is_none();
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let rules = || rule.as_array().expect("a list of rules").iter();
        let broken = match keyword.as_str() {
            "type" if rule.is_array() => (!rules().any(|one| is_of_type(value, one)))
                .then(|| complain("another type"))
                .flatten(),
            "type" if !is_of_type(value, rule) => complain("another type"),
            "enum" if !rules().any(|one| one == value) => complain("none of the words"),
            "minimum" if value.as_f64() < rule.as_f64() => complain("too small"),
            "maximum" if value.as_f64() > rule.as_f64() => complain("too large"),
            "minProperties" if value.as_object().map(Map::len) < Some(1) => complain("no key"),
            "maxProperties" if value.as_object().map(Map::len) > Some(1) => complain("many keys"),
            "anyOf" if !rules().any(holds) => complain("fits no form"),
            "oneOf" if rules().filter(|one| holds(one)).count() != 1 => complain("not one form"),
            "allOf" => rules().find_map(|one| fault(value, one, root, path)),
            "$ref" => {
                let name = rule.as_str().and_then(|to| to.strip_prefix("#/$defs/")).expect("ours");
                fault(value, &root["$defs"][name], root, path)
            }
            "required" => rules()
                .find(|key| value.get(key.as_str().expect("a key")).is_none())
                .and_then(|key| complain(&format!("{key} is missing"))),
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .find_map(|(i, item)| fault(item, rule, root, &format!("{path}[{i}]"))),
            "properties" => value.as_object().into_iter().flatten().find_map(|(key, inner)| {
                fault(inner, rule.get(key)?, root, &format!("{path}.{key}"))
            }),
            "additionalProperties" => {
                let known = |key: &str| schema["properties"].get(key).is_some();
                let mut others =
                    value.as_object().into_iter().flatten().filter(|(key, _)| !known(key));
                match rule {
                    Value::Bool(false) => {
                        others.next().and_then(|(key, _)| complain(&format!("no field {key}")))
                    }
                    rule => others.find_map(|(key, inner)| {
                        fault(inner, rule, root, &format!("{path}.{key}"))
                    }),
                }
            }
            _ => None,
        };
        if broken.is_some() {
            return broken;
        }
    }
    None
}

#[track_caller]
fn fits(text: &str) {
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    assert_eq!(fault(&tree(text), &schema, &schema, ""), None, "{text}");
}

/// Takes a scenario with these fields, and holds it against the schema.
#[track_caller]
fn taken(more: &str) -> Study {
    let text = minimal(more);
    let study = loaded(&text);
    fits(&text);
    study
}

#[test]
fn shipped_scenarios_fit_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = std::fs::read_dir(root.join("scenarios")).expect("scenarios");
    let shipped = folders.map(|entry| entry.expect("an entry").path().join("scenario.yaml"));
    let mut files: Vec<_> = shipped.filter(|file| file.is_file()).collect();
    assert!(files.len() > 20, "{}", files.len());
    files.push(root.join("tests/data/scenario/complete.yaml"));
    for file in files {
        load(&file, &Default::default()).unwrap_or_else(|problem| panic!("{problem}"));
        fits(&std::fs::read_to_string(&file).expect("a scenario"));
    }
}

#[test]
fn a_status_is_a_number_and_a_word() {
    taken("client: {retries: {max: 2, on: [refused, reset, 502, 503, 504, timeout]}}\n");
    taken(
        "client: {retries: {max: 2, on: [\"502\"]}}\nbalancer: {retries: {on: [503, refused]}}\n",
    );
}

#[test]
fn the_keys_of_manifests_do_for_fields_that_must_be_there() {
    taken("platform: {pdb: {minAvailable: 50%}, hpa: {minReplicas: 2, maxReplicas: 9}}\n");
    taken("platform: {pdb: {min_available: 1}, hpa: {max: 9, target: 50%}}\n");
}

#[test]
fn a_wrong_scenario_does_not_fit() {
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    for more in [
        "service: {replica: 3}\n",
        "service: {replicas: many}\n",
        "platform: {hpa: {min: 2}}\n",
        "client: {retries: {on: [501]}}\n",
        "operations: [{at: 5s}]\n",
    ] {
        assert!(fault(&tree(&minimal(more)), &schema, &schema, "").is_some(), "{more}");
    }
}
