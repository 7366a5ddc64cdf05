//! `balancer`.

use super::Context;
use super::law::law;
use super::state::wants_cookie;
use super::traffic::retry_on;
use crate::engine::SimDuration;
use crate::plan::{
    Balancer, BalancerRetries, CheckStart, HealthCheck, Mode, OnError, Outlier, Policy, Rotation,
    SlowStart, Sticky, TieBreak,
};
use crate::scenario::checked::{Checked, Held};

/// The balancer.
pub fn balancer(context: &mut Context<'_>, root: &Checked) -> Balancer {
    let at = root.at("balancer");
    let preset = at.at("preset").word();
    Balancer {
        preset: preset.to_owned(),
        mode: match at.at("mode").word() {
            "tcp" => Mode::Tcp,
            "none" => Mode::None,
            _ => Mode::Http,
        },
        nodes: at.at("nodes").count32(),
        policy: policy(at.at("policy"), preset),
        sticky: at
            .at("sticky")
            .unless("none")
            .filter(|sticky| sticky.at("cookie").bool() || sticky.at("version").bool())
            .map(|sticky| Sticky {
                cookie: sticky.at("cookie").bool(),
                version: sticky.at("version").bool(),
                ttl: sticky.at("ttl").duration(),
            })
            .or_else(|| wants_cookie(root).map(|ttl| Sticky { cookie: true, version: false, ttl })),
        propagation: law(context, at.at("propagation")),
        health_check: at.at("health_check").unless("none").map(health_check),
        outlier: at.at("outlier").unless("none").map(outlier),
        panic_threshold: at.at("panic_threshold").unless("none").map(Checked::number),
        server_maxconn: at.at("server_maxconn").unless("none").map(Checked::count32),
        queue_timeout: at
            .at("queue_timeout")
            .given()
            .unwrap_or_else(|| at.at("connect_timeout"))
            .duration(),
        drain_timeout: at.at("drain_timeout").unless("none").map(Checked::duration),
        retries: at.at("retries").unless("none").map_or_else(no_retries, retries),
        connect_timeout: at.at("connect_timeout").duration(),
        overhead: at.at("overhead").duration(),
        server_timeout: at.at("server_timeout").unless("none").map(Checked::duration),
        abort_on_close: at.at("abort_on_close").bool(),
        cut_when_down: at.at("cut_when_down").bool(),
        slow_start: slow_start(at.at("slow_start")),
    }
}

fn slow_start(at: &Checked) -> Option<SlowStart> {
    let ramp = match &at.held {
        Held::Map(_) => SlowStart {
            window: at.at("window").duration(),
            aggression: at.at("aggression").number(),
            floor: at.at("floor").number(),
        },
        _ => SlowStart { window: at.duration(), aggression: 1.0, floor: 0.1 },
    };
    (ramp.window > SimDuration::ZERO).then_some(ramp)
}

fn health_check(at: &Checked) -> HealthCheck {
    let interval = at.at("interval").duration();
    let or_interval = |name: &str| at.at(name).given().map_or(interval, Checked::duration);
    HealthCheck {
        interval,
        fast_interval: or_interval("fast_interval"),
        down_interval: or_interval("down_interval"),
        start: match at.at("start").word() {
            "down" => CheckStart::Down,
            "one_failure" => CheckStart::OneFailure,
            _ => CheckStart::Up,
        },
        staggered: at.at("staggered").bool(),
        shares_workers: at.at("shares_workers").bool(),
        timeout: at.at("timeout").duration(),
        fall: at.at("fall").count32(),
        rise: at.at("rise").count32(),
    }
}

fn outlier(at: &Checked) -> Outlier {
    let (kind, at) = at.choice();
    match kind {
        "observe" => Outlier::Observe {
            layer7: at.at("layer").is("layer7"),
            error_limit: at.at("error_limit").count32(),
            on_error: match at.at("on_error").word() {
                "fastinter" => OnError::Fastinter,
                "sudden_death" => OnError::SuddenDeath,
                "mark_down" => OnError::MarkDown,
                _ => OnError::FailCheck,
            },
        },
        "max_fails" => Outlier::MaxFails {
            max_fails: at.at("max_fails").count32(),
            fail_timeout: at.at("fail_timeout").duration(),
        },
        _ => Outlier::Consecutive {
            errors: at.at("errors").count32(),
            interval: at.at("interval").duration(),
            base_ejection: at.at("base_ejection").duration(),
            max_ejection: at.at("max_ejection").duration(),
            max_share: at.at("max_share").number(),
        },
    }
}

/// How the preset's balancer deals turns by weight; `None`: it has no weights.
fn rotation(preset: &str) -> Option<Rotation> {
    match preset {
        "haproxy" => Some(Rotation::Positions),
        "nginx" | "envoy" | "alb" => Some(Rotation::Smooth),
        _ => None,
    }
}

fn policy(at: &Checked, preset: &str) -> Policy {
    let (kind, at) = at.choice();
    match kind {
        "round_robin" => Policy::RoundRobin(rotation(preset).unwrap_or(Rotation::Cycle)),
        "random" => Policy::Random,
        "weighted" => Policy::RoundRobin(rotation(preset).unwrap_or(Rotation::Smooth)),
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
        max: at.at("max").unless("each").map_or(u32::MAX, Checked::count32),
        on: retry_on(at.at("on")),
        redispatch: at.at("redispatch").bool(),
        pause: at.at("pause").duration(),
        cookie_waits: at.at("cookie_waits").bool(),
    }
}

fn no_retries() -> BalancerRetries {
    BalancerRetries {
        max: 0,
        on: Vec::new(),
        redispatch: true,
        pause: SimDuration::ZERO,
        cookie_waits: false,
    }
}
