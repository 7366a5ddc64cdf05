//! The check: a tree of values against the field table.
//!
//! Every error of the tree is reported, not only the first. What passes is a tree of typed
//! values in which each left-out field has its default, and a list of the defaults used.

use super::checked::{CHOSEN, Checked, Held};
use super::code::{self, Code};
use super::describe::{self, join};
use super::diagnostic::{Diagnostic, shorten};
use super::names;
use super::scalar;
use super::schema::{
    Alternative, Choice, Field, Form, List, Object, Presence, ROOT, Shape, presence,
};
use super::source::Span;
use super::yaml::{self, Entry, Node, Value};
use crate::plan::DefaultUsed;

/// Beyond this many errors none is shown, and no suggestion is looked for.
const MOST_HELPED: usize = 100;

/// The outcome of a check.
#[derive(Debug, Default)]
pub struct Checker {
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// What was left out.
    pub defaults: Vec<DefaultUsed>,
    preset: String,
    /// Inside a default: what is left out there is part of it.
    in_default: bool,
}

impl Checker {
    /// Checks a whole scenario.
    pub fn scenario(&mut self, tree: &Node) -> Option<Checked> {
        let preset = tree.get("balancer").and_then(|balancer| balancer.get("preset"));
        self.preset = preset.and_then(Node::text).unwrap_or("ideal").to_owned();
        self.value(tree, &Shape::Map(&ROOT), Form::Same, "")
    }

    /// Checks one value that is not part of the scenario's tree.
    pub fn value(&mut self, node: &Node, shape: &Shape, form: Form, path: &str) -> Option<Checked> {
        let held = match shape {
            Shape::Map(object) => self.map(node, object, path)?,
            Shape::List(list) => self.list(node, list, path)?,
            Shape::Named(inner) => self.named(node, inner, path)?,
            Shape::Choice(choice) => self.choice(node, choice, path)?,
            Shape::Or(words, inner) => {
                let word = node.text().and_then(|text| words.iter().find(|word| **word == text));
                match word {
                    Some(word) => Held::Word(word),
                    None => return self.alternative_to_words(node, shape, inner, form, path),
                }
            }
            Shape::ByKind { scalar, list, map } => {
                let inner = match (&node.value, list) {
                    (Value::Map(entries), _) if entries.is_empty() && !may_be_empty(map) => {
                        return self.wrong_type(node, shape, path);
                    }
                    (Value::Map(_), _) => map,
                    (Value::List(_), Some(list)) => list,
                    (Value::Scalar { .. }, _) => scalar,
                    _ => return self.wrong_type(node, shape, path),
                };
                return self.value(node, inner, form, path);
            }
            Shape::Edits => match node.value {
                Value::Map(_) => Held::Edits,
                _ => return self.wrong_type(node, shape, path),
            },
            _ => self.scalar(node, shape, form, path)?,
        };
        Some(Checked { span: node.span, path: path.to_owned(), held })
    }

    fn error(
        &mut self,
        code: Code,
        span: Span,
        path: &str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.errors.push(Diagnostic::new(code, span, message).path(path));
        self.errors.last_mut().expect("just pushed")
    }

    fn wrong_type<T>(&mut self, node: &Node, shape: &Shape, path: &str) -> Option<T> {
        let message = match node.value {
            Value::Null => "nothing is given here".to_owned(),
            _ => format!("{} cannot stand here", node.kind()),
        };
        let error = self.error(code::WRONG_TYPE, node.span, path, message);
        error.value = node.text().map(str::to_owned);
        error.allowed = Some(describe::shape(shape));
        None
    }

    fn scalar(&mut self, node: &Node, shape: &Shape, form: Form, path: &str) -> Option<Held> {
        let Value::Scalar { text, plain } = &node.value else {
            return self.wrong_type(node, shape, path);
        };
        match scalar::read(text, *plain, shape, form) {
            Ok(held) => Some(held),
            Err(misfit) => {
                let error = self.error(misfit.code, node.span, path, misfit.what);
                error.value = Some(text.clone());
                error.allowed = Some(describe::shape(shape));
                error.help = misfit.help;
                None
            }
        }
    }

    /// A value that is none of the field's words. Errors speak of the words as well.
    fn alternative_to_words(
        &mut self,
        node: &Node,
        shape: &Shape,
        inner: &Shape,
        form: Form,
        path: &str,
    ) -> Option<Checked> {
        let before = self.errors.len();
        let checked = self.value(node, inner, form, path);
        for error in &mut self.errors[before..] {
            if error.path == path && error.allowed.is_some() {
                error.allowed = Some(describe::shape(shape));
            }
        }
        checked
    }

    fn list(&mut self, node: &Node, list: &'static List, path: &str) -> Option<Held> {
        let Value::List(items) = &node.value else {
            return self.wrong_type(node, &Shape::List(list), path);
        };
        if items.len() < list.least || items.len() > list.most {
            let message = format!("this list has {} items", items.len());
            let error = self.error(code::LIST, node.span, path, message);
            error.allowed = Some(format!("{} to {} items", list.least, list.most));
            return None;
        }
        let checked: Vec<Option<Checked>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = item_path(path, item, index);
                self.value(item, &list.item, Form::Same, &path)
            })
            .collect();
        checked.into_iter().collect::<Option<Vec<_>>>().map(Held::List)
    }

    fn named(&mut self, node: &Node, inner: &'static Shape, path: &str) -> Option<Held> {
        let Value::Map(entries) = &node.value else {
            return self.wrong_type(node, &Shape::Named(inner), path);
        };
        let mut good = true;
        let mut checked = Vec::new();
        for entry in entries {
            let path = join(path, &entry.key);
            if let Some(fault) = names::fault(&entry.key) {
                let error = self.error(code::BAD_NAME, entry.key_span, &path, fault);
                error.value = Some(entry.key.clone());
                error.allowed = Some(names::ALLOWED_NAME.to_owned());
                good = false;
            }
            match self.value(&entry.value, inner, Form::Same, &path) {
                Some(value) => checked.push((entry.key.clone(), value)),
                None => good = false,
            }
        }
        good.then_some(Held::Named(checked))
    }

    fn choice(&mut self, node: &Node, choice: &'static Choice, path: &str) -> Option<Held> {
        let shape = Shape::Choice(choice);
        match &node.value {
            Value::Scalar { text, .. } => {
                let Some(option) = choice.options.iter().find(|option| option.name == text) else {
                    self.unknown_option(text, node.span, choice, path);
                    return None;
                };
                let empty = Node { span: node.span, value: Value::Map(Vec::new()) };
                let inner =
                    self.value(&empty, &option.shape, Form::Same, &join(path, option.name))?;
                Some(Held::Choice(option.name, Box::new(inner)))
            }
            Value::Map(entries) if entries.len() == 1 => {
                let entry = &entries[0];
                let Some((option, form)) = find_option(choice, &entry.key) else {
                    self.unknown_option(&entry.key, entry.key_span, choice, path);
                    return None;
                };
                self.option(entry, option, form, path)
            }
            Value::Map(_) => {
                let error = self.error(
                    code::CONTRADICTION,
                    node.span,
                    path,
                    "exactly one key is wanted here",
                );
                error.allowed = Some(describe::options(choice));
                None
            }
            _ => self.wrong_type(node, &shape, path),
        }
    }

    fn option(
        &mut self,
        entry: &Entry,
        option: &'static Alternative,
        form: Form,
        path: &str,
    ) -> Option<Held> {
        let inner = self.value(&entry.value, &option.shape, form, &join(path, option.name))?;
        Some(Held::Choice(option.name, Box::new(inner)))
    }

    fn unknown_option(&mut self, text: &str, span: Span, choice: &Choice, path: &str) {
        let near = names::nearest(text, choice.options.iter().map(|option| option.name));
        let message = format!("this is not {}", choice.what);
        let error = self.error(code::NOT_A_CHOICE, span, path, message);
        error.value = Some(text.to_owned());
        error.allowed = Some(describe::options(choice));
        error.help = near.map(|name| format!("did you mean `{name}`?"));
    }

    fn map(&mut self, node: &Node, object: &'static Object, path: &str) -> Option<Held> {
        let Value::Map(entries) = &node.value else {
            return self.wrong_type(node, &Shape::Map(object), path);
        };
        self.known_keys(entries, object, path);
        let mut good = true;
        let mut fields = Vec::with_capacity(object.fields.len() + 1);
        for field in object.fields {
            let given = entries.iter().find_map(|entry| Some((entry, field.spelt(&entry.key)?)));
            let path = join(path, field.name);
            let checked = match given {
                Some((entry, form)) => self
                    .value(&entry.value, &field.shape, form, &path)
                    .or_else(|| self.instead(field, node.span, &path)),
                None => self.left_out(field, node.span, &path),
            };
            match checked {
                Some(checked) => fields.push((field.name, checked)),
                None => good = false,
            }
        }
        if let Some(choice) = object.one_of {
            match self.one_of(node, choice, path) {
                Some(held) => {
                    let chosen = Checked { span: node.span, path: path.to_owned(), held };
                    fields.push((CHOSEN, chosen));
                }
                None => good = false,
            }
        }
        good.then_some(Held::Map(fields))
    }

    /// Reports keys that are not known, and fields given in two spellings.
    fn known_keys(&mut self, entries: &[Entry], object: &'static Object, path: &str) {
        let mut seen: Vec<(&str, &Entry)> = Vec::new();
        for entry in entries {
            let field = object
                .fields
                .iter()
                .find(|field| field.spelt(&entry.key).is_some())
                .map(|f| f.name);
            let name = field.or_else(|| Some(find_option(object.one_of?, &entry.key)?.0.name));
            let Some(name) = name else {
                self.unknown_key(entry, object, path);
                continue;
            };
            match seen.iter().find(|(earlier, _)| *earlier == name) {
                // Equal keys have been reported with the tree.
                Some((_, first)) if first.key == entry.key => {}
                Some((_, first)) => {
                    let error = yaml::duplicate(name, entry.key_span, first.key_span);
                    self.errors.push(error.path(&join(path, name)));
                }
                None => seen.push((name, entry)),
            }
        }
    }

    /// What stands in for a value that is wrong, so that the rest can be looked at as well.
    fn instead(&mut self, field: &'static Field, span: Span, path: &str) -> Option<Checked> {
        if field.presence == Presence::Required {
            return None;
        }
        let outer = std::mem::replace(&mut self.in_default, true);
        let checked = self.left_out(field, span, path);
        self.in_default = outer;
        checked
    }

    fn unknown_key(&mut self, entry: &Entry, object: &'static Object, path: &str) {
        let message = format!("there is no field `{}` here", shorten(&entry.key, 80));
        if self.errors.len() > MOST_HELPED {
            self.error(code::UNKNOWN_FIELD, entry.key_span, &join(path, &entry.key), message);
            return;
        }
        let options = object.one_of.map_or(&[][..], |choice| choice.options);
        let aliases = object.fields.iter().flat_map(|field| field.aliases);
        let known = object
            .keys()
            .chain(aliases.map(|alias| alias.name))
            .chain(options.iter().flat_map(|option| option.aliases).map(|alias| alias.name));
        let near = names::nearest(&entry.key, known).map(|name| format!("did you mean `{name}`?"));
        let help = near.or_else(|| {
            let home = describe::home_of(&entry.key)?;
            Some(format!("there is a field of this name in `{home}`"))
        });
        let allowed = describe::shape(&Shape::Map(object));
        let error =
            self.error(code::UNKNOWN_FIELD, entry.key_span, &join(path, &entry.key), message);
        error.allowed = Some(allowed);
        error.help = help;
    }

    fn one_of(&mut self, node: &Node, choice: &'static Choice, path: &str) -> Option<Held> {
        let given: Vec<_> = node
            .entries()
            .iter()
            .filter_map(|entry| Some((entry, find_option(choice, &entry.key)?)))
            .collect();
        match given.as_slice() {
            [(entry, (option, form)), again @ ..]
                if again.iter().all(|(e, _)| e.key == entry.key) =>
            {
                self.option(entry, option, *form, path)
            }
            [] => {
                let message = format!("{} is missing", choice.what);
                let error = self.error(code::MISSING_FIELD, node.span, path, message);
                error.allowed = Some(describe::options(choice));
                None
            }
            [.., (second, _)] => {
                let message =
                    format!("only one of these can be given: {}", describe::options(choice));
                self.error(code::CONTRADICTION, second.key_span, path, message);
                None
            }
        }
    }

    fn left_out(&mut self, field: &'static Field, span: Span, path: &str) -> Option<Checked> {
        let empty = Node { span, value: Value::Map(Vec::new()) };
        match presence(path, field, &self.preset) {
            Presence::Required => {
                let message = format!("`{}` is missing", field.name);
                let error = self.error(code::MISSING_FIELD, span, path, message);
                error.allowed = Some(describe::shape(&field.shape));
                None
            }
            Presence::Optional(_) => {
                Some(Checked { span, path: path.to_owned(), held: Held::Absent })
            }
            Presence::Filled => self.value(&empty, &field.shape, Form::Same, path),
            Presence::Default { yaml, source } => {
                if !self.in_default {
                    let (path, value, source) =
                        (path.to_owned(), yaml.to_owned(), source.to_owned());
                    self.defaults.push(DefaultUsed { path, value, source });
                }
                let node = default_node(yaml, span);
                let outer = std::mem::replace(&mut self.in_default, true);
                let checked = self.value(&node, &field.shape, Form::Same, path);
                self.in_default = outer;
                checked
            }
        }
    }
}

/// Whether a mapping of this shape says something with all of its fields left out.
pub(super) fn may_be_empty(shape: &Shape) -> bool {
    let Shape::Map(object) = shape else { return false };
    object.one_of.is_none()
        && object.fields.iter().all(|field| field.presence != Presence::Required)
}

/// A default of the field table as a tree that stands where the field would.
pub(super) fn default_node(text: &str, span: Span) -> Node {
    let mut parsed = yaml::parse(span.source, text).expect("defaults are YAML");
    let mut node = parsed.documents.pop().expect("a default has a value");
    place_at(&mut node, span);
    node
}

fn place_at(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place_at(item, span)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key_span = span;
                place_at(&mut entry.value, span);
            }
        }
        Value::Null | Value::Scalar { .. } => {}
    }
}

pub(super) fn find_option(
    choice: &'static Choice,
    key: &str,
) -> Option<(&'static Alternative, Form)> {
    choice.options.iter().find_map(|option| Some((option, option.spelt(key)?)))
}

/// An item of a list by its name if it has one, else by its number.
pub(super) fn item_path(path: &str, item: &Node, index: usize) -> String {
    let named = item.get("name").and_then(Node::text);
    match named.filter(|name| names::fault(name).is_none()) {
        Some(name) => join(path, name),
        None => format!("{path}[{index}]"),
    }
}
