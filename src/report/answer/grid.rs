//! A table of text, before it is laid out for a medium.

use crate::report::figure::Estimate;

/// A table: one heading a column, rows in sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// The first column names the rows.
    pub headings: Vec<Heading>,
    /// Rows.
    pub sections: Vec<Section>,
}

/// The head of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// What.
    pub name: String,
    /// Of what, or in which unit; may be empty.
    pub unit: String,
    /// Cells are words, not numbers.
    pub words: bool,
}

/// Rows under a title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Empty where the table needs none.
    pub title: String,
    /// Rows.
    pub lines: Vec<Line>,
}

/// A row: a cell for each heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Cells; one without a mean does not apply.
    pub cells: Vec<Estimate>,
    /// For comparison only (the control).
    pub aside: bool,
}

impl Heading {
    /// A column of numbers.
    #[must_use]
    pub fn number(name: &str, unit: &str) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned(), words: false }
    }

    /// A column of words.
    #[must_use]
    pub fn words(name: &str) -> Self {
        Self { name: name.to_owned(), unit: String::new(), words: true }
    }
}

/// A cell of words.
#[must_use]
pub fn words(text: impl Into<String>) -> Estimate {
    Estimate { mean: text.into(), interval: String::new() }
}
