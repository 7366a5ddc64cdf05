//! What is wrong with a scenario, where, and what would be right.
//!
//! A diagnostic names its place (file, line, column, field path), shows the line with a caret,
//! the value, what is allowed and the nearest known name. The text depends on the input alone,
//! not on terminal, locale or width, and no line is longer than 400 bytes, whatever the input.

use std::fmt::{self, Write as _};
use std::ops::{Deref, DerefMut};

use super::code::Code;
use super::source::{Sources, Span};

/// At most this many errors of one scenario are shown.
const MOST_SHOWN: usize = 20;
/// Characters of an excerpt's line.
const EXCERPT: usize = 100;
/// Characters of a value.
const VALUE: usize = 80;

/// One thing that is wrong. Boxed, since it travels in results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic(Box<Finding>);

/// What a diagnostic says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which kind.
    pub code: Code,
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The field, such as `strategies.canary.steps[1].weight`.
    pub path: String,
    /// The value as written.
    pub value: Option<String>,
    /// What would be right.
    pub allowed: Option<String>,
    /// A suggestion.
    pub help: Option<String>,
    /// Another place that plays a part, and which.
    pub other: Option<(Span, &'static str)>,
    place: String,
    excerpt: Option<String>,
}

impl Deref for Diagnostic {
    type Target = Finding;
    fn deref(&self) -> &Finding {
        &self.0
    }
}

impl DerefMut for Diagnostic {
    fn deref_mut(&mut self) -> &mut Finding {
        &mut self.0
    }
}

impl Diagnostic {
    /// A diagnostic with nothing but its message and place.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Finding {
            code,
            message: message.into(),
            span,
            path: String::new(),
            value: None,
            allowed: None,
            help: None,
            other: None,
            place: String::new(),
            excerpt: None,
        }))
    }

    /// Names the field.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Shows the value.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        self.value = Some(value.to_owned());
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Suggests something, if there is something to suggest.
    #[must_use]
    pub fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Points at another place as well.
    #[must_use]
    pub fn other(mut self, span: Span, what: &'static str) -> Self {
        self.other = Some((span, what));
        self
    }

    fn attach(&mut self, sources: &Sources) {
        self.place = place(sources, self.span);
        self.excerpt = sources.line(self.span).map(|line| excerpt(line, self.span));
        if let Some((span, what)) = self.other {
            let mut text = format!("{what} {}", place(sources, span));
            if let Some(help) = self.help.take() {
                text = format!("{text}; {help}");
            }
            self.help = Some(text);
        }
    }
}

fn place(sources: &Sources, span: Span) -> String {
    let name = shorten(sources.name(span.source), 150);
    if span.line == 0 { name } else { format!("{name}:{}:{}", span.line, span.column) }
}

/// The line with a caret under the place; long lines are cut around it.
fn excerpt(line: &str, span: Span) -> String {
    let before = span.column.saturating_sub(1) as usize;
    let skip = if before > EXCERPT - 30 { before - 40 } else { 0 };
    let text: Vec<char> = line.chars().skip(skip).take(EXCERPT).collect();
    let (mut shown, mut caret) = (String::new(), String::new());
    if skip > 0 {
        shown.push('…');
        caret.push(' ');
    }
    let end = (before + span.length.max(1) as usize).min(skip + text.len().max(before - skip + 1));
    for index in skip..end.max(skip + text.len()) {
        let piece = text.get(index - skip).map_or(String::new(), |c| escape_char(*c));
        let mark = if (before..end).contains(&index) { '^' } else { ' ' };
        caret.extend(std::iter::repeat_n(mark, piece.chars().count().max(1)));
        shown.push_str(&piece);
    }
    let number = span.line.to_string();
    let margin = " ".repeat(number.len());
    format!("{margin} |\n{number} | {}\n{margin} | {}", shown.trim_end(), caret.trim_end())
}

/// A character as it can be shown anywhere: control and direction-changing ones escaped.
fn escape_char(c: char) -> String {
    let hidden = c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    if c == '\t' {
        " ".to_owned()
    } else if hidden {
        format!("\\u{{{:x}}}", c as u32)
    } else {
        c.to_string()
    }
}

/// Text with control characters escaped, cut to `most` characters.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        shown.push_str(&if c == '\n' { "\\n".to_owned() } else { escape_char(c) });
    }
    // Escapes are longer than what they stand for; the limit is on what is printed.
    if shown.chars().count() > most + 1 {
        shown = shown.chars().take(most).chain(['…']).collect();
    }
    shown
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "error[CUT{:04}]: {}",
            self.code.number,
            clip(&shorten(&self.message, 300), 360)
        )?;
        if !self.place.is_empty() {
            writeln!(f, "  --> {}", clip(&self.place, 380))?;
        }
        if let Some(excerpt) = &self.excerpt {
            for line in excerpt.lines() {
                writeln!(f, "  {}", clip(line, 390))?;
            }
        }
        if !self.path.is_empty() {
            writeln!(f, "  = field: {}", clip(&shorten(&self.path, 150), 380))?;
        }
        if let Some(value) = &self.value {
            writeln!(f, "  = value: {}", clip(&shorten(value, VALUE), 380))?;
        }
        if let Some(allowed) = &self.allowed {
            writeln!(f, "  = allowed: {}", clip(&shorten(allowed, 300), 370))?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "  = help: {}", clip(&shorten(help, 300), 370))?;
        }
        Ok(())
    }
}

/// Cuts a line to `most` bytes, at a character's border.
fn clip(line: &str, most: usize) -> &str {
    if line.len() <= most {
        return line;
    }
    let end = (0..=most).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    &line[..end]
}

/// Why there is no study: what to print, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// All that is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The exit code: 2 bad input, 3 reading failed, 5 beyond the limits.
    pub exit: u8,
}

impl Problem {
    /// Sorts the diagnostics and ties them to their texts.
    #[must_use]
    pub fn new(mut diagnostics: Vec<Diagnostic>, sources: &Sources) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        let mut kept: Vec<Diagnostic> = Vec::new();
        for diagnostic in diagnostics {
            // Arms that share a fault share its report.
            let mut here = kept.iter().rev().take_while(|earlier| earlier.span == diagnostic.span);
            if here.all(|earlier| *earlier != diagnostic) {
                kept.push(diagnostic);
            }
        }
        let mut diagnostics = kept;
        for diagnostic in diagnostics.iter_mut().take(MOST_SHOWN) {
            diagnostic.attach(sources);
        }
        Self { exit: exit_code(&diagnostics), diagnostics }
    }

    /// A problem that stands in no text.
    #[must_use]
    pub fn bare(diagnostic: Diagnostic) -> Self {
        Self { exit: exit_code(std::slice::from_ref(&diagnostic)), diagnostics: vec![diagnostic] }
    }
}

/// Bad input outranks the limits, and those outrank reading errors.
fn exit_code(diagnostics: &[Diagnostic]) -> u8 {
    let exits = diagnostics.iter().map(|diagnostic| match diagnostic.code.number {
        37 => 3,
        34 | 40 => 5,
        _ => 2u8,
    });
    let exits: Vec<u8> = exits.collect();
    [2, 5, 3].into_iter().find(|exit| exits.contains(exit)).unwrap_or(2)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for diagnostic in self.diagnostics.iter().take(MOST_SHOWN) {
            write!(text, "{diagnostic}")?;
        }
        f.write_str(&text)?;
        let more = self.diagnostics.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            writeln!(f, "… and {more} more")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
