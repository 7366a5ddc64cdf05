//! A tree of YAML values that know where they stand.
//!
//! Built on `saphyr-parser`'s events. The tree keeps scalars as written (their type is decided
//! by the field they stand in), refuses what is ambiguous or hostile (duplicate keys, tags,
//! merge keys, alias bombs, deep nesting, control characters) and is bounded in size, so that
//! everything behind it can walk it without care.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::code;
use super::diagnostic::Diagnostic;
use super::source::{Sources, Span};

/// Largest file in bytes.
pub const MOST_BYTES: usize = 1 << 20;
/// Deepest nesting.
const MOST_DEPTH: usize = 64;
/// Most values in a file, aliases expanded.
const MOST_NODES: usize = 100_000;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// A YAML value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: left empty, `~` or `null`.
    Null,
    /// A scalar.
    Scalar {
        /// Its text, escapes resolved.
        text: String,
        /// Whether it stands without quotes.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A plain scalar that stands at `span`.
    #[must_use]
    pub fn plain(text: &str, span: Span) -> Self {
        Self { span, value: Value::Scalar { text: text.to_owned(), plain: true } }
    }

    /// A mapping that stands at `span`.
    #[must_use]
    pub fn map(entries: Vec<(&str, Node)>, span: Span) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, value)| Entry { key: key.to_owned(), key_span: value.span, value })
            .collect();
        Self { span, value: Value::Map(entries) }
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; none for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a list; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Value::Scalar { text, .. } = &self.value { Some(text) } else { None }
    }

    /// As one line of YAML, for people.
    #[must_use]
    pub fn on_one_line(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Scalar { text, .. } => text.clone(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Self::on_one_line).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}: {}", entry.key, entry.value.on_one_line()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// How a person would call this: for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads the bytes of a text file as UTF-8 with plain line feeds.
pub fn decode(
    name: &str,
    bytes: &[u8],
    sources: &mut Sources,
) -> Result<(u16, String), Diagnostic> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.len() > MOST_BYTES {
        let id = sources.add(name, "");
        return Err(too_large(Span::whole(id), "the file is larger than 1 MiB"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let id = sources.add(name, "");
            let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
            let message = format!("byte {} of the file is not UTF-8", error.valid_up_to());
            let help = utf16.then(|| "it looks like UTF-16; save it as UTF-8".to_owned());
            return Err(Diagnostic::new(code::ENCODING, Span::whole(id), message).help(help));
        }
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let id = sources.add(name, &text);
    if let Some((at, c)) = text.char_indices().find(|(_, c)| forbidden(*c)) {
        let message = format!("the text holds the control character U+{:04X}", c as u32);
        return Err(Diagnostic::new(code::CONTROL, Span::at_byte(id, &text, at), message)
            .allowed("printable characters, spaces and line ends"));
    }
    Ok((id, text))
}

fn forbidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn too_large(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(code::TOO_LARGE, span, message)
        .allowed("1 MiB of text, 64 levels of nesting, 100,000 values with aliases expanded")
}

/// What a text holds.
#[derive(Debug)]
pub struct Parsed {
    /// Its documents; empty ones are left out.
    pub documents: Vec<Node>,
    /// Keys given twice. The tree has both.
    pub duplicates: Vec<Diagnostic>,
}

/// Parses a text.
///
/// # Errors
/// The first thing that makes the text unusable.
pub fn parse(source: u16, text: &str) -> Result<Parsed, Diagnostic> {
    let mut builder = Builder::new(source);
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(pair) => pair,
            Err(error) => {
                let span = builder.place(error.marker().line(), error.marker().col(), 1);
                return Err(syntax(error.info(), span));
            }
        };
        let span = builder.span_of(span);
        builder.take(event, span)?;
    }
    Ok(Parsed { documents: builder.documents, duplicates: builder.duplicates })
}

fn syntax(info: &str, span: Span) -> Diagnostic {
    if info.contains("unknown anchor") {
        return Diagnostic::new(
            code::ALIAS,
            span,
            "this alias refers to an anchor that is not there",
        )
        .allowed("`*name` after an `&name` further up");
    }
    if info.contains("recursion limit") {
        return too_large(span, "the file is nested more than 64 levels deep");
    }
    Diagnostic::new(code::SYNTAX, span, format!("this is not YAML: {info}"))
}

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<(String, Span)>,
    /// Where each key of a mapping stands.
    seen: BTreeMap<String, Span>,
    /// Values inside, itself included, and levels below.
    size: usize,
    height: usize,
}

struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

struct Builder {
    source: u16,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
    duplicates: Vec<Diagnostic>,
}

impl Builder {
    fn new(source: u16) -> Self {
        Self {
            source,
            documents: Vec::new(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            nodes: 0,
            duplicates: Vec::new(),
        }
    }

    /// The parser counts columns from 0.
    fn place(&self, line: usize, column: usize, length: usize) -> Span {
        Span {
            source: self.source,
            line: line as u32,
            column: column as u32 + 1,
            length: length as u32,
        }
    }

    fn span_of(&self, span: saphyr_parser::Span) -> Span {
        let one_line = span.start.line() == span.end.line();
        let length = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        self.place(span.start.line(), span.start.col(), length.max(1))
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.scalar(text.into_owned(), plain, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span)?;
                self.start(Value::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span)?;
                self.start(Value::Map(Vec::new()), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("an end has a start");
                self.finish(open.node, open.anchor, open.size, open.height)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => Ok(()),
        }
    }

    fn refuse_tag(&self, tagged: bool, span: Span) -> Result<(), Diagnostic> {
        if !tagged {
            return Ok(());
        }
        Err(Diagnostic::new(code::TAG, span, "YAML tags (`!…`) are not used here"))
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Diagnostic> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(too_large(
                span,
                "the file holds more than 100,000 values, aliases expanded",
            ));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: String,
        plain: bool,
        anchor: usize,
        span: Span,
    ) -> Result<(), Diagnostic> {
        self.count(1, span)?;
        if let Some(c) = text.chars().find(|c| forbidden(*c)) {
            let message = format!("the text holds the control character U+{:04X}", c as u32);
            return Err(Diagnostic::new(code::CONTROL, span, message).value(&text));
        }
        let null = plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let value = if null { Value::Null } else { Value::Scalar { text, plain } };
        self.finish(Node { span, value }, anchor, 1, 0)
    }

    fn start(&mut self, value: Value, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        self.count(1, span)?;
        if self.open.len() >= MOST_DEPTH {
            return Err(too_large(span, "the file is nested more than 64 levels deep"));
        }
        self.open.push(Open {
            node: Node { span, value },
            anchor,
            key: None,
            seen: BTreeMap::new(),
            size: 1,
            height: 0,
        });
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(Diagnostic::new(
                code::ALIAS,
                span,
                "this alias stands inside what it refers to",
            ));
        };
        let (size, height) = (anchored.size, anchored.height);
        if self.open.len() + height > MOST_DEPTH {
            return Err(too_large(span, "the file is nested more than 64 levels deep"));
        }
        self.count(size, span)?;
        let node = self.anchors[&id].node.clone();
        self.finish(node, 0, size, height)
    }

    /// Puts a finished value where it belongs.
    fn finish(
        &mut self,
        node: Node,
        anchor: usize,
        size: usize,
        height: usize,
    ) -> Result<(), Diagnostic> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
            // A copy is kept for the aliases, so that it counts twice.
            self.count(size, node.span)?;
        }
        let Some(parent) = self.open.last_mut() else {
            if node.value != Value::Null {
                self.documents.push(node);
            }
            return Ok(());
        };
        parent.size += size;
        parent.height = parent.height.max(height + 1);
        match &mut parent.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match parent.key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => {
                    let key = key_of(&node)?;
                    if let Some(first) = parent.seen.insert(key.clone(), node.span) {
                        self.duplicates.push(duplicate(&key, node.span, first));
                    }
                    parent.key = Some((key, node.span));
                }
            },
            Value::Null | Value::Scalar { .. } => unreachable!("only collections are open"),
        }
        Ok(())
    }
}

fn key_of(node: &Node) -> Result<String, Diagnostic> {
    match &node.value {
        Value::Scalar { text, plain: true } if text == "<<" => {
            Err(Diagnostic::new(code::TAG, node.span, "merge keys (`<<`) are not used here"))
        }
        Value::Scalar { text, .. } => Ok(text.clone()),
        _ => Err(Diagnostic::new(code::SYNTAX, node.span, "a key must be a name")),
    }
}

/// Both places of a field that is given twice.
pub(super) fn duplicate(key: &str, second: Span, first: Span) -> Diagnostic {
    let message = format!("`{}` is given twice", super::diagnostic::shorten(key, 80));
    Diagnostic::new(code::DUPLICATE_KEY, second, message).other(first, "first given at")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Node>, Diagnostic> {
        let mut sources = Sources::default();
        let (id, text) = decode("x.yaml", text.as_bytes(), &mut sources)?;
        let mut parsed = parse(id, &text)?;
        parsed.duplicates.pop().map_or(Ok(parsed.documents), Err)
    }

    fn code_of(text: &str) -> u16 {
        read(text).unwrap_err().code.number
    }

    #[test]
    fn values_know_their_line_and_column() {
        let tree = &read("name: x\nclock:\n  warmup: 60s\n").unwrap()[0];
        let warmup = tree.get("clock").unwrap().get("warmup").unwrap();
        assert_eq!((warmup.span.line, warmup.span.column, warmup.span.length), (3, 11, 3));
        assert_eq!(tree.entries()[1].key_span.line, 2);
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_make_no_difference() {
        let lf = read("name: x\nclock:\n  warmup: 60s\n").unwrap();
        for text in [
            "name: x\r\nclock:\r\n  warmup: 60s\r\n",
            "name: x\rclock:\r  warmup: 60s",
            "\u{FEFF}name: x\nclock:\n  warmup: 60s\n",
        ] {
            assert_eq!(read(text).unwrap(), lf, "{text:?}");
        }
    }

    #[test]
    fn empty_documents_do_not_count() {
        for text in ["", "\n\n", "# only a comment\n", "---\n", "~"] {
            assert_eq!(read(text).unwrap().len(), 0, "{text:?}");
        }
        assert_eq!(read("a: 1\n---\n").unwrap().len(), 1);
        assert_eq!(read("a: 1\n---\nb: 1\n").unwrap().len(), 2);
    }

    #[test]
    fn hostile_texts_are_refused_by_their_own_code() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..10 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            bomb += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        assert_eq!(code_of(&bomb), code::TOO_LARGE.number);
        for depth in [65, 1_000, 100_000] {
            let text = format!("x: {}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(code_of(&text), code::TOO_LARGE.number, "{depth}");
        }
        assert!(read(&format!("x: {}{}", "[".repeat(63), "]".repeat(63))).is_ok());
        for (text, code) in [
            ("x: &x [*x]", code::ALIAS),
            ("x: *nowhere", code::ALIAS),
            ("x: !!binary aGk=", code::TAG),
            ("x: !foo 1", code::TAG),
            ("a: &a {b: 1}\nc:\n  <<: *a", code::TAG),
            ("a: 1\n\"a\": 2", code::DUPLICATE_KEY),
            ("a: \"\\e[2J\"", code::CONTROL),
            ("a: x\u{85}y", code::CONTROL),
            ("a: [1", code::SYNTAX),
            ("? [a]\n: 1", code::SYNTAX),
        ] {
            assert_eq!(code_of(text), code.number, "{text}");
        }
    }

    #[test]
    fn aliases_stand_for_a_copy() {
        let tree = &read("a: &a [1, 2]\nb: *a\n").unwrap()[0];
        assert_eq!(tree.get("b").unwrap().items().len(), 2);
    }
}
