//! `versions`, `releases` and `operations`.

use super::law::law;
use super::{Context, store, strategy};
use crate::engine::SimDuration;
use crate::plan::{
    Defect, DefectKind, OnlyWhen, Operation, OperationKind, Release, RequestClass, State, Store,
    Version, VersionId, VersionState, Wave,
};
use crate::scenario::checked::{Checked, Held};
use crate::scenario::code;

/// The version that is deployed unless a scenario says otherwise.
const CANDIDATE: &str = "candidate";
const STABLE: &str = "stable";

/// The versions: `stable` first, then the others as written. Where no other is written there
/// is a `candidate` without any fault.
pub fn versions(
    context: &mut Context<'_>,
    root: &Checked,
    classes: &[RequestClass],
) -> Vec<Version> {
    let written = root.at("versions").named();
    context.distinct("versions", written.iter().map(|(name, at)| (name.as_str(), at)));
    let stable = written.iter().find(|(name, _)| name == STABLE);
    let mut versions = vec![match stable {
        Some((name, at)) => version(context, name, at, classes),
        None => plain(STABLE, classes),
    }];
    for (name, at) in written.iter().filter(|(name, _)| name != STABLE) {
        versions.push(version(context, name, at, classes));
    }
    if versions.len() == 1 {
        versions.push(plain(CANDIDATE, classes));
    }
    versions
}

fn plain(name: &str, classes: &[RequestClass]) -> Version {
    Version {
        name: name.to_owned(),
        slowdown: vec![1.0; classes.len()],
        errors: vec![0.0; classes.len()],
        boot: None,
        init: None,
        linger: None,
        state: VersionState::default(),
        defects: Vec::new(),
    }
}

fn version(
    context: &mut Context<'_>,
    name: &str,
    at: &Checked,
    classes: &[RequestClass],
) -> Version {
    Version {
        name: name.to_owned(),
        slowdown: by_class(context, at.at("slowdown"), 1.0, classes),
        errors: by_class(context, at.at("errors"), 0.0, classes),
        boot: at.at("boot").given().map(|at| law(context, at)),
        init: at.at("init").given().map(|at| law(context, at)),
        linger: at.at("linger").given().map(|at| law(context, at)),
        state: VersionState::default(),
        defects: at.at("defects").items().iter().map(|item| defect(context, item)).collect(),
    }
}

/// Deletion costs of pods, where some are given.
pub fn deletion_costs(
    context: &mut Context<'_>,
    root: &Checked,
    versions: &[Version],
) -> Vec<(VersionId, u32, i32)> {
    let mut costs = Vec::new();
    for (name, at) in root.at("versions").named() {
        let place = versions.iter().position(|version| version.name == *name);
        let version = VersionId(place.unwrap_or_default() as u16);
        for (pod, cost) in at.at("deletion_costs").items().iter().enumerate() {
            if cost.number().fract() != 0.0 {
                context.error(code::BAD_SCALAR, cost, "a deletion cost is a whole number");
            }
            costs.push((version, pod as u32, cost.number() as i32));
        }
    }
    costs
}

/// A number for all classes, or by class.
pub fn by_class(
    context: &mut Context<'_>,
    at: &Checked,
    rest: f64,
    classes: &[RequestClass],
) -> Vec<f64> {
    let Held::Named(entries) = &at.held else { return vec![at.number(); classes.len()] };
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    let mut values = vec![rest; classes.len()];
    for (name, value) in entries {
        let key = Checked { held: Held::Text(name.clone()), ..value.clone() };
        if let Some(class) = context.find(&key, "request class", &names) {
            values[class] = value.number();
        }
    }
    values
}

fn defect(context: &mut Context<'_>, at: &Checked) -> Defect {
    let (kind, at) = at.choice();
    let ordinals = at.at("ordinals").given();
    let kind = match kind {
        "crash_loop" => DefectKind::CrashLoop,
        "never_ready" => DefectKind::NeverReady,
        "stuck_pending" => DefectKind::StuckPending,
        "crash_after_ready" => DefectKind::CrashAfterReady {
            after: at.at("after").duration(),
            backoff: at.at("backoff").items().iter().map(Checked::duration).collect(),
        },
        "config_invalid" => DefectKind::ConfigInvalid {
            keeps_last_good: at.at("then").is("keep_last_good"),
            repair: at.at("repair").given().map(|at| law(context, at)),
        },
        "hang" => DefectKind::Hang { after: at.at("after").duration() },
        "starts_late" => DefectKind::StartsLate { after: at.at("after").duration() },
        "leak" => DefectKind::Leak { lasts: leak(context, at) },
        "only_when" => DefectKind::OnlyWhen(only_when(context, at)),
        "failing_checks" => DefectKind::FailingChecks { after: at.at("after").duration() },
        "shallow_health" => DefectKind::ShallowHealth {
            errors: at.at("errors").number(),
            service_time: at.at("service_time").given().map(|at| law(context, at)),
        },
        _ => unreachable!("the field table has no defect {kind}"),
    };
    let ordinals = ordinals.map(|at| at.items().iter().map(Checked::count32).collect());
    Defect { kind, ordinals }
}

/// How long a process that leaks lasts: (limit - base) / growth.
fn leak(context: &mut Context<'_>, at: &Checked) -> SimDuration {
    let (base, limit) = (at.at("base").number(), at.at("limit").number());
    if base >= limit {
        let message = format!("it begins with {base} MiB, but is killed at {limit} MiB");
        context.error(code::CONTRADICTION, at.at("base"), message);
        return SimDuration::ZERO;
    }
    SimDuration::from_secs_f64((limit - base) / at.at("per_hour").number() * 3600.0)
}

fn only_when(context: &mut Context<'_>, at: &Checked) -> OnlyWhen {
    OnlyWhen {
        class: at.at("class").given().and_then(|at| context.class(at)),
        users: at.at("users").given().map(Checked::number),
        in_progress: at.at("in_progress").given().map(Checked::count32),
        errors: at.at("errors").number(),
    }
}

/// What gets deployed: as written, else `candidate`, else the only version beside `stable`.
pub fn releases(context: &mut Context<'_>, root: &Checked, versions: &[Version]) -> Vec<Release> {
    let names: Vec<String> = versions.iter().map(|version| version.name.clone()).collect();
    let at = root.at("releases");
    let always = |index: usize| {
        vec![Release { name: names[index].clone(), version: VersionId(index as u16), share: 1.0 }]
    };
    if at.given().is_none() {
        let candidate = names.iter().position(|name| name == CANDIDATE);
        return match candidate.or((names.len() == 2).then_some(1)) {
            Some(index) => always(index),
            None => {
                let message =
                    "`releases` is missing: there are several versions, but no `candidate`";
                context.error(code::MISSING_FIELD, at, message);
                always(1)
            }
        };
    }
    let items = at.items();
    context.distinct(
        "releases",
        items.iter().map(|item| (item.at("version").text(), item.at("version"))),
    );
    let mut releases = Vec::new();
    for item in items {
        if let Some(index) = context.find(item.at("version"), "version", &names) {
            releases.extend(
                always(index)
                    .into_iter()
                    .map(|r| Release { share: item.at("share").number(), ..r }),
            );
        }
    }
    let sum: f64 = items.iter().map(|item| item.at("share").number()).sum();
    if (sum - 1.0).abs() > 1e-6 {
        let error = context.error(
            code::LAW,
            at,
            format!("the shares of the releases add up to {}%", percent(sum)),
        );
        error.allowed = Some("shares that add up to 100%".to_owned());
    }
    releases
}

fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// What an operator does, in order of time.
pub fn operations(
    context: &mut Context<'_>,
    root: &Checked,
    versions: &[Version],
    (stores, state, waves): (&[Store], &State, &[Wave]),
) -> Vec<Operation> {
    let names: Vec<String> = versions.iter().map(|version| version.name.clone()).collect();
    let items = root.at("operations").items();
    let mut operations = Vec::new();
    let mut deploys: Vec<&Checked> = Vec::new();
    for item in items {
        let at = item.at("at").duration();
        let (kind, inner) = item.choice();
        if kind == "deploy" {
            if let Some(first) = deploys.iter().find(|first| first.at("at").duration() == at) {
                let span = first.span;
                let error =
                    context.error(code::OVERLAP, item, "two deployments begin at the same instant");
                error.other = Some((span, "the first one is at"));
            }
            deploys.push(item);
        }
        let kind = match kind {
            "expand" | "migrate" | "contract" | "configure" | "replace_nodes" => {
                store::operation(context, kind, inner, stores, state).map(OperationKind::State)
            }
            "set_strategy" => strategy::strategy(context, inner, waves)
                .map(|strategy| OperationKind::SetStrategy { strategy }),
            "drain" => drain(context, root, inner),
            _ => operation(context, kind, inner, &names),
        };
        operations.extend(kind.map(|kind| Operation { at, kind }));
    }
    operations.sort_by_key(|operation| operation.at);
    operations
}

/// A drain, of a node that there is.
fn drain(context: &mut Context<'_>, root: &Checked, at: &Checked) -> Option<OperationKind> {
    let (node, nodes) = (at.at("node").count32(), root.at("platform").at("nodes").count32());
    if node >= nodes {
        let message = format!("there is no node {node}: `platform.nodes` is {nodes}");
        let error = context.error(code::RANGE, at.at("node"), message);
        error.value = Some(node.to_string());
        error.allowed = Some(match nodes {
            1 => "0".to_owned(),
            _ => format!("a whole number in plain digits, 0 to {}", nodes - 1),
        });
        return None;
    }
    Some(OperationKind::Drain { node, retry: at.at("retry").duration() })
}

fn operation(
    context: &mut Context<'_>,
    kind: &str,
    at: &Checked,
    names: &[String],
) -> Option<OperationKind> {
    let version = |context: &mut Context<'_>, at: &Checked| {
        context.find(at.at("version"), "version", names).map(|index| VersionId(index as u16))
    };
    let count = |at: &Checked| at.at("count").count32();
    Some(match kind {
        "deploy" => match at.at("version").given() {
            Some(_) => OperationKind::Deploy { version: Some(version(context, at)?) },
            None => OperationKind::Deploy { version: None },
        },
        "undo" => OperationKind::Undo,
        "scale" => OperationKind::Scale { replicas: at.at("replicas").count32() },
        "pause" => OperationKind::Pause,
        "resume" => OperationKind::Resume,
        "kill" => OperationKind::Kill { version: version(context, at)?, count: count(at) },
        "delete" => OperationKind::Delete { version: version(context, at)?, count: count(at) },
        "evict" => OperationKind::Evict { version: version(context, at)?, count: count(at) },
        _ => unreachable!("the field table has no operation {kind}"),
    })
}
