//! `cutover schema`, `explain`, `completions`, `man`: what the program says about itself.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs, ExplainArgs, ManArgs, SchemaArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::scenario::{self, code};

/// Prints the JSON Schema of the scenario file, or the fields of one scenario.
///
/// # Errors
/// If the scenario cannot be read, or stdout not be written to.
pub fn schema(args: &SchemaArgs, console: &Console) -> Result<Exit, Failure> {
    console.answer(&match &args.fields {
        None => scenario::json_schema(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::read("cannot read", path, &error))?;
            scenario::fields_json(&text)
        }
    })?;
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
        let known: Vec<String> =
            code::CODES.iter().map(|code| format!("CUT{:04}", code.number)).collect();
        let failure =
            Failure::bad_input(code::NO_TOPIC, &format!("there is no code {}", args.code));
        return Err(failure.allowed(known.iter().map(String::as_str)));
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
                let what = format!("there is no command {name}");
                let names = command.get_subcommands().map(clap::Command::get_name);
                return Err(Failure::bad_input(code::NO_TOPIC, &what).allowed(names));
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
