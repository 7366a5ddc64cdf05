//! Where text goes: the answer to stdout, everything else to stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use super::args::{ScreenArgs, When};
use super::failure::Failure;

/// Columns of an answer that does not go to a terminal.
const PIPED_COLUMNS: usize = 100;

/// The two streams of the process and how to write on them.
#[derive(Clone, Debug)]
pub struct Console {
    /// Nothing but the answer and errors.
    pub quiet: bool,
    /// Whether the answer may have colours.
    pub color: bool,
    /// Whether a progress line is drawn.
    pub progress: bool,
    /// Whether stderr is a terminal, on which a line can be drawn over.
    pub overwrites: bool,
    /// Columns of the answer.
    pub columns: usize,
}

impl Console {
    /// The console of this process, as the options ask.
    #[must_use]
    pub fn new(args: &ScreenArgs) -> Self {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        Self {
            quiet: args.quiet,
            color: match args.color {
                When::Always => true,
                When::Never => false,
                When::Auto => out && !no_color && !dumb,
            },
            progress: match args.progress {
                When::Always => true,
                When::Never => false,
                When::Auto => err && !dumb && !args.quiet,
            },
            overwrites: err && !dumb,
            columns: width.map_or(PIPED_COLUMNS, usize::from),
        }
    }

    /// Prints the answer. A reader that has seen enough (`| head`) is no failure.
    ///
    /// # Errors
    /// If stdout cannot be written to for another reason.
    pub fn answer(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::write("cannot write to", Path::new("stdout"), &error))
            }
            _ => Ok(()),
        }
    }

    /// Tells something beside the answer.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{text}\n"));
        }
    }
}

/// Writes to stderr; there is nobody to tell if that fails.
pub fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
