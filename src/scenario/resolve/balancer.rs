//! `balancer`.

use super::Context;
use super::law::law;
use super::state::wants_cookie;
use super::traffic::retry_on;
use crate::engine::SimDuration;
use crate::plan::{Balancer, BalancerRetries, HealthCheck, Policy, SlowStart, Sticky, TieBreak};
use crate::scenario::checked::Checked;

/// The balancer.
pub fn balancer(context: &mut Context<'_>, root: &Checked) -> Balancer {
    let at = root.at("balancer");
    let slow_start = at.at("slow_start").duration();
    Balancer {
        preset: at.at("preset").word().to_owned(),
        nodes: at.at("nodes").count32(),
        policy: policy(at.at("policy")),
        sticky: at
            .at("sticky")
            .unless("none")
            .filter(|sticky| sticky.at("cookie").bool())
            .map(|sticky| sticky.at("ttl").duration())
            .or_else(|| wants_cookie(root))
            .map(|ttl| Sticky { ttl }),
        propagation: law(context, at.at("propagation")),
        health_check: at.at("health_check").unless("none").map(|check| HealthCheck {
            interval: check.at("interval").duration(),
            timeout: check.at("timeout").duration(),
            fall: check.at("fall").count32(),
            rise: check.at("rise").count32(),
        }),
        retries: at.at("retries").unless("none").map_or_else(no_retries, retries),
        connect_timeout: at.at("connect_timeout").duration(),
        overhead: at.at("overhead").duration(),
        slow_start: (slow_start > SimDuration::ZERO).then_some(SlowStart { window: slow_start }),
    }
}

fn policy(at: &Checked) -> Policy {
    let (kind, at) = at.choice();
    match kind {
        "round_robin" => Policy::RoundRobin,
        "random" => Policy::Random,
        "weighted" => Policy::Weighted,
        "least_request" => Policy::LeastRequest {
            choices: at.at("choices").unless("all").map(Checked::count32),
            ties: if at.at("ties").is("random") { TieBreak::Random } else { TieBreak::InTurn },
        },
        "ring_hash" => Policy::RingHash,
        "modulo_hash" => Policy::ModuloHash,
        _ => unreachable!("the field table has no policy {kind}"),
    }
}

fn retries(at: &Checked) -> BalancerRetries {
    BalancerRetries {
        max: at.at("max").count32(),
        on: retry_on(at.at("on")),
        redispatch: at.at("redispatch").bool(),
        pause: at.at("pause").duration(),
    }
}

fn no_retries() -> BalancerRetries {
    BalancerRetries { max: 0, on: Vec::new(), redispatch: true, pause: SimDuration::ZERO }
}
