//! Loading what a command names: a scenario, or a bare Deployment manifest, which becomes one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::args::ScenarioArgs;
use super::console::Console;
use super::failure::Failure;
use crate::import::kubernetes;
use crate::plan::Study;
use crate::scenario::{self, Folder, NoFiles, Overrides, yaml};

/// Loads the study. A manifest is run as the scenario that `cutover import kubernetes` writes
/// for it, which is told where there is a console.
///
/// # Errors
/// Everything that is wrong with the scenario or the manifest.
pub fn study(
    args: &ScenarioArgs,
    overrides: &Overrides,
    console: Option<&Console>,
) -> Result<Study, Failure> {
    let piped = args.scenario == Path::new("-");
    let bytes = if piped { Some(stdin()?.to_vec()) } else { bytes_of(&args.scenario) };
    let shown = if piped { "stdin".into() } else { args.scenario.to_string_lossy() };
    let Some(bytes) = bytes.filter(|bytes| scenario::is_manifest(bytes)) else {
        if piped {
            let here = Folder { root: PathBuf::from("."), allow_outside: overrides.allow_outside };
            return Ok(scenario::load_bytes(&shown, stdin()?, &here, overrides)?);
        }
        return Ok(scenario::load(&args.scenario, overrides)?);
    };
    let imported = scenario::import(&shown, &bytes, None)?;
    let written = kubernetes::scenario(&imported, &shown);
    let mut study = scenario::load_text(
        &format!("the scenario for {shown}"),
        &written.text,
        &NoFiles,
        overrides,
    )?;
    study.manifest_notes.extend(imported.manifest.notes);
    study.warnings.push(format!("{shown} is a manifest: {}", written.assumed));
    if let Some(console) = console {
        console.note(&format!(
            "{shown} is a manifest: {}.\nTo put in your own: cutover import kubernetes {shown} > \
         {name}-scenario.yaml",
            written.assumed,
            name = written.name,
        ));
    }
    Ok(study)
}

/// What was piped in, read once: a command may load its scenario several times.
fn stdin() -> Result<&'static [u8], Failure> {
    static READ: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = READ.get() {
        return Ok(bytes);
    }
    let mut bytes = Vec::new();
    let most = yaml::MOST_BYTES as u64 + 16;
    io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::read("cannot read", Path::new("stdin"), &error))?;
    Ok(READ.get_or_init(|| bytes))
}

/// The bytes of a file. Whatever cannot be read is told when it is loaded.
fn bytes_of(path: &Path) -> Option<Vec<u8>> {
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let most = yaml::MOST_BYTES as u64 + 16;
    File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
