//! `cutover import`: what people already have, as a scenario on stdout.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::args::{ImportArgs, ImportSource, KubernetesArgs, RecordingArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::import::kubernetes;
use crate::scenario::{self, code, yaml};
use crate::verify::kubernetes::{mapping, recording::Recording};
use crate::verify::testbed;

/// Writes a scenario to stdout, and what became of its source to stderr.
///
/// # Errors
/// If the source cannot be read, or is not what it should be.
pub fn import(args: &ImportArgs, console: &Console) -> Result<Exit, Failure> {
    match &args.source {
        ImportSource::Kubernetes(args) => kubernetes(args, console),
        ImportSource::Recording(args) => recording(args, console),
    }
}

fn kubernetes(args: &KubernetesArgs, console: &Console) -> Result<Exit, Failure> {
    let (shown, bytes) = source(&args.file)?;
    let imported = scenario::import(&shown, &bytes, args.name.as_deref())?;
    let written = kubernetes::scenario(&imported, &shown);
    console.answer(&written.text)?;
    for note in &written.notes {
        console.note(note);
    }
    console.note(&format!("{}: correct that before you trust an answer", written.assumed));
    Ok(Exit::Done)
}

/// A recorded rollout as the scenario that `verify` runs.
fn recording(args: &RecordingArgs, console: &Console) -> Result<Exit, Failure> {
    let (shown, bytes) = source(&args.file)?;
    let refused = |why: &str| {
        let what = format!("{shown} is no recorded rollout that can be simulated: {why}");
        Failure::bad_input(code::NO_CATALOGUE, &what)
    };
    let unread = |error: serde_json::Error| refused(&error.to_string());
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(unread)?;
    let text = if value["format"] == testbed::recording::FORMAT {
        let recording = serde_json::from_value(value).map_err(unread)?;
        testbed::mapping::scenario_of(&recording)
    } else {
        let recording: Recording = serde_json::from_value(value).map_err(unread)?;
        mapping::scenario_of(&recording)
    };
    let text = text.map_err(|why| refused(&why))?;
    console.answer(&text)?;
    Ok(Exit::Done)
}

/// A file's content, or that of stdin; at most a little more than can be read.
fn source(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let is_stdin = file == Path::new("-");
    let shown = if is_stdin { "stdin".to_owned() } else { file.display().to_string() };
    let failed = |error: io::Error| Failure::read("cannot read", Path::new(&shown), &error);
    let mut bytes = Vec::new();
    let most = (32 * yaml::MOST_BYTES) as u64;
    if is_stdin {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        if !file.is_file() {
            let what = if file.exists() { "is not a regular file" } else { "is not there" };
            let failure = Failure::bad_input(code::MISSING_FILE, &format!("{shown} {what}"));
            return Err(failure.help("name a file, or - for stdin"));
        }
        File::open(file)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(failed)?;
    }
    Ok((shown, bytes))
}
