//! Fields of a recording that have no model: it is not modelled then, and says which one it is,
//! instead of being predicted as if the field were not there.

use serde_json::Value;

use super::recording::{Balancer, Others, Recording};

/// Fields of a balancer that the other kinds do not have.
const HAPROXY: &[&str] = &[
    "check",
    "cookie",
    "fastinter_ms",
    "downinter_ms",
    "observe",
    "on_marked_down",
    "queue_ms",
    "redispatch",
    "retry_on",
    "server_maxconn",
    "slowstart_ms",
];
const NGINX: &[&str] = &["max_fails", "fail_timeout_s", "next_upstream", "next_tries", "keepalive"];

/// # Errors
/// Where a field says something that is not modelled; the text names it.
pub(super) fn check_fields(recording: &Recording) -> Result<(), String> {
    let config = &recording.config;
    nothing_in(&config.others, "the configuration")?;
    nothing_in(&config.client.others, "the client")?;
    balancer(&config.lb)?;
    for (name, slot) in &config.slots {
        nothing_in(&slot.process.others, name)?;
    }
    for step in &recording.schedule_planned {
        nothing_in(&step.process.others, &format!("the step `{}`", step.op))?;
    }
    Ok(())
}

fn balancer(lb: &Balancer) -> Result<(), String> {
    nothing_in(&lb.others, "the balancer")?;
    if let Some(threads) = lb.nbthread.filter(|threads| *threads > 1) {
        return Err(format!("`nbthread` {threads} of the balancer"));
    }
    let kind = lb.kind.as_deref().unwrap_or("none");
    let foreign = match kind {
        "haproxy" => NGINX,
        "nginx" => HAPROXY,
        // Nothing is between clients and instances, whatever it says.
        _ => return Ok(()),
    };
    let fields = serde_json::to_value(lb).expect("a configuration is plain data");
    match foreign.iter().find(|name| says_something(&fields[**name])) {
        Some(name) => Err(format!("`{name}` of {kind}")),
        None => Ok(()),
    }
}

fn nothing_in(others: &Others, of: &str) -> Result<(), String> {
    match others.iter().find(|(_, value)| says_something(value)) {
        Some((name, _)) => Err(format!("`{name}` of {of}")),
        None => Ok(()),
    }
}

/// Whether a value is more than the absence of one.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "none" | "off"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
