//! A recording as a scenario: the whole mapping from one to the other.
//!
//! The fake node agent's rules in our words: `start_delay` is the time of init containers (the
//! phase stays Pending), `ready_delay` the boot of a process that is ready as soon as it
//! listens, `term_delay` what a process serves on after SIGTERM. The pods of the start are
//! there already; the version that runs first is called `stable`. Nobody sends requests: a
//! class is there only because a scenario has one.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::recording::{Action, Config, FORMAT, Fail, Quantity, Recording, VersionConfig};
use crate::engine::SimDuration;
use crate::plan::{Plan, Strategy, VersionId};
use crate::scenario::{NoFiles, Overrides, load_text};

/// A recording, ready to be simulated.
#[derive(Debug)]
pub struct Case {
    /// The world.
    pub plan: Plan,
    /// The Deployment's strategy.
    pub strategy: Strategy,
    /// What a `deploy` without a version would deploy.
    pub release: VersionId,
    /// Names of versions in the recording, by their place in the plan.
    pub names: Vec<String>,
}

/// Turns a recording into a plan, through the scenario.
///
/// # Errors
/// If it says something that cannot be simulated; the text says what.
pub fn case_of(recording: &Recording) -> Result<Case, String> {
    let text = scenario_of(recording)?;
    let name = format!("{}.yaml", recording.name);
    let mut study = load_text(&name, &text, &NoFiles, &Overrides::default())
        .map_err(|problem| problem.to_string())?;
    let arm = study.arms.remove(0);
    Ok(Case {
        plan: arm.plan.map_or(study.plan, |plan| *plan),
        strategy: arm.strategy,
        release: study.releases[0].version,
        names: version_names(recording),
    })
}

/// What the first version is called in scenarios.
const STABLE: &str = "stable";

/// The versions' names in the recording; the one that runs first comes first.
fn version_names(recording: &Recording) -> Vec<String> {
    let first = recording.replicasets.first().map(|change| change.version.as_str());
    let mut names: Vec<String> = recording.config.versions.keys().cloned().collect();
    names.sort_by_key(|name| Some(name.as_str()) != first);
    names
}

/// Writes a recording as a scenario file.
///
/// # Errors
/// If it says something that a scenario cannot say; the text says what.
pub fn scenario_of(recording: &Recording) -> Result<String, String> {
    if recording.format != FORMAT {
        return Err(format!("the format is {}, not {FORMAT}", recording.format));
    }
    let config = &recording.config;
    let names = version_names(recording);
    let strategy = strategy_of(config)?;
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line("apiVersion: cutover/v1".to_owned());
    line(format!("name: {}", recording.name));
    line("seeds: 1".to_owned());
    line(clock_of(recording)?);
    line("traffic:".to_owned());
    line("  - { name: none, arrivals: { constant: { rate: 1/h } }, service_time: 1ms }".to_owned());
    line("service:".to_owned());
    line(format!("  replicas: {}", config.replicas));
    line("  startup: { schedule: 0s, pull: 0s, init: 0s, boot: 0s }".to_owned());
    line("  probes: { readiness: listening }".to_owned());
    let grace = span(config.termination_grace_period_seconds);
    line(format!("  shutdown: {{ grace: {grace} }}"));
    line(platform_of(recording)?);
    line("versions:".to_owned());
    for name in &names {
        line(version_of(name, name == &names[0], config)?);
    }
    let release = names.get(1).map_or("candidate", String::as_str);
    line(format!("releases: [ {{ version: {release}, share: 100% }} ]"));
    line("operations:".to_owned());
    for action in &recording.actions {
        let at = span(action.sent.unwrap_or(action.t));
        line(format!("  - {{ at: {at}, {} }}", operation_of(action, &names, config)?));
    }
    line("strategies:".to_owned());
    line(format!("  - {{ name: deployment, {strategy} }}"));
    Ok(text)
}

fn span(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds.max(0.0))
}

fn clock_of(recording: &Recording) -> Result<String, String> {
    let start = Timestamp::from_millisecond((recording.t0_epoch * 1000.0).round() as i64)
        .map_err(|error| error.to_string())?;
    let window = span(recording.recorded_until);
    Ok(format!("clock: {{ start: \"{start}\", warmup: 0s, window: {window}, deploy_at: 0s }}"))
}

fn platform_of(recording: &Recording) -> Result<String, String> {
    let config = &recording.config;
    let mut text = format!("platform:\n  nodes: {}\n", config.nodes.max(1));
    if let Some(budget) = &config.pdb_min_available {
        let _ = writeln!(text, "  pdb: {{ min_available: {} }}", quantity(Some(budget))?);
    }
    let words = &recording.environment.controller_manager;
    let (qps, burst) = (limit(words, "kube-api-qps")?, limit(words, "kube-api-burst")?);
    let _ = write!(text, "  lags: {{ api: {{ qps: {qps}, burst: {burst} }} }}");
    Ok(text)
}

/// Reads a number out of "kube-api-qps 1000, kube-api-burst 2000".
fn limit(words: &str, name: &str) -> Result<u64, String> {
    let rest = words.split(name).nth(1).ok_or(format!("no {name} in {words:?}"))?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_err(|_| format!("no number after {name} in {words:?}"))
}

fn quantity(value: Option<&Quantity>) -> Result<String, String> {
    match value {
        None => Ok("0".to_owned()),
        Some(Quantity::Count(count)) => Ok(count.to_string()),
        Some(Quantity::Text(text)) => {
            let digits = text.strip_suffix('%').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let shown = plain.then(|| text.clone());
            shown.ok_or_else(|| format!("{text:?} is neither a count nor a percentage"))
        }
    }
}

fn strategy_of(config: &Config) -> Result<String, String> {
    let surge = quantity(config.max_surge.as_ref())?;
    let unavailable = quantity(config.max_unavailable.as_ref())?;
    match config.strategy.as_str() {
        "Recreate" => Ok(format!("recreate: {{ {} }}", waits_of(config))),
        "RollingUpdate" => Ok(rolling(&surge, &unavailable, config)),
        other => Err(format!("the strategy {other} is not known")),
    }
}

fn rolling(surge: &str, unavailable: &str, config: &Config) -> String {
    let waits = waits_of(config);
    format!("rolling: {{ max_surge: {surge}, max_unavailable: {unavailable}, {waits} }}")
}

fn waits_of(config: &Config) -> String {
    let deadline = match config.progress_deadline_seconds {
        None | Some(NO_DEADLINE) => "none".to_owned(),
        Some(seconds) => format!("{seconds}s"),
    };
    format!("min_ready: {}s, progress_deadline: {deadline}", config.min_ready_seconds)
}

/// `progressDeadlineSeconds` that means none.
const NO_DEADLINE: u64 = 2_147_483_647;

fn version_of(name: &str, first: bool, config: &Config) -> Result<String, String> {
    let version = &config.versions[name];
    let VersionConfig { start_delay, ready_delay, term_delay, fail } = version;
    let mut text = format!(
        "  {}: {{ init: {}, boot: {}, linger: {}",
        if first { STABLE } else { name },
        in_turn(start_delay),
        in_turn(ready_delay),
        in_turn(term_delay),
    );
    if first && !config.v1_pod_deletion_cost.is_empty() {
        let _ = write!(text, ", deletion_costs: {:?}", config.v1_pod_deletion_cost);
    }
    if let Some(fail) = fail {
        let _ = write!(text, ", defects: [ {} ]", defect_of(fail)?);
    }
    Ok(text + " }")
}

fn in_turn(seconds: &[f64]) -> String {
    let spans: Vec<String> = seconds.iter().map(|&value| span(value).to_string()).collect();
    format!("[{}]", spans.join(", "))
}

fn defect_of(fail: &Fail) -> Result<String, String> {
    let kind = match fail.kind.as_str() {
        "crashloop" => "crash_loop",
        known @ ("never_ready" | "stuck_pending" | "crash_after_ready") => known,
        other => return Err(format!("the failure {other} is not known")),
    };
    let mut fields = Vec::new();
    if kind == "crash_after_ready" {
        let after = fail.after.ok_or("crash_after_ready without a time")?;
        fields.push(format!("after: {}", span(after)));
        if !fail.backoff.is_empty() {
            fields.push(format!("backoff: {}", in_turn(&fail.backoff)));
        }
    }
    if let Some(ordinals) = &fail.ordinals {
        fields.push(format!("ordinals: {ordinals:?}"));
    }
    Ok(format!("{kind}: {{ {} }}", fields.join(", ")))
}

fn operation_of(action: &Action, names: &[String], config: &Config) -> Result<String, String> {
    let version = || {
        let name = action.version.as_ref();
        let name = name.ok_or_else(|| format!("{} without a version", action.what))?;
        let place = names.iter().position(|known| known == name);
        match place.ok_or(format!("no version {name}"))? {
            0 => Ok(STABLE),
            place => Ok::<&str, String>(&names[place]),
        }
    };
    let pods = || {
        let count = action.count.ok_or_else(|| format!("{} without a count", action.what))?;
        Ok::<String, String>(format!("{{ version: {}, count: {count} }}", version()?))
    };
    Ok(match action.what.as_str() {
        "set_version" => format!("deploy: {{ version: {} }}", version()?),
        "undo" => "undo: {}".to_owned(),
        "scale" => {
            format!("scale: {{ replicas: {} }}", action.replicas.ok_or("scale without replicas")?)
        }
        "pause" => "pause: {}".to_owned(),
        "resume" => "resume: {}".to_owned(),
        "set_rolling" => {
            let surge = action.max_surge.as_ref().or(config.max_surge.as_ref());
            let unavailable = action.max_unavailable.as_ref().or(config.max_unavailable.as_ref());
            let rolling = rolling(&quantity(surge)?, &quantity(unavailable)?, config);
            format!("set_strategy: {{ {rolling} }}")
        }
        "kill_pods" => format!("kill: {}", pods()?),
        "delete_pods" => format!("delete: {}", pods()?),
        "evict_node" => "drain: { node: 0, retry: 1s }".to_owned(),
        other => return Err(format!("the action {other} is not known")),
    })
}
