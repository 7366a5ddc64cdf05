//! The field table as JSON Schema, for completion in editors and as the reference of fields.
//!
//! Each field's description gives what it is, what it takes, and its default with the source.
//! The schema is a help for writing: what fields must satisfy together is checked by the program.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::describe;
use super::schema::{Alias, Alternative, Choice, Field, Form, Object, Presence, ROOT, Shape};

/// The schema, as a text.
#[must_use]
pub fn json_schema() -> String {
    let mut schemas = Schemas::default();
    let Value::Object(root) = schemas.shape(&Shape::Map(&ROOT)) else {
        unreachable!("a mapping has an object for its schema")
    };
    let mut top = Map::new();
    top.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    top.insert("$id".into(), json!("cutover/v1"));
    top.insert("title".into(), json!("cutover scenario"));
    top.extend(root);
    top.insert("$defs".into(), Value::Object(schemas.definitions.into_iter().collect()));
    serde_json::to_string_pretty(&top).expect("a schema is JSON") + "\n"
}

/// Schemas that stand in many places, by name.
#[derive(Default)]
struct Schemas {
    definitions: BTreeMap<String, Value>,
}

impl Schemas {
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Duration(..) => text(shape),
            Shape::Rate(_) | Shape::Share | Shape::Amount => {
                json!({ "type": ["string", "number"], "description": describe::shape(shape) })
            }
            Shape::Number(least, most) => {
                json!({ "type": "number", "minimum": least, "maximum": most })
            }
            Shape::Count(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Shape::IntOrPercent => {
                json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]+%$" }] })
            }
            Shape::Bool => json!({ "type": "boolean" }),
            Shape::Name | Shape::Label | Shape::Text | Shape::Path | Shape::Instant => text(shape),
            Shape::Word(words) => words_alone(words),
            Shape::Map(object) => self.object(object),
            Shape::List(list) => json!({
                "type": "array", "items": self.shape(&list.item), "minItems": list.least, "maxItems": list.most,
            }),
            Shape::Named(inner) => {
                json!({ "type": "object", "additionalProperties": self.shape(inner) })
            }
            Shape::Choice(choice) => self.choice(choice),
            Shape::Or(words, inner) => {
                json!({ "anyOf": [words_alone(words), self.shape(inner)] })
            }
            Shape::ByKind { scalar, list, map } => self.by_kind(scalar, *list, map),
            Shape::Edits => json!({ "type": "object" }),
        }
    }

    fn by_kind(&mut self, scalar: &Shape, list: Option<&'static Shape>, map: &Shape) -> Value {
        let mut forms = vec![self.shape(scalar)];
        forms.extend(list.map(|list| self.shape(list)));
        let law = matches!(map, Shape::Choice(choice) if choice.what == "a distribution");
        if law {
            let name = if matches!(scalar, Shape::Duration(..)) {
                "time_distribution"
            } else {
                "number_distribution"
            };
            if !self.definitions.contains_key(name) {
                let schema = self.shape(map);
                self.definitions.insert(name.to_owned(), schema);
            }
            forms.push(json!({ "$ref": format!("#/$defs/{name}") }));
        } else {
            forms.push(self.shape(map));
        }
        json!({ "anyOf": forms })
    }

    fn object(&mut self, object: &Object) -> Value {
        let mut properties = Map::new();
        for field in object.fields {
            let schema = self.field(field);
            for alias in field.aliases {
                properties.insert(alias.name.into(), respelt(&schema, field.name, alias.form));
            }
            properties.insert(field.name.into(), schema);
        }
        let mut schema = Map::new();
        if let Some(choice) = object.one_of {
            let keys =
                choice.options.iter().flat_map(|option| spellings(option.name, option.aliases));
            let keys: Vec<Value> = keys.map(|key| json!({ "required": [key] })).collect();
            schema.insert("oneOf".into(), Value::Array(keys));
            for option in choice.options {
                let schema = self.alternative(option);
                for alias in option.aliases {
                    properties.insert(alias.name.into(), respelt(&schema, option.name, alias.form));
                }
                properties.insert(option.name.into(), schema);
            }
        }
        let needed = object.fields.iter().filter(|field| field.presence == Presence::Required);
        let (plain, respelt): (Vec<&Field>, Vec<&Field>) =
            needed.partition(|field| field.aliases.is_empty());
        let required: Vec<&str> = plain.iter().map(|field| field.name).collect();
        // Of a field with several spellings, any one will do.
        let any_spelling = respelt.iter().map(|field| {
            let keys = spellings(field.name, field.aliases);
            json!({ "anyOf": keys.map(|key| json!({ "required": [key] })).collect::<Vec<_>>() })
        });
        let any_spelling: Vec<Value> = any_spelling.collect();
        schema.insert("type".into(), json!("object"));
        schema.insert("properties".into(), Value::Object(properties));
        schema.insert("additionalProperties".into(), json!(false));
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        if !any_spelling.is_empty() {
            schema.insert("allOf".into(), Value::Array(any_spelling));
        }
        Value::Object(schema)
    }

    fn field(&mut self, field: &Field) -> Value {
        let mut schema = self.shape(&field.shape);
        if field.form == Form::Seconds {
            schema = json!({ "anyOf": [schema, { "type": "integer", "minimum": 0 }] });
        }
        let mut description = field.doc.to_owned();
        if !matches!(field.shape, Shape::Map(_) | Shape::List(_) | Shape::Choice(_)) {
            description += &format!(" Takes {}.", describe::shape(&field.shape));
        }
        match field.presence {
            Presence::Required => description += " Required.",
            Presence::Default { yaml, source } => {
                description += &format!(" Default: {yaml} ({source}).");
            }
            Presence::Optional(meaning) => description += &format!(" Left out: {meaning}."),
            Presence::Filled => {}
        }
        describe_as(&mut schema, description);
        schema
    }

    fn alternative(&mut self, option: &Alternative) -> Value {
        let mut schema = self.shape(&option.shape);
        describe_as(&mut schema, option.doc.to_owned());
        schema
    }

    fn choice(&mut self, choice: &Choice) -> Value {
        let names: Vec<&str> =
            choice.options.iter().filter(|option| bare(option)).map(|option| option.name).collect();
        let mut properties = Map::new();
        for option in choice.options {
            let schema = self.alternative(option);
            for alias in option.aliases {
                properties.insert(alias.name.into(), respelt(&schema, option.name, alias.form));
            }
            properties.insert(option.name.into(), schema);
        }
        let map = json!({
            "type": "object", "properties": properties, "additionalProperties": false,
            "minProperties": 1, "maxProperties": 1,
        });
        if names.is_empty() { map } else { json!({ "anyOf": [{ "enum": names }, map] }) }
    }
}

/// Whether an alternative may stand as a word, all its fields having defaults.
fn bare(option: &Alternative) -> bool {
    match option.shape {
        Shape::Map(object) => {
            object.one_of.is_none()
                && object.fields.iter().all(|field| field.presence != Presence::Required)
        }
        _ => false,
    }
}

/// Every key that an option or field goes by.
fn spellings(name: &'static str, aliases: &'static [Alias]) -> impl Iterator<Item = &'static str> {
    std::iter::once(name).chain(aliases.iter().map(|alias| alias.name))
}

/// One of some words. A word of digits, such as the status 502, reads as a number in YAML.
fn words_alone(words: &[&str]) -> Value {
    let numbers = words.iter().filter_map(|word| word.parse::<u32>().ok()).map(|n| json!(n));
    json!({ "enum": words.iter().map(|word| json!(word)).chain(numbers).collect::<Vec<_>>() })
}

fn text(shape: &Shape) -> Value {
    json!({ "type": "string", "description": describe::shape(shape) })
}

fn describe_as(schema: &mut Value, description: String) {
    if let Value::Object(schema) = schema {
        schema.insert("description".into(), json!(description));
    }
}

/// The schema of a field under another spelling.
fn respelt(schema: &Value, name: &str, form: Form) -> Value {
    let (kind, how) = match form {
        Form::Same => return schema.clone(),
        Form::Seconds => ("integer", "in whole seconds"),
        Form::Percent => ("integer", "in whole percent"),
    };
    json!({ "type": [kind, "string"], "description": format!("`{name}`, as Kubernetes spells it: {how}.") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_top_has_a_description() {
        let schema: Value = serde_json::from_str(&json_schema()).unwrap();
        for field in ROOT.fields {
            let description = &schema["properties"][field.name]["description"];
            assert!(
                description.as_str().is_some_and(|text| text.contains(field.doc)),
                "{}",
                field.name
            );
        }
        assert_eq!(schema["required"], json!(["name", "traffic", "strategies"]));
        assert_eq!(schema["properties"]["service"]["properties"]["replicas"]["minimum"], json!(1));
    }
}
