//! `response`, `analyses` and `objectives`.

use super::law::law;
use super::{Context, metrics};
use crate::plan::{
    Alert, Analysis, AnalysisMetric, Arrivals, Bound, MetricName, Metrics, Objective, OnCall, Plan,
    RequestClass, Response, Rollback, Scope, ScopeVersion, Slo, Tickets,
};
use crate::scenario::checked::{AmountUnit, Checked, Held};
use crate::scenario::code;

/// Who notices harm, and what they do.
pub fn response(context: &mut Context<'_>, root: &Checked, classes: &[RequestClass]) -> Response {
    let at = root.at("response");
    let metrics = at.at("metrics");
    let on_call = at.at("on_call");
    let alerts = at.at("alerts").items();
    context.distinct("alerts", alerts.iter().map(|item| (item.at("name").text(), item.at("name"))));
    Response {
        metrics: Metrics {
            scrape: metrics.at("scrape").duration(),
            window: metrics.at("window").duration(),
            delay: metrics.at("delay").duration(),
        },
        alerts: alerts
            .iter()
            .map(|item| Alert {
                name: item.at("name").text().to_owned(),
                metric: metric(item.at("metric")),
                scope: scope(context, item, classes),
                bound: bound(context, item),
                hold: item.at("for").duration(),
            })
            .collect(),
        on_call: OnCall {
            acknowledge: law(context, on_call.at("acknowledge")),
            diagnose: law(context, on_call.at("diagnose")),
            decide: law(context, on_call.at("decide")),
            off_hours_factor: on_call.at("off_hours").at("factor").number(),
            weekend_factor: on_call.at("off_hours").at("weekend").given().map(Checked::number),
        },
        tickets: at.at("tickets").unless("none").map(|at| Tickets {
            share: at.at("share").number(),
            after: law(context, at.at("after")),
        }),
        slo: at
            .at("slo")
            .unless("none")
            .map(|at| Slo { target: at.at("target").number(), over: at.at("over").duration() }),
        rollback: match at.at("rollback").word() {
            "controller" => Rollback::Controller,
            "on_call" => Rollback::OnCall,
            "automatic" => Rollback::Automatic,
            _ => Rollback::None,
        },
    }
}

fn metric(at: &Checked) -> MetricName {
    match at.word() {
        "error_rate" => MetricName::ErrorRate,
        "success_rate" => MetricName::SuccessRate,
        "latency_p50" => MetricName::LatencyP50,
        "latency_p95" => MetricName::LatencyP95,
        "latency_p99" => MetricName::LatencyP99,
        "http_5xx_rate" => MetricName::Http5xxRate,
        "login_success_rate" => MetricName::LoginSuccessRate,
        "tickets" => MetricName::Tickets,
        _ => MetricName::RequestRate,
    }
}

fn scope(context: &mut Context<'_>, item: &Checked, classes: &[RequestClass]) -> Scope {
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    let class = item.at("class").given();
    Scope {
        class: class
            .and_then(|at| context.find(at, "request class", &names))
            .map(|index| index as u16),
        version: item.at("version").given().map(|at| {
            if at.is("candidate") { ScopeVersion::Candidate } else { ScopeVersion::Stable }
        }),
    }
}

fn bound(context: &mut Context<'_>, item: &Checked) -> Bound {
    let (kind, at) = item.choice();
    if kind == "above_stable_times" {
        return Bound::AboveStableTimes(at.number());
    }
    if kind == "burn_rate" {
        return burn_rate(context, item, at);
    }
    let Held::Amount(value, unit) = at.held else { unreachable!("the bound is an amount") };
    let name = item.at("metric").word();
    let fits = match name {
        "error_rate" | "success_rate" | "http_5xx_rate" | "login_success_rate" => {
            unit != AmountUnit::Seconds && value <= 1.0
        }
        "request_rate" | "tickets" => unit == AmountUnit::Plain,
        _ => unit != AmountUnit::Percent,
    };
    if !fits {
        let error = context.error(code::RANGE, at, format!("this is not a bound of {name}"));
        error.allowed = Some(
            match name {
                "error_rate" | "success_rate" | "http_5xx_rate" | "login_success_rate" => {
                    "a share such as 5% or 0.05"
                }
                "tickets" => "a number of tickets in the window",
                "request_rate" => "a number of requests a second",
                _ => "a duration such as 400ms, or seconds",
            }
            .to_owned(),
        );
    }
    if kind == "above" { Bound::Above(value) } else { Bound::Below(value) }
}

/// A burn rate is one of errors.
fn burn_rate(context: &mut Context<'_>, item: &Checked, at: &Checked) -> Bound {
    if !matches!(item.at("metric").word(), "error_rate" | "http_5xx_rate") {
        context.error(code::RANGE, at, "a burn rate is one of `error_rate` or `http_5xx_rate`");
    }
    let (long, short) = (at.at("long").duration(), at.at("short").duration());
    if short > long {
        context.error(code::LAW, at, "the short window must not be longer than the long one");
    }
    Bound::BurnRate {
        factor: at.at("factor").number(),
        target: at.at("target").number(),
        long,
        short,
    }
}

/// The judges.
pub fn analyses(
    context: &mut Context<'_>,
    root: &Checked,
    classes: &[RequestClass],
) -> Vec<Analysis> {
    let items = root.at("analyses").items();
    context
        .distinct("analyses", items.iter().map(|item| (item.at("name").text(), item.at("name"))));
    items
        .iter()
        .map(|item| Analysis {
            name: item.at("name").text().to_owned(),
            initial_delay: item.at("initial_delay").duration(),
            interval: item.at("interval").duration(),
            count: item.at("count").unless("unlimited").map(Checked::count32),
            failure_limit: item.at("failure_limit").count32(),
            inconclusive_limit: item.at("inconclusive_limit").count32(),
            metrics: item
                .at("metrics")
                .items()
                .iter()
                .map(|at| AnalysisMetric {
                    metric: metric(at.at("metric")),
                    scope: scope(context, at, classes),
                    bound: bound(context, at),
                    min_requests: at.at("min_requests").count(),
                })
                .collect(),
        })
        .collect()
}

/// What `check` holds the answer against.
pub fn objectives(
    context: &mut Context<'_>,
    root: &Checked,
    classes: &[RequestClass],
) -> Vec<Objective> {
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    let known: Vec<String> = metrics::NAMES.iter().map(|name| (*name).to_owned()).collect();
    let mut objectives = Vec::new();
    for item in root.at("objectives").items() {
        let found = context.find(item.at("metric"), "metric", &known).is_some();
        let metric = item.at("metric").text().to_owned();
        if let Some(class) = item.at("class").given() {
            context.find(class, "request class", &names);
            if found && !metrics::by_class().contains(&metric.as_str()) {
                let message = format!("{metric} is one of the whole run: no class has its own");
                let error = context.error(code::NOT_MEASURED, class, message);
                error.allowed = Some(metrics::by_class().join(", "));
            }
        }
        objectives.push(Objective {
            at_most: at_most(context, item.at("at_most"), found.then_some(&metric)),
            metric,
            class: item.at("class").given().map(|at| at.text().to_owned()),
            in_seeds: item.at("in_seeds").given().map(Checked::number),
        });
    }
    objectives
}

/// A limit in the unit of its metric.
fn at_most(context: &mut Context<'_>, at: &Checked, metric: Option<&String>) -> f64 {
    let Held::Amount(value, unit) = at.held else { unreachable!("the limit is an amount") };
    let Some(metric) = metric else { return value };
    match (unit, metrics::units_a_second(metric)) {
        (AmountUnit::Percent, _) if !metrics::is_share(metric) => {
            context.error(code::RANGE, at, format!("{metric} is not a share"));
        }
        (AmountUnit::Seconds, None) => {
            context.error(code::RANGE, at, format!("{metric} is not a time"));
        }
        (AmountUnit::Seconds, Some(units)) => return value * units,
        _ => {}
    }
    value
}

/// Refuses limits on what none of the study's worlds measures: no number of seeds could tell.
pub fn measured(context: &mut Context<'_>, root: &Checked, worlds: &[&Plan]) {
    let brings_users = |class: &RequestClass| {
        matches!(class.arrivals, Arrivals::Users { .. } | Arrivals::Sessions { .. })
    };
    for item in root.at("objectives").items() {
        let metric = item.at("metric");
        let any = |has: &dyn Fn(&Plan) -> bool| worlds.iter().any(|plan| has(plan));
        let (there, needs) = match metric.text() {
            "cost" => (any(&|plan| plan.instance_hour_cost > 0.0), "a price: `cost.instance_hour`"),
            "error_budget_burnt" => {
                (any(&|plan| plan.response.slo.is_some()), "an objective: `response.slo`")
            }
            "logouts_per_user" => {
                (any(&|plan| plan.state.sessions.is_some()), "sessions: `state.sessions`")
            }
            "streams_closed" | "streams_cut" => {
                let streams = |plan: &Plan| plan.classes.iter().any(|class| class.stream.is_some());
                (any(&streams), "a class with a `stream`")
            }
            "users_active" | "users_affected" | "sessions_lost" => {
                let users = |plan: &Plan| {
                    plan.client.users.is_some() || plan.classes.iter().any(brings_users)
                };
                (any(&users), "users: `client.users`")
            }
            _ => continue,
        };
        if !there {
            let message = format!("no run of this scenario has a {}", metric.text());
            let error = context.error(code::NOT_MEASURED, metric, message);
            error.help = Some(format!("it needs {needs}"));
        }
    }
}
