//! Emphasis on a terminal: a few ANSI attributes, or nothing at all.

use crate::experiment::Verdict;

/// Whether and how text is emphasised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// Whether attributes are written.
    pub color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Headings and names.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What may be passed over.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// A verdict: better in green, worse in red, the rest in yellow.
    #[must_use]
    pub fn verdict(self, verdict: Option<Verdict>, text: &str) -> String {
        match verdict {
            Some(Verdict::Better) => self.with("32", text),
            Some(Verdict::Worse) => self.with("31", text),
            Some(Verdict::Inconclusive) => self.with("33", text),
            Some(Verdict::NoRelevantDifference | Verdict::Different) | None => text.to_owned(),
        }
    }
}
