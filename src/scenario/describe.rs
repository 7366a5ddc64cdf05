//! What a field takes, in words, and where in the grammar a key belongs.

use super::names::ALLOWED_NAME;
use super::schema::{Choice, Object, ROOT, Shape};
use crate::engine::SimDuration;

/// What a shape takes, as part of a sentence.
#[must_use]
pub fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Duration(least, most) => {
            let mut text = "a duration such as 250ms, 5s, 10m or 1h30m".to_owned();
            if *least > SimDuration::ZERO {
                text += if *least == SimDuration(1) { ", above 0" } else { "" };
            }
            if *most < SimDuration::LONGEST {
                text += &format!(", at most {most}");
            }
            text
        }
        Shape::Rate(least) => {
            let above = if *least > 0.0 { ", above 0" } else { "" };
            format!("a rate such as 400/s or 24k/min (a plain number is per second){above}")
        }
        Shape::Share => "a share such as 2.5% or 0.025, at most 1".to_owned(),
        Shape::Number(least, most) => format!("a decimal number from {least} to {most}"),
        Shape::Count(least, most) => format!("a whole number in plain digits, {least} to {most}"),
        Shape::IntOrPercent => "a number of pods such as 2, or a percentage such as 25%".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Name => ALLOWED_NAME.to_owned(),
        Shape::Label => format!("{ALLOWED_NAME}; single spaces inside"),
        Shape::Text => "text".to_owned(),
        Shape::Path => "the path of a file beside the scenario".to_owned(),
        Shape::Instant => {
            "an instant such as 2025-06-27T17:00:00[America/New_York] or 2025-06-27T21:00:00Z"
                .to_owned()
        }
        Shape::Amount => {
            "a number such as 400, a share such as 0.1%, or a duration such as 400ms or 1m30s"
                .to_owned()
        }
        Shape::Word(words) => one_of(words),
        Shape::Map(object) => format!("a mapping with {}", keys(object)),
        Shape::List(list) => format!("a list; each item is {}", self::shape(&list.item)),
        Shape::Named(inner) => format!("a mapping from names to {}", self::shape(inner)),
        Shape::Choice(choice) => options(choice),
        Shape::Or(words, inner) => format!("{}, or {}", one_of(words), self::shape(inner)),
        Shape::ByKind { scalar, map, .. } => {
            format!("{}, or {}", self::shape(scalar), self::shape(map))
        }
        Shape::Edits => "a mapping from field paths to values".to_owned(),
    }
}

fn one_of(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn keys(object: &Object) -> String {
    let keys: Vec<&str> = object.keys().collect();
    if keys.is_empty() { "no keys".to_owned() } else { one_of(&keys) }
}

/// The alternatives of a choice.
#[must_use]
pub fn options(choice: &Choice) -> String {
    let names: Vec<&str> = choice.options.iter().map(|option| option.name).collect();
    format!("{}: {}", choice.what, one_of(&names))
}

/// Where in a scenario a key of this name belongs.
#[must_use]
pub fn home_of(key: &str) -> Option<String> {
    search(&Shape::Map(&ROOT), key, String::new(), 0)
}

fn search(shape: &Shape, key: &str, path: String, depth: usize) -> Option<String> {
    if depth > 8 {
        return None;
    }
    match shape {
        Shape::Map(object) => {
            let hit = object.fields.iter().any(|field| field.spelt(key).is_some())
                || object
                    .one_of
                    .is_some_and(|choice| choice.options.iter().any(|o| o.spelt(key).is_some()));
            if hit && !path.is_empty() {
                return Some(path);
            }
            let fields = object.fields.iter().map(|field| (field.name, &field.shape));
            let options = object.one_of.iter().flat_map(|choice| choice.options);
            fields
                .chain(options.map(|option| (option.name, &option.shape)))
                .find_map(|(name, shape)| search(shape, key, join(&path, name), depth + 1))
        }
        Shape::Choice(choice) => {
            if choice.options.iter().any(|option| option.name == key) {
                return Some(path);
            }
            choice
                .options
                .iter()
                .find_map(|option| search(&option.shape, key, join(&path, option.name), depth + 1))
        }
        Shape::List(list) => search(&list.item, key, path, depth),
        Shape::Named(inner) | Shape::Or(_, inner) => search(inner, key, path, depth),
        _ => None,
    }
}

/// A field path with one more key.
#[must_use]
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_at_the_wrong_level_finds_its_home() {
        assert_eq!(home_of("pre_stop").as_deref(), Some("service.shutdown"));
        assert_eq!(home_of("warmup").as_deref(), Some("clock"));
        assert_eq!(home_of("maxSurge").as_deref(), Some("operations.set_strategy.rolling"));
        assert_eq!(home_of("zzz_unknown"), None);
    }
}
