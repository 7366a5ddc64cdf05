//! `cutover verify`: the simulator held against catalogues of known answers.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::args::{TableOrJson, VerifyArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::plain;
use super::signal;
use crate::experiment::default_threads;
use crate::scenario::code;
use crate::verify::{Check, Extent, Job, THEORY, Verdict};

/// Runs every case of the catalogues and prints a line a check.
///
/// # Errors
/// If a path cannot be read or holds no catalogue.
pub fn verify(args: &VerifyArgs, console: &Console) -> Result<Exit, Failure> {
    let extent = if args.quick { Extent::Quick } else { Extent::Whole };
    let jobs = jobs(&args.paths, extent)?;
    signal::end_with(
        "interrupted: nothing is kept of a verification, the same command starts anew\n",
    );
    let threads = args.threads.unwrap_or_else(default_threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.expect("the system lets a program start threads");
    let checks: Vec<Vec<Check>> =
        pool.install(|| jobs.par_iter().with_max_len(1).map(|job| job.run(extent)).collect());
    let checks: Vec<Check> = checks.into_iter().flatten().collect();
    console.answer(&match args.format {
        TableOrJson::Table => table(&checks),
        TableOrJson::Json => {
            serde_json::to_string_pretty(&checks).expect("checks are plain data") + "\n"
        }
    })?;
    let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
    Ok(match () {
        () if any(Verdict::Off) => Exit::DoesNotHold,
        () if any(Verdict::NotModelled) => Exit::NoFullAnswer,
        () => Exit::Done,
    })
}

/// The cases of the files and folders named; of the shipped catalogues if none is.
fn jobs(paths: &[PathBuf], extent: Extent) -> Result<Vec<Job>, Failure> {
    if paths.is_empty() {
        return Ok(Job::read(THEORY, extent).expect("the shipped catalogue is one"));
    }
    let mut jobs = Vec::new();
    for path in paths {
        let mut found = false;
        for file in files(path)? {
            let text = fs::read_to_string(&file)
                .map_err(|error| Failure::read("cannot read", &file, &error))?;
            if let Some(more) = Job::read(&text, extent) {
                found = true;
                jobs.extend(more);
            } else if let Some(why) = Job::fault(&text) {
                let what = format!("{} cannot be read: {why}", file.display());
                return Err(Failure::bad_input(code::NO_CATALOGUE, &what));
            }
        }
        if !found {
            let what = format!("{} holds no catalogue in a documented format", path.display());
            return Err(Failure::bad_input(code::NO_CATALOGUE, &what));
        }
    }
    if jobs.is_empty() {
        return Err(Failure::bad_input(code::NO_CATALOGUE, "there is no case in these catalogues"));
    }
    Ok(jobs)
}

/// A file itself; of a folder every JSON file below it, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.exists() {
        let what = format!("there is no {}", path.display());
        return Err(Failure::bad_input(code::NO_CATALOGUE, &what));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error| Failure::read("cannot read", path, &error);
    let entries = fs::read_dir(path).map_err(failed)?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            found.push(entry);
        }
    }
    Ok(found)
}

fn table(checks: &[Check]) -> String {
    let row = |check: &Check| {
        vec![
            check.verdict.name().to_owned(),
            check.case.clone(),
            check.metric.clone(),
            check.expected.clone(),
            check.got.clone(),
            check.tolerance.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = checks.iter().map(row).collect();
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    format!(
        "{}\n{} ok, {} off, {} not modelled\n",
        plain::table(&["verdict", "case", "metric", "expected", "got", "tolerance"], &rows),
        count(Verdict::Ok),
        count(Verdict::Off),
        count(Verdict::NotModelled)
    )
}
