//! `strategies`: the parameters of a rollout, and whether they can work.

use super::Context;
use super::codedeploy;
use super::law::law;
use crate::plan::{
    BlueGreen, Canary, CanaryStep, CanaryTraffic, ConfigPush, Dns, Generated, Header, IntOrPercent,
    PushStep, Recreate, Rolling, Straggler, Strategy, Switch, Wave,
};
use crate::scenario::checked::{Checked, Held};
use crate::scenario::code;

/// A strategy from its alternative; `None` for a kind that needs a manifest.
pub fn strategy(context: &mut Context<'_>, at: &Checked, waves: &[Wave]) -> Option<Strategy> {
    let (kind, at) = at.choice();
    Some(match kind {
        "recreate" => Strategy::Recreate(Recreate {
            min_ready: at.at("min_ready").duration(),
            progress_deadline: at.at("progress_deadline").unless("none").map(Checked::duration),
        }),
        "rolling" => {
            can_move(context, at);
            Strategy::Rolling(Rolling {
                max_surge: at.at("max_surge").int_or_percent(),
                max_unavailable: at.at("max_unavailable").int_or_percent(),
                min_ready: at.at("min_ready").duration(),
                progress_deadline: at.at("progress_deadline").unless("none").map(Checked::duration),
            })
        }
        "blue_green" => Strategy::BlueGreen(blue_green(context, at)),
        "canary" => Strategy::Canary(canary(context, at)),
        "codedeploy" => codedeploy::strategy(at.word()),
        "config_push" => Strategy::ConfigPush(config_push(context, at, waves)),
        _ => return None,
    })
}

/// Refuses a rolling update that may neither add nor miss a pod, as the API server does.
fn can_move(context: &mut Context<'_>, at: &Checked) {
    let zero = |name: &str| {
        matches!(at.at(name).int_or_percent(), IntOrPercent::Int(0) | IntOrPercent::Percent(0))
    };
    if zero("max_surge") && zero("max_unavailable") {
        let message = "`max_surge` and `max_unavailable` are both 0: the rollout could never begin";
        let error = context.error(code::CONTRADICTION, at.at("max_unavailable"), message);
        error.allowed = Some("at least one of them above 0".to_owned());
    }
    if matches!(at.at("max_unavailable").int_or_percent(), IntOrPercent::Percent(101..)) {
        context.error(
            code::RANGE,
            at.at("max_unavailable"),
            "more than 100% cannot be unavailable",
        );
    }
}

fn blue_green(context: &mut Context<'_>, at: &Checked) -> BlueGreen {
    let name = |field: &str| at.at(field).given().map(|at| at.text().to_owned());
    BlueGreen {
        switch: match at.at("switch").choice() {
            ("weights", inner) => Switch::Weights {
                steps: inner.at("steps").count32(),
                every: inner.at("every").duration(),
            },
            ("dns", inner) => Switch::Dns(dns(context, inner)),
            _ => Switch::Atomic,
        },
        verify: at.at("verify").duration(),
        pre_analysis: name("pre_analysis"),
        post_analysis: name("post_analysis"),
        keep_old: at.at("keep_old").duration(),
        min_ready: at.at("min_ready").duration(),
        progress_deadline: at.at("progress_deadline").unless("none").map(Checked::duration),
    }
}

/// A share alone stands for clients that keep an entry for a day.
const A_DAY_NS: f64 = 86_400e9;

fn dns(context: &mut Context<'_>, at: &Checked) -> Dns {
    let mut straggler = |at: &Checked| Straggler {
        share: at.at("share").number(),
        hold: at.at("hold").unless("forever").map(|hold| law(context, hold)),
    };
    let stragglers: Vec<Straggler> = match at.at("stragglers").unless("none") {
        None => Vec::new(),
        Some(given) => match &given.held {
            Held::List(items) => items.iter().map(straggler).collect(),
            Held::Map(_) => vec![straggler(given)],
            _ => {
                let hold = Some(crate::engine::Distribution::Constant(A_DAY_NS));
                vec![Straggler { share: given.number(), hold }]
            }
        },
    };
    if stragglers.iter().map(|kind| kind.share).sum::<f64>() > 1.0 + 1e-9 {
        let at = at.at("stragglers");
        context.error(code::CONTRADICTION, at, "the shares add up to more than all clients");
    }
    Dns { ttl: at.at("ttl").duration(), stragglers }
}

fn canary(context: &mut Context<'_>, at: &Checked) -> Canary {
    let traffic = if at.at("traffic").is("replicas") {
        CanaryTraffic::Replicas
    } else {
        CanaryTraffic::Weights
    };
    if traffic == CanaryTraffic::Replicas {
        can_move(context, at);
    }
    Canary {
        traffic,
        steps: steps(context, at.at("steps")),
        sticky: at.at("sticky").bool(),
        background_analysis: at.at("background_analysis").given().map(|at| at.text().to_owned()),
        max_surge: at.at("max_surge").int_or_percent(),
        max_unavailable: at.at("max_unavailable").int_or_percent(),
        keep_old: at.at("keep_old").duration(),
        min_ready: at.at("min_ready").duration(),
        progress_deadline: at.at("progress_deadline").unless("none").map(Checked::duration),
    }
}

fn steps(context: &mut Context<'_>, at: &Checked) -> Vec<CanaryStep> {
    let mut last: Option<(f64, &Checked)> = None;
    let mut steps = Vec::new();
    for item in at.items() {
        let (kind, inner) = item.choice();
        steps.push(match kind {
            "weight" => {
                let weight = inner.number();
                if let Some((earlier, first)) = last.filter(|(earlier, _)| weight <= *earlier) {
                    let message = format!(
                        "the weights of a canary must rise, but {}% comes after {}%",
                        weight * 100.0,
                        earlier * 100.0
                    );
                    let span = first.span;
                    let error = context.error(code::CONTRADICTION, inner, message);
                    error.other = Some((span, "the earlier weight is at"));
                }
                last = Some((weight, inner));
                CanaryStep::Weight(weight)
            }
            "pause" => CanaryStep::Pause(pause(inner)),
            "header" => CanaryStep::Header(inner.unless("none").and_then(|at| header(context, at))),
            "mirror" => CanaryStep::Mirror(inner.number()),
            "scale" => CanaryStep::Scale(inner.unless("weight").map(Checked::number)),
            _ => CanaryStep::Analysis(inner.text().to_owned()),
        });
    }
    steps
}

fn config_push(context: &mut Context<'_>, at: &Checked, waves: &[Wave]) -> ConfigPush {
    let names: Vec<String> = waves.iter().map(|wave| wave.name.clone()).collect();
    let (mut last, mut steps) = (0.0, Vec::new());
    for item in at.at("steps").items() {
        let (kind, inner) = item.choice();
        match kind {
            "share" => {
                let share = inner.number();
                if share <= last {
                    let message = format!(
                        "the shares of a push must rise, but {}% comes after {}%",
                        share * 100.0,
                        last * 100.0
                    );
                    context.error(code::CONTRADICTION, inner, message);
                }
                last = share;
                steps.push(PushStep::Share(share));
            }
            "wave" => {
                let found = context.find(inner, "wave", &names);
                steps.extend(found.map(|wave| PushStep::Wave(wave as u16)));
            }
            "pause" => steps.push(PushStep::Pause(pause(inner))),
            _ => steps.push(PushStep::Analysis(inner.text().to_owned())),
        }
    }
    let generated = at.at("generated").given().map(|at| Generated {
        every: at.at("every").duration(),
        bad: at.at("bad").number(),
        rises_to: at.at("rises_to").given().unwrap_or(at.at("bad")).number(),
        over: at.at("over").duration(),
    });
    if generated.is_some() && !steps.is_empty() {
        let message = "a file that is `generated` goes to everybody: it has no `steps`";
        context.error(code::CONTRADICTION, at.at("steps"), message);
    }
    ConfigPush {
        propagation: law(context, at.at("propagation")),
        steps,
        generated,
        background_analysis: at.at("background_analysis").given().map(|at| at.text().to_owned()),
    }
}

/// Which requests bear the header: those of a class, or of a share of the users.
fn header(context: &mut Context<'_>, at: &Checked) -> Option<Header> {
    let class = match at.at("class").given() {
        None => None,
        Some(name) => Some(context.class(name)?),
    };
    Some(Header { class, share_bp: basis_points(at.at("share").number()) })
}

fn basis_points(share: f64) -> u32 {
    (share * 10_000.0).round() as u32
}

fn pause(at: &Checked) -> Option<crate::engine::SimDuration> {
    match &at.held {
        Held::Map(_) => pause(at.at("duration")),
        _ => at.unless("forever").map(Checked::duration),
    }
}

/// The analyses that a strategy calls, with the place of each call.
pub fn calls(at: &Checked) -> Vec<&Checked> {
    let (kind, at) = at.choice();
    let field = |name: &str| at.at(name).given();
    match kind {
        "blue_green" => {
            [field("pre_analysis"), field("post_analysis")].into_iter().flatten().collect()
        }
        "canary" | "config_push" => {
            let steps = at.at("steps").items().iter().map(Checked::choice);
            let in_steps = steps.filter(|(kind, _)| *kind == "analysis").map(|(_, name)| name);
            field("background_analysis").into_iter().chain(in_steps).collect()
        }
        _ => Vec::new(),
    }
}
