//! How much work a study is, and whether that is more than a machine can do in a day.

use super::checked::Checked;
use super::code;
use super::load::Overrides;
use super::resolve::Context;
use crate::engine::SimDuration;
use crate::engine::time::SECOND;
use crate::plan::{Arm, Arrivals, Plan, ProfilePoint, Readiness, RequestClass, Study};

/// Nanoseconds that a simulated request takes on one core: the shipped scenarios took 155 to 240 on
/// a shared server of 2025, and 100 with nothing but requests (`results/benchmarks`).
pub const NS_PER_REQUEST: f64 = 160.0;
/// Nanoseconds that a request's session or one of its calls takes more.
const NS_PER_CALL: f64 = 250.0;
/// Nanoseconds that a probe, check or scrape takes.
const NS_PER_TIMER: f64 = 60.0;
/// A study above this many core-hours needs `--allow-huge`.
const MOST_CORE_HOURS: f64 = 24.0;
/// No load generator or balancer comes near this many requests a second.
const MOST_RATE: f64 = 1e9;

/// What a study will cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Runs: arms times releases times seeds, and the control.
    pub runs: f64,
    /// Requests over all runs.
    pub requests: f64,
    /// Time on one core.
    pub core_seconds: f64,
}

/// Predicts the work of a study.
#[must_use]
pub fn predict(study: &Study) -> Prediction {
    let seeds = study.seeds as f64;
    let releases = study.releases.len() as f64;
    let mut total = Prediction { runs: 0.0, requests: 0.0, core_seconds: 0.0 };
    let mut add = |plan: &Plan, runs: f64| {
        let requests = requests(plan) * runs;
        total.runs += runs;
        total.requests += requests;
        total.core_seconds += (requests * NS_PER_REQUEST
            + calls(plan) * runs * NS_PER_CALL
            + timers(plan) * runs * NS_PER_TIMER)
            / 1e9;
    };
    for arm in &study.arms {
        add(world(study, arm), seeds * releases);
    }
    if study.control {
        add(&study.plan, seeds);
    }
    total
}

/// The world an arm runs in.
pub(super) fn world<'a>(study: &'a Study, arm: &'a Arm) -> &'a Plan {
    arm.plan.as_deref().unwrap_or(&study.plan)
}

/// Sessions looked up and calls made in one run.
fn calls(plan: &Plan) -> f64 {
    let of = |class: &RequestClass| {
        let state = &class.state;
        let calls: f64 = state.calls.iter().map(|call| f64::from(call.count)).sum();
        sent(class, plan) * (calls + f64::from(u8::from(state.session)))
    };
    plan.classes.iter().map(of).sum()
}

/// Requests of one run.
fn requests(plan: &Plan) -> f64 {
    plan.classes.iter().map(|class| sent(class, plan)).sum()
}

fn seconds(span: SimDuration) -> f64 {
    span.as_secs_f64()
}

fn sent(class: &RequestClass, plan: &Plan) -> f64 {
    let run = seconds(plan.clock.warmup) + seconds(plan.clock.window);
    match &class.arrivals {
        Arrivals::Profile { points, period } => {
            let first = points.first().map_or(0.0, |point| point.rate);
            first * seconds(plan.clock.warmup) + area(points, *period, plan.clock.window)
        }
        Arrivals::Trace { times } => times.len() as f64,
        _ => mean_rate(class) * run,
    }
}

/// The mean rate of a class whose rate does not follow a profile or trace.
fn mean_rate(class: &RequestClass) -> f64 {
    match &class.arrivals {
        Arrivals::Poisson { rate } | Arrivals::Constant { rate } => *rate,
        Arrivals::Bursty { rate, burst, on, off } => {
            let (on, off) = (seconds(*on), seconds(*off));
            (rate * off + burst * on) / (on + off)
        }
        Arrivals::Users { count, think } => {
            let held = class.stream.as_ref().map_or(0.0, |stream| stream.lifetime.mean());
            let cycle = (think.mean() + class.service_time.mean() + held) / 1e9;
            f64::from(*count) / cycle.max(1e-6)
        }
        Arrivals::Sessions { rate, requests, .. } => rate * requests.mean().max(1.0),
        Arrivals::Profile { .. } | Arrivals::Trace { .. } | Arrivals::OnDemand => 0.0,
    }
}

/// Requests that a profile sends in a window.
fn area(points: &[ProfilePoint], period: Option<SimDuration>, window: SimDuration) -> f64 {
    let one = |until: u64| {
        let mut sum = 0.0;
        for pair in points.windows(2) {
            let (from, to) = (pair[0].at.0, pair[1].at.0.min(until));
            if to > from {
                let part = (to - from) as f64 / (pair[1].at.0 - from) as f64;
                let end = pair[0].rate + (pair[1].rate - pair[0].rate) * part;
                sum += f64::midpoint(pair[0].rate, end) * (to - from) as f64 / SECOND as f64;
            }
        }
        let last = points.last().expect("a profile has points");
        sum + last.rate * (until.saturating_sub(last.at.0)) as f64 / SECOND as f64
    };
    match period {
        Some(period) => {
            let rounds = window.0 / period.0;
            rounds as f64 * one(period.0) + one(window.0 % period.0)
        }
        None => one(window.0),
    }
}

/// The highest mean rate that a class reaches in the window.
#[must_use]
pub fn peak_rate(class: &RequestClass, window: SimDuration) -> f64 {
    match &class.arrivals {
        Arrivals::Profile { points, period } => {
            let seen = |point: &&ProfilePoint| {
                period.is_some_and(|period| period <= window) || point.at <= window
            };
            points.iter().filter(seen).map(|point| point.rate).fold(0.0, f64::max)
        }
        Arrivals::Trace { times } => {
            // The busiest ten seconds.
            let width = 10 * SECOND;
            let (mut first, mut most) = (0, 0);
            for (last, time) in times.iter().enumerate() {
                while times[first] + width < *time {
                    first += 1;
                }
                most = most.max(last + 1 - first);
            }
            most as f64 / 10.0
        }
        _ => mean_rate(class),
    }
}

/// Probes, health checks and scrapes of one run.
fn timers(plan: &Plan) -> f64 {
    let run = seconds(plan.clock.warmup) + seconds(plan.clock.window);
    let pods = f64::from(plan.service.replicas);
    let probes = &plan.service.probes;
    let readiness = match &probes.readiness {
        Readiness::Probe(probe) => Some(probe),
        Readiness::None | Readiness::Listening => None,
    };
    let probes =
        readiness.into_iter().chain(&probes.liveness).map(|probe| pods / seconds(probe.period));
    let nodes = f64::from(plan.balancer.nodes);
    let checks =
        plan.balancer.health_check.iter().map(|check| nodes * pods / seconds(check.interval));
    let scrapes = 1.0 / seconds(plan.response.metrics.scrape);
    (probes.sum::<f64>() + checks.sum::<f64>() + scrapes) * run
}

/// Refuses what is beyond the limits, unless they are lifted.
pub fn check(context: &mut Context<'_>, root: &Checked, study: &Study, overrides: &Overrides) {
    if overrides.allow_huge {
        return;
    }
    let work = predict(study);
    let hours = work.core_seconds / 3600.0;
    let prediction = format!(
        "{} requests in {} runs, about {} core-hours",
        short(work.requests),
        short(work.runs),
        short(hours)
    );
    let lift = "--allow-huge lifts this limit".to_owned();
    for (class, item) in study.plan.classes.iter().zip(root.at("traffic").items()) {
        let rate = peak_rate(class, study.plan.clock.window);
        if rate > MOST_RATE {
            let message =
                format!("{} requests a second are beyond any machine: {prediction}", short(rate));
            let error = context.error(code::TOO_MUCH_WORK, item.at("arrivals"), message);
            error.allowed = Some("up to 1000000000 requests a second".to_owned());
            error.help = Some(lift);
            return;
        }
    }
    if hours > MOST_CORE_HOURS {
        let at = root.at("traffic");
        let error = context.error(
            code::TOO_MUCH_WORK,
            at,
            format!("this is more work than a day holds: {prediction}"),
        );
        error.allowed = Some(format!("up to {MOST_CORE_HOURS} core-hours"));
        error.help = Some(lift);
    }
}

/// A number for people: three digits and a power of a thousand.
#[must_use]
pub fn short(value: f64) -> String {
    let units = [(1e12, " trillion"), (1e9, " billion"), (1e6, " million"), (1e3, " thousand")];
    match units.iter().find(|(size, _)| value >= *size) {
        Some((size, name)) if value / size < 1e6 => format!("{:.1}{name}", value / size),
        Some(_) => "more than a million trillion".to_owned(),
        None if value >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
        None => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_sends_its_area() {
        let point = |at, rate| ProfilePoint { at: SimDuration::from_secs(at), rate };
        let points = [point(0, 0.0), point(10, 100.0), point(20, 0.0)];
        assert!((area(&points, None, SimDuration::from_secs(20)) - 1000.0).abs() < 1e-9);
        assert!((area(&points, None, SimDuration::from_secs(5)) - 125.0).abs() < 1e-9);
        assert!(
            (area(&points, Some(SimDuration::from_secs(20)), SimDuration::from_secs(45)) - 2125.0)
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(1_577_000_000_000.0), "1.6 trillion");
        assert_eq!(short(60e6), "60.0 million");
        assert_eq!(short(80.0), "80");
        assert_eq!(short(0.25), "0.25");
    }
}
