//! A scenario's values after the check: typed, with every default in its place.
//!
//! The accessors panic where a value is not what the field table promises, since the check
//! has made sure of it; they are for `resolve`, not for input.

use super::source::Span;
use crate::engine::SimDuration;
use crate::plan::IntOrPercent;

/// A value that fits its field.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Where it was written; for a default, where it would belong.
    pub span: Span,
    /// Its field path.
    pub path: String,
    /// The value.
    pub held: Held,
}

/// A typed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// Left out, and without a default.
    Absent,
    /// A span of time.
    Duration(SimDuration),
    /// A rate, share, factor or other number.
    Number(f64),
    /// A bound of an objective or alert.
    Amount(f64, AmountUnit),
    /// A whole number.
    Count(u64),
    /// Pods or percent.
    IntOrPercent(IntOrPercent),
    /// A truth value.
    Bool(bool),
    /// A name, text or path.
    Text(String),
    /// An instant: nanoseconds since 1970, and seconds that local time is ahead of UTC.
    Instant(i64, i32),
    /// One of the words of a field.
    Word(&'static str),
    /// A mapping with known keys, by our spelling of them.
    Map(Vec<(&'static str, Checked)>),
    /// A mapping with any keys.
    Named(Vec<(String, Checked)>),
    /// A list.
    List(Vec<Checked>),
    /// One alternative.
    Choice(&'static str, Box<Checked>),
    /// `with:`: checked where it is applied.
    Edits,
}

/// How a bound was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountUnit {
    /// A plain number.
    Plain,
    /// With a percent sign.
    Percent,
    /// A duration, in seconds.
    Seconds,
}

/// The key under which a mapping keeps its alternative.
pub(super) const CHOSEN: &str = "(chosen)";

impl Checked {
    fn broken(&self, wanted: &str) -> ! {
        panic!("{} should be {wanted}, but is {:?}", self.path, self.held)
    }

    /// A field of a mapping.
    #[must_use]
    pub fn at(&self, name: &str) -> &Self {
        let Held::Map(fields) = &self.held else { self.broken("a mapping") };
        match fields.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => value,
            None => self.broken(name),
        }
    }

    /// The value, unless it was left out.
    #[must_use]
    pub fn given(&self) -> Option<&Self> {
        (self.held != Held::Absent).then_some(self)
    }

    /// The value, unless it was left out or is the given word.
    #[must_use]
    pub fn unless(&self, word: &str) -> Option<&Self> {
        (self.held != Held::Absent && !self.is(word)).then_some(self)
    }

    /// Whether this is one of the field's words.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        matches!(self.held, Held::Word(held) if held == word)
    }

    /// The word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if let Held::Word(word) = self.held { word } else { self.broken("a word") }
    }

    /// The span of time.
    #[must_use]
    pub fn duration(&self) -> SimDuration {
        if let Held::Duration(span) = self.held { span } else { self.broken("a duration") }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> f64 {
        if let Held::Number(number) = self.held { number } else { self.broken("a number") }
    }

    /// The whole number.
    #[must_use]
    pub fn count(&self) -> u64 {
        if let Held::Count(count) = self.held { count } else { self.broken("a count") }
    }

    /// The whole number, whose range the table keeps within 32 bits.
    #[must_use]
    pub fn count32(&self) -> u32 {
        u32::try_from(self.count()).unwrap_or_else(|_| self.broken("a small count"))
    }

    /// Pods or percent.
    #[must_use]
    pub fn int_or_percent(&self) -> IntOrPercent {
        if let Held::IntOrPercent(value) = self.held {
            value
        } else {
            self.broken("pods or percent")
        }
    }

    /// The truth value.
    #[must_use]
    pub fn bool(&self) -> bool {
        if let Held::Bool(value) = self.held { value } else { self.broken("a truth value") }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        if let Held::Text(text) = &self.held { text } else { self.broken("text") }
    }

    /// The items of a list; none if it was left out.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.held {
            Held::List(items) => items,
            Held::Absent => &[],
            _ => self.broken("a list"),
        }
    }

    /// The entries of a mapping with any keys; none if it was left out.
    #[must_use]
    pub fn named(&self) -> &[(String, Self)] {
        match &self.held {
            Held::Named(entries) => entries,
            Held::Absent => &[],
            _ => self.broken("a mapping"),
        }
    }

    /// The alternative and its value.
    #[must_use]
    pub fn choice(&self) -> (&'static str, &Self) {
        match &self.held {
            Held::Choice(name, value) => (name, value),
            Held::Map(_) => self.at(CHOSEN).choice(),
            _ => self.broken("a choice"),
        }
    }
}
