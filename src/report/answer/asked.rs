//! What was asked: the world and the strategies of a plan, in a few lines a person can check.

use crate::engine::{Distribution, SimDuration};
use crate::plan::{
    Arm, Arrivals, Canary, CanaryStep, CanaryTraffic, Clock, ConfigPush, IntOrPercent, Plan,
    PushStep, Release, Strategy, Study, Switch,
};

use super::{responding, versions};
use crate::report::figure::{percent, rounded};
use crate::report::text::visible;

/// One line: what, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How it is.
    pub value: String,
}

pub(super) fn fact(name: impl Into<String>, value: impl Into<String>) -> Fact {
    Fact { name: name.into(), value: value.into() }
}

/// The study's facts.
#[must_use]
pub fn facts(study: &Study) -> Vec<Fact> {
    let plan = &study.plan;
    let mut facts = Vec::new();
    if !study.description.is_empty() {
        facts.push(fact("about", visible(&study.description)));
    }
    facts.extend(study.arms.iter().map(|arm| arm_fact(study, arm)));
    facts.extend(study.releases.iter().map(|release| release_fact(plan, release)));
    for class in &plan.classes {
        let service = law(&class.service_time);
        facts.push(fact(
            format!("traffic {}", visible(&class.name)),
            format!("{}; service time {service}", arrivals(&class.arrivals)),
        ));
    }
    facts.push(fact("service", service(plan)));
    facts.push(fact("shutdown", shutdown(plan)));
    facts.push(fact("balancer", balancer(plan)));
    facts.push(fact("client", client(plan)));
    facts.extend(responding::facts(study));
    let clock = &plan.clock;
    facts.push(fact(
        "window",
        format!(
            "{} measured from {} on, after {} of warm-up; the rollout begins {} into it",
            clock.window,
            local(clock),
            clock.warmup,
            clock.deploy_at
        ),
    ));
    facts
}

/// The wall clock at the window's start, with its offset.
fn local(clock: &Clock) -> String {
    let offset = jiff::tz::Offset::from_seconds(clock.utc_offset_s);
    let offset = offset.unwrap_or(jiff::tz::Offset::UTC);
    let start = jiff::Timestamp::from_nanosecond(i128::from(clock.start_unix_ns));
    let start = offset.to_datetime(start.unwrap_or_default());
    let minutes = clock.utc_offset_s.unsigned_abs() / 60;
    let sign = if clock.utc_offset_s < 0 { '-' } else { '+' };
    let day = start.strftime("%A %Y-%m-%d %H:%M");
    format!("{day} local time (UTC{sign}{:02}:{:02})", minutes / 60, minutes % 60)
}

/// Longest value of a changed field that is shown in full, in characters.
const LONGEST: usize = 90;

/// A strategy with what it changes about the world it runs in.
fn arm_fact(study: &Study, arm: &Arm) -> Fact {
    let mut text = strategy(&arm.strategy);
    let changes = study.changes.iter().filter(|change| change.arm == arm.name);
    let changes: Vec<String> = changes
        .map(|change| {
            let value = visible(&change.value);
            let value = match value.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &value[..end]),
                None => value,
            };
            format!("{} = {value}", visible(&change.path))
        })
        .collect();
    if !changes.is_empty() {
        text.push_str(&format!("; with {}", changes.join("; ")));
    } else if arm.plan.is_some() {
        text.push_str("; in a world of its own");
    }
    fact(format!("strategy {}", visible(&arm.name)), text)
}

fn release_fact(plan: &Plan, release: &Release) -> Fact {
    let what = versions::news(plan, release.version);
    fact(
        format!("release {}", visible(&release.name)),
        format!("{} of deployments; {what}", percent(release.share)),
    )
}

fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson { rate } => format!("Poisson, {}/s", rounded(*rate)),
        Arrivals::Constant { rate } => format!("evenly spaced, {}/s", rounded(*rate)),
        Arrivals::Bursty { rate, burst, on, off } => format!(
            "bursty, {}/s with bursts of {}/s for {on} every {off}",
            rounded(*rate),
            rounded(*burst)
        ),
        Arrivals::Profile { points, .. } => {
            let peak = points.iter().map(|point| point.rate).fold(0.0, f64::max);
            format!("a profile of {} points, up to {}/s", points.len(), rounded(peak))
        }
        Arrivals::Trace { times } => format!("a trace of {} requests", times.len()),
        Arrivals::OnDemand => "on demand".to_owned(),
        Arrivals::Users { count, think } => {
            format!("{count} users in a closed loop, thinking {}", law(think))
        }
        Arrivals::Sessions { rate, requests, think } => format!(
            "{} sessions/s of {} requests, thinking {}",
            rounded(*rate),
            rounded(requests.mean()),
            law(think)
        ),
    }
}

/// A law of times by name and mean.
pub(super) fn law(law: &Distribution) -> String {
    let name = match law {
        Distribution::Constant(_) => "always",
        Distribution::Exponential { .. } => "exponential, mean",
        Distribution::Lognormal { .. } => "lognormal, mean",
        Distribution::Gamma { .. } => "gamma, mean",
        Distribution::Uniform { .. } => "uniform, mean",
        Distribution::Weibull { .. } => "Weibull, mean",
        Distribution::Pareto { .. } => "Pareto, mean",
        Distribution::Hyperexponential { .. } => "hyperexponential, mean",
        Distribution::Empirical { .. } => "as observed, mean",
        Distribution::InTurn { .. } => "a list, mean",
    };
    format!("{name} {}", span(law.mean()))
}

/// Nanoseconds in the unit that people would use.
fn span(nanoseconds: f64) -> String {
    if !nanoseconds.is_finite() {
        "infinite".to_owned()
    } else if nanoseconds < 1e9 {
        format!("{} ms", rounded(nanoseconds / 1e6))
    } else {
        format!("{} s", rounded(nanoseconds / 1e9))
    }
}

fn limit(count: Option<u32>, nothing: &str) -> String {
    count.map_or_else(|| nothing.to_owned(), |count| count.to_string())
}

fn service(plan: &Plan) -> String {
    let service = &plan.service;
    format!(
        "{} instances of {} workers, queue {}; boot {}",
        service.replicas,
        limit(service.workers, "unlimited"),
        limit(service.queue, "unbounded"),
        law(&service.startup.boot)
    )
}

fn shutdown(plan: &Plan) -> String {
    let shutdown = &plan.service.shutdown;
    let sigterm = format!("{:?}", shutdown.on_sigterm).to_lowercase();
    format!("preStop {}, at SIGTERM: {sigterm}, grace {}", shutdown.pre_stop, shutdown.grace)
}

fn balancer(plan: &Plan) -> String {
    let balancer = &plan.balancer;
    format!(
        "{} as {}; endpoint changes seen after {}; {} retries",
        counted_nodes(balancer.nodes),
        visible(&balancer.preset),
        law(&balancer.propagation),
        balancer.retries.max
    )
}

fn counted_nodes(nodes: u32) -> String {
    if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") }
}

fn optional(span: Option<SimDuration>) -> String {
    span.map_or_else(|| "none".to_owned(), |span| span.to_string())
}

fn client(plan: &Plan) -> String {
    let client = &plan.client;
    let users = client.users.as_ref().map_or_else(String::new, |users| {
        format!("{} users; ", crate::report::figure::whole(u64::from(users.count)))
    });
    let (timeout, deadline) = (optional(client.timeout), optional(client.deadline));
    format!("{users}timeout {timeout}, deadline {deadline}, {} retries", client.retries.max)
}

fn count(value: IntOrPercent) -> String {
    match value {
        IntOrPercent::Int(count) => count.to_string(),
        IntOrPercent::Percent(percent) => format!("{percent}%"),
    }
}

fn config_push(push: &ConfigPush) -> String {
    if let Some(generated) = &push.generated {
        let (from, to) = (percent(generated.bad), percent(generated.rises_to));
        let chance = if from == to { from } else { format!("{from} to {to}") };
        return format!("configuration, a new file every {}: {chance} bad", generated.every);
    }
    let steps = push.steps.iter().map(|step| match step {
        PushStep::Share(share) => percent(*share),
        PushStep::Wave(wave) => format!("wave {}", wave + 1),
        PushStep::Pause(Some(pause)) => format!("pause {pause}"),
        PushStep::Pause(None) => "pause for a person".to_owned(),
        PushStep::Analysis(name) => format!("analysis {}", visible(name)),
    });
    let steps = steps.collect::<Vec<_>>().join(", ");
    let steps = if steps.is_empty() { "all at once" } else { &steps };
    let judge = push.background_analysis.as_ref();
    let judge =
        judge.map_or_else(String::new, |name| format!("; analysis {} all along", visible(name)));
    format!(
        "configuration push: {steps}; reaches a process after {}{judge}",
        law(&push.propagation)
    )
}

/// What a canary does besides its steps.
fn canary_aside(canary: &Canary) -> String {
    let mut aside = String::new();
    if canary.sticky {
        aside.push_str("; users stay with their version");
    }
    if let Some(name) = &canary.background_analysis {
        aside.push_str(&format!("; analysis {} all along", visible(name)));
    }
    if canary.traffic == CanaryTraffic::Replicas {
        let (surge, without) = (count(canary.max_surge), count(canary.max_unavailable));
        aside.push_str(&format!("; maxSurge {surge}, maxUnavailable {without}"));
    }
    aside
}

/// A strategy's parameters in words.
#[must_use]
pub fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Recreate(_) => "recreate: stop all, then start all".to_owned(),
        Strategy::Rolling(rolling) => format!(
            "rolling update: maxSurge {}, maxUnavailable {}, minReadySeconds {}",
            count(rolling.max_surge),
            count(rolling.max_unavailable),
            rolling.min_ready
        ),
        Strategy::BlueGreen(blue_green) => {
            let switch = match &blue_green.switch {
                Switch::Atomic => "at once".to_owned(),
                Switch::Weights { steps, every } => format!("in {steps} steps every {every}"),
                Switch::Dns(dns) => {
                    let late: f64 = dns.stragglers.iter().map(|kind| kind.share).sum();
                    match dns.stragglers.is_empty() {
                        true => format!("by DNS (TTL {})", dns.ttl),
                        false => format!("by DNS (TTL {}, {} stragglers)", dns.ttl, percent(late)),
                    }
                }
            };
            let analysis = |when: &str, name: &Option<String>| {
                name.as_ref()
                    .map_or_else(String::new, |name| format!(", analysis {} {when}", visible(name)))
            };
            format!(
                "blue-green: verified {}{}, switched {switch}{}, old set kept {}",
                blue_green.verify,
                analysis("before the switch", &blue_green.pre_analysis),
                analysis("after it", &blue_green.post_analysis),
                blue_green.keep_old
            )
        }
        Strategy::Canary(canary) => {
            let by = match canary.traffic {
                CanaryTraffic::Weights => "a router's weights",
                CanaryTraffic::Replicas => "share of pods",
            };
            let steps = canary.steps.iter().map(|step| match step {
                CanaryStep::Weight(weight) => percent(*weight),
                CanaryStep::Pause(Some(pause)) => format!("pause {pause}"),
                CanaryStep::Pause(None) => "pause for a person".to_owned(),
                CanaryStep::Analysis(name) => format!("analysis {}", visible(name)),
                CanaryStep::Header(Some(header)) => {
                    let share = percent(f64::from(header.share_bp) / 10_000.0);
                    match header.class {
                        None => format!("header route for {share} of users"),
                        Some(_) => format!("header route for {share} of a class"),
                    }
                }
                CanaryStep::Header(None) => "no header route".to_owned(),
                CanaryStep::Mirror(share) => format!("mirror {}", percent(*share)),
                CanaryStep::Scale(Some(share)) => format!("scale {}", percent(*share)),
                CanaryStep::Scale(None) => "scale by weight".to_owned(),
            });
            let steps = steps.collect::<Vec<_>>().join(", ");
            format!("canary by {by}: {steps}{}", canary_aside(canary))
        }
        Strategy::ConfigPush(push) => config_push(push),
        Strategy::Scripted(script) => match script.actions.last() {
            Some(last) => {
                format!("script of {} control actions in {}", script.actions.len(), last.at)
            }
            None => "script without any action".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, gallery};

    fn facts_of(scenario: &str) -> Vec<Fact> {
        facts(&gallery::find(scenario).unwrap().load(&Overrides::default()).unwrap())
    }

    fn value(facts: &[Fact], name: &str) -> String {
        facts.iter().find(|fact| fact.name == name).unwrap().value.clone()
    }

    #[test]
    fn arms_that_differ_by_their_world_alone_say_by_what() {
        let facts = facts_of("one-of-eight-left-behind");
        let all = value(&facts, "strategy all-eight");
        assert!(all.ends_with("; with operations[2].at = 25m"), "{all}");
        let flag = value(&facts, "strategy flag-off");
        let change =
            "operations[2] = { at: 18m, configure: { setting: reused_flag, exists: false } }";
        assert!(flag.ends_with(change), "{flag}");
        assert!(!value(&facts, "strategy left-behind").contains("with"));
    }

    #[test]
    fn arms_that_differ_by_a_field_of_their_strategy_do_not_read_alike() {
        for shipped in gallery::GALLERY {
            let facts = facts_of(shipped.name);
            let told: Vec<&str> = facts
                .iter()
                .filter(|fact| fact.name.starts_with("strategy "))
                .map(|fact| fact.value.as_str())
                .collect();
            for (index, one) in told.iter().enumerate() {
                assert!(!told[..index].contains(one), "{}: {one}", shipped.name);
            }
        }
    }

    #[test]
    fn the_page_says_what_it_is_about_and_when_it_happens() {
        let facts = facts_of("one-of-eight-left-behind");
        assert!(value(&facts, "about").starts_with("Seven of eight servers"));
        assert_eq!(
            value(&facts, "window"),
            "26m measured from Wednesday 2012-08-01 09:00 local time (UTC-04:00) on, after 1m of \
             warm-up; the rollout begins 1m into it"
        );
    }
}
