//! A recording as a scenario: the whole mapping from one to the other.
//!
//! The load balancer's configuration goes into `balancer`, its runtime commands and the starts
//! and stops of processes into a script. Nothing is fitted: what a balancer does by itself
//! comes from its preset; the overhead is the testbed's measured constant, generator and loopback
//! included. Five seconds before the first recorded arrival let checks of instances that do not
//! run take them out, as happened on the testbed.

use std::fmt::Write as _;

use super::fields::check_fields;
use super::recording::{Balancer, Config, FORMAT, Recording, Slot};
use super::steps::{action, own};
use crate::engine::maths;
use crate::plan::Study;
use crate::scenario::{NoFiles, Overrides, load_text};

/// Seeds that a prediction is the mean of.
pub const SEEDS: u64 = 20;

/// Turns a recording into a study, through the scenario.
///
/// # Errors
/// If it says something that cannot be simulated; the text says what.
pub fn study_of(recording: &Recording) -> Result<Study, String> {
    let text = scenario_of(recording)?;
    let name = format!("{}.yaml", recording.id);
    load_text(&name, &text, &NoFiles, &Overrides::default()).map_err(|problem| {
        // It becomes a cell of a table.
        problem.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// Writes a recording as a scenario file.
///
/// # Errors
/// If it says something that a scenario cannot say; the text says what.
pub fn scenario_of(recording: &Recording) -> Result<String, String> {
    if recording.format != FORMAT {
        return Err(format!("the format is {}, not {FORMAT}", recording.format));
    }
    check_fields(recording)?;
    let config = &recording.config;
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("name: {}", quoted(&recording.id)));
    line(format!("seeds: {SEEDS}"));
    let duration = seconds(config.duration);
    // Only an instance that does not run and is not disabled has to be found out.
    let found_out = |slot: &Slot| !slot.run.unwrap_or(true) && !slot.disabled.unwrap_or(false);
    let warmup = if config.slots.values().any(found_out) { "5s" } else { "0s" };
    line(format!("clock: {{ warmup: {warmup}, window: {duration}, deploy_at: 0s }}"));
    line(phases(config));
    line("traffic:".to_owned());
    line(format!(
        "  - {{ name: requests, arrivals: {{ poisson: {{ rate: {}/s }} }}, service_time: {} }}",
        config.rate,
        law(&config.dist)?
    ));
    line(client(config)?);
    line(format!("balancer: {}", balancer(&config.lb, config)?));
    line(service(config)?);
    line(state(config)?);
    line(versions(recording));
    line("instances:".to_owned());
    for (name, slot) in ordered_slots(config) {
        line(format!("  - {}", instance(name, slot, config)?));
    }
    line("strategies:".to_owned());
    line("  - name: as-recorded".to_owned());
    line("    scripted:".to_owned());
    let steps = recording.schedule_planned.iter();
    let actions = steps.map(|step| action(step, config)).collect::<Result<Vec<_>, _>>()?;
    let actions: Vec<String> = actions.into_iter().flatten().collect();
    if actions.is_empty() {
        line("      []".to_owned());
    }
    for action in actions {
        line(format!("      - {action}"));
    }
    Ok(text)
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is plain data")
}

pub(super) fn seconds(count: f64) -> String {
    format!("{}ms", (count * 1e3).round())
}

pub(super) fn milliseconds(count: f64) -> String {
    format!("{}us", (count * 1e3).round())
}

/// `det:MS`, `exp:MS` or `lognormal:MS:SIGMA` (the true mean, and sigma of the logarithm).
pub(super) fn law(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |at: usize| -> Result<f64, String> {
        let part = parts.get(at).and_then(|part| part.parse::<f64>().ok());
        part.filter(|n| n.is_finite()).ok_or_else(|| format!("the service time `{text}`"))
    };
    match parts[0] {
        "det" => Ok(milliseconds(number(1)?)),
        "exp" => Ok(format!("{{ exponential: {{ mean: {} }} }}", milliseconds(number(1)?))),
        "lognormal" => {
            let sigma = number(2)?;
            let median = number(1)? * maths::exp(-sigma * sigma / 2.0);
            Ok(format!("{{ lognormal: {{ median: {}, sigma: {sigma} }} }}", milliseconds(median)))
        }
        _ => Err(format!("the service time `{text}`")),
    }
}

/// The phases before, during and after.
fn phases(config: &Config) -> String {
    let Some([from, to]) = config.phases else { return "phases: []".to_owned() };
    let mut items = Vec::new();
    for (name, from, to) in
        [("before", 0.0, from), ("during", from, to), ("after", to, config.duration)]
    {
        if from < to {
            items.push(format!("{{ name: {name}, from: {}, to: {} }}", seconds(from), seconds(to)));
        }
    }
    format!("phases: [{}]", items.join(", "))
}

fn client(config: &Config) -> Result<String, String> {
    let client = &config.client;
    let connection = match client.conn.as_deref() {
        None | Some("keepalive") => "keepalive",
        Some("new") => "new",
        Some(other) => return Err(format!("client connections `{other}`")),
    };
    let users = match client.users.unwrap_or(0) {
        0 => "none".to_owned(),
        count => format!("{{ count: {count} }}"),
    };
    let timeout = client.timeout_ms.map_or_else(|| "none".to_owned(), milliseconds);
    let retries = match client.retries.unwrap_or(0) {
        0 => "none".to_owned(),
        max => format!(
            "{{ max: {max}, on: [refused, reset, 500, 502, 503, 504, timeout], \
             backoff: {{ base: {}, cap: 1h, jitter: equal }}, budget: none }}",
            milliseconds(client.backoff_ms.unwrap_or(0.0))
        ),
    };
    Ok(format!(
        "client: {{ users: {users}, connection: {connection}, pool: shared, timeout: {timeout}, \
         retries: {retries} }}"
    ))
}

fn balancer(lb: &Balancer, config: &Config) -> Result<String, String> {
    let mut fields = match lb.kind.as_deref() {
        Some("haproxy") => haproxy(lb, config)?,
        Some("nginx") => nginx(lb)?,
        None | Some("none") => vec!["mode: none".to_owned()],
        Some(other) => return Err(format!("a balancer of the kind `{other}`")),
    };
    fields.push(match lb.balance.as_deref() {
        _ if lb.hash.is_some() => return Err("nginx's hash".to_owned()),
        None | Some("roundrobin" | "static-rr") => "policy: round_robin".to_owned(),
        Some("leastconn" | "least_conn") => {
            "policy: { least_request: { choices: all, ties: in_turn } }".to_owned()
        }
        // HAProxy's `random` draws two and takes the better one.
        Some("random") => "policy: { least_request: { choices: 2 } }".to_owned(),
        Some(other) => return Err(format!("the policy `{other}`")),
    });
    fields.push("propagation: 0s".to_owned());
    fields.push(format!("overhead: {}", overhead(lb, config)));
    let keeps_cookies = config.client.users.unwrap_or(0) > 0;
    if lb.cookie.is_some() && keeps_cookies {
        fields.push("sticky: { cookie: true, ttl: 24h }".to_owned());
    }
    Ok(format!("{{ {} }}", fields.join(", ")))
}

/// The testbed's constant per request, from its calibration runs with a deterministic service:
/// direct, through HAProxy and through nginx, over a kept connection and over a new one.
fn overhead(lb: &Balancer, config: &Config) -> &'static str {
    let new = config.client.conn.as_deref() == Some("new");
    match (lb.kind.as_deref(), new) {
        (Some("haproxy"), false) => "408us",
        (Some("haproxy"), true) if lb.mode.as_deref() == Some("tcp") => "546us",
        (Some("haproxy"), true) => "585us",
        // To its server nginx makes a new connection each time: 95 us, as without a balancer.
        (Some("nginx"), false) if lb.keepalive == Some(0) => "463us",
        (Some("nginx"), true) if lb.keepalive == Some(0) => "663us",
        (Some("nginx"), false) => "368us",
        (Some("nginx"), true) => "568us",
        (_, false) => "233us",
        (_, true) => "328us",
    }
}

fn haproxy(lb: &Balancer, config: &Config) -> Result<Vec<String>, String> {
    let mut fields = vec!["preset: haproxy".to_owned()];
    match lb.on_marked_down.as_deref() {
        None | Some("none") => {}
        Some("shutdown-sessions") => fields.push("cut_when_down: true".to_owned()),
        Some(other) => return Err(format!("on-marked-down {other}")),
    }
    fields.push(match lb.mode.as_deref() {
        None | Some("http") => "mode: http".to_owned(),
        Some("tcp") => "mode: tcp".to_owned(),
        Some(other) => return Err(format!("the mode `{other}`")),
    });
    fields.push(if lb.check.unwrap_or(false) {
        let interval = lb.inter_ms.unwrap_or(2000.0);
        let mut check = format!(
            "interval: {}, timeout: {}, fall: {}, rise: {}",
            milliseconds(interval),
            milliseconds(lb.check_timeout_ms.unwrap_or(interval)),
            lb.fall.unwrap_or(3),
            lb.rise.unwrap_or(2)
        );
        for (name, at) in [("fast_interval", lb.fastinter_ms), ("down_interval", lb.downinter_ms)] {
            if let Some(at) = at {
                write!(check, ", {name}: {}", milliseconds(at)).expect("strings grow");
            }
        }
        format!("health_check: {{ {check} }}")
    } else {
        "health_check: none".to_owned()
    });
    fields.push(format!(
        "retries: {{ max: {}, on: [{}], redispatch: {} }}",
        lb.retries.unwrap_or(3),
        haproxy_retry_on(lb.retry_on.as_deref(), config)?,
        lb.redispatch.unwrap_or(false)
    ));
    if let Some(observe) = &lb.observe {
        fields.push(format!("outlier: {{ observe: {} }}", observed(observe)?));
    }
    if let Some(most) = lb.server_maxconn {
        fields.push(format!("server_maxconn: {most}"));
    }
    let balances_requests = lb.mode.as_deref() != Some("tcp");
    if let Some(patience) = lb.server_ms.filter(|_| !balances_requests)
        && config.client.timeout_ms.is_none_or(|client| patience <= client)
    {
        return Err("a connection's `server_ms` within the client's patience".to_owned());
    }
    let times = [
        ("server_timeout", lb.server_ms.filter(|_| balances_requests)),
        ("queue_timeout", lb.queue_ms),
        ("connect_timeout", lb.connect_ms),
        ("slow_start", lb.slowstart_ms),
    ];
    for (name, at) in times {
        if let Some(at) = at.filter(|at| *at > 0.0) {
            fields.push(format!("{name}: {}", milliseconds(at)));
        }
    }
    Ok(fields)
}

/// HAProxy's `retry-on`. A code names an answer of a server, not one that the balancer gives.
fn haproxy_retry_on(text: Option<&str>, config: &Config) -> Result<String, String> {
    let answers_401 = !matches!(config.sessions.as_deref(), None | Some("none"));
    let words = text.unwrap_or("conn-failure").split([' ', ',']).filter(|word| !word.is_empty());
    retried(words, |word| match word {
        "conn-failure" => Some("refused"),
        "empty-response" => Some("reset"),
        "response-timeout" => Some("timeout"),
        "500" => Some("500"),
        "503" => Some("503"),
        "all-retryable-errors" => Some("refused, reset, 500, 503, timeout"),
        "none" => Some(""),
        // No server of the testbed answers so.
        "401" if !answers_401 => Some(""),
        "403" | "404" | "408" | "425" | "501" | "502" | "504" => Some(""),
        "junk-response" | "0rtt-rejected" => Some(""),
        _ => None,
    })
    .map_err(|word| format!("retry-on {word}"))
}

/// The failures that are tried again, for the words of a balancer's list; the first word that has
/// no meaning here.
fn retried<'a>(
    words: impl Iterator<Item = &'a str>,
    meaning: impl Fn(&str) -> Option<&'static str>,
) -> Result<String, &'a str> {
    let on: Vec<&str> = words.map(|word| meaning(word).ok_or(word)).collect::<Result<_, _>>()?;
    let on: Vec<&str> = on.into_iter().filter(|meant| !meant.is_empty()).collect();
    Ok(on.join(", "))
}

/// HAProxy's `observe layer4 error-limit 3 on-error mark-down`.
fn observed(text: &str) -> Result<String, String> {
    let mut words = text.split_whitespace();
    let layer = words.next().filter(|layer| ["layer4", "layer7"].contains(layer));
    let mut fields = vec![format!("layer: {}", layer.ok_or("observe without a layer")?)];
    while let (Some(word), Some(value)) = (words.next(), words.next()) {
        match word {
            "error-limit" => fields.push(format!("error_limit: {value}")),
            "on-error" => fields.push(format!("on_error: {}", value.replace('-', "_"))),
            _ => return Err(format!("observe {word}")),
        }
    }
    Ok(format!("{{ {} }}", fields.join(", ")))
}

fn nginx(lb: &Balancer) -> Result<Vec<String>, String> {
    let mut fields = vec!["preset: nginx".to_owned()];
    fields.push(format!(
        "outlier: {{ max_fails: {{ max_fails: {}, fail_timeout: {} }} }}",
        lb.max_fails.unwrap_or(1),
        seconds(lb.fail_timeout_s.unwrap_or(10.0))
    ));
    let words = lb.next_upstream.as_deref().unwrap_or("error timeout");
    if words == "off" {
        fields.push("retries: none".to_owned());
    } else {
        let on = retried(words.split_whitespace(), |word| match word {
            "error" => Some("refused, reset"),
            "timeout" => Some("timeout"),
            "http_500" => Some("500"),
            "http_503" => Some("503"),
            // No server of the testbed answers so, and all of its requests are GETs.
            "http_403" | "http_404" | "http_429" | "http_502" | "http_504" => Some(""),
            "invalid_header" | "non_idempotent" => Some(""),
            _ => None,
        })
        .map_err(|word| format!("proxy_next_upstream {word}"))?;
        let most = match lb.next_tries.unwrap_or(0) {
            0 => "each".to_owned(),
            tries => (tries - 1).to_string(),
        };
        fields.push(format!("retries: {{ max: {most}, on: [{on}] }}"));
    }
    for (name, at) in [("connect_timeout", lb.connect_ms), ("server_timeout", lb.server_ms)] {
        if let Some(at) = at.filter(|at| *at > 0.0) {
            fields.push(format!("{name}: {}", milliseconds(at)));
        }
    }
    Ok(fields)
}

/// How a process stops: `graceful`, `abrupt` or `prestop:SECONDS`.
pub(super) fn shutdown(on_term: &str, config: &Config) -> Result<String, String> {
    let (pre_stop, on_sigterm) = match on_term.split_once(':') {
        Some(("prestop", span)) => {
            let span: f64 = span.parse().map_err(|_| format!("on_term {on_term}"))?;
            (seconds(span), "drain")
        }
        None if on_term == "graceful" => ("0s".to_owned(), "drain"),
        None if on_term == "abrupt" => ("0s".to_owned(), "abrupt"),
        _ => return Err(format!("on_term {on_term}")),
    };
    let lame = config.prestop_health.as_deref().is_some_and(|health| health != "ok");
    // The time to drain counts from the end of the preStop time.
    let drain = config.drain_timeout_ms.unwrap_or(30_000.0);
    let sleep: f64 = on_term.split_once(':').and_then(|(_, s)| s.parse().ok()).unwrap_or(0.0);
    let grace = milliseconds(drain + sleep * 1e3);
    Ok(format!(
        "{{ pre_stop: {pre_stop}, on_sigterm: {on_sigterm}, grace: {grace}, lame_duck: {lame} }}"
    ))
}

fn service(config: &Config) -> Result<String, String> {
    Ok(format!(
        "service: {{ replicas: {}, workers: {}, queue: {}, startup: {{ boot: {} }}, \
         shutdown: {} }}",
        config.slots.len().max(1),
        config.workers,
        config.queue,
        milliseconds(config.startup_ms),
        shutdown(config.on_term.as_deref().unwrap_or("graceful"), config)?
    ))
}

/// Sessions, where users have them. After a 401 the next request of a user is a log-in.
fn state(config: &Config) -> Result<String, String> {
    let store = match config.sessions.as_deref() {
        _ if config.client.users.unwrap_or(0) == 0 => return Ok("state: {}".to_owned()),
        None | Some("none") => return Ok("state: {}".to_owned()),
        Some(store @ ("memory" | "shared")) => store,
        Some(other) => return Err(format!("sessions `{other}`")),
    };
    Ok(format!("state: {{ sessions: {{ store: {store}, login: next_request }} }}"))
}

/// What the versions are called: the one that runs first is `stable`.
pub(super) fn version_name<'a>(name: &'a str, config: &Config) -> &'a str {
    let first = ordered_slots(config)
        .find(|(_, slot)| slot.run.unwrap_or(true))
        .and_then(|(_, slot)| slot.ver.as_deref());
    if first.is_none_or(|first| first == name) { "stable" } else { name }
}

fn versions(recording: &Recording) -> String {
    let config = &recording.config;
    let slots = config.slots.values().filter_map(|slot| slot.ver.as_deref());
    let steps = recording.schedule_planned.iter().filter_map(|step| step.ver.as_deref());
    let mut names: Vec<&str> = slots.chain(steps).map(|name| version_name(name, config)).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| *name != "stable");
    let Some(first) = names.first() else { return "versions: { stable: {} }".to_owned() };
    let list: Vec<String> = names.iter().map(|name| format!("{}: {{}}", quoted(name))).collect();
    format!(
        "versions: {{ stable: {{}}, {} }}\nreleases: [{{ version: {}, share: 100% }}]",
        list.join(", "),
        quoted(first)
    )
}

/// The instances in the order of their names; those of the active group first.
fn ordered_slots(config: &Config) -> impl Iterator<Item = (&String, &Slot)> {
    let active = |name: &str| match (&config.lb.active, group_of(name, config)) {
        (Some(active), Some(group)) => *active == group,
        _ => false,
    };
    let mut slots: Vec<(&String, &Slot)> = config.slots.iter().collect();
    slots.sort_by_key(|(name, _)| (!active(name), natural(name)));
    slots.into_iter()
}

/// `b2` comes before `b10`.
fn natural(name: &str) -> (String, u64) {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (word, number) = name.split_at(name.len() - digits);
    (word.to_owned(), number.parse().unwrap_or(0))
}

fn group_of(name: &str, config: &Config) -> Option<String> {
    let groups = config.lb.groups.as_ref()?;
    groups.iter().find(|(_, members)| members.iter().any(|m| m == name)).map(|(g, _)| g.clone())
}

fn instance(name: &str, slot: &Slot, config: &Config) -> Result<String, String> {
    let mut fields = vec![format!("name: {}", quoted(name))];
    if let Some(version) = &slot.ver {
        fields.push(format!("version: {}", quoted(version_name(version, config))));
    }
    if let Some(weight) = slot.weight {
        fields.push(format!("weight: {weight}"));
    }
    fields.push(format!("running: {}", slot.run.unwrap_or(true)));
    let in_use = config.lb.members.as_ref().is_none_or(|members| members.iter().any(|m| m == name));
    fields.push(format!("disabled: {}", slot.disabled.unwrap_or(false) || !in_use));
    if let Some(group) = group_of(name, config) {
        fields.push(format!("group: {}", quoted(&group)));
    }
    fields.extend(own(&slot.process, config)?);
    Ok(format!("{{ {} }}", fields.join(", ")))
}
