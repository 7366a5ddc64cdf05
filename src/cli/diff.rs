//! `cutover diff`: two results folders, relevant changes only.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::args::{DiffArgs, Format};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::report::diff::{self, Results};
use crate::report::terminal::Screen;
use crate::scenario::code;

/// Compares two folders and prints what changed.
///
/// # Errors
/// If one of them is no results folder.
pub fn diff(args: &DiffArgs, console: &Console) -> Result<Exit, Failure> {
    let (first, second) = (read(&args.first)?, read(&args.second)?);
    let diff = diff::diff(&first, &second);
    if diff.pairs == 0 {
        let what = "the two folders have no strategy and release in common";
        return Err(Failure::bad_input(code::NOT_RESULTS, what));
    }
    let screen = Screen { columns: console.columns, color: console.color };
    console.answer(&match args.format {
        Format::Table => diff::terminal(&first, &second, &diff, screen),
        Format::Markdown => diff::markdown(&first, &second, &diff),
        Format::Json => diff::json(&first, &second, &diff),
        Format::Csv => diff::csv(&diff),
    })?;
    let changed = args.exit_code && diff.relevant().next().is_some();
    Ok(if changed { Exit::Differs } else { Exit::Done })
}

fn read(folder: &Path) -> Result<Results, Failure> {
    let refused = |what: &str| {
        Failure::bad_input(code::NOT_RESULTS, &format!("{}: {what}", folder.display()))
            .help("a results folder is what `cutover compare` writes: it holds study.json")
    };
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                refused(&format!("there is no {name}"))
            }
            _ => Failure::read("cannot read", &path, &error),
        })
    };
    let (study, runs) = (text("study.json")?, text("runs.csv")?);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    diff::read(&text(&study[..]), &text(&runs[..])).map_err(|error| refused(&error.to_string()))
}
