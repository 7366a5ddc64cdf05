//! Fields by path, written as YAML blocks: short maps in one line, each field with where it
//! comes from as a comment.

use crate::scenario::yaml::{Node, Value};

/// A field, or fields below a name.
#[derive(Debug, Default)]
pub struct Tree {
    leaf: Option<(String, String)>,
    children: Vec<(String, Tree)>,
}

impl Tree {
    /// Puts a value at a path, in place of what is there. `note` becomes its comment.
    pub fn put(&mut self, path: &str, value: String, note: &str) {
        let mut here = self;
        for part in path.split('.') {
            let known = here.children.iter().position(|(name, _)| name == part);
            let place = known.unwrap_or_else(|| {
                here.children.push((part.to_owned(), Self::default()));
                here.children.len() - 1
            });
            here = &mut here.children[place].1;
        }
        (here.leaf, here.children) = (Some((value, comment(note))), Vec::new());
    }

    /// The value at a path.
    pub fn get(&self, path: &str) -> Option<&str> {
        let below = path.split('.').try_fold(self, |tree, part| {
            tree.children.iter().find(|(name, _)| name == part).map(|(_, below)| below)
        });
        below?.leaf.as_ref().map(|(value, _)| value.as_str())
    }

    /// Writes the fields below a name as a block.
    pub fn write(&self, name: &str, indent: usize, text: &mut String) {
        let margin = " ".repeat(indent);
        match &self.leaf {
            Some((value, note)) => {
                text.push_str(&line(&format!("{margin}{name}"), value, note));
            }
            None => {
                text.push_str(&format!("{margin}{name}:\n"));
                for (name, below) in &self.children {
                    below.write(name, indent + 2, text);
                }
            }
        }
    }

    /// Writes the fields below one of the names at the top, if there are any.
    pub fn write_section(&self, name: &str, text: &mut String) {
        if let Some((_, section)) = self.children.iter().find(|(known, _)| known == name) {
            section.write(name, 0, text);
        }
    }
}

/// A field in a line of its own, with a comment beside it.
pub fn line(field: &str, value: &str, note: &str) -> String {
    let line = format!("{field}: {value}");
    if note.is_empty() {
        return line + "\n";
    }
    let last = line.rsplit('\n').next().unwrap_or("").chars().count();
    format!("{line}{}  # {note}\n", " ".repeat(48usize.saturating_sub(last)))
}

/// A text that cannot end its comment.
pub fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A value in one line.
pub fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, plain } if *plain && is_plain(text) => text.clone(),
        Value::Scalar { text, .. } if is_plain(text) => text.clone(),
        Value::Scalar { text, .. } => quoted(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|entry| format!("{}: {}", entry.key, flow(&entry.value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Whether a word needs no quotes in any place of a YAML text.
fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || "._-%/".contains(c))
}

/// A text in double quotes. Control characters do not come this far.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_part_stand_together() {
        let mut tree = Tree::default();
        tree.put("service.replicas", "3".to_owned(), "spec.replicas");
        tree.put("platform.pdb", "none".to_owned(), "");
        tree.put("service.shutdown.grace", "30s".to_owned(), "a\nb: c");
        tree.put("service.replicas", "4".to_owned(), "");
        let mut text = String::new();
        tree.write_section("service", &mut text);
        tree.write_section("nothing", &mut text);
        let gap = " ".repeat(48 - "    grace: 30s".len());
        assert_eq!(
            text,
            format!("service:\n  replicas: 4\n  shutdown:\n    grace: 30s{gap}  # a b: c\n")
        );
        assert_eq!(tree.get("service.shutdown.grace"), Some("30s"));
    }
}
