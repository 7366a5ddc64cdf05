//! Assembling a study: the world, its arms, the window, warnings, limits, the digest.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::checked::Checked;
use super::code;
use super::load::{Overrides, kept};
use super::resolve::{self, Context, window};
use super::yaml::Node;
use super::{arms, limits, lint};
use crate::plan::{Arm, DefaultUsed, ManifestNote, Plan, Study};

/// Everything after the check.
pub fn assemble(
    context: &mut Context<'_>,
    tree: &Node,
    root: &Checked,
    defaults: Vec<DefaultUsed>,
    mut notes: Vec<ManifestNote>,
    overrides: &Overrides,
) -> Option<Study> {
    let world = resolve::world(context, root);
    let strategies = root.at("strategies").items();
    context.distinct(
        "strategies",
        strategies.iter().map(|item| (item.at("name").text(), item.at("name"))),
    );
    let kept = kept(context, root, &overrides.strategies);
    let baseline = baseline(context, root, &kept);
    let mut warnings = Vec::new();
    // Strategies that are left out still have their say in the window, so that a run is the
    // same one whichever strategies it runs beside.
    let (mut arms, mut left_out, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (index, strategy) in strategies.iter().enumerate() {
        let wanted = kept.contains(&index);
        let found = arms::arm(context, (tree, root), (strategy, index), &world, wanted);
        let Some(arm) = found else { continue };
        if wanted {
            changes.extend(arm.changes);
            notes.extend(arm.notes);
            warnings.extend(arm.warnings);
            arms.push(arm.arm);
        } else {
            left_out.push(arm.arm);
        }
    }
    resolve::measured(context, root, &worlds(&world.plan, &arms));
    if !context.errors.is_empty() {
        return None;
    }
    let mut plan = world.plan;
    if world.auto_window {
        plan.clock.window = window::automatic(&plan, arms.iter().chain(&left_out));
        for arm in &mut arms {
            if let Some(own) = arm.plan.as_deref_mut() {
                own.clock.window = plan.clock.window;
            }
        }
    }
    resolve::inside_window(context, root, &plan);
    once_each(&mut notes);
    let mut study = Study {
        name: root.at("name").text().to_owned(),
        description: described(root),
        digest: String::new(),
        baseline: baseline.unwrap_or(0),
        releases: world.releases,
        first_seed: overrides.first_seed.unwrap_or(1),
        seeds: overrides.seeds.unwrap_or_else(|| root.at("seeds").count()),
        control: !overrides.no_control && !plan.operations.is_empty(),
        objectives: world.objectives,
        defaults: settle(defaults, &plan.clock.window, world.auto_window),
        changes,
        manifest_notes: notes,
        warnings,
        plan,
        arms,
    };
    limits::check(context, root, &study, overrides);
    lint::lint(&mut study);
    study.digest = digest(&study, &context.digests);
    Some(study)
}

/// The plans that are simulated.
fn worlds<'a>(plan: &'a Plan, arms: &'a [Arm]) -> Vec<&'a Plan> {
    let own = arms.iter().filter_map(|arm| arm.plan.as_deref());
    std::iter::once(plan).chain(own).collect()
}

/// The description on one line.
fn described(root: &Checked) -> String {
    let text = root.at("description").given().map_or("", Checked::text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Keeps the first of equal notes.
fn once_each(notes: &mut Vec<ManifestNote>) {
    let mut seen = Vec::new();
    notes.retain(|note| {
        let new = !seen.contains(note);
        if new {
            seen.push(note.clone());
        }
        new
    });
}

/// The baseline's place among the strategies that are kept.
fn baseline(context: &mut Context<'_>, root: &Checked, kept: &[usize]) -> Option<usize> {
    let at = root.at("baseline").given()?;
    let names: Vec<String> = root
        .at("strategies")
        .items()
        .iter()
        .map(|item| item.at("name").text().to_owned())
        .collect();
    let index = context.find(at, "strategy", &names)?;
    kept.iter().position(|kept| *kept == index)
}

/// The defaults with what `auto` came to.
fn settle(
    mut defaults: Vec<DefaultUsed>,
    window: &crate::engine::SimDuration,
    auto: bool,
) -> Vec<DefaultUsed> {
    if auto {
        for default in defaults.iter_mut().filter(|default| default.path == "clock.window") {
            default.value = format!("auto: {window}");
        }
    }
    defaults
}

/// SHA-256 over the resolved scenario and the files it was made of. How often it is run, from
/// which seed, and what the lint says of it make no difference.
fn digest(study: &Study, files: &[(String, [u8; 32])]) -> String {
    struct Sink(Sha256);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = Sink(Sha256::new());
    let content = (&study.name, &study.plan, &study.arms, &study.releases, &study.objectives);
    serde_json::to_writer(&mut sink, &content).expect("a study is plain data");
    let mut files: Vec<_> = files.iter().collect();
    files.sort();
    for (path, digest) in files {
        sink.0.update(path.as_bytes());
        sink.0.update([0]);
        sink.0.update(digest);
    }
    sink.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an option of the command line lies within the limits of the field it overrides.
pub(super) fn in_range(context: &mut Context<'_>, overrides: &Overrides) {
    use super::diagnostic::Diagnostic;
    use super::source::Span;
    let mut refuse = |value: u64, message: &str, allowed: &str| {
        let error = Diagnostic::new(code::RANGE, Span::whole(0), message);
        context.errors.push(error.value(&value.to_string()).allowed(allowed));
    };
    if let Some(seeds) = overrides.seeds.filter(|seeds| !(1..=1_000_000).contains(seeds)) {
        refuse(seeds, "this number of seeds (`--seeds`) is out of range", "1 to 1000000");
    }
    if let Some(seed) = overrides.first_seed.filter(|seed| *seed > u64::MAX / 2) {
        refuse(seed, "this seed (`--seed`) is out of range", "0 to 9223372036854775807");
    }
}
