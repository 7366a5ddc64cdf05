//! The length of an automatic window.
//!
//! `window: auto` is `deploy_at`, the slowest arm's rollout, its detection and rollback, and two
//! minutes of calm, rounded up to a whole minute. A rollout's length is estimated with the 99 %
//! quantiles of start-up delays: waves of pods for a rolling update, pauses and analyses for a
//! canary. The estimate need not be sharp: a run that does not end in the window is counted as
//! unfinished, never dropped.

use super::quantile::p99;
use crate::engine::time::SECOND;
use crate::engine::{Distribution, SimDuration};
use crate::plan::{
    Arm, CanaryStep, CanaryTraffic, DefectKind, IntOrPercent, OperationKind, Plan, PushStep,
    Readiness, Rollback, Strategy, Switch,
};

/// After the last rollout or rollback: backlogs drain, retries end.
const CALM: u64 = 120 * SECOND;
/// The shortest automatic window.
const SHORTEST: u64 = 600 * SECOND;

/// The window for these arms, `deploy_at` included.
#[must_use]
pub fn automatic<'a>(plan: &Plan, arms: impl Iterator<Item = &'a Arm>) -> SimDuration {
    let busiest = arms.map(|arm| busy(arm.plan.as_deref().unwrap_or(plan), &arm.strategy)).max();
    let total =
        plan.clock.deploy_at.0 as u128 + u128::from(busiest.unwrap_or(0)) + u128::from(CALM);
    let total = total.max(u128::from(SHORTEST)).min(u128::from(SimDuration::LONGEST.0 / 2));
    SimDuration((total as u64).div_ceil(60 * SECOND) * 60 * SECOND)
}

/// From the deployment instant to the end of everything that follows from it.
#[must_use]
pub fn busy(plan: &Plan, strategy: &Strategy) -> u64 {
    if plan.operations.is_empty() {
        return 0;
    }
    let last = plan.operations.iter().map(|operation| operation.at.0).max().unwrap_or(0);
    let once = rollout(plan, strategy);
    let stuck = if may_stick(plan) { deadline(strategy) } else { 0 };
    let more = plan
        .operations
        .iter()
        .filter(|op| matches!(op.kind, OperationKind::Deploy { .. } | OperationKind::Undo));
    let again = more.count().saturating_sub(1) as u64;
    let parts = [last, once, once.saturating_mul(again.min(1)), stuck, response(plan, once)];
    parts.into_iter().fold(0, u64::saturating_add)
}

/// Detection, people and the way back.
fn response(plan: &Plan, rollout: u64) -> u64 {
    let response = &plan.response;
    let seen = response.metrics.scrape.0 + response.metrics.window.0 + response.metrics.delay.0;
    let hold = response.alerts.iter().map(|alert| alert.hold.0).max().unwrap_or(0);
    match response.rollback {
        Rollback::OnCall => {
            let on_call = &response.on_call;
            let laws = [&on_call.acknowledge, &on_call.diagnose, &on_call.decide];
            let slowest =
                on_call.off_hours_factor.max(on_call.weekend_factor.unwrap_or(1.0)).max(1.0);
            let people = (laws.into_iter().map(p99).sum::<f64>() * slowest) as u64;
            [seen, hold, people, rollout].into_iter().fold(0, u64::saturating_add)
        }
        Rollback::Automatic => [seen, hold, rollout].into_iter().fold(0, u64::saturating_add),
        Rollback::Controller | Rollback::None => 0,
    }
}

fn may_stick(plan: &Plan) -> bool {
    let stuck = |kind: &DefectKind| {
        matches!(
            kind,
            DefectKind::CrashLoop
                | DefectKind::NeverReady
                | DefectKind::StuckPending
                | DefectKind::CrashAfterReady { .. }
                | DefectKind::Leak { .. }
        )
    };
    plan.versions.iter().any(|version| version.defects.iter().any(|defect| stuck(&defect.kind)))
}

fn deadline(strategy: &Strategy) -> u64 {
    let deadline = match strategy {
        Strategy::Recreate(it) => it.progress_deadline,
        Strategy::Rolling(it) => it.progress_deadline,
        Strategy::BlueGreen(it) => it.progress_deadline,
        Strategy::Canary(it) => it.progress_deadline,
        Strategy::ConfigPush(_) | Strategy::Scripted(_) => None,
    };
    deadline.map_or(0, |span| span.0)
}

/// From a pod's creation to its being available, slow ones included.
fn start(plan: &Plan, min_ready: SimDuration) -> u64 {
    let startup = &plan.service.startup;
    let boots =
        plan.versions.iter().filter_map(|version| version.boot.as_ref()).chain([&startup.boot]);
    let boot = boots.map(p99).fold(0.0, f64::max);
    let delays: [&Distribution; 3] = [&startup.schedule, &startup.pull, &startup.init];
    let run = delays.into_iter().map(p99).sum::<f64>() + boot;
    let probe = match &plan.service.probes.readiness {
        Readiness::Probe(probe) => probe
            .initial_delay
            .0
            .saturating_add(probe.period.0.saturating_mul(probe.success_threshold.into())),
        Readiness::None | Readiness::Listening => 0,
    };
    // Control loops and whole-second timestamps.
    [run as u64, probe, min_ready.0, SECOND].into_iter().fold(0, u64::saturating_add)
}

/// From a pod's deletion to its end.
fn stop(plan: &Plan) -> u64 {
    let shutdown = &plan.service.shutdown;
    let work = plan.classes.iter().map(|class| p99(&class.service_time)).fold(0.0, f64::max);
    let clean = (shutdown.pre_stop.0 as f64 + p99(&shutdown.linger) + work) as u64;
    clean.min(shutdown.grace.0)
}

fn pods(value: IntOrPercent, replicas: u32, up: bool) -> u64 {
    let replicas = u64::from(replicas);
    match value {
        IntOrPercent::Int(count) => u64::from(count),
        IntOrPercent::Percent(percent) if up => (u64::from(percent) * replicas).div_ceil(100),
        IntOrPercent::Percent(percent) => u64::from(percent) * replicas / 100,
    }
}

/// Pods that can be replaced at once.
#[must_use]
pub fn batch(plan: &Plan, surge: IntOrPercent, unavailable: IntOrPercent) -> (u64, u64) {
    let replicas = plan.service.replicas;
    let quota = plan.platform.surge_quota.map_or(u64::MAX, u64::from);
    let surge = pods(surge, replicas, true).min(quota);
    let unavailable = pods(unavailable, replicas, false).min(u64::from(replicas));
    (surge, if surge + unavailable == 0 { 1 } else { unavailable })
}

fn waves(plan: &Plan, surge: IntOrPercent, unavailable: IntOrPercent) -> u64 {
    let (surge, unavailable) = batch(plan, surge, unavailable);
    u64::from(plan.service.replicas).div_ceil(surge + unavailable)
}

fn analysis(plan: &Plan, name: &str) -> u64 {
    let Some(analysis) = plan.analyses.iter().find(|analysis| analysis.name == name) else {
        return 0;
    };
    let looks = u64::from(analysis.count.unwrap_or(1)) + u64::from(analysis.inconclusive_limit);
    analysis.initial_delay.0.saturating_add(analysis.interval.0.saturating_mul(looks))
}

/// The length of a rollout that goes well.
#[must_use]
pub fn rollout(plan: &Plan, strategy: &Strategy) -> u64 {
    let sum = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part));
    let judged = |name: &Option<String>| name.as_deref().map_or(0, |name| analysis(plan, name));
    match strategy {
        Strategy::Recreate(it) => sum(&[stop(plan), start(plan, it.min_ready)]),
        Strategy::Rolling(it) => {
            let waves = waves(plan, it.max_surge, it.max_unavailable);
            sum(&[waves.saturating_mul(start(plan, it.min_ready)), stop(plan)])
        }
        Strategy::BlueGreen(it) => {
            let switch = match &it.switch {
                Switch::Atomic => 0,
                Switch::Weights { steps, every } => every.0.saturating_mul((*steps).into()),
                // The old set's delay counts from the change of the name.
                Switch::Dns(dns) => dns.ttl.0.saturating_sub(it.keep_old.0),
            };
            let judges = [judged(&it.pre_analysis), judged(&it.post_analysis)];
            let waits = [start(plan, it.min_ready), it.verify.0, switch, it.keep_old.0, stop(plan)];
            sum(&[sum(&waits), sum(&judges)])
        }
        Strategy::Canary(it) => {
            let start = start(plan, it.min_ready);
            let steps = it.steps.iter().map(|step| match step {
                CanaryStep::Weight(_)
                | CanaryStep::Header(_)
                | CanaryStep::Mirror(_)
                | CanaryStep::Scale(_) => start,
                CanaryStep::Pause(span) => span.map_or(0, |span| span.0),
                CanaryStep::Analysis(name) => analysis(plan, name),
            });
            let full = match it.traffic {
                CanaryTraffic::Weights => start,
                CanaryTraffic::Replicas => {
                    waves(plan, it.max_surge, it.max_unavailable).saturating_mul(start)
                }
            };
            sum(&[steps.fold(0, u64::saturating_add), full, it.keep_old.0, stop(plan)])
        }
        Strategy::ConfigPush(it) => {
            let steps = it.steps.iter().map(|step| match step {
                PushStep::Share(_) | PushStep::Wave(_) => 0,
                PushStep::Pause(span) => span.map_or(0, |span| span.0),
                PushStep::Analysis(name) => analysis(plan, name),
            });
            let files = it.generated.as_ref().map_or(0, |generated| generated.over.0);
            sum(&[steps.fold(0, u64::saturating_add), files, p99(&it.propagation) as u64])
        }
        Strategy::Scripted(it) => {
            let last = it.actions.last().map_or(0, |action| action.at.0);
            sum(&[last, start(plan, SimDuration::ZERO), stop(plan)])
        }
    }
}
