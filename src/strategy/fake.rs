//! A platform for tests: carries out commands at once, pods come up after a fixed delay for
//! each version, and nothing else happens. Checks what must hold of any controller on the way.

use crate::engine::{SimDuration, SimTime};
use crate::plan::{Analysis, AnalysisMetric, MetricName, Plan, Rollback, Strategy, VersionId};
use crate::record::{EventKind, RolloutOutcome};
use crate::strategy::{Command, Controller, Observation, ReplicaSetView, ReportedMetrics, Routing};

/// The old version of the tests.
pub const OLD: VersionId = VersionId(0);
/// The version they deploy.
pub const NEW: VersionId = VersionId(1);
/// The version that overtakes it.
pub const NEWER: VersionId = VersionId(2);

/// An instant in seconds.
pub fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// A span in seconds.
pub fn secs(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

/// What the platform answers to queries, from a function of time: the same value whatever is
/// asked but the rate, which is one a second where there is traffic.
pub type Answer = Box<dyn Fn(SimTime) -> Option<f64>>;

struct Answers<'a>(&'a Answer, SimTime, bool);

impl ReportedMetrics for Answers<'_> {
    fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
        match metric.metric {
            MetricName::RequestRate => self.2.then_some(1.0),
            _ => (self.0)(self.1),
        }
    }
}

struct Set {
    version: VersionId,
    spec: u32,
    /// When each pod becomes available.
    pods: Vec<SimTime>,
}

/// Something that is done to the fake platform from outside.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Deploy(VersionId),
    /// Deploys a version in a hurry.
    Return(VersionId),
    Resize(u32),
    Pause(bool),
    Abort,
    Resume,
    Hurry,
    /// All pods of a version are lost and come up again after its delay.
    Crash(VersionId),
}

pub struct Fake {
    controller: Box<dyn Controller>,
    now: SimTime,
    replicas: u32,
    target: VersionId,
    stable: VersionId,
    paused: bool,
    abort_requested: bool,
    resumes: u32,
    promote_full: bool,
    stable_stays: bool,
    routing: Routing,
    sets: Vec<Set>,
    delays: Vec<SimDuration>,
    metrics: Answer,
    /// Instances that a pushed configuration is on its way to.
    pub pushing: u32,
    has_traffic: bool,
    wake_at: Option<SimTime>,
    /// What was asked for has not been reached yet.
    active: bool,
    /// That was said of it.
    stalled: bool,
    /// What was ordered, and when.
    pub orders: Vec<(SimTime, Command)>,
    /// Most pods ever wanted at once.
    pub most_wanted: u32,
    /// A set without an available pod was left with a weight, though not by a paused rollout.
    pub served_by_nobody: bool,
}

impl Fake {
    /// A platform where the old version runs, and a controller that has seen it.
    pub fn new(controller: impl Controller + 'static, replicas: u32, routing: Routing) -> Self {
        let mut fake = Self {
            controller: Box::new(controller),
            now: SimTime::ZERO,
            replicas,
            target: OLD,
            stable: OLD,
            paused: false,
            abort_requested: false,
            resumes: 0,
            promote_full: false,
            stable_stays: false,
            routing,
            sets: vec![Set {
                version: OLD,
                spec: replicas,
                pods: vec![SimTime::ZERO; replicas as usize],
            }],
            delays: vec![secs(10); 3],
            metrics: Box::new(|_| Some(0.0)),
            pushing: 0,
            has_traffic: true,
            wake_at: None,
            active: false,
            stalled: false,
            orders: Vec::new(),
            most_wanted: replicas,
            served_by_nobody: false,
        };
        fake.settle();
        fake
    }

    /// Pods of a version become available after this long.
    pub fn delay(mut self, version: VersionId, delay: SimDuration) -> Self {
        self.delays[usize::from(version.0)] = delay;
        self
    }

    /// Pods of a version never become available.
    pub fn broken(self, version: VersionId) -> Self {
        self.delay(version, SimDuration::LONGEST)
    }

    /// The first version stays the stable one even when another has taken over.
    pub fn stable_stays(mut self) -> Self {
        self.stable_stays = true;
        self
    }

    /// Nobody sends anything.
    pub fn silent(mut self) -> Self {
        self.has_traffic = false;
        self.metrics(|_| None)
    }

    pub fn metrics(mut self, metrics: impl Fn(SimTime) -> Option<f64> + 'static) -> Self {
        self.metrics = Box::new(metrics);
        self
    }

    /// Runs up to an instant, then changes the strategy's parameters.
    pub fn reconfigure(&mut self, when: SimTime, strategy: &Strategy) -> &mut Self {
        self.run_until(when);
        self.controller.reconfigure(strategy);
        self.settle();
        self
    }

    /// Runs up to an instant, then does something, then lets the controller see it.
    pub fn act(&mut self, when: SimTime, act: Act) -> &mut Self {
        self.run_until(when);
        if matches!(act, Act::Deploy(_) | Act::Return(_) | Act::Resize(_)) {
            (self.active, self.stalled) = (true, false);
        }
        match act {
            Act::Deploy(version) | Act::Return(version) => {
                self.target = version;
                self.abort_requested = false;
                self.promote_full = matches!(act, Act::Return(_));
            }
            Act::Resize(replicas) => self.replicas = replicas,
            Act::Pause(paused) => self.paused = paused,
            Act::Abort => self.abort_requested = true,
            Act::Resume => self.resumes += 1,
            Act::Hurry => self.promote_full = true,
            Act::Crash(version) => {
                let back = self.now + self.delays[usize::from(version.0)];
                self.set(version).pods.fill(back);
            }
        }
        self.settle();
        self
    }

    pub fn run_until(&mut self, end: SimTime) -> &mut Self {
        while let Some(next) = self.next_event().filter(|&next| next <= end) {
            self.now = next;
            self.settle();
        }
        self.now = end;
        self
    }

    fn next_event(&self) -> Option<SimTime> {
        let pods = self.sets.iter().flat_map(|set| set.pods.iter().copied());
        pods.chain(self.wake_at).filter(|&time| time > self.now).min()
    }

    /// Passes until the controller has nothing more to do now.
    fn settle(&mut self) {
        for _ in 0..200 {
            self.wake_at = self.wake_at.filter(|&at| at > self.now);
            let decision = self.pass();
            self.wake_at = decision.wake_at;
            let news: Vec<Command> =
                decision.commands.into_iter().filter(|command| self.is_news(command)).collect();
            let idle = news.is_empty();
            for command in news {
                self.carry_out(&command);
                self.orders.push((self.now, command));
            }
            if idle && self.wake_at.is_none_or(|at| at > self.now) {
                if let Routing::Split { candidate, .. } = self.routing {
                    self.served_by_nobody |= !self.paused && self.available(candidate) == 0;
                }
                return;
            }
        }
        panic!("the controller never settles at {:?}: {:?}", self.now, self.orders.last());
    }

    /// Ends are said in every pass in which they hold; the first one counts.
    fn is_news(&mut self, command: &Command) -> bool {
        match command {
            Command::Finish(RolloutOutcome::Stalled) => {
                self.active && !std::mem::replace(&mut self.stalled, true)
            }
            Command::Finish(_) => std::mem::take(&mut self.active),
            _ => true,
        }
    }

    fn pass(&mut self) -> crate::strategy::Decision {
        let views: Vec<ReplicaSetView> = self.sets.iter().map(|set| self.view(set)).collect();
        let metrics = Answers(&self.metrics, self.now, self.has_traffic);
        let seen = Observation {
            now: self.now,
            unix_ns: self.now.0 as i64,
            generation: 1,
            replicas: self.replicas,
            paused: self.paused,
            target: self.target,
            stable: self.stable,
            replica_sets: &views,
            routing: self.routing,
            abort_requested: self.abort_requested,
            resumes: self.resumes,
            promote_full: self.promote_full,
            pushing: self.pushing,
            metrics: &metrics,
        };
        self.controller.pass(&seen)
    }

    fn view(&self, set: &Set) -> ReplicaSetView {
        let available = set.pods.iter().filter(|&&pod| pod <= self.now).count() as u32;
        let replicas = set.pods.len() as u32;
        ReplicaSetView {
            version: set.version,
            revision: 1,
            spec: set.spec,
            observed: true,
            replicas,
            ready: available,
            available,
            terminating: 0,
            existing: replicas,
            desired_annotation: None,
            max_annotation: None,
        }
    }

    fn set(&mut self, version: VersionId) -> &mut Set {
        let index = self.sets.iter().position(|set| set.version == version).unwrap_or_else(|| {
            self.sets.push(Set { version, spec: 0, pods: Vec::new() });
            self.sets.len() - 1
        });
        &mut self.sets[index]
    }

    fn carry_out(&mut self, command: &Command) {
        match *command {
            Command::Scale { version, to, .. } => {
                let comes_up = self.now + self.delays[usize::from(version.0)];
                let set = self.set(version);
                set.spec = to;
                // Those that are not available yet go first.
                set.pods.sort_unstable();
                set.pods.resize(to as usize, comes_up);
                let wanted = self.sets.iter().map(|set| set.spec).sum();
                self.most_wanted = self.most_wanted.max(wanted);
            }
            Command::Route(routing) => {
                if let Routing::Split { candidate, weight_bp, .. } = routing {
                    assert!(weight_bp <= 10_000, "more than all of the traffic: {weight_bp}");
                    assert!(
                        weight_bp == 0 || self.available(candidate) > 0,
                        "{weight_bp} of the traffic to a set without an available pod"
                    );
                }
                self.routing = routing;
            }
            Command::Finish(RolloutOutcome::Completed) if !self.stable_stays => {
                self.stable = self.target;
            }
            Command::Log(EventKind::RolloutResumed) => self.stalled = false,
            _ => {}
        }
    }

    pub fn available(&self, version: VersionId) -> u32 {
        let set = self.sets.iter().find(|set| set.version == version);
        set.map_or(0, |set| self.view(set).available)
    }

    /// Wanted sizes of the old, the new and the newer version.
    pub fn sizes(&self) -> [u32; 3] {
        [OLD, NEW, NEWER].map(|version| {
            self.sets.iter().find(|set| set.version == version).map_or(0, |set| set.spec)
        })
    }

    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// When the traffic went where, in whole seconds.
    pub fn routes(&self) -> Vec<(u64, Routing)> {
        self.pick(|command| match command {
            Command::Route(routing) => Some(*routing),
            _ => None,
        })
    }

    /// When the rollout ended how.
    pub fn finishes(&self) -> Vec<(u64, RolloutOutcome)> {
        self.pick(|command| match command {
            Command::Finish(outcome) => Some(*outcome),
            _ => None,
        })
    }

    /// When a set was told to have which size.
    pub fn scalings(&self, of: VersionId) -> Vec<(u64, u32)> {
        self.pick(|command| match *command {
            Command::Scale { version, to, .. } if version == of => Some(to),
            _ => None,
        })
    }

    /// What was logged.
    pub fn log(&self) -> Vec<(u64, EventKind)> {
        self.pick(|command| match command {
            Command::Log(event) => Some(event.clone()),
            _ => None,
        })
    }

    fn pick<T>(&self, what: impl Fn(&Command) -> Option<T>) -> Vec<(u64, T)> {
        let in_seconds = |time: SimTime| time.0 / 1_000_000_000;
        self.orders.iter().filter_map(|(at, c)| what(c).map(|w| (in_seconds(*at), w))).collect()
    }
}

/// A plan for controllers: they look at the analyses, the classes' names and the response.
pub fn plan(rollback: Rollback, analyses: Vec<Analysis>) -> Plan {
    let mut plan = crate::plan::testing::plan();
    plan.response.rollback = rollback;
    plan.analyses = analyses;
    plan
}
