//! Steps of a recording as control actions of a script.

use super::mapping::{law, milliseconds, quoted, seconds, shutdown, version_name};
use super::recording::{Config, Others, Process, Step};

/// Writes a step; `None` if it changes nothing that matters.
pub(super) fn action(step: &Step, config: &Config) -> Result<Option<String>, String> {
    let at = seconds(step.t);
    let slot = || step.slot.as_deref().map(quoted).ok_or_else(|| format!("{} of nothing", step.op));
    let kind = match step.op.as_str() {
        "start" => start(step, config)?,
        "term" => format!("stop: {{ instance: {} }}", slot()?),
        "kill" => format!("kill: {{ instance: {} }}", slot()?),
        "lb" => match command(step.cmd.as_deref().unwrap_or_default(), config)? {
            Some(kind) => kind,
            None => return Ok(None),
        },
        "lb_reload" => reload(step.over.as_ref(), config)?,
        "lb_stop" => "balancer_stop: {}".to_owned(),
        "lb_start" => "balancer_start: {}".to_owned(),
        other => return Err(format!("the step `{other}`")),
    };
    Ok(Some(format!("{{ at: {at}, {kind} }}")))
}

/// A reload, with what it changes of the configuration.
fn reload(over: Option<&Others>, config: &Config) -> Result<String, String> {
    let before = serde_json::to_value(&config.lb).expect("a configuration is plain data");
    let mut fields = Vec::new();
    for (name, value) in over.into_iter().flatten() {
        let text = |value: &serde_json::Value| value.as_str().map(quoted);
        let field = match name.as_str() {
            "members" => value
                .as_array()
                .and_then(|members| members.iter().map(text).collect::<Option<Vec<_>>>())
                .map(|members| format!("members: [{}]", members.join(", "))),
            "active" => text(value).map(|group| format!("active: {group}")),
            _ if same(value, &before[name]) => continue,
            _ => None,
        };
        fields.push(field.ok_or_else(|| format!("a reload that changes `{name}`"))?);
    }
    Ok(if fields.is_empty() {
        "reload: {}".to_owned()
    } else {
        format!("reload: {{ {} }}", fields.join(", "))
    })
}

/// Whether two values are the same, 1000 and 1000.0 as well.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}

fn start(step: &Step, config: &Config) -> Result<String, String> {
    let slot = step.slot.as_deref().ok_or("a start of nothing")?;
    let mut fields = vec![format!("instance: {}", quoted(slot))];
    if let Some(version) = &step.ver {
        fields.push(format!("version: {}", quoted(version_name(version, config))));
    }
    fields.extend(own(&step.process, config)?);
    Ok(format!("start: {{ {} }}", fields.join(", ")))
}

/// What a process has of its own, as fields of an instance or of a start.
pub(super) fn own(process: &Process, config: &Config) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    if let Some(workers) = process.workers {
        fields.push(format!("workers: {workers}"));
    }
    if let Some(queue) = process.queue {
        fields.push(format!("queue: {queue}"));
    }
    if let Some(boot) = process.startup_ms {
        fields.push(format!("boot: {}", milliseconds(boot)));
    }
    if let Some(dist) = &process.dist {
        fields.push(format!("service_time: {}", law(dist)?));
    }
    if let Some(errors) = process.err {
        fields.push(format!("errors: {errors}"));
    }
    if let Some(on_term) = &process.on_term {
        fields.push(format!("shutdown: {}", shutdown(on_term, config)?));
    }
    if let Some(warm) = &process.warmup {
        let parts: Vec<&str> = warm.split(':').collect();
        let number = |at: usize| parts.get(at).and_then(|part| part.parse::<f64>().ok());
        let (Some(penalty), Some(over)) = (number(0), number(1)) else {
            return Err(format!("the warm-up `{warm}`"));
        };
        let from = if parts.get(2) == Some(&"first") { "first_request" } else { "ready" };
        let over = seconds(over);
        fields.push(format!("warm: {{ penalty: {penalty}, over: {over}, from: {from} }}"));
    }
    Ok(fields)
}

/// A command of HAProxy's runtime API; `None` if it changes nothing that matters.
fn command(text: &str, config: &Config) -> Result<Option<String>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let refused = || format!("the command `{text}`");
    let state = |path, state| {
        Ok(Some(format!("server_state: {{ instance: {}, state: {state} }}", quoted(server(path)))))
    };
    match words[..] {
        ["set", "weight", path, to] | ["set", "server", path, "weight", to] => {
            let to = weight(to, path, config).ok_or_else(refused)?;
            Ok(Some(format!("weight: {{ instance: {}, weight: {to} }}", quoted(server(path)))))
        }
        ["set", "server", path, "state", to @ ("ready" | "drain" | "maint")] => state(path, to),
        ["enable", "server", path] => state(path, "ready"),
        ["disable", "server", path] => state(path, "maint"),
        ["set", "map", _, _, group] => {
            Ok(Some(format!("activate: {{ group: {} }}", quoted(group))))
        }
        ["clear", "counters", ..] | ["show", ..] => Ok(None),
        _ => Err(refused()),
    }
}

/// The server of `backend/server`.
fn server(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A weight from 0 to 256, or a share of the configured one: HAProxy takes the whole part, and
/// no more than 256.
fn weight(text: &str, path: &str, config: &Config) -> Option<u64> {
    let Some(share) = text.strip_suffix('%') else {
        return text.parse().ok().filter(|weight| *weight <= 256);
    };
    let share: u64 = share.parse().ok()?;
    let configured = config.slots.get(server(path))?.weight.unwrap_or(1);
    Some((u64::from(configured) * share.min(25_600) / 100).min(256))
}
