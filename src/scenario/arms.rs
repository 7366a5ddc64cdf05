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
use crate::plan::{Arm, DefectKind, FieldChanged, ManifestNote, Plan, Strategy};

/// An arm, and what a manifest had to say about it.
#[derive(Debug)]
pub struct ArmParts {
    /// The arm.
    pub arm: Arm,
    /// What it changes in its own world.
    pub changes: Vec<FieldChanged>,
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

/// One arm. `index` is its place among the strategies of the tree. What is wrong with the world
/// of one that is not `wanted` is no error: nothing runs in it.
pub fn arm(
    context: &mut Context<'_>,
    (tree, root): (&Node, &Checked),
    (item, index): (&Checked, usize),
    world: &World,
    wanted: bool,
) -> Option<ArmParts> {
    let name = item.at("name").text().to_owned();
    let written = &tree.get("strategies")?.items()[index];
    let before = context.errors.len();
    let edited = edited(context, tree, item, written);
    let (own, plan) = match &edited {
        Some(Edited { changes, .. }) if changes.is_empty() => (true, None),
        Some(Edited { tree, .. }) => {
            let plan = own_plan(context, tree, item, world);
            (plan.is_some(), plan)
        }
        None => (false, None),
    };
    if !wanted && context.errors.len() > before {
        context.errors.truncate(before);
        return None;
    }
    let Edited { mut changes, manifest, .. } = edited.filter(|_| own)?;
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let checked = match manifest {
        Some(manifest) => {
            notes = manifest.notes;
            strategy_of(context, &manifest.strategy, item)?
        }
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
    match &plan {
        None => changes.clear(),
        Some(plan) if !notes.is_empty() => {
            warnings.extend(differences(&name, plan, &world.plan));
        }
        Some(_) => {}
    }
    let arm = Arm { name, strategy, plan: plan.map(Box::new) };
    Some(ArmParts { arm, changes, notes, warnings })
}

/// The scenario's tree as an arm has it.
struct Edited {
    tree: Node,
    /// None: it is the scenario's.
    changes: Vec<FieldChanged>,
    manifest: Option<Manifest>,
}

/// Carries out what an arm changes; `None` if its manifest cannot be read.
fn edited(
    context: &mut Context<'_>,
    tree: &Node,
    item: &Checked,
    written: &Node,
) -> Option<Edited> {
    let name = item.at("name");
    let mut own = Edited { tree: tree.clone(), changes: Vec::new(), manifest: None };
    if let ("manifest", path) = item.choice() {
        let manifest = manifest::read(context, path, false)?;
        for change in &manifest.edits {
            apply(context, &mut own.tree, &change.edit);
            own.changes.push(told(name.text(), &change.edit));
        }
        own.manifest = Some(manifest);
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
        apply(context, &mut own.tree, &edit);
        own.changes.push(told(name.text(), &edit));
    }
    Some(own)
}

/// An edit for people.
fn told(arm: &str, edit: &Edit) -> FieldChanged {
    FieldChanged { arm: arm.to_owned(), path: edit.path.clone(), value: edit.value.on_one_line() }
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

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, gallery};

    #[test]
    fn what_is_wrong_with_a_strategy_that_is_left_out_is_no_error() {
        let storm = gallery::find("retry-storm-metastable").unwrap();
        let without_faults = |strategies: &[&str]| {
            let overrides = Overrides {
                set: vec![("faults".to_owned(), "[]".to_owned())],
                strategies: strategies.iter().map(|&name| name.to_owned()).collect(),
                ..Overrides::default()
            };
            storm.load(&overrides)
        };
        let study = without_faults(&["storm"]).unwrap();
        assert_eq!(study.arms.len(), 1);
        assert!(without_faults(&[]).is_err(), "all strategies run");
    }
}
