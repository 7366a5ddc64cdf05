//! Who notices harm and what they do about it: rollback, alerts, the person on call.

use crate::plan::{
    Bound, MetricName, OnCall, Plan, Response, Rollback, Scope, ScopeVersion, Study,
};

use super::asked::{Fact, fact, law};
use crate::engine::SimDuration;
use crate::report::figure::{percent, rounded};
use crate::report::text::visible;

/// The facts of the response: one for each kind of it among the arms.
pub fn facts(study: &Study) -> Vec<Fact> {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for arm in &study.arms {
        let plan = arm.plan.as_deref().unwrap_or(&study.plan);
        let (text, name) = (response(plan), visible(&arm.name));
        match kinds.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => kinds.push((text, vec![name])),
        }
    }
    let one = kinds.len() == 1;
    let facts = kinds.into_iter().map(|(text, names)| {
        let of = if one { String::new() } else { format!(" of {}", names.join(", ")) };
        fact(format!("response{of}"), text)
    });
    facts.collect()
}

fn response(plan: &Plan) -> String {
    let response = &plan.response;
    let rollback = match response.rollback {
        Rollback::Controller => "rolled back by the strategy's own controller alone".to_owned(),
        Rollback::OnCall => format!("rolled back by the person on call ({})", times(response)),
        Rollback::Automatic => "rolled back at the first alert or failed verdict".to_owned(),
        Rollback::None => "never rolled back".to_owned(),
    };
    let mut parts = vec![rollback];
    if response.alerts.is_empty() {
        parts.push("no alerts".to_owned());
    }
    parts.extend(response.alerts.iter().map(|alert| {
        let metric = alert.metric;
        let limit = bound(metric, alert.bound);
        let scope = scope(plan, &alert.scope);
        let hold = if alert.hold == SimDuration::ZERO {
            String::new()
        } else {
            format!(" for {}", alert.hold)
        };
        format!("alert {}: {}{scope} {limit}{hold}", visible(&alert.name), metric.name())
    }));
    let metrics = &response.metrics;
    parts.push(format!(
        "metrics every {} over {}, {} late",
        metrics.scrape, metrics.window, metrics.delay
    ));
    parts.join("; ")
}

/// How long the person on call takes.
fn times(response: &Response) -> String {
    let OnCall { acknowledge, diagnose, decide, off_hours_factor, weekend_factor } =
        &response.on_call;
    let mut parts = vec![format!("acknowledges: {}", law(acknowledge))];
    if diagnose.mean() > 0.0 {
        parts.push(format!("diagnoses: {}", law(diagnose)));
    }
    parts.push(format!("decides: {}", law(decide)));
    if *off_hours_factor != 1.0 {
        parts.push(format!("all times {} outside office hours", factor(*off_hours_factor)));
    }
    if let Some(weekend) = weekend_factor.filter(|weekend| weekend != off_hours_factor) {
        parts.push(format!("{} at weekends", factor(weekend)));
    }
    parts.join(", ")
}

fn factor(factor: f64) -> String {
    format!("x{}", rounded(factor))
}

fn scope(plan: &Plan, scope: &Scope) -> String {
    let class = scope.class.and_then(|class| plan.classes.get(usize::from(class)));
    let class = class.map(|class| format!(" of {}", visible(&class.name)));
    let version = match scope.version {
        None => "",
        Some(ScopeVersion::Candidate) => " on the candidate",
        Some(ScopeVersion::Stable) => " on stable",
    };
    format!("{}{version}", class.unwrap_or_default())
}

fn bound(metric: MetricName, bound: Bound) -> String {
    let value = |value: f64| match metric {
        MetricName::ErrorRate
        | MetricName::SuccessRate
        | MetricName::Http5xxRate
        | MetricName::LoginSuccessRate => format!("{} %", rounded(value * 100.0)),
        MetricName::LatencyP50 | MetricName::LatencyP95 | MetricName::LatencyP99 => {
            format!("{} ms", rounded(value * 1e3))
        }
        MetricName::RequestRate => format!("{}/s", rounded(value)),
        MetricName::Tickets => rounded(value),
    };
    match bound {
        Bound::Above(limit) => format!("above {}", value(limit)),
        Bound::Below(limit) => format!("below {}", value(limit)),
        Bound::AboveStableTimes(factor) => format!("above {} times stable's", rounded(factor)),
        Bound::BurnRate { factor, target, long, short } => format!(
            "burning the error budget of {} {} times too fast over {long} and {short}",
            percent(target),
            rounded(factor)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn alerts_have_their_threshold_and_people_their_times() {
        let mut study = fixture::result().study;
        study.plan.response.rollback = Rollback::OnCall;
        let facts = facts(&study);
        assert_eq!(facts.len(), 1);
        for part in ["alert ", " above ", " for ", "acknowledges: "] {
            assert!(facts[0].value.contains(part), "{part}: {facts:?}");
        }
    }

    #[test]
    fn an_arm_that_is_never_rolled_back_is_not_said_to_be() {
        let mut study = fixture::result().study;
        let mut own = study.plan.clone();
        own.response.rollback = Rollback::None;
        study.arms[2].plan = Some(Box::new(own));
        let facts = facts(&study);
        assert_eq!(facts.len(), 2);
        assert_eq!(facts[0].name, "response of recreate, rolling, canary");
        assert_eq!(facts[1].name, "response of blue-green");
        assert!(facts[1].value.starts_with("never rolled back"));
    }
}
