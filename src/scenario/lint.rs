//! Lint: what is allowed, but probably not meant.
//!
//! Warnings never change a value. Each says what will be seen and which field to look at.

use super::limits::{peak_rate, world};
use super::resolve::quantile::p99;
use super::resolve::window;
use crate::engine::SimDuration;
use crate::plan::{
    Arm, Arrivals, CanaryStep, Header, MetricName, Plan, Readiness, Rollback, SessionStore,
    Strategy, Study, Switch, VersionId,
};

/// Adds the warnings of a study, each once.
pub fn lint(study: &mut Study) {
    let mut found = std::mem::take(&mut study.warnings);
    found.extend(load(&study.plan));
    found.extend(times(&study.plan));
    found.extend(sessions(&study.plan));
    if study.arms.iter().any(|arm| arm.plan.is_none()) {
        found.extend(pods(&study.plan));
        found.extend(people(&study.plan));
    }
    for arm in &study.arms {
        let plan = world(study, arm);
        if arm.plan.is_some() {
            let own = pods(plan).into_iter().chain(people(plan));
            found.extend(own.map(|warning| format!("strategy {}: {warning}", arm.name)));
        }
        found.extend(rollout(arm, plan));
        found.extend(judges(arm, plan));
    }
    if study.seeds < 5 {
        found.push(format!("{} seeds give no usable intervals; take 20 or more", study.seeds));
    }
    let mut kept: Vec<String> = Vec::new();
    for warning in found {
        if !kept.contains(&warning) {
            kept.push(warning);
        }
    }
    study.warnings = kept;
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Workers that the peak load of a version keeps busy; `None` where they are unlimited.
fn utilisation(plan: &Plan, version: VersionId, pods: f64) -> Option<f64> {
    let workers = f64::from(plan.service.workers?);
    let slowdown = &plan.versions[usize::from(version.0)].slowdown;
    let busy: f64 = plan
        .classes
        .iter()
        .zip(slowdown)
        .map(|(class, slowdown)| {
            peak_rate(class, plan.clock.window) * class.service_time.mean() / 1e9 * slowdown
        })
        .sum();
    Some(busy / (pods * workers))
}

/// A span for people: whole milliseconds.
fn rounded(nanoseconds: f64) -> SimDuration {
    SimDuration((nanoseconds.clamp(0.0, 1e18) / 1e6).ceil() as u64 * 1_000_000)
}

fn load(plan: &Plan) -> Vec<String> {
    let pods = f64::from(plan.service.replicas);
    let mut found = Vec::new();
    match utilisation(plan, crate::plan::STABLE, pods) {
        Some(busy) if busy >= 1.0 => found.push(format!(
            "utilisation at the peak is {} before the deployment: queues fill and stay full \
             (service.replicas, service.workers)",
            percent(busy)
        )),
        _ => {}
    }
    for (index, version) in plan.versions.iter().enumerate().skip(1) {
        if let Some(busy) =
            utilisation(plan, VersionId(index as u16), pods).filter(|busy| *busy >= 1.0)
        {
            found.push(format!(
                "utilisation at the peak is {} once version {} runs everywhere (versions.{}.slowdown)",
                percent(busy), version.name, version.name
            ));
        }
    }
    found
}

/// Sessions that nobody has, or that requests cannot find again.
fn sessions(plan: &Plan) -> Vec<String> {
    let Some(sessions) = &plan.state.sessions else { return Vec::new() };
    let mut found = Vec::new();
    let brings_users = |class: &crate::plan::RequestClass| {
        matches!(class.arrivals, Arrivals::Users { .. } | Arrivals::Sessions { .. })
    };
    if plan.client.users.is_none() && !plan.classes.iter().any(brings_users) {
        found.push(
            "requests are of no user in particular, so nobody has a session (client.users)"
                .to_owned(),
        );
    }
    if sessions.store == SessionStore::Memory
        && plan.balancer.sticky.is_none()
        && plan.service.replicas > 1
    {
        found.push(
            "sessions are in the memory of instances, but the balancer leads nobody back to \
             theirs (state.sessions.store: sticky, or balancer.sticky)"
                .to_owned(),
        );
    }
    found
}

fn times(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let slowest = plan.classes.iter().map(|class| p99(&class.service_time)).fold(0.0, f64::max);
    let slow = rounded(slowest);
    if (plan.clock.warmup.0 as f64) < 10.0 * slowest {
        found.push(format!(
            "the warm-up of {} is short beside a p99 service time of {slow}: the system is not yet \
             steady when measuring begins (clock.warmup)",
            plan.clock.warmup
        ));
    }
    if let Some(timeout) = plan.client.timeout {
        if plan.clock.warmup < timeout {
            found.push(format!(
                "the warm-up of {} is shorter than the client's timeout of {timeout} (clock.warmup)",
                plan.clock.warmup
            ));
        }
        for class in &plan.classes {
            let p99 = p99(&class.service_time);
            if p99 > timeout.0 as f64 {
                found.push(format!(
                    "more than 1% of {} requests need longer than the client's timeout of {timeout} \
                     even on an idle instance (client.timeout)",
                    class.name
                ));
            }
        }
    }
    found
}

fn people(plan: &Plan) -> Vec<String> {
    let acts = matches!(plan.response.rollback, Rollback::OnCall | Rollback::Automatic);
    if acts && plan.response.alerts.is_empty() {
        return vec![
            "a rollback waits for an alert, but none is defined (response.alerts)".to_owned(),
        ];
    }
    Vec::new()
}

fn rollout(arm: &Arm, plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let needed = window::busy(plan, &arm.strategy);
    let left = plan.clock.window.0.saturating_sub(plan.clock.deploy_at.0);
    if needed > left {
        found.push(format!(
            "strategy {}: rollout and recovery may need {}, but the window ends {} after the \
             deployment begins (clock.window)",
            arm.name,
            SimDuration(needed.div_ceil(1_000_000_000) * 1_000_000_000),
            SimDuration(left)
        ));
    }
    if let Strategy::Rolling(rolling) = &arm.strategy {
        let (_, unavailable) = window::batch(plan, rolling.max_surge, rolling.max_unavailable);
        let pods = f64::from(plan.service.replicas) - unavailable as f64;
        let busy = utilisation(plan, crate::plan::STABLE, pods.max(0.0));
        if let Some(busy) = busy.filter(|busy| *busy >= 1.0 && unavailable > 0) {
            let load =
                if busy.is_finite() { percent(busy) } else { "all capacity gone".to_owned() };
            found.push(format!(
                "strategy {}: with {unavailable} of {} pods away the rest is overloaded at the peak ({load}) (max_unavailable)",
                arm.name, plan.service.replicas
            ));
        }
    }
    if let Strategy::BlueGreen(blue_green) = &arm.strategy
        && let Switch::Dns(dns) = &blue_green.switch
        && blue_green.keep_old < dns.ttl
    {
        found.push(format!(
            "strategy {}: the old set goes {} after the switch, but clients keep its address for \
             {} (keep_old)",
            arm.name, blue_green.keep_old, dns.ttl
        ));
    }
    if let Strategy::Canary(canary) = &arm.strategy
        && canary.steps.contains(&CanaryStep::Pause(None))
    {
        found.push(format!(
            "strategy {}: a pause waits for a person for ever; the rollout will not end",
            arm.name
        ));
    }
    found
}

/// The life of pods: readiness, and the race between their end and the news of it.
fn pods(plan: &Plan) -> Vec<String> {
    let shutdown = &plan.service.shutdown;
    let mut found = Vec::new();
    if plan.operations.is_empty() {
        return found;
    }
    if plan.service.probes.readiness == Readiness::None {
        found.push(
            "without a readiness probe a pod gets traffic before it listens (service.probes.readiness)"
                .to_owned(),
        );
    }
    let news = SimDuration(
        (p99(&plan.balancer.propagation) + plan.platform.lags.endpoints.0 as f64) as u64,
    );
    let serves_on = shutdown.pre_stop.0 as f64 + p99(&shutdown.linger);
    if (serves_on as u64) < news.0 && p99(&plan.balancer.propagation) > 0.0 {
        found.push(format!(
            "pods stop listening {} after their deletion, but balancers may send to them for {} \
             (service.shutdown.pre_stop)",
            rounded(serves_on),
            rounded(news.0 as f64)
        ));
    }
    if shutdown.grace <= shutdown.pre_stop {
        found.push(format!(
            "the grace period of {} is over before the preStop sleep of {}: pods are killed, not \
             stopped (service.shutdown.grace)",
            shutdown.grace, shutdown.pre_stop
        ));
    }
    found
}

/// Judges that will hardly ever have enough data.
fn judges(arm: &Arm, plan: &Plan) -> Vec<String> {
    let Strategy::Canary(canary) = &arm.strategy else { return Vec::new() };
    let rate: f64 = plan.classes.iter().map(|class| peak_rate(class, plan.clock.window)).sum();
    let mut found = Vec::new();
    let (mut weight, mut mirrored, mut asked) = (0.0f64, 0.0f64, 0.0f64);
    let of_all = |header: Header| {
        let bears = f64::from(header.share_bp) / 10_000.0;
        let class = header.class.map(|class| &plan.classes[usize::from(class)]);
        bears * class.map_or(1.0, |class| peak_rate(class, plan.clock.window) / rate)
    };
    for step in &canary.steps {
        match step {
            CanaryStep::Weight(next) => weight = *next,
            CanaryStep::Mirror(share) => mirrored = *share,
            CanaryStep::Header(header) => asked = header.map_or(0.0, of_all),
            CanaryStep::Pause(_) | CanaryStep::Scale(_) => {}
            CanaryStep::Analysis(name) => {
                let Some(analysis) = plan.analyses.iter().find(|analysis| analysis.name == *name)
                else {
                    continue;
                };
                let weight = (weight + asked - weight * asked + mirrored).min(1.0);
                let seen = rate * weight * plan.response.metrics.window.as_secs_f64();
                let candidate = Some(crate::plan::ScopeVersion::Candidate);
                let least = analysis
                    .metrics
                    .iter()
                    .filter(|metric| {
                        metric.scope.version == candidate
                            && metric.metric != MetricName::RequestRate
                    })
                    .map(|metric| metric.min_requests)
                    .max();
                if let Some(least) = least.filter(|least| (*least as f64) > seen) {
                    found.push(format!(
                        "strategy {}: at {} the candidate gets about {seen:.0} requests in the metrics' window, \
                         fewer than the {least} that analysis {name} wants",
                        arm.name,
                        percent(weight)
                    ));
                }
            }
        }
    }
    found
}
