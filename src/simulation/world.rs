//! The served world of one run: its state, and how it is built from a plan.
//!
//! What happens in it is in the files beside this one: `traffic` (requests on their way),
//! `serving` (inside an instance), `control` (what platform and monitoring do to it), `run`
//! (the event loop).

use std::collections::VecDeque;

use crate::engine::rng::Key;
use crate::engine::{
    Calendar, Distribution, Histogram, Sampler, SimDuration, SimTime, TimerRing, Xoshiro,
};
use crate::model::arrivals::Source;
use crate::model::balancer::{Node, Rules};
use crate::model::client::Retries;
use crate::model::connections::Connections;
use crate::model::dns::Name;
use crate::model::instance::Instance;
use crate::model::ledger::Ledger;
use crate::model::request::{NONE, Requests};
use crate::model::sharing::Sharing;
use crate::model::streams::Streams;
use crate::model::telemetry::{AttemptTable, Monitoring};
use crate::plan::{
    Arrivals, Balancer, BalancerRetries, CloseStreams, DefectKind, Discipline, Mode, OnlyWhen, Own,
    Pick, Plan, STABLE, Strategy, UntilListening, VersionId, Warmup, streams,
};
use crate::platform::{PodCounts, PodId};
use crate::record::{Detail, Event, EventKind};

use super::RunOptions;
use super::behind::Behind;
use super::cold::ColdQueue;
pub(super) use super::kind::{Kind, MOST_REQUESTS, payload, unpack};
use super::trace::Tracer;
use super::usage::Usages;

/// Who comes to open one stream never thinks.
const NO_TIME: Distribution = Distribution::Constant(0.0);

/// A request class, ready to run.
pub(super) struct Class {
    pub source: Option<Source>,
    pub demand: Sampler,
    pub demand_rng: Xoshiro,
    pub sent: u64,
    pub idempotent: bool,
    pub patience: Option<Sampler>,
    pub looped: Option<Looped>,
    pub keys: ClassKeys,
}

/// Streams of what belongs to single requests of a class.
#[derive(Clone, Copy)]
pub(super) struct ClassKeys {
    pub user: Key,
    pub node: Key,
    pub routing: Key,
    pub split: Key,
    /// The same in all classes.
    pub defect_user: Key,
    pub defect: Key,
    pub backoff: Key,
    pub patience: Key,
    pub again: Key,
}

/// Closed-loop users or sessions of a class.
pub(super) struct Looped {
    pub think: Sampler,
    pub requests: Option<Sampler>,
    pub key: Key,
    /// Sessions (or users) so far.
    pub begun: u64,
}

/// A user who waits for an answer before the next request.
#[derive(Clone, Copy)]
pub(super) struct ClosedUser {
    pub class: u8,
    /// Its number among all users of the run.
    pub user: u32,
    pub key: Key,
    pub sent: u32,
    /// Requests left; `u32::MAX`: for ever.
    pub left: u32,
}

/// What running a version does to requests.
pub(super) struct Behaviour {
    pub slowdown: Vec<f64>,
    pub errors: Vec<f64>,
    /// No slowdown of any class.
    pub plain: bool,
    /// No errors of any class.
    pub flawless: bool,
}

/// What an instance that a script started has of its own.
pub(super) struct OwnTraits {
    pub service: Option<Sampler>,
    pub slowdown: Option<f64>,
    pub errors: Option<f64>,
    pub warm: Option<Warmup>,
    pub lame_duck: Option<bool>,
    pub close_streams: Option<CloseStreams>,
}

impl OwnTraits {
    pub fn new(own: &Own) -> Self {
        Self {
            service: own.service_time.as_ref().map(Sampler::new),
            slowdown: own.slowdown,
            errors: own.errors,
            warm: own.warm.clone(),
            lame_duck: own.shutdown.as_ref().map(|shutdown| shutdown.lame_duck),
            close_streams: own.shutdown.as_ref().map(|shutdown| shutdown.close_streams),
        }
    }

    /// Whether service times are demands as they are, once it is warm.
    pub fn is_plain(&self, version: &Behaviour) -> bool {
        self.service.is_none() && self.slowdown.map_or(version.plain, |factor| factor == 1.0)
    }

    /// Whether its answers are never errors.
    pub fn is_flawless(&self, version: &Behaviour) -> bool {
        self.errors.map_or(version.flawless, |chance| chance == 0.0)
    }
}

/// What only rare events touch of an instance.
#[derive(Default)]
pub(super) struct InstanceTraits {
    /// Errors and slowdown begin this long after it listens.
    pub late: SimDuration,
    /// It stops answering this long after it listens.
    pub hang_after: Option<SimDuration>,
    /// Probes and checks fail this long after it listens.
    pub checks_fail_after: Option<SimDuration>,
    /// Errors of requests that meet conditions.
    pub only_when: Vec<OnlyWhen>,
    /// Counts the starts of its process.
    pub starts: u32,
    /// The process has been told to stop.
    pub stopping: bool,
    /// It has reported that its process ended.
    pub exited: bool,
    /// It has been told to stop, and says so to probes.
    pub lame_duck: bool,
    /// What a script gave it of its own.
    pub own: Option<Box<OwnTraits>>,
    /// It stands still because of a fault.
    pub stalled: bool,
    /// A fault makes what begins take this much longer, as a share of the time.
    pub extra: f64,
}

/// Least and greatest levels over the window, and integrals.
pub(super) struct Levels {
    pub counts: PodCounts,
    pub since: SimTime,
    pub routable: u32,
    pub record: crate::record::Capacity,
    pub ready_worker_ns: u128,
    /// The window has begun.
    pub open: bool,
    /// Spans in which some node could send to what has been deployed; the last may still be open.
    pub exposure: Vec<(SimTime, SimTime)>,
}

/// A try whose answer a node waits for.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    pub slot: u32,
    pub number: u64,
    pub reached: SimTime,
    /// Until when.
    pub at: SimTime,
}

/// What the balancer's nodes do besides choosing: checks, retries, queues, affinity.
pub(super) struct Balancing {
    pub check_key: Key,
    /// Which chain of checks is the current one, and when its next check is due, by node and
    /// address.
    pub checks: Vec<Vec<(u32, SimTime)>>,
    pub check_lives: u32,
    /// Addresses that are there from the start.
    pub starting_addresses: u32,
    pub retries: BalancerRetries,
    pub queue_timeout: SimDuration,
    pub drain_timeout: Option<SimDuration>,
    /// Patience with a connection that nobody answers, where the balancer makes it.
    pub connect_timeout: Option<SimDuration>,
    pub stopped: bool,
    /// By user: address and version of the last answer, and when that was.
    pub affinity: Option<Vec<(u32, u16, SimTime)>>,
    pub sticky_cookie: bool,
    pub sticky_version: bool,
    pub affinity_ttl: SimDuration,
    pub abort_on_close: bool,
    pub cut_when_down: bool,
    pub server_timeout: Option<SimDuration>,
    /// Tries whose answers nodes wait for, in order; some have come.
    pub watched: VecDeque<Watch>,
    /// The name by which clients find the service, where a switch changes it.
    pub name: Option<Name>,
    /// The stream that says which requests are mirrored.
    pub mirror_key: Key,
}

impl Balancing {
    fn new(plan: &Plan, strategy: Option<&Strategy>, root: Key) -> Self {
        let sticky = plan.balancer.sticky.as_ref();
        Self {
            check_key: root.purpose(streams::HEALTH_CHECK),
            checks: vec![Vec::new(); plan.balancer.nodes as usize],
            check_lives: 0,
            starting_addresses: starting_addresses(plan),
            retries: retries(&plan.balancer),
            queue_timeout: plan.balancer.queue_timeout,
            drain_timeout: plan.balancer.drain_timeout,
            connect_timeout: (plan.balancer.mode == Mode::Http)
                .then_some(plan.balancer.connect_timeout),
            stopped: false,
            affinity: sticky.map(|_| Vec::new()),
            sticky_cookie: sticky.is_some_and(|sticky| sticky.cookie),
            sticky_version: sticky.is_some_and(|sticky| sticky.version),
            affinity_ttl: sticky.map_or(SimDuration::ZERO, |sticky| sticky.ttl),
            abort_on_close: plan.balancer.abort_on_close || plan.balancer.mode != Mode::Http,
            cut_when_down: plan.balancer.cut_when_down,
            server_timeout: plan.balancer.server_timeout,
            watched: VecDeque::new(),
            name: strategy.and_then(Strategy::dns).map(|dns| Name::new(dns, STABLE, root)),
            mirror_key: root.purpose(streams::MIRROR),
        }
    }
}

/// The state of the served world.
pub(super) struct World {
    pub now: SimTime,
    pub events: u64,
    pub calendar: Calendar,
    pub cold: ColdQueue,
    pub timeouts: TimerRing,
    pub next_arrivals: Vec<SimTime>,
    pub next_arrival: SimTime,
    pub next_class: u8,
    pub classes: Vec<Class>,
    pub closed: Vec<ClosedUser>,
    pub closed_free: Vec<u32>,
    pub next_user: u32,
    pub open_users: u32,
    pub pick_users: Pick,
    pub requests: Requests,
    pub instances: Vec<Instance>,
    pub shared: Vec<Sharing>,
    pub traits: Vec<InstanceTraits>,
    pub behaviours: Vec<Behaviour>,
    pub discipline: Discipline,
    pub workers: Option<u32>,
    pub queue: Option<u32>,
    pub warmup: Option<Warmup>,
    pub until_listening: UntilListening,
    pub nodes: Vec<Node>,
    pub rules: Rules,
    pub propagation: Sampler,
    pub propagation_key: Key,
    pub changes: u64,
    pub balancing: Balancing,
    /// Long-lived connections, where requests open any.
    pub streams: Option<Box<Streams>>,
    /// Client connections, where connections are balanced.
    pub connections: Option<Box<Connections>>,
    /// More than the policy has a say in where a request goes.
    pub detours: bool,
    /// Cookies, connections or marks follow good answers.
    pub follows_answers: bool,
    pub retries: Retries,
    pub timeout: Option<SimDuration>,
    pub deadline: Option<SimDuration>,
    pub ledger: Ledger,
    /// The monitoring system and what it scrapes, where anything asks for metrics.
    pub monitoring: Option<Box<(Monitoring, AttemptTable)>>,
    pub levels: Levels,
    pub log: Option<Vec<Event>>,
    pub tracer: Option<Tracer>,
    pub detail: Option<Detail>,
    /// Processes that ended by themselves since the platform was last told.
    pub exited: Vec<PodId>,
    /// What ran before the last deployment.
    pub stable: VersionId,
    /// The version being deployed; `None`: nothing is.
    pub candidate: Option<VersionId>,
    /// How many harmed users open a ticket, after how long, by which stream.
    pub tickets: Option<(f64, Sampler, Key)>,
    /// What pods use of their CPU, where an autoscaler asks.
    pub usages: Option<Usages>,
    /// Sessions, caches, stores and faults, where there are any.
    pub behind: Option<Box<Behind>>,
}

impl World {
    /// The world of a plan before anything has happened.
    pub fn new(
        plan: &Plan,
        strategy: Option<&Strategy>,
        candidate: Option<VersionId>,
        seed: u64,
        options: &RunOptions,
    ) -> Self {
        let root = Key::of_seed(seed);
        let (open_users, pick_users) = users(plan);
        let classes: Vec<Class> =
            (0..plan.classes.len()).map(|class| Class::new(plan, class, root)).collect();
        let mut rules = Rules::new(&plan.balancer, root);
        rules.split_by_user |= strategy.is_some_and(Strategy::is_sticky);
        let connections = connections(plan, root);
        let affinity = plan.balancer.sticky.is_some() || connections.is_some();
        let named = strategy.is_some_and(|strategy| strategy.dns().is_some());
        let detours = affinity || named || plan.balancer.server_timeout.is_some();
        let follows_answers = affinity || rules.watches();
        Self {
            now: SimTime::ZERO,
            events: 0,
            calendar: Calendar::default(),
            cold: ColdQueue::default(),
            timeouts: TimerRing::default(),
            next_arrivals: vec![SimTime::NEVER; classes.len()],
            next_arrival: SimTime::NEVER,
            next_class: 0,
            classes,
            closed: Vec::new(),
            closed_free: Vec::new(),
            next_user: open_users,
            open_users,
            pick_users,
            requests: Requests::new(MOST_REQUESTS),
            instances: Vec::new(),
            shared: Vec::new(),
            traits: Vec::new(),
            behaviours: plan.versions.iter().map(Behaviour::new).collect(),
            discipline: plan.service.discipline,
            workers: plan.service.workers,
            queue: plan.service.queue,
            warmup: plan.service.startup.warm.clone(),
            until_listening: plan.service.startup.until_listening,
            nodes: vec![Node::new(plan.versions.len(), groups(plan)); plan.balancer.nodes as usize],
            rules,
            propagation: Sampler::new(&plan.balancer.propagation),
            propagation_key: root.purpose(streams::PROPAGATION),
            changes: 0,
            balancing: Balancing::new(plan, strategy, root),
            detours,
            follows_answers,
            streams: Streams::of(plan),
            connections,
            retries: Retries::new(&plan.client.retries, root.purpose(streams::BACKOFF)),
            timeout: plan.client.timeout,
            deadline: plan.client.deadline,
            ledger: Ledger::new(plan, options.timeline_width),
            monitoring: monitoring(plan, strategy, root),
            levels: Levels::new(),
            log: options.log.then(Vec::new),
            tracer: tracer(options),
            detail: options.detail_small_up_to.map(detail),
            exited: Vec::new(),
            stable: STABLE,
            candidate,
            tickets: tickets(plan, root),
            usages: plan.platform.hpa.as_ref().map(|hpa| Usages::new(hpa.metrics)),
            behind: Behind::of(plan, seed),
        }
    }

    /// Whether the policy alone says where requests go.
    pub fn set_detours(&mut self) {
        self.detours = self.balancing.affinity.is_some()
            || self.connections.is_some()
            || self.balancing.stopped
            || self.balancing.server_timeout.is_some()
            || self.balancing.name.is_some()
            || self.nodes.iter().any(Node::mirrors);
    }

    /// Writes a line into the log, if one is kept.
    pub fn note(&mut self, kind: EventKind) {
        if let Some(log) = &mut self.log {
            log.push(Event { at: self.now, kind });
        }
    }
}

fn users(plan: &Plan) -> (u32, Pick) {
    plan.client.users.as_ref().map_or((0, Pick::Uniform), |users| (users.count, users.pick))
}

fn tracer(options: &RunOptions) -> Option<Tracer> {
    let traces = options.log && options.failure_samples > 0;
    traces.then(|| Tracer::new(options.failure_samples))
}

impl Class {
    fn new(plan: &Plan, class: usize, root: Key) -> Self {
        let declared = &plan.classes[class];
        let key = |purpose| root.purpose(purpose).entity(class as u64);
        let looped = match &declared.arrivals {
            Arrivals::Users { think, .. } => Some((think, None, streams::CLOSED_LOOP)),
            Arrivals::Sessions { think, requests, .. } => {
                Some((think, Some(requests), streams::SESSIONS))
            }
            // Clients who come at a rate keep what they have opened.
            _ if declared.stream.is_some() => Some((&NO_TIME, None, streams::STREAM_CLIENT)),
            _ => None,
        };
        Self {
            source: Source::new(&declared.arrivals, plan.clock.warmup, key(streams::ARRIVALS)),
            demand: Sampler::new(&declared.service_time),
            demand_rng: key(streams::DEMAND).stream(),
            sent: 0,
            idempotent: declared.idempotent,
            patience: declared.patience.as_ref().map(Sampler::new),
            looped: looped.map(|(think, requests, purpose)| Looped {
                think: Sampler::new(think),
                requests: requests.map(Sampler::new),
                key: key(purpose),
                begun: 0,
            }),
            keys: ClassKeys {
                user: key(streams::USER),
                node: key(streams::NODE),
                routing: key(streams::ROUTING),
                split: key(streams::SPLIT),
                defect: key(streams::DEFECT),
                defect_user: root.purpose(streams::DEFECT_USER),
                backoff: key(streams::BACKOFF),
                patience: key(streams::PATIENCE),
                again: key(streams::DEMAND_AGAIN),
            },
        }
    }
}

impl Behaviour {
    fn new(version: &crate::plan::Version) -> Self {
        Self {
            slowdown: version.slowdown.clone(),
            errors: version.errors.clone(),
            plain: version.slowdown.iter().all(|&factor| factor == 1.0),
            flawless: version.errors.iter().all(|&chance| chance == 0.0),
        }
    }
}

impl InstanceTraits {
    /// The traits of a pod of a version.
    pub fn of(version: &crate::plan::Version, ordinal: u32) -> Self {
        let mut traits = Self::default();
        for defect in &version.defects {
            if defect.ordinals.as_ref().is_some_and(|hit| !hit.contains(&ordinal)) {
                continue;
            }
            match defect.kind {
                DefectKind::StartsLate { after } => traits.late = after,
                DefectKind::Hang { after } => traits.hang_after = Some(after),
                DefectKind::FailingChecks { after } => traits.checks_fail_after = Some(after),
                DefectKind::OnlyWhen(when) => traits.only_when.push(when),
                DefectKind::ShallowHealth { errors, ref service_time } => {
                    let service_time = service_time.clone();
                    let own = Own { errors: Some(errors), service_time, ..Own::default() };
                    traits.own = Some(Box::new(OwnTraits::new(&own)));
                }
                DefectKind::CrashLoop
                | DefectKind::NeverReady
                | DefectKind::StuckPending
                | DefectKind::ConfigInvalid { .. }
                | DefectKind::Leak { .. }
                | DefectKind::CrashAfterReady { .. } => {}
            }
        }
        traits
    }
}

impl Levels {
    fn new() -> Self {
        Self {
            counts: PodCounts::default(),
            since: SimTime::ZERO,
            routable: 0,
            record: crate::record::Capacity::default(),
            ready_worker_ns: 0,
            open: false,
            exposure: Vec::new(),
        }
    }
}

/// Client connections, where connections are balanced.
fn connections(plan: &Plan, root: Key) -> Option<Box<Connections>> {
    let key = root.purpose(streams::CONNECTION);
    let balanced = plan.balancer.mode != Mode::Http;
    balanced.then(|| Box::new(Connections::new(&plan.client.connection, key)))
}

/// How many groups the instances of a script belong to.
fn groups(plan: &Plan) -> usize {
    let groups = plan.instances.iter().filter_map(|instance| instance.group);
    groups.max().map_or(0, |last| usize::from(last) + 1)
}

fn starting_addresses(plan: &Plan) -> u32 {
    if plan.instances.is_empty() { plan.service.replicas } else { plan.instances.len() as u32 }
}

/// The retry rules of a node. The pause before another try at an address that has just refused
/// is no longer than the patience with a connection (HAProxy).
fn retries(balancer: &Balancer) -> BalancerRetries {
    let mut retries = balancer.retries.clone();
    retries.pause = retries.pause.min(balancer.connect_timeout);
    retries
}

/// The monitoring system of a run and the table it scrapes, where anything asks for metrics.
fn monitoring(
    plan: &Plan,
    strategy: Option<&Strategy>,
    root: Key,
) -> Option<Box<(Monitoring, AttemptTable)>> {
    let monitoring = Monitoring::of(plan, strategy?, root)?;
    Some(Box::new((monitoring, AttemptTable::new(plan.classes.len(), plan.versions.len()))))
}

/// How many harmed users open a ticket, after how long, by which stream.
fn tickets(plan: &Plan, root: Key) -> Option<(f64, Sampler, Key)> {
    let tickets = plan.response.tickets.as_ref()?;
    Some((tickets.share, Sampler::new(&tickets.after), root.purpose(streams::TICKET)))
}

/// Extra figures that have seen nothing yet.
fn detail(small_up_to: u64) -> Detail {
    let waits = Histogram::new();
    Detail { waits, small_up_to, occupancy: vec![0; 65], ..Detail::default() }
}

/// Whether a number names something.
#[inline]
pub(super) fn some(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}
