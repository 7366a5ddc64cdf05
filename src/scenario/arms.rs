//! Arms: each strategy with the world it runs in.
//!
//! A strategy that changes other fields (`with:`) or comes from a manifest gets the scenario's
//! tree with those changes, checked and resolved like the scenario itself. What all arms must
//! share so that their differences mean something (arrivals, clock, releases) cannot be changed.

use super::check::Checker;
use super::checked::{CHOSEN, Checked};
use super::code;
use super::diagnostic::Diagnostic;
use super::edit::{self, Edit};
use super::manifest::{self, Manifest};
use super::resolve::{self, Context, World, strategy};
use super::yaml::Node;
use crate::plan::{Arm, DefectKind, ManifestNote, Plan, Strategy};

/// An arm, and what a manifest had to say about it.
#[derive(Debug)]
pub struct ArmParts {
    /// The arm.
    pub arm: Arm,
    /// What became of the manifest's fields.
    pub notes: Vec<ManifestNote>,
    /// Where the manifest differs from the scenario.
    pub warnings: Vec<String>,
}

/// Fields at the top that no arm may change.
const FIXED: [&str; 13] = [
    "apiVersion",
    "name",
    "description",
    "seeds",
    "base",
    "clock",
    "phases",
    "releases",
    "cost",
    "objectives",
    "baseline",
    "strategies",
    "instances",
];

/// Fills what the scenario leaves out from its `base:` manifests.
pub fn fill_from_base(context: &mut Context<'_>, tree: &mut Node) -> Vec<ManifestNote> {
    let Some(base) = tree.get("base").cloned() else { return Vec::new() };
    let mut checker = Checker::default();
    let at = checker.value(&base, &super::schema::Shape::Path, super::schema::Form::Same, "base");
    // A path that cannot be one is reported by the check of the whole.
    let Some(manifest) = at.and_then(|at| manifest::read(context, &at, true)) else {
        return Vec::new();
    };
    let Manifest { edits, mut notes, .. } = manifest;
    for mut change in edits {
        change.edit.keep = true;
        match edit::apply(tree, &change.edit) {
            Ok(true) => {}
            Ok(false) => overridden(&mut notes, &change.field, &change.edit.path),
            Err(error) => context.errors.push(error),
        }
    }
    notes
}

fn overridden(notes: &mut [ManifestNote], field: &str, path: &str) {
    for note in notes
        .iter_mut()
        .filter(|note| note.field == field || note.field.starts_with(&format!("{field}.")))
    {
        note.verdict = crate::plan::ManifestVerdict::Ignored;
        note.note = format!("the scenario's own `{path}` stands");
    }
}

/// One arm. `index` is its place among the strategies of the tree.
pub fn arm(
    context: &mut Context<'_>,
    (tree, root): (&Node, &Checked),
    item: &Checked,
    index: usize,
    world: &World,
) -> Option<ArmParts> {
    let name = item.at("name").text().to_owned();
    let written = &tree.get("strategies")?.items()[index];
    let mut own = tree.clone();
    let mut changed = false;
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let mut from_manifest = None;
    if let ("manifest", path) = item.choice() {
        let manifest = manifest::read(context, path, false)?;
        for change in &manifest.edits {
            apply(context, &mut own, &change.edit);
        }
        changed = true;
        notes = manifest.notes;
        from_manifest = Some(manifest.strategy);
    }
    for entry in written.get("with").map_or(&[][..], Node::entries) {
        let edit = Edit {
            path: entry.key.clone(),
            path_span: entry.key_span,
            value: entry.value.clone(),
            keep: false,
        };
        let first = entry.key.split(['.', '[']).next().unwrap_or("");
        if FIXED.contains(&first) {
            let error = Diagnostic::new(
                code::FIXED_FIELD,
                entry.key_span,
                format!("an arm cannot change `{first}`"),
            );
            context.errors.push(error.value(&entry.key).path(&item.at("with").path));
            continue;
        }
        apply(context, &mut own, &edit);
        changed = true;
    }
    let plan = if changed { Some(own_plan(context, &own, item, world)?) } else { None };
    let checked = match from_manifest {
        Some(node) => strategy_of(context, &node, item)?,
        None => item.at(CHOSEN).clone(),
    };
    let arm_plan = plan.as_ref().unwrap_or(&world.plan);
    calls(context, &checked, arm_plan);
    let strategy = if let ("scripted", script) = checked.choice() {
        Strategy::Scripted(resolve::script::script(context, root, script, arm_plan))
    } else {
        if !arm_plan.instances.is_empty() {
            let message = "`instances` are for scripted strategies: this one needs pods";
            context.error(code::CONTRADICTION, item.at("name"), message);
        }
        let strategy = strategy::strategy(context, &checked, &arm_plan.service.waves)?;
        pushes(context, item, &strategy, arm_plan);
        strategy
    };
    let plan = plan.filter(|plan| *plan != world.plan);
    if let (Some(plan), false) = (&plan, notes.is_empty()) {
        warnings.extend(differences(&name, plan, &world.plan));
    }
    Some(ArmParts { arm: Arm { name, strategy, plan: plan.map(Box::new) }, notes, warnings })
}

fn apply(context: &mut Context<'_>, tree: &mut Node, edit: &Edit) {
    if let Err(error) = edit::apply(tree, edit) {
        context.errors.push(error);
    }
}

/// The world of an arm that changes something.
fn own_plan(context: &mut Context<'_>, tree: &Node, item: &Checked, world: &World) -> Option<Plan> {
    let mut checker = Checker::default();
    let root = checker.scenario(tree);
    context.errors.append(&mut checker.errors);
    let root = root?;
    let plan = resolve::world(context, &root).plan;
    let fixed = [
        ("the request classes and their arrivals", same_traffic(&plan, &world.plan)),
        ("the names of versions", same_versions(&plan, &world.plan)),
    ];
    for (what, same) in fixed {
        if !same {
            context.error(
                code::FIXED_FIELD,
                item.at("with"),
                format!("an arm cannot change {what}"),
            );
        }
    }
    Some(plan)
}

fn same_traffic(a: &Plan, b: &Plan) -> bool {
    let traffic = |plan: &Plan| -> Vec<_> {
        plan.classes.iter().map(|class| (class.name.clone(), class.arrivals.clone())).collect()
    };
    traffic(a) == traffic(b)
}

fn same_versions(a: &Plan, b: &Plan) -> bool {
    a.versions
        .iter()
        .map(|version| &version.name)
        .eq(b.versions.iter().map(|version| &version.name))
}

/// The strategy that a manifest describes.
fn strategy_of(context: &mut Context<'_>, node: &Node, item: &Checked) -> Option<Checked> {
    let mut checker = Checker::default();
    let shape = super::schema::Shape::Choice(&super::schema::KINDS);
    let checked = checker.value(node, &shape, super::schema::Form::Same, &item.path);
    context.errors.append(&mut checker.errors);
    checked
}

/// Checks that every analysis a strategy calls is defined.
fn calls(context: &mut Context<'_>, at: &Checked, plan: &Plan) {
    let known: Vec<String> = plan.analyses.iter().map(|analysis| analysis.name.clone()).collect();
    for call in strategy::calls(at) {
        context.find(call, "analysis", &known);
    }
}

/// Checks that what is pushed as a configuration can be one: it changes what running processes
/// do, and says nothing of the start of pods.
fn pushes(context: &mut Context<'_>, item: &Checked, strategy: &Strategy, plan: &Plan) {
    if !matches!(strategy, Strategy::ConfigPush(_)) {
        return;
    }
    let others = plan.versions.iter().filter(|version| {
        let only_files =
            |d: &crate::plan::Defect| matches!(d.kind, DefectKind::ConfigInvalid { .. });
        version.boot.is_some() || version.init.is_some() || !version.defects.iter().all(only_files)
    });
    for version in others {
        let message = format!(
            "a configuration reaches processes that run, but version {} has a boot time or a \
             defect of pods that start",
            version.name
        );
        let error = context.error(code::CONTRADICTION, item.at("name"), message);
        error.allowed = Some("`errors`, `slowdown`, state and `config_invalid`".to_owned());
    }
}

/// What a manifest's arm has different from the scenario's own service.
fn differences(name: &str, own: &Plan, base: &Plan) -> Vec<String> {
    let (mine, theirs) = (&own.service, &base.service);
    let mut found = Vec::new();
    if mine.replicas != theirs.replicas {
        found.push(format!("replicas {} (the scenario: {})", mine.replicas, theirs.replicas));
    }
    if mine.probes != theirs.probes {
        found.push("probes".to_owned());
    }
    if mine.shutdown != theirs.shutdown {
        let (a, b) = (&mine.shutdown, &theirs.shutdown);
        found.push(format!(
            "preStop {} and grace {} (the scenario: {} and {})",
            a.pre_stop, a.grace, b.pre_stop, b.grace
        ));
    }
    if found.is_empty() {
        return Vec::new();
    }
    vec![format!("strategy {name}: its manifest differs from `service` in {}", found.join(", "))]
}
