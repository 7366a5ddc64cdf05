//! `cutover schema`, `explain`, `completions`, `man`: what the program says about itself.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs, ExplainArgs, ManArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::scenario::code;

/// Prints the JSON Schema of the scenario file.
///
/// # Errors
/// If stdout cannot be written to.
pub fn schema(console: &Console) -> Result<Exit, Failure> {
    console.answer(&super::stand_in::schema())?;
    Ok(Exit::Done)
}

/// Says more about a diagnostic's code.
///
/// # Errors
/// If there is no such code.
pub fn explain(args: &ExplainArgs, console: &Console) -> Result<Exit, Failure> {
    let digits = args.code.trim().to_ascii_uppercase();
    let digits = digits.strip_prefix("CUT").unwrap_or(&digits);
    let Some(code) = digits.parse().ok().and_then(code::by_number) else {
        let known = code::CODES.iter().map(|code| format!("CUT{:04}", code.number));
        return Err(Failure::bad_input(format!(
            "there is no code {}\n  = allowed: {}",
            args.code,
            known.collect::<Vec<_>>().join(", ")
        )));
    };
    console.answer(&format!("CUT{:04}: {}\n\n{}\n", code.number, code.title, code.explanation))?;
    Ok(Exit::Done)
}

/// Prints a completion script.
///
/// # Errors
/// If stdout cannot be written to.
pub fn completions(args: &CompletionsArgs, console: &Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cutover", &mut script);
    console.answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints a manual page.
///
/// # Errors
/// If there is no such command.
pub fn man(args: &ManArgs, console: &Console) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => {
            let Some(found) = command.find_subcommand(name) else {
                return Err(Failure::bad_input(format!("there is no command {name}")));
            };
            found.clone()
        }
    };
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut text);
    rendered.expect("writing to memory does not fail");
    console.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
