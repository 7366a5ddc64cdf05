//! From checked values to a study: the plan's types, references, and what must fit together.

mod balancer;
mod codedeploy;
mod context;
mod csv;
mod data;
mod law;
pub mod metrics;
mod profile;
pub mod quantile;
mod response;
pub mod script;
mod service;
mod state;
mod store;
pub mod strategy;
mod traffic;
mod version;
pub mod window;

pub use context::Context;
pub use response::measured;

use super::checked::{Checked, Held};
use super::code;
use crate::engine::SimDuration;
use crate::plan::{Clock, Objective, Phase, Plan, Release};

/// A scenario's world, and what a study adds to it.
#[derive(Debug)]
pub struct World {
    /// The plan; its window is 0 where the scenario says `auto`.
    pub plan: Plan,
    /// What gets deployed.
    pub releases: Vec<Release>,
    /// Limits to hold.
    pub objectives: Vec<Objective>,
    /// Whether the window is to be chosen.
    pub auto_window: bool,
}

/// Resolves everything but the strategies.
pub fn world(context: &mut Context<'_>, root: &Checked) -> World {
    let mut classes = traffic::classes(context, root);
    let mut versions = version::versions(context, root, &classes);
    let stores = store::stores(context, root);
    let state = state::state(context, root, &stores, &mut classes, &mut versions);
    let service = service::service(context, root);
    let balancer = balancer::balancer(context, root);
    if !service.waves.is_empty() && !balancer.policy.goes_by_weight() {
        let message = "the policy knows no weights: the waves' traffic would not be as written";
        let error = context.error(code::CONTRADICTION, root.at("balancer").at("policy"), message);
        error.allowed = Some("weighted".to_owned());
    }
    let releases = version::releases(context, root, &versions);
    let objectives = response::objectives(context, root, &classes);
    let (clock, auto_window) = clock(root);
    let cost = root.at("cost");
    let currency = cost.at("currency");
    if currency.text().len() != 3 || !currency.text().bytes().all(|byte| byte.is_ascii_uppercase())
    {
        context.error(code::BAD_SCALAR, currency, "a currency has a code of three capital letters");
    }
    let plan = Plan {
        clock,
        phases: phases(context, root),
        client: traffic::client(context, root),
        balancer,
        platform: service::platform(context, root, &versions),
        faults: store::faults(context, root, &stores, &state, &versions),
        operations: version::operations(
            context,
            root,
            &versions,
            (&stores, &state, &service.waves),
        ),
        response: response::response(context, root, &classes),
        analyses: response::analyses(context, root, &classes),
        service,
        instances: script::instances(context, root, &versions),
        instance_hour_cost: cost.at("instance_hour").number(),
        currency: currency.text().to_owned(),
        classes,
        versions,
        state,
        stores,
    };
    World { plan, releases, objectives, auto_window }
}

fn clock(root: &Checked) -> (Clock, bool) {
    let at = root.at("clock");
    let Held::Instant(start_unix_ns, utc_offset_s) = at.at("start").held else {
        unreachable!("the clock's start is an instant")
    };
    let window = at.at("window").unless("auto").map(Checked::duration);
    let clock = Clock {
        start_unix_ns,
        utc_offset_s,
        warmup: at.at("warmup").duration(),
        window: window.unwrap_or(SimDuration::ZERO),
        deploy_at: at.at("deploy_at").duration(),
    };
    (clock, window.is_none())
}

fn phases(context: &mut Context<'_>, root: &Checked) -> Vec<Phase> {
    let items = root.at("phases").items();
    context.distinct("phases", items.iter().map(|item| (item.at("name").text(), item.at("name"))));
    let mut phases = Vec::new();
    for item in items {
        let (from, to) = (item.at("from").duration(), item.at("to").duration());
        if from >= to {
            context.error(code::CONTRADICTION, item.at("to"), "a phase must end after it begins");
        }
        phases.push(Phase { name: item.at("name").text().to_owned(), from, to });
    }
    phases
}

/// Checks what must lie inside the window, once its length is known.
pub fn inside_window(context: &mut Context<'_>, root: &Checked, plan: &Plan) {
    let (window, deploy_at) = (plan.clock.window, plan.clock.deploy_at);
    let outside = |context: &mut Context<'_>, at: &Checked, what: &str| {
        let message = format!("{what} after the end of the window, which is {window} long");
        context.error(code::OUTSIDE_TIME, at, message);
    };
    if !plan.operations.is_empty() && deploy_at >= window {
        outside(context, root.at("clock").at("deploy_at"), "the deployment would begin");
    }
    for item in root.at("operations").items() {
        if deploy_at.0.saturating_add(item.at("at").duration().0) >= window.0 && deploy_at < window
        {
            outside(context, item.at("at"), "this operation would begin");
        }
    }
    for item in root.at("phases").items() {
        if item.at("from").duration() >= window {
            outside(context, item.at("from"), "this phase would begin");
        }
    }
    let run = u128::from(plan.clock.warmup.0) + u128::from(window.0);
    if run > u128::from(SimDuration::LONGEST.0) {
        let at = root.at("clock").at("warmup");
        context.error(
            code::RANGE,
            at,
            "warm-up and window together are longer than can be simulated",
        );
    }
}
