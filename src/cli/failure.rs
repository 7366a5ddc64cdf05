//! Why a command could not do what it was asked: a message for stderr, and the exit code.

use std::io;
use std::path::Path;

use super::exit::Exit;
use crate::scenario::Problem;

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

    /// The command line or what it names is wrong.
    #[must_use]
    pub fn bad_input(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::BadInput, format!("error: {message}"))
    }

    /// The operating system refused to read or write.
    #[must_use]
    pub fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::ReadWrite, format!("error: {what} {}: {error}", path.display()))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(Exit::of_code(problem.exit), problem.to_string())
    }
}
