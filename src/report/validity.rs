//! What answers rest on: the parts of the model, and what each has been held against. A claim
//! stands here only where a command can show it.

use serde::Serialize;

use crate::record::Cause;

/// A part of the model and its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What is modelled.
    pub part: &'static str,
    /// What it was held against.
    pub held_against: Evidence,
    /// How, or what that means for the answer.
    pub note: &'static str,
    /// Harm of which causes comes out of this part.
    #[serde(skip)]
    pub causes: &'static [Cause],
}

/// The parts that harm of a cause rests on. None where the scenario itself states it.
pub fn rests_on(cause: Cause) -> impl Iterator<Item = &'static Part> {
    PARTS.iter().filter(move |part| part.causes.contains(&cause))
}

/// The strength of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Closed-form results.
    Theory,
    /// Recordings of the real thing.
    Recordings,
    /// Documentation and source code of the real thing.
    Documentation,
}

impl Evidence {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Theory => "theory",
            Self::Recordings => "recordings",
            Self::Documentation => "documentation only",
        }
    }
}

/// The parts.
pub static PARTS: [Part; 7] = [
    Part {
        part: "queues, service times, balancing policies",
        held_against: Evidence::Theory,
        note: "`cutover verify` compares them with queueing and balancing theory",
        causes: &[Cause::Overload, Cause::NoCapacity],
    },
    Part {
        part: "Deployment and ReplicaSet controllers, pods, probes, endpoints",
        held_against: Evidence::Recordings,
        note: "49 rollouts recorded on the controllers of Kubernetes 1.36 and 61 rows of their own \
               tables; probe periods, back-off and preStop as documented",
        causes: &[
            Cause::TerminationRace,
            Cause::NotListening,
            Cause::Crash,
            Cause::CutInFlight,
            Cause::NoCapacity,
        ],
    },
    Part {
        part: "blue-green and canary controllers",
        held_against: Evidence::Documentation,
        note: "rules as Argo Rollouts documents them",
        causes: &[],
    },
    Part {
        part: "balancers: rotation, health checks, retries, passive marks, connections",
        held_against: Evidence::Recordings,
        note: "34 recordings of rollouts through HAProxy 2.6 and nginx 1.22; Envoy, kube-proxy, \
               ALB and propagation as documented",
        causes: &[Cause::TerminationRace, Cause::NotListening],
    },
    Part {
        part: "names: DNS answers kept for their time to live and beyond",
        held_against: Evidence::Theory,
        note: "`cutover verify` compares who still asks the old address with a closed form",
        causes: &[Cause::StaleAddress],
    },
    Part {
        part: "sessions, caches and stores behind the instances",
        held_against: Evidence::Theory,
        note: "`cutover verify` compares log-outs, stale reads, hit ratios, cold caches and \
               stampedes with closed forms; sizes and rates are the scenario's own",
        causes: &[Cause::State],
    },
    Part {
        part: "metrics, alerts, people on call",
        held_against: Evidence::Theory,
        note: "`cutover verify` compares delays of detection and of the people after it with closed \
               forms; the times are the scenario's own distributions",
        causes: &[Cause::VersionDefect],
    },
];

/// What is not modelled at all, in words.
pub const NOT_MODELLED: &str = "Not modelled: the network between clients and balancer, CPU and \
    memory contention between pods of a node, autoscaling on anything but CPU. What a scenario leaves out has a default, listed above.";
