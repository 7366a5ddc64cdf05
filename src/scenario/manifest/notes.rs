//! What became of each field of a manifest.

use crate::plan::{ManifestNote, ManifestVerdict};
use crate::scenario::yaml::{Node, Value};

/// Collects notes on one file.
pub struct Notes {
    file: String,
    list: Vec<ManifestNote>,
}

impl Notes {
    /// No notes yet.
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), list: Vec::new() }
    }

    fn add(&mut self, field: &str, verdict: ManifestVerdict, note: String) {
        self.list.push(ManifestNote {
            file: self.file.clone(),
            field: field.to_owned(),
            verdict,
            note,
        });
    }

    /// Used as written, as this field of the scenario.
    pub fn used(&mut self, field: &str, path: &str) {
        self.add(field, ManifestVerdict::Used, format!("as {path}"));
    }

    /// Used in a simpler form.
    pub fn approximated(&mut self, field: &str, how: &str) {
        self.add(field, ManifestVerdict::Approximated, how.to_owned());
    }

    /// Not used.
    pub fn ignored(&mut self, field: &str, why: &str) {
        self.add(field, ManifestVerdict::Ignored, why.to_owned());
    }

    /// Whether an object of this kind beside the Deployment has been read.
    pub fn told_of(&self, kind: &str) -> bool {
        let field = format!("({kind}).kind");
        self.list.iter().any(|note| note.field == field)
    }

    /// Marks every field below a node that has no note yet as ignored.
    pub fn rest(&mut self, node: &Node, path: &str) {
        for entry in node.entries() {
            let field =
                if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            self.rest_of(&entry.value, &field);
        }
    }

    fn rest_of(&mut self, node: &Node, field: &str) {
        let prefix = format!("{field}.");
        let item = format!("{field}[");
        if self.list.iter().any(|note| note.field == field) {
            return;
        }
        let below = self
            .list
            .iter()
            .any(|note| note.field.starts_with(&prefix) || note.field.starts_with(&item));
        if !below {
            return self.ignored(field, "not part of the model");
        }
        match &node.value {
            Value::Map(_) => self.rest(node, field),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.rest_of(item, &format!("{field}[{index}]"));
                }
            }
            Value::Null | Value::Scalar { .. } => {}
        }
    }

    /// All notes.
    pub fn done(self) -> Vec<ManifestNote> {
        self.list
    }
}
