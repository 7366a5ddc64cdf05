//! A recording as a plan: the whole mapping from one to the other.
//!
//! The fake node agent's rules in our words: `start_delay` is the time of init containers (the
//! phase stays Pending), `ready_delay` the boot of a process that is ready as soon as it
//! listens, `term_delay` what a process serves on after SIGTERM. The pods of the start are
//! there already.

use std::sync::Arc;

use super::recording::{Action, Config, FORMAT, Fail, Quantity, Recording, VersionConfig};
use crate::engine::{Distribution, SimDuration};
use crate::plan::{
    ApiLimit, Backoff, Balancer, BalancerRetries, Client, ClientRetries, Clock, Defect, DefectKind,
    Discipline, IntOrPercent, Jitter, Lags, Metrics, NodePlan, OnCall, OnSigterm, Operation,
    OperationKind, Plan, Platform, Policy, Probes, Readiness, Recreate, Response, Rollback,
    Rolling, Service, Shutdown, Startup, Strategy, Version, VersionId,
};

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

/// Turns a recording into a plan.
///
/// # Errors
/// If it says something that cannot be simulated; the text says what.
pub fn case_of(recording: &Recording) -> Result<Case, String> {
    if recording.format != FORMAT {
        return Err(format!("the format is {}, not {FORMAT}", recording.format));
    }
    let config = &recording.config;
    let names: Vec<String> = config.versions.keys().cloned().collect();
    let strategy = strategy_of(config)?;
    let versions = config.versions.iter().map(version_of).collect::<Result<_, _>>()?;
    let operations = recording
        .actions
        .iter()
        .map(|action| operation_of(action, &names, &strategy))
        .collect::<Result<_, _>>()?;
    let release = VersionId(u16::from(names.len() > 1));
    let plan = Plan {
        clock: Clock {
            start_unix_ns: (recording.t0_epoch * 1000.0).round() as i64 * 1_000_000,
            utc_offset_s: 0,
            warmup: SimDuration::ZERO,
            window: span(recording.recorded_until),
            deploy_at: SimDuration::ZERO,
        },
        service: service_of(config),
        platform: platform_of(recording)?,
        versions,
        operations,
        ..bare_plan()
    };
    Ok(Case { plan, strategy, release, names })
}

fn span(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds.max(0.0))
}

fn in_turn(seconds: &[f64]) -> Distribution {
    let values: Arc<[f64]> = seconds.iter().map(|&value| span(value).0 as f64).collect();
    Distribution::InTurn { values }
}

fn quantity(value: Option<&Quantity>) -> Result<IntOrPercent, String> {
    match value {
        None => Ok(IntOrPercent::Int(0)),
        Some(Quantity::Count(count)) => Ok(IntOrPercent::Int(*count)),
        Some(Quantity::Text(text)) => text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok())
            .map(IntOrPercent::Percent)
            .ok_or_else(|| format!("{text:?} is neither a count nor a percentage")),
    }
}

fn strategy_of(config: &Config) -> Result<Strategy, String> {
    let min_ready = SimDuration::from_secs(config.min_ready_seconds);
    let progress_deadline = config.progress_deadline_seconds.map(SimDuration::from_secs);
    match config.strategy.as_str() {
        "Recreate" => Ok(Strategy::Recreate(Recreate { min_ready, progress_deadline })),
        "RollingUpdate" => Ok(Strategy::Rolling(Rolling {
            max_surge: quantity(config.max_surge.as_ref())?,
            max_unavailable: quantity(config.max_unavailable.as_ref())?,
            min_ready,
            progress_deadline,
        })),
        other => Err(format!("the strategy {other} is not known")),
    }
}

fn version_of((name, config): (&String, &VersionConfig)) -> Result<Version, String> {
    Ok(Version {
        name: name.clone(),
        slowdown: Vec::new(),
        errors: Vec::new(),
        boot: Some(in_turn(&config.ready_delay)),
        init: Some(in_turn(&config.start_delay)),
        linger: Some(in_turn(&config.term_delay)),
        defects: config.fail.iter().map(defect_of).collect::<Result<_, _>>()?,
    })
}

fn defect_of(fail: &Fail) -> Result<Defect, String> {
    let kind = match fail.kind.as_str() {
        "never_ready" => DefectKind::NeverReady,
        "stuck_pending" => DefectKind::StuckPending,
        "crashloop" => DefectKind::CrashLoop,
        "crash_after_ready" => DefectKind::CrashAfterReady {
            after: span(fail.after.ok_or("crash_after_ready without a time")?),
            backoff: fail.backoff.iter().map(|&pause| span(pause)).collect(),
        },
        other => return Err(format!("the failure {other} is not known")),
    };
    Ok(Defect { kind, ordinals: fail.ordinals.clone() })
}

fn operation_of(
    action: &Action,
    names: &[String],
    strategy: &Strategy,
) -> Result<Operation, String> {
    let version = |name: &Option<String>| {
        let name = name.as_ref().ok_or_else(|| format!("{} without a version", action.what))?;
        let place = names.iter().position(|known| known == name);
        place.map(|place| VersionId(place as u16)).ok_or(format!("no version {name}"))
    };
    let count = || action.count.ok_or_else(|| format!("{} without a count", action.what));
    let kind = match action.what.as_str() {
        "set_version" => OperationKind::Deploy { version: Some(version(&action.version)?) },
        "undo" => OperationKind::Undo,
        "scale" => {
            OperationKind::Scale { replicas: action.replicas.ok_or("scale without replicas")? }
        }
        "pause" => OperationKind::Pause,
        "resume" => OperationKind::Resume,
        "set_rolling" => OperationKind::SetStrategy { strategy: changed(action, strategy)? },
        "kill_pods" => OperationKind::Kill { version: version(&action.version)?, count: count()? },
        "delete_pods" => {
            OperationKind::Delete { version: version(&action.version)?, count: count()? }
        }
        "evict_node" => OperationKind::Drain { node: 0, retry: SimDuration::from_secs(1) },
        other => return Err(format!("the action {other} is not known")),
    };
    Ok(Operation { at: span(action.sent.unwrap_or(action.t)), kind })
}

fn changed(action: &Action, strategy: &Strategy) -> Result<Strategy, String> {
    let Strategy::Rolling(rolling) = strategy else {
        return Err("set_rolling of another strategy".to_owned());
    };
    let mut rolling = rolling.clone();
    if action.max_surge.is_some() {
        rolling.max_surge = quantity(action.max_surge.as_ref())?;
    }
    if action.max_unavailable.is_some() {
        rolling.max_unavailable = quantity(action.max_unavailable.as_ref())?;
    }
    Ok(Strategy::Rolling(rolling))
}

fn service_of(config: &Config) -> Service {
    let nothing = || Distribution::Constant(0.0);
    Service {
        replicas: config.replicas,
        workers: None,
        queue: None,
        discipline: Discipline::Fcfs,
        startup: Startup {
            schedule: nothing(),
            pull: nothing(),
            init: nothing(),
            boot: nothing(),
            warm: None,
        },
        probes: Probes { startup: None, readiness: Readiness::Listening, liveness: None },
        shutdown: Shutdown {
            pre_stop: SimDuration::ZERO,
            on_sigterm: OnSigterm::Drain,
            linger: nothing(),
            grace: span(config.termination_grace_period_seconds),
        },
        crash_mtbf: None,
    }
}

fn platform_of(recording: &Recording) -> Result<Platform, String> {
    let config = &recording.config;
    let budget = config.pdb_min_available.as_ref();
    let costs = config.v1_pod_deletion_cost.iter().enumerate();
    Ok(Platform {
        nodes: NodePlan { count: config.nodes.max(1), zones: 1 },
        surge_quota: None,
        pdb_min_available: budget.map(|budget| quantity(Some(budget))).transpose()?,
        lags: Lags { api: api_of(&recording.environment.controller_manager)?, ..Lags::measured() },
        deletion_costs: costs.map(|(pod, &cost)| (VersionId(0), pod as u32, cost)).collect(),
    })
}

/// Reads "kube-api-qps 1000, kube-api-burst 2000".
fn api_of(words: &str) -> Result<ApiLimit, String> {
    let number = |name: &str| {
        let rest = words.split(name).nth(1).ok_or(format!("no {name} in {words:?}"))?;
        let digits: String =
            rest.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        digits.parse::<f64>().map_err(|_| format!("no number after {name} in {words:?}"))
    };
    Ok(ApiLimit { qps: number("kube-api-qps")?, burst: number("kube-api-burst")? as u32 })
}

/// A plan in which nobody sends requests.
fn bare_plan() -> Plan {
    let nothing = || Distribution::Constant(0.0);
    Plan {
        clock: Clock {
            start_unix_ns: 0,
            utc_offset_s: 0,
            warmup: SimDuration::ZERO,
            window: SimDuration::ZERO,
            deploy_at: SimDuration::ZERO,
        },
        phases: Vec::new(),
        classes: Vec::new(),
        client: Client {
            users: None,
            timeout: None,
            deadline: None,
            retries: ClientRetries {
                max: 0,
                on: Vec::new(),
                backoff: Backoff {
                    base: SimDuration::ZERO,
                    cap: SimDuration::ZERO,
                    jitter: Jitter::None,
                },
                budget: None,
            },
        },
        balancer: Balancer {
            preset: "ideal".to_owned(),
            nodes: 1,
            policy: Policy::RoundRobin,
            sticky: None,
            propagation: nothing(),
            health_check: None,
            retries: BalancerRetries {
                max: 0,
                on: Vec::new(),
                redispatch: false,
                pause: SimDuration::ZERO,
            },
            connect_timeout: SimDuration::ZERO,
            overhead: SimDuration::ZERO,
            slow_start: None,
        },
        service: service_of(&Config {
            replicas: 1,
            strategy: String::new(),
            max_surge: None,
            max_unavailable: None,
            min_ready_seconds: 0,
            progress_deadline_seconds: None,
            termination_grace_period_seconds: 30.0,
            nodes: 1,
            versions: std::collections::BTreeMap::new(),
            pdb_min_available: None,
            v1_pod_deletion_cost: Vec::new(),
        }),
        platform: Platform {
            nodes: NodePlan { count: 1, zones: 1 },
            surge_quota: None,
            pdb_min_available: None,
            lags: Lags::measured(),
            deletion_costs: Vec::new(),
        },
        versions: Vec::new(),
        operations: Vec::new(),
        response: Response {
            metrics: Metrics {
                scrape: SimDuration::from_secs(15),
                window: SimDuration::from_secs(60),
                delay: SimDuration::from_secs(5),
            },
            alerts: Vec::new(),
            on_call: OnCall { acknowledge: nothing(), decide: nothing(), off_hours_factor: 1.0 },
            rollback: Rollback::Controller,
        },
        analyses: Vec::new(),
        instance_hour_cost: 0.0,
        currency: "USD".to_owned(),
    }
}
