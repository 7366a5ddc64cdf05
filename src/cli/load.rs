//! Loading what a command names: a scenario, or a bare Deployment manifest, which becomes one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::ScenarioArgs;
use super::console::Console;
use super::failure::Failure;
use crate::import::kubernetes;
use crate::plan::Study;
use crate::scenario::{self, NoFiles, Overrides, yaml};

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
    let Some(bytes) = manifest(&args.scenario) else {
        return Ok(scenario::load(&args.scenario, overrides)?);
    };
    let shown = args.scenario.to_string_lossy();
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

/// The bytes of a file that is a manifest. Whatever cannot be read is told when it is loaded.
fn manifest(path: &Path) -> Option<Vec<u8>> {
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let most = yaml::MOST_BYTES as u64 + 16;
    File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    scenario::is_manifest(&bytes).then_some(bytes)
}
