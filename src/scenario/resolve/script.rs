//! `instances` and the strategy `scripted`.

use super::Context;
use super::law::law;
use super::service::{shutdown, warmup};
use crate::plan::{
    Action, ActionKind, Own, Plan, PlannedInstance, Reload, Script, ServerState, Version, VersionId,
};
use crate::scenario::checked::Checked;
use crate::scenario::code;

/// The named instances.
pub fn instances(
    context: &mut Context<'_>,
    root: &Checked,
    versions: &[Version],
) -> Vec<PlannedInstance> {
    let items = root.at("instances").items();
    context
        .distinct("instances", items.iter().map(|item| (item.at("name").text(), item.at("name"))));
    let groups = groups(root);
    items
        .iter()
        .filter_map(|item| {
            let version = version(context, item, versions)?;
            let group = item.at("group").given().map(Checked::text);
            Some(PlannedInstance {
                name: item.at("name").text().to_owned(),
                version,
                weight: item.at("weight").count32(),
                running: item.at("running").bool(),
                disabled: item.at("disabled").bool(),
                group: group.map(|name| place(&groups, name)),
                own: own(context, item),
            })
        })
        .collect()
}

/// The groups, in the order in which they are first named.
fn groups(root: &Checked) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for item in root.at("instances").items() {
        if let Some(group) = item.at("group").given()
            && !groups.iter().any(|known| known == group.text())
        {
            groups.push(group.text().to_owned());
        }
    }
    groups
}

fn place(groups: &[String], name: &str) -> u16 {
    groups.iter().position(|known| known == name).unwrap_or_default() as u16
}

fn version(context: &mut Context<'_>, at: &Checked, versions: &[Version]) -> Option<VersionId> {
    let names: Vec<String> = versions.iter().map(|version| version.name.clone()).collect();
    context.find(at.at("version"), "version", &names).map(|index| VersionId(index as u16))
}

fn own(context: &mut Context<'_>, at: &Checked) -> Own {
    Own {
        workers: at.at("workers").given().map(Checked::count32),
        queue: at.at("queue").given().map(Checked::count32),
        service_time: at.at("service_time").given().map(|at| law(context, at)),
        slowdown: at.at("slowdown").given().map(Checked::number),
        errors: at.at("errors").given().map(Checked::number),
        boot: at.at("boot").given().map(|at| law(context, at)),
        warm: at.at("warm").given().map(|at| warmup(context, at)),
        shutdown: at.at("shutdown").given().map(|at| shutdown(context, at)),
    }
}

/// The script of an arm.
pub fn script(context: &mut Context<'_>, root: &Checked, at: &Checked, plan: &Plan) -> Script {
    if plan.instances.is_empty() {
        let error = context.error(code::CONTRADICTION, at, "a script needs `instances` to act on");
        error.allowed = Some("at least one of `instances`".to_owned());
        return Script::default();
    }
    let groups = groups(root);
    let items = at.items();
    let mut actions: Vec<Action> = items
        .iter()
        .filter_map(|item| {
            let (kind, inner) = item.choice();
            let kind = action(context, kind, inner, plan, &groups)?;
            Some(Action { at: item.at("at").duration(), kind })
        })
        .collect();
    actions.sort_by_key(|action| action.at);
    Script { actions }
}

fn action(
    context: &mut Context<'_>,
    kind: &str,
    at: &Checked,
    plan: &Plan,
    groups: &[String],
) -> Option<ActionKind> {
    let names: Vec<String> = plan.instances.iter().map(|known| known.name.clone()).collect();
    let mut instance = |at: &Checked| context.find(at, "instance", &names).map(|at| at as u32);
    Some(match kind {
        "start" => {
            let instance = instance(at.at("instance"))?;
            let version = match at.at("version").given() {
                Some(_) => Some(version(context, at, &plan.versions)?),
                None => None,
            };
            ActionKind::Start { instance, version, own: Box::new(own(context, at)) }
        }
        "stop" => ActionKind::Stop(instance(at.at("instance"))?),
        "kill" => ActionKind::Kill(instance(at.at("instance"))?),
        "server_state" => ActionKind::ServerState {
            instance: instance(at.at("instance"))?,
            state: match at.at("state").word() {
                "drain" => ServerState::Drain,
                "maint" => ServerState::Maint,
                _ => ServerState::Ready,
            },
        },
        "weight" => ActionKind::Weight {
            instance: instance(at.at("instance"))?,
            weight: at.at("weight").count32(),
        },
        "activate" => {
            let group = at.at("group");
            ActionKind::Activate(context.find(group, "group", groups)? as u16)
        }
        "reload" => {
            let members = match at.at("members").given() {
                Some(members) => {
                    Some(members.items().iter().map(&mut instance).collect::<Option<Vec<u32>>>()?)
                }
                None => None,
            };
            let active = match at.at("active").given() {
                Some(group) => Some(context.find(group, "group", groups)? as u16),
                None => None,
            };
            ActionKind::Reload(Reload { members, active })
        }
        "balancer_stop" => ActionKind::BalancerStop,
        "balancer_start" => ActionKind::BalancerStart,
        _ => unreachable!("the field table has no action {kind}"),
    })
}
