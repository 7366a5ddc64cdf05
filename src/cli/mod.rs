//! The command line: one file a command, exit codes in one table.
//!
//! stdout carries the answer and nothing else; progress, notes and errors go to stderr.

mod args;
mod check;
mod compare;
mod console;
mod diff;
mod exemplars;
mod exit;
mod failure;
mod growth;
mod import;
mod keeper;
mod load;
mod panic;
mod place;
mod plain;
mod progress;
mod reference;
mod reproduce;
mod run;
mod scenarios;
mod signal;
mod study;
mod sweep;
mod validate;
mod verdicts;
mod verify;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use console::{Console, to_stderr};
use exit::Exit;
use failure::Failure;

use crate::scenario::code;

/// Parses the command line, carries the command out, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    panic::install_hook();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; anything else is a mistake of the command line.
            return ExitCode::from(told(&error).code());
        }
    };
    let console = Console::new(&cli.screen);
    let outcome =
        panic::guarded(|| carry_out(&cli.command, &console), |broken| broken.message.clone());
    let exit = outcome.unwrap_or_else(|failure| {
        to_stderr(&failure.message);
        failure.exit
    });
    ExitCode::from(exit.code())
}

/// Prints what the parser has to say: help and version are answers, anything else is a mistake
/// of the command line.
fn told(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return match error.print() {
            Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => Exit::ReadWrite,
            _ => Exit::Done,
        };
    }
    let text = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing was asked: the help says what can be, and is no diagnostic.
        to_stderr(&text);
        return Exit::BadInput;
    }
    let what = text.strip_prefix("error: ").unwrap_or(&text);
    to_stderr(&format!("error[CUT{:04}]: {what}", code::USAGE.number));
    Exit::BadInput
}

fn carry_out(command: &Command, console: &Console) -> Result<Exit, Failure> {
    match command {
        Command::Compare(args) => compare::compare(args, console),
        Command::Run(args) => run::run(args, console),
        Command::Check(args) => check::check(args, console),
        Command::Diff(args) => diff::diff(args, console),
        Command::Sweep(args) => sweep::sweep(args, console),
        Command::Validate(args) => validate::validate(args, console),
        Command::Verify(args) => verify::verify(args, console),
        Command::Import(args) => import::import(args, console),
        Command::Scenarios(args) => scenarios::scenarios(args, console),
        Command::Init(args) => scenarios::init(args, console),
        Command::Schema(args) => reference::schema(args, console),
        Command::Explain(args) => reference::explain(args, console),
        Command::Completions(args) => reference::completions(args, console),
        Command::Man(args) => reference::man(args, console),
    }
}
