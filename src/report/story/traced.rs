//! Failed requests followed hop by hop: the first few of each outcome and cause, so that a
//! reader sees what happened to one of them.

use crate::engine::SimTime;
use crate::plan::Plan;
use crate::record::{Event, EventKind, FailedRequest, RunRecord};
use crate::report::figure::fixed;
use crate::report::text::visible;

/// Failed requests of a kind that are shown of one run.
const SAMPLES: usize = 2;

/// A failed request for people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Traced {
    /// Which, and how it ended.
    pub what: String,
    /// Where it was sent, and what came of it, in the order of time.
    pub hops: Vec<String>,
}

/// The first few of each outcome and cause, in the order of time.
#[must_use]
pub fn traced(plan: &Plan, record: &RunRecord) -> Vec<Traced> {
    let mut kinds = Vec::new();
    let mut requests = Vec::new();
    for event in &record.events {
        let EventKind::RequestFailed(request) = &event.kind else { continue };
        let kind = (request.outcome, request.cause);
        if kinds.iter().filter(|&&other| other == kind).count() < SAMPLES {
            kinds.push(kind);
            requests.push(one(plan, record, request));
        }
    }
    requests
}

fn one(plan: &Plan, record: &RunRecord, request: &FailedRequest) -> Traced {
    let class = plan.classes.get(usize::from(request.class)).map_or("", |class| &class.name);
    let user = request.user.map_or_else(String::new, |user| format!(" of user {user}"));
    let what = format!(
        "{} request{user}, sent at {}: {} ({})",
        visible(class),
        seconds(plan, request.sent),
        request.outcome.name().replace('_', " "),
        request.cause.name()
    );
    let hops = request.hops.iter().map(|hop| {
        let to = hop.instance.map_or_else(String::new, |instance| {
            format!(" to instance {instance}{}", version_of(plan, &record.events, instance))
        });
        let (at, node) = (seconds(plan, hop.at), hop.balancer_node);
        format!("{at}: balancer node {node}{to}: {}", visible(&hop.result))
    });
    Traced { what, hops: hops.collect() }
}

/// ` (stable)`, as the log says.
fn version_of(plan: &Plan, events: &[Event], wanted: u32) -> String {
    let created = events.iter().find_map(|event| match event.kind {
        EventKind::InstanceCreated { instance, version } if instance == wanted => Some(version),
        _ => None,
    });
    let version = created.and_then(|version| plan.versions.get(usize::from(version.0)));
    version.map_or_else(String::new, |version| format!(" ({})", visible(&version.name)))
}

/// `14.296 s`, from the start of the rollout.
fn seconds(plan: &Plan, at: SimTime) -> String {
    let deploy = i128::from(plan.clock.warmup.0) + i128::from(plan.clock.deploy_at.0);
    fixed((i128::from(at.0) - deploy) as f64 / 1e9, 3) + " s"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_failed_request_is_followed_hop_by_hop() {
        let requests = traced(&fixture::plan(), &fixture::record());
        assert_eq!(requests.len(), 1);
        assert_eq!(
            requests[0].what,
            "browse request of user 4711, sent at 14.295 s: refused (termination race)"
        );
        assert_eq!(requests[0].hops, ["14.296 s: balancer node 1 to instance 2: refused"]);
    }
}
