//! Why a command could not do what it was asked: a message for stderr, and the exit code.

use std::io;
use std::path::Path;

use super::exit::Exit;
use crate::report::text::visible;
use crate::scenario::Problem;
use crate::scenario::code::{self, Code};

/// A command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What to print on stderr; ends in a newline.
    pub message: String,
}

impl Failure {
    /// A failure with a message of one line or more.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if !message.ends_with('\n') {
            message.push('\n');
        }
        Self { exit, message }
    }

    /// The command line, or what it names, is wrong.
    #[must_use]
    pub fn bad_input(code: Code, what: &str) -> Self {
        Self::new(Exit::BadInput, headline(code, what))
    }

    /// Adds what would be right.
    #[must_use]
    pub fn allowed<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.into_iter().map(visible).collect();
        self.line("allowed", &names.join(", "))
    }

    /// Adds a suggestion.
    #[must_use]
    pub fn help(self, what: &str) -> Self {
        self.line("help", what)
    }

    fn line(mut self, label: &str, what: &str) -> Self {
        self.message.push_str(&format!("  = {label}: {what}\n"));
        self
    }

    /// The operating system refused to write.
    #[must_use]
    pub fn write(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::io(code::WRITE, what, path, error)
    }

    /// The operating system refused to read.
    #[must_use]
    pub fn read(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::io(code::IO, what, path, error)
    }

    fn io(code: Code, what: &str, path: &Path, error: &io::Error) -> Self {
        let what = format!("{what} {}: {error}", path.display());
        Self::new(Exit::ReadWrite, headline(code, &what))
    }
}

fn headline(code: Code, what: &str) -> String {
    format!("error[CUT{:04}]: {}", code.number, visible(what))
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(Exit::of_code(problem.exit), problem.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_bear_a_code_and_cannot_steer_the_terminal() {
        let failure = Failure::bad_input(code::NO_RELEASE, "no release \u{1b}[2J")
            .allowed(["good", "b\u{202e}ad"])
            .help("look again");
        assert_eq!(failure.exit, Exit::BadInput);
        assert_eq!(
            failure.message,
            "error[CUT0063]: no release \\u{1b}[2J\n  = allowed: good, b\\u{202e}ad\n  = help: look \
             again\n"
        );
    }
}
