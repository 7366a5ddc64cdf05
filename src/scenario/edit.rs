//! Edits of a scenario's tree by field path: `--set`, `with:` and manifests.
//!
//! A path names fields by any of their spellings, list items by name or number. What is missing
//! on the way is filled in with its default first, so that `service.startup.boot.lognormal.p50`
//! changes one parameter of the default law. The edited tree is then checked like any other.

use super::check::{default_node, find_option};
use super::code::{self, Code};
use super::describe::{self, join};
use super::diagnostic::Diagnostic;
use super::names;
use super::schema::{Choice, Object, Presence, ROOT, Shape, presence};
use super::source::Span;
use super::yaml::{Entry, Node, Value};

/// A new value for a field.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The field's path.
    pub path: String,
    /// Where the path stands.
    pub path_span: Span,
    /// The value.
    pub value: Node,
    /// Whether a value that the tree has already stays.
    pub keep: bool,
}

/// Applies an edit; says whether it changed the tree.
///
/// # Errors
/// A path that leads nowhere.
pub fn apply(tree: &mut Node, edit: &Edit) -> Result<bool, Diagnostic> {
    let segments = segments(&edit.path);
    let mut walk = Walk { edit, path: String::new(), preset: String::new() };
    let preset = tree.get("balancer").and_then(|balancer| balancer.get("preset"));
    walk.preset = preset.and_then(Node::text).unwrap_or("ideal").to_owned();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(walk.fault(code::BAD_PATH, "this field path is empty or has an empty part"));
    }
    walk.step(tree, &Shape::Map(&ROOT), &segments)
}

/// `a.b[2].c` in its parts.
fn segments(path: &str) -> Vec<String> {
    path.replace('[', ".").replace(']', "").split('.').map(str::to_owned).collect()
}

struct Walk<'a> {
    edit: &'a Edit,
    path: String,
    preset: String,
}

impl Walk<'_> {
    fn fault(&self, code: Code, message: &str) -> Diagnostic {
        Diagnostic::new(code, self.edit.path_span, message).value(&self.edit.path).path(&self.path)
    }

    /// Puts the value where the path has ended.
    fn put(&self, node: &mut Node) -> bool {
        *node = self.edit.value.clone();
        true
    }

    fn step(&mut self, node: &mut Node, shape: &Shape, left: &[&str]) -> Result<bool, Diagnostic> {
        if left.is_empty() {
            return Ok(self.put(node));
        }
        match shape {
            Shape::Map(object) => self.map(node, object, left),
            Shape::List(list) => self.item(node, &list.item, left),
            Shape::Named(inner) => self.named(node, inner, left),
            Shape::Choice(choice) => self.choice(node, choice, left),
            Shape::Or(_, inner) => self.step(node, inner, left),
            Shape::ByKind { list: Some(list), .. } if matches!(node.value, Value::List(_)) => {
                self.step(node, list, left)
            }
            Shape::ByKind { map, .. } => self.step(node, map, left),
            _ => {
                let message =
                    format!("the path goes on below `{}`, which is a single value", self.path);
                Err(self.fault(code::BAD_PATH, &message))
            }
        }
    }

    fn entries<'n>(&self, node: &'n mut Node) -> &'n mut Vec<Entry> {
        if !matches!(node.value, Value::Map(_)) {
            *node = Node { span: self.edit.value.span, value: Value::Map(Vec::new()) };
        }
        let Value::Map(entries) = &mut node.value else { unreachable!("made a mapping") };
        entries
    }

    fn map(
        &mut self,
        node: &mut Node,
        object: &'static Object,
        left: &[&str],
    ) -> Result<bool, Diagnostic> {
        let (key, rest) = (left[0], &left[1..]);
        let field = object.fields.iter().find(|field| field.spelt(key).is_some());
        let Some(field) = field else {
            if let Some(choice) = object.one_of.filter(|choice| find_option(choice, key).is_some())
            {
                return self.one_of(node, choice, left);
            }
            let near =
                names::nearest(key, object.keys()).map(|name| format!("did you mean `{name}`?"));
            let at = if self.path.is_empty() {
                "a scenario".to_owned()
            } else {
                format!("`{}`", self.path)
            };
            let fault = self.fault(code::BAD_PATH, &format!("{at} has no field `{key}`"));
            return Err(fault.allowed(describe::shape(&Shape::Map(object))).help(near));
        };
        self.path = join(&self.path, field.name);
        let default = match presence(&self.path, field, &self.preset) {
            Presence::Default { yaml, .. } => Some(default_node(yaml, self.edit.value.span)),
            _ => None,
        };
        let (keep, path_span, value_span) =
            (self.edit.keep, self.edit.path_span, self.edit.value.span);
        let entries = self.entries(node);
        let found = entries.iter().position(|entry| field.spelt(&entry.key).is_some());
        if keep && rest.is_empty() && found.is_some() {
            return Ok(false);
        }
        let index = found.unwrap_or_else(|| {
            let empty = Node { span: value_span, value: Value::Map(Vec::new()) };
            let value = default.unwrap_or(empty);
            entries.push(Entry { key: field.name.to_owned(), key_span: path_span, value });
            entries.len() - 1
        });
        if rest.is_empty() {
            // The value is written in the spelling that the path uses.
            entries[index].key = key.to_owned();
            entries[index].key_span = path_span;
        }
        self.step(&mut entries[index].value, &field.shape, rest)
    }

    /// An alternative among the keys of a mapping; another one gives way to it.
    fn one_of(
        &mut self,
        node: &mut Node,
        choice: &'static Choice,
        left: &[&str],
    ) -> Result<bool, Diagnostic> {
        let (option, _) = find_option(choice, left[0]).expect("the caller has looked");
        self.path = join(&self.path, option.name);
        let (path_span, value_span) = (self.edit.path_span, self.edit.value.span);
        let entries = self.entries(node);
        entries.retain(|entry| {
            find_option(choice, &entry.key).is_none_or(|(other, _)| other.name == option.name)
        });
        let found = entries.iter().position(|entry| option.spelt(&entry.key).is_some());
        let index = found.unwrap_or_else(|| {
            let value = Node { span: value_span, value: Value::Map(Vec::new()) };
            entries.push(Entry { key: left[0].to_owned(), key_span: path_span, value });
            entries.len() - 1
        });
        self.step(&mut entries[index].value, &option.shape, &left[1..])
    }

    fn choice(
        &mut self,
        node: &mut Node,
        choice: &'static Choice,
        left: &[&str],
    ) -> Result<bool, Diagnostic> {
        if find_option(choice, left[0]).is_none() {
            let near = names::nearest(left[0], choice.options.iter().map(|option| option.name));
            let fault =
                self.fault(code::BAD_PATH, &format!("`{}` is not {}", left[0], choice.what));
            return Err(fault
                .allowed(describe::options(choice))
                .help(near.map(|name| format!("did you mean `{name}`?"))));
        }
        // A word such as `least_request` stands for the mapping with that key.
        if let Some(word) = node.text().map(str::to_owned) {
            let empty = Node { span: node.span, value: Value::Map(Vec::new()) };
            *node = Node::map(vec![(word.as_str(), empty)], node.span);
        }
        self.one_of(node, choice, left)
    }

    fn named(&mut self, node: &mut Node, inner: &Shape, left: &[&str]) -> Result<bool, Diagnostic> {
        let (path_span, value_span) = (self.edit.path_span, self.edit.value.span);
        let entries = self.entries(node);
        let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let (key, rest) =
            longest(left, |name| keys.contains(&name)).unwrap_or((left[0].to_owned(), &left[1..]));
        let index = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            let value = Node { span: value_span, value: Value::Map(Vec::new()) };
            entries.push(Entry { key: key.clone(), key_span: path_span, value });
            entries.len() - 1
        });
        self.path = join(&self.path, &key);
        self.step(&mut entries[index].value, inner, rest)
    }

    fn item(&mut self, node: &mut Node, item: &Shape, left: &[&str]) -> Result<bool, Diagnostic> {
        let Value::List(items) = &mut node.value else {
            return Err(self.fault(
                code::BAD_PATH,
                &format!("`{}` is not a list that can be edited by item", self.path),
            ));
        };
        let name = |node: &Node| {
            ["name", "version"].iter().find_map(|key| node.get(key)?.text().map(str::to_owned))
        };
        let known: Vec<Option<String>> = items.iter().map(name).collect();
        let named = longest(left, |text| known.iter().flatten().any(|name| name == text));
        let by_number = || {
            Some((left[0].parse::<usize>().ok().filter(|index| *index < items.len())?, &left[1..]))
        };
        let found = match &named {
            Some((name, rest)) => known
                .iter()
                .position(|known| known.as_ref() == Some(name))
                .map(|index| (index, *rest)),
            None => by_number(),
        };
        let Some((index, rest)) = found else {
            let listed: Vec<String> =
                known.iter().flatten().take(12).map(|name| format!("`{name}`")).collect();
            let near = names::nearest(left[0], known.iter().flatten().map(String::as_str));
            let fault =
                self.fault(code::BAD_PATH, &format!("`{}` has no item `{}`", self.path, left[0]));
            let allowed =
                format!("a number from 0 below {}, or a name: {}", items.len(), listed.join(", "));
            return Err(fault
                .allowed(allowed)
                .help(near.map(|name| format!("did you mean `{name}`?"))));
        };
        self.path = known[index]
            .as_ref()
            .map_or_else(|| format!("{}[{index}]", self.path), |name| join(&self.path, name));
        self.step(&mut items[index], item, rest)
    }
}

/// The longest run of parts that, joined by points, is a known name: names may hold points.
fn longest<'a, 'b>(
    left: &'a [&'b str],
    known: impl Fn(&str) -> bool,
) -> Option<(String, &'a [&'b str])> {
    (1..=left.len().min(8))
        .rev()
        .map(|count| (left[..count].join("."), &left[count..]))
        .find(|(name, _)| known(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::source::Sources;
    use crate::scenario::yaml;

    fn tree(text: &str) -> Node {
        let mut sources = Sources::default();
        let (id, text) = yaml::decode("x", text.as_bytes(), &mut sources).unwrap();
        yaml::parse(id, &text).unwrap().documents.remove(0)
    }

    fn edited(text: &str, path: &str, value: &str) -> Result<Node, Diagnostic> {
        let mut node = tree(text);
        let edit = Edit {
            path: path.to_owned(),
            path_span: Span::default(),
            value: tree(value),
            keep: false,
        };
        apply(&mut node, &edit).map(|_| node)
    }

    fn at<'a>(node: &'a Node, path: &[&str]) -> &'a Node {
        path.iter().fold(node, |node, key| match key.parse::<usize>() {
            Ok(index) => &node.items()[index],
            Err(_) => node.get(key).unwrap(),
        })
    }

    const TEXT: &str = "
traffic: [{name: v1.browse, arrivals: {poisson: {rate: 1/s}}}]
balancer: {policy: random}
strategies:
  - {name: canary, canary: {steps: [{weight: 5%}, {pause: 1m}]}}
  - {name: roll, rolling: {minReadySeconds: 5}}
";

    #[test]
    fn items_are_found_by_name_and_number() {
        let node = edited(TEXT, "strategies.canary.canary.steps[0].weight", "7%").unwrap();
        assert_eq!(
            at(&node, &["strategies", "0", "canary", "steps", "0", "weight"]).text(),
            Some("7%")
        );
        let node = edited(TEXT, "traffic.v1.browse.arrivals.poisson.rate", "9/s").unwrap();
        assert_eq!(at(&node, &["traffic", "0", "arrivals", "poisson", "rate"]).text(), Some("9/s"));
    }

    #[test]
    fn another_spelling_is_the_same_field() {
        let node = edited(TEXT, "strategies.roll.rolling.min_ready", "7s").unwrap();
        let rolling = at(&node, &["strategies", "1", "rolling"]);
        assert_eq!(rolling.entries().len(), 1);
        assert_eq!(rolling.get("min_ready").unwrap().text(), Some("7s"));
    }

    #[test]
    fn a_part_of_a_default_can_be_changed() {
        let node = edited(TEXT, "service.startup.boot.lognormal.p50", "9s").unwrap();
        let law = at(&node, &["service", "startup", "boot", "lognormal"]);
        assert_eq!(
            (law.get("p50").unwrap().text(), law.get("p99").unwrap().text()),
            (Some("9s"), Some("25s"))
        );
    }

    #[test]
    fn another_alternative_replaces_the_one_that_was_there() {
        let node = edited(TEXT, "traffic.0.arrivals.constant.rate", "9/s").unwrap();
        assert_eq!(at(&node, &["traffic", "0", "arrivals"]).entries().len(), 1);
        let node = edited(TEXT, "balancer.policy.least_request.choices", "3").unwrap();
        assert_eq!(
            at(&node, &["balancer", "policy", "least_request", "choices"]).text(),
            Some("3")
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_says_what_is_near() {
        for (path, help) in [
            ("service.replica", Some("did you mean `replicas`?")),
            ("strategies.cannary.name", Some("did you mean `canary`?")),
            ("strategies.9.name", None),
            ("name.x", None),
            ("", None),
            ("service..replicas", None),
        ] {
            let fault = edited(TEXT, path, "1").unwrap_err();
            assert_eq!(
                (fault.code.number, fault.help.as_deref()),
                (code::BAD_PATH.number, help),
                "{path}"
            );
        }
    }
}
