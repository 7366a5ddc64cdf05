//! `traffic` and `client`.

use std::sync::Arc;

use super::law::law;
use super::{Context, data, profile};
use crate::plan::{
    Arrivals, Backoff, ClassState, Client, ClientRetries, Connection, Jitter, Pick, RequestClass,
    RetryOn, Users,
};
use crate::scenario::checked::{Checked, Held};
use crate::scenario::resolve::profile::WindowStart;

/// The request classes.
pub fn classes(context: &mut Context<'_>, root: &Checked) -> Vec<RequestClass> {
    let items = root.at("traffic").items();
    context.distinct(
        "request classes",
        items.iter().map(|item| (item.at("name").text(), item.at("name"))),
    );
    let Held::Instant(start_unix_ns, utc_offset_s) = root.at("clock").at("start").held else {
        unreachable!("the clock's start is an instant")
    };
    context.classes = items.iter().map(|item| item.at("name").text().to_owned()).collect();
    let start = WindowStart { start_unix_ns, utc_offset_s };
    items.iter().map(|item| class(context, item, start)).collect()
}

fn class(context: &mut Context<'_>, item: &Checked, start: WindowStart) -> RequestClass {
    RequestClass {
        name: item.at("name").text().to_owned(),
        arrivals: arrivals(context, item.at("arrivals"), start),
        service_time: law(context, item.at("service_time")),
        idempotent: item.at("idempotent").bool(),
        patience: item.at("patience").unless("none").map(|at| law(context, at)),
        state: ClassState::default(),
    }
}

fn arrivals(context: &mut Context<'_>, at: &Checked, start: WindowStart) -> Arrivals {
    let (kind, at) = at.choice();
    match kind {
        "poisson" => Arrivals::Poisson { rate: at.at("rate").number() },
        "constant" => Arrivals::Constant { rate: at.at("rate").number() },
        "bursty" => Arrivals::Bursty {
            rate: at.at("rate").number(),
            burst: at.at("burst").number(),
            on: at.at("on").duration(),
            off: at.at("off").duration(),
        },
        "profile" => profile::profile(context, at, start),
        "trace" => {
            let speed = at.at("speed").number();
            let times = data::trace(context, at.at("file"), speed).unwrap_or_default();
            Arrivals::Trace { times: Arc::from(times) }
        }
        "users" => {
            Arrivals::Users { count: at.at("count").count32(), think: law(context, at.at("think")) }
        }
        "on_demand" => Arrivals::OnDemand,
        "sessions" => Arrivals::Sessions {
            rate: at.at("rate").number(),
            requests: law(context, at.at("requests")),
            think: law(context, at.at("think")),
        },
        _ => unreachable!("the field table has no arrivals {kind}"),
    }
}

/// The client.
pub fn client(context: &mut Context<'_>, root: &Checked) -> Client {
    let at = root.at("client");
    let users = at.at("users").unless("none").is_some();
    Client {
        connection: Connection {
            keepalive: at.at("connection").is("keepalive"),
            shared_pool: at.at("pool").is("shared") || (at.at("pool").is("auto") && !users),
            lifetime: at.at("lifetime").unless("none").map(|at| law(context, at)),
            max_age: at.at("max_age").unless("none").map(Checked::duration),
        },
        users: at.at("users").unless("none").map(|at| Users {
            count: at.at("count").count32(),
            pick: if at.at("pick").is("uniform") { Pick::Uniform } else { Pick::InTurn },
        }),
        timeout: at.at("timeout").unless("none").map(Checked::duration),
        deadline: at.at("deadline").unless("none").map(Checked::duration),
        retries: at.at("retries").unless("none").map_or_else(no_retries, retries),
    }
}

fn retries(at: &Checked) -> ClientRetries {
    let backoff = at.at("backoff");
    ClientRetries {
        max: at.at("max").count32(),
        on: retry_on(at.at("on")),
        backoff: Backoff {
            base: backoff.at("base").duration(),
            cap: backoff.at("cap").duration(),
            jitter: match backoff.at("jitter").word() {
                "none" => Jitter::None,
                "equal" => Jitter::Equal,
                _ => Jitter::Full,
            },
        },
        budget: at.at("budget").unless("none").map(Checked::number),
    }
}

fn no_retries() -> ClientRetries {
    let none = crate::engine::SimDuration::ZERO;
    ClientRetries {
        max: 0,
        on: Vec::new(),
        backoff: Backoff { base: none, cap: none, jitter: Jitter::None },
        budget: None,
    }
}

/// Failures that are tried again, in one order and each once.
pub fn retry_on(at: &Checked) -> Vec<RetryOn> {
    let mut on: Vec<RetryOn> = at
        .items()
        .iter()
        .map(|item| match item.word() {
            "refused" => RetryOn::Refused,
            "reset" => RetryOn::Reset,
            "500" => RetryOn::AppError,
            "502" => RetryOn::BadGateway,
            "503" => RetryOn::Unavailable,
            "504" => RetryOn::GatewayTimeout,
            _ => RetryOn::Timeout,
        })
        .collect();
    on.sort_unstable();
    on.dedup();
    on
}
