//! `cutover verify`: catalogues of known answers, held against the simulator.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::args::{TableOrJson, VerifyArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::plain;
use crate::experiment::default_threads;
use crate::verify::{Check, Extent, Job, THEORY, Verdict};

/// No catalogue file comes near this size.
const MOST_BYTES: u64 = 64 << 20;

/// Runs the cases and prints what was expected and what came out.
///
/// # Errors
/// If a path cannot be read, or holds no catalogue.
pub fn verify(args: &VerifyArgs, console: &Console) -> Result<Exit, Failure> {
    let extent = if args.quick { Extent::Quick } else { Extent::Whole };
    let jobs = if args.paths.is_empty() {
        Job::read(THEORY, extent).expect("the shipped catalogue is one")
    } else {
        read(&args.paths, extent, console)?
    };
    let threads = args.threads.unwrap_or_else(default_threads);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Failure::new(Exit::Internal, format!("error: no threads: {error}")))?;
    let checks: Vec<Check> =
        pool.install(|| jobs.par_iter().flat_map_iter(|job| job.run(extent)).collect());
    console.answer(&match args.format {
        TableOrJson::Table => table(&checks),
        TableOrJson::Json => {
            serde_json::to_string_pretty(&checks).expect("checks are plain data") + "\n"
        }
    })?;
    Ok(if count(&checks, Verdict::Off) > 0 {
        Exit::DoesNotHold
    } else if count(&checks, Verdict::NotModelled) > 0 {
        Exit::NoFullAnswer
    } else {
        Exit::Done
    })
}

fn count(checks: &[Check], verdict: Verdict) -> usize {
    checks.iter().filter(|check| check.verdict == verdict).count()
}

fn table(checks: &[Check]) -> String {
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            let cells = [&check.case, &check.metric, &check.expected, &check.got, &check.tolerance];
            cells.into_iter().cloned().chain([check.verdict.name().to_owned()]).collect()
        })
        .collect();
    let heading = ["case", "metric", "expected", "got", "tolerance", "verdict"];
    let counts = [Verdict::Ok, Verdict::Off, Verdict::NotModelled]
        .map(|verdict| format!("{} {}", count(checks, verdict), verdict.name()));
    format!("{}\n{}\n", plain::table(&heading, &rows), counts.join(", "))
}

/// The cases of files, and of the files in folders. A file that is named must be a catalogue;
/// others in a folder are passed over, and said to be.
fn read(paths: &[PathBuf], extent: Extent, console: &Console) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(Failure::bad_input(format!("there is no {}", path.display())));
        }
        if !path.is_dir() {
            jobs.extend(catalogue(path, extent)?.ok_or_else(|| {
                Failure::bad_input(format!(
                    "{} is no catalogue\n  = allowed: a theory catalogue, a table of a \
                     controller's answers, a recorded rollout (JSON)",
                    path.display()
                ))
            })?);
            continue;
        }
        let before = jobs.len();
        for file in files(path)? {
            match catalogue(&file, extent)? {
                Some(cases) => jobs.extend(cases),
                None => console.note(&format!("{} is no catalogue: passed over", file.display())),
            }
        }
        if jobs.len() == before {
            let message = format!("there is no catalogue in {}", path.display());
            return Err(Failure::bad_input(message));
        }
    }
    Ok(jobs)
}

fn catalogue(path: &Path, extent: Extent) -> Result<Option<Vec<Job>>, Failure> {
    let failed = |error: &std::io::Error| Failure::io("cannot read", path, error);
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MOST_BYTES {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| Job::read(text, extent)))
}

/// The JSON files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: &std::io::Error| Failure::io("cannot read", folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: Verdict) -> Check {
        Check {
            case: "mm1-1".into(),
            metric: "rho".into(),
            expected: "0.5".into(),
            got: "0.49".into(),
            tolerance: "±0.005".into(),
            verdict,
        }
    }

    #[test]
    fn the_table_ends_with_the_number_of_each_verdict() {
        let checks = [check(Verdict::Ok), check(Verdict::Off), check(Verdict::Ok)];
        let text = table(&checks);
        assert!(text.starts_with("case   metric  expected  got   tolerance  verdict\n"), "{text}");
        assert!(text.ends_with("\n2 ok, 1 off, 0 not modelled\n"), "{text}");
    }
}
