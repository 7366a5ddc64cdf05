//! What resolving carries along: files, places, and what was found wrong on the way.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::scenario::checked::{Checked, Held};
use crate::scenario::code::{self, Code};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::files::Files;
use crate::scenario::names;
use crate::scenario::source::Sources;
use crate::scenario::yaml::{self, Node};

/// The state of resolving one scenario.
pub struct Context<'a> {
    /// The scenario's files.
    pub files: &'a dyn Files,
    /// The texts read so far.
    pub sources: Sources,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// Digests of the files used, by path.
    pub digests: Vec<(String, [u8; 32])>,
    /// Names of the request classes, once `traffic` is resolved.
    pub classes: Vec<String>,
}

impl<'a> Context<'a> {
    /// A context without any errors yet.
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            sources: Sources::default(),
            errors: Vec::new(),
            digests: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// The place of a request class by its name.
    pub fn class(&mut self, at: &Checked) -> Option<u8> {
        let known = self.classes.clone();
        self.find(at, "request class", &known).map(|place| place as u8)
    }

    /// Reports an error about a value.
    pub fn error(
        &mut self,
        code: Code,
        at: &Checked,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let mut error = Diagnostic::new(code, at.span, message).path(&at.path);
        if let Held::Text(text) = &at.held {
            error.value = Some(text.clone());
        }
        self.errors.push(error);
        self.errors.last_mut().expect("just pushed")
    }

    /// The place of a name among known ones, or an error with the nearest.
    pub fn find(&mut self, at: &Checked, what: &str, known: &[String]) -> Option<usize> {
        let name = at.text();
        if let Some(index) = known.iter().position(|known| known == name) {
            return Some(index);
        }
        let near = names::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        let shown: Vec<String> = known.iter().take(12).map(|name| format!("`{name}`")).collect();
        let error = self.error(code::DANGLING, at, format!("there is no {what} of this name"));
        error.allowed =
            Some(if shown.is_empty() { "none is defined".to_owned() } else { shown.join(", ") });
        error.help = near.map(|name| format!("did you mean `{name}`?"));
        None
    }

    /// Reports names that differ by nothing but their case.
    pub fn distinct<'b>(
        &mut self,
        what: &str,
        items: impl Iterator<Item = (&'b str, &'b Checked)>,
    ) {
        let mut seen: Vec<(String, &Checked)> = Vec::new();
        for (name, at) in items {
            let folded = name.to_lowercase();
            if let Some((_, first)) = seen.iter().find(|(earlier, _)| *earlier == folded) {
                let message = format!("two {what} have this name, upper and lower case aside");
                let span = first.span;
                let error = self.error(code::DUPLICATE_NAME, at, message);
                error.value = Some(name.to_owned());
                error.other = Some((span, "the first one is at"));
            } else {
                seen.push((folded, at));
            }
        }
    }

    /// Opens a file that a field names.
    pub fn open(&mut self, at: &Checked) -> Option<Box<dyn Read>> {
        match self.files.open(at.text()) {
            Ok(reader) => Some(reader),
            Err(fault) => {
                self.error(fault.code, at, fault.what);
                None
            }
        }
    }

    /// The bytes of a file that a field names; at most `most` and one.
    pub fn bytes(&mut self, at: &Checked, most: usize) -> Option<Vec<u8>> {
        let reader = self.open(at)?;
        let mut bytes = Vec::new();
        if let Err(fault) = reader.take(most as u64 + 1).read_to_end(&mut bytes) {
            self.error(code::IO, at, format!("reading failed: {}", fault.kind()));
            return None;
        }
        self.used(at.text(), Sha256::digest(&bytes).into());
        Some(bytes)
    }

    /// The documents of a text, and the text's place among the sources.
    pub fn parse(&mut self, name: &str, bytes: &[u8]) -> Option<(u16, Vec<Node>)> {
        let parsed = yaml::decode(name, bytes, &mut self.sources)
            .and_then(|(id, text)| Ok((id, yaml::parse(id, &text)?)));
        match parsed {
            Ok((id, parsed)) => {
                self.errors.extend(parsed.duplicates);
                Some((id, parsed.documents))
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Remembers the digest of a file.
    pub fn used(&mut self, path: &str, digest: [u8; 32]) {
        if !self.digests.iter().any(|(known, _)| known == path) {
            self.digests.push((path.to_owned(), digest));
        }
    }
}
