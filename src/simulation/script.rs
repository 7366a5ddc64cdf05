//! Scripts: planned control actions on named instances, without a platform.
//!
//! A process is started behind an address and takes it over when it listens, as a port is
//! bound; until then connections to the address meet the process that was there before. What a
//! stop does is the service's (or the instance's own) `shutdown`. Actions on the balancer take
//! effect at once on all its nodes.

use std::fmt::Write as _;

use super::layer::LayerOutbox;
use super::rollout::{Judged, RolloutEffect};
use crate::engine::rng::Key;
use crate::engine::{Sampler, SimTime};
use crate::plan::{
    Action, ActionKind, EndpointConditions, OnSigterm, Own, Plan, PlannedInstance, Reload, STABLE,
    ServerState, Service, Shutdown, VersionId, streams,
};
use crate::platform::{Effect, PodCounts, PodId};
use crate::record::{EventKind, RolloutOutcome, RolloutTimes};

/// A due event of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptEvent {
    /// The action of this number.
    Act(u32),
    /// A process listens.
    Listens(u32),
    /// A process obeys SIGTERM.
    Obey(u32),
    /// The grace period is over.
    Kill(u32),
}

/// What the script does to addresses and to the balancer.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerChange {
    /// An address with an instance behind it is in the balancer's configuration.
    Configured {
        /// Its place in the plan.
        address: u32,
        /// The instance behind it.
        instance: u32,
    },
    /// An instance's process has what the service does not say.
    Owns {
        /// Which.
        instance: u32,
        /// What.
        own: Box<Own>,
    },
    /// An instance takes an address over.
    Bound {
        /// Which address.
        address: u32,
        /// Which instance.
        instance: u32,
    },
    /// The administrative state of an address.
    State {
        /// Which.
        address: u32,
        /// From now on.
        state: ServerState,
    },
    /// The weight of an address.
    Weight {
        /// Which.
        address: u32,
        /// From now on.
        weight: u32,
    },
    /// Another group is the active one.
    Activate(u16),
    /// The balancer is reloaded, perhaps with another configuration.
    Reload(Reload),
    /// Whether the balancer takes connections.
    Serving(bool),
}

/// A process.
#[derive(Clone, Debug)]
struct Process {
    address: u32,
    version: VersionId,
    /// How it stops, if not as the service does.
    shutdown: Option<Box<Shutdown>>,
    listens: bool,
    stopping: bool,
    ended: bool,
}

/// Named instances, their processes, and what is planned for them.
pub(super) struct Script {
    planned: Vec<PlannedInstance>,
    service: Service,
    actions: Vec<Action>,
    deploy_at: SimTime,
    boot_key: Key,
    processes: Vec<Process>,
    /// The newest process of each address.
    newest: Vec<Option<u32>>,
    times: RolloutTimes,
    /// Which versions metrics are about.
    pub judged: Judged,
    left: usize,
}

const SERVING: EndpointConditions =
    EndpointConditions { ready: true, serving: true, terminating: false };

impl Script {
    pub fn new(plan: &Plan, actions: Vec<Action>, candidate: VersionId, seed: u64) -> Self {
        Self {
            judged: Judged { stable: STABLE, candidate },
            planned: plan.instances.clone(),
            service: plan.service.clone(),
            left: actions.len(),
            actions,
            deploy_at: SimTime::ZERO + plan.clock.warmup + plan.clock.deploy_at,
            boot_key: Key::of_seed(seed).purpose(streams::SCRIPT_BOOT),
            processes: Vec::new(),
            newest: vec![None; plan.instances.len()],
            times: RolloutTimes::default(),
        }
    }

    /// Configures the balancer, starts what runs from the start, and plans the actions.
    pub fn start(&mut self, out: &mut LayerOutbox) {
        for address in 0..self.planned.len() as u32 {
            let planned = &self.planned[address as usize];
            let (version, running) = (planned.version, planned.running);
            let own = planned.own.clone();
            let process = self.create(address, version, &own, out);
            change(out, ServerChange::Configured { address, instance: process });
            if running {
                self.listens(process, out);
            } else {
                self.processes[process as usize].ended = true;
            }
        }
        for address in 0..self.planned.len() as u32 {
            let conditions = Some(SERVING);
            effect(out, Effect::Endpoint { pod: PodId(address), conditions });
        }
        for (number, action) in self.actions.iter().enumerate() {
            out.script.push((self.deploy_at + action.at, ScriptEvent::Act(number as u32)));
        }
        self.counts(out);
    }

    fn create(
        &mut self,
        address: u32,
        version: VersionId,
        own: &Own,
        out: &mut LayerOutbox,
    ) -> u32 {
        let process = self.processes.len() as u32;
        self.processes.push(Process {
            address,
            version,
            shutdown: own.shutdown.clone().map(Box::new),
            listens: false,
            stopping: false,
            ended: false,
        });
        self.newest[address as usize] = Some(process);
        let pod = PodId(process);
        effect(out, Effect::Created { pod, version, ordinal: address, node: 0, place: address });
        if *own != Own::default() {
            let own = Box::new(own.clone());
            change(out, ServerChange::Owns { instance: process, own });
        }
        process
    }

    fn listens(&mut self, number: u32, out: &mut LayerOutbox) {
        let process = &mut self.processes[number as usize];
        if process.stopping || process.ended {
            return;
        }
        process.listens = true;
        let (address, version) = (process.address, process.version);
        effect(out, Effect::Listening { pod: PodId(number) });
        change(out, ServerChange::Bound { address, instance: number });
        log(out, EventKind::InstanceReady { instance: number, version });
        self.counts(out);
    }

    /// Carries out a due event.
    pub fn handle(&mut self, now: SimTime, event: ScriptEvent, out: &mut LayerOutbox) {
        match event {
            ScriptEvent::Act(number) => self.act(now, number as usize, out),
            ScriptEvent::Listens(process) => self.listens(process, out),
            ScriptEvent::Obey(process) => self.obey(process, out),
            ScriptEvent::Kill(process) => self.end(process, out),
        }
    }

    fn act(&mut self, now: SimTime, number: usize, out: &mut LayerOutbox) {
        if self.times.started.is_none() {
            self.times.started = Some(now);
        }
        let action = self.actions[number].kind.clone();
        let name = |address: u32| self.planned[address as usize].name.clone();
        log(out, EventKind::Operation { what: in_words(&action, name) });
        match action {
            ActionKind::Start { instance, version, own } => {
                self.start_process(now, instance, version, &own, out);
            }
            ActionKind::Stop(address) => self.stop(now, address, out),
            ActionKind::Kill(address) => {
                if let Some(process) = self.newest[address as usize] {
                    self.end(process, out);
                }
            }
            ActionKind::ServerState { instance, state } => {
                change(out, ServerChange::State { address: instance, state });
            }
            ActionKind::Weight { instance, weight } => {
                change(out, ServerChange::Weight { address: instance, weight });
            }
            ActionKind::Activate(group) => change(out, ServerChange::Activate(group)),
            ActionKind::Reload(to) => change(out, ServerChange::Reload(to)),
            ActionKind::BalancerStop => change(out, ServerChange::Serving(false)),
            ActionKind::BalancerStart => change(out, ServerChange::Serving(true)),
        }
        self.left -= 1;
        if self.left == 0 {
            self.times.finished = Some(now);
            self.times.outcome = RolloutOutcome::Completed;
        }
    }

    fn start_process(
        &mut self,
        now: SimTime,
        address: u32,
        version: Option<VersionId>,
        own: &Own,
        out: &mut LayerOutbox,
    ) {
        let planned = &self.planned[address as usize];
        let ran = self.newest[address as usize].map(|last| self.processes[last as usize].version);
        let version = version.or(ran).unwrap_or(planned.version);
        let own = own.or(&planned.own);
        let process = self.create(address, version, &own, out);
        let boot = own.boot.as_ref().unwrap_or(&self.service.startup.boot);
        let key = self.boot_key.entity(u64::from(process));
        let span = Sampler::new(boot).draw_span(&mut key.counter(), u64::from(address));
        out.script.push((now + span, ScriptEvent::Listens(process)));
        self.counts(out);
    }

    fn stop(&mut self, now: SimTime, address: u32, out: &mut LayerOutbox) {
        let Some(number) = self.newest[address as usize] else { return };
        let process = &mut self.processes[number as usize];
        if process.stopping || process.ended {
            return;
        }
        process.stopping = true;
        let version = process.version;
        log(out, EventKind::InstanceTerminating { instance: number, version });
        let shutdown = process.shutdown.as_deref().unwrap_or(&self.service.shutdown).clone();
        let key = self.boot_key.entity(u64::from(number)).entity(1);
        let linger =
            Sampler::new(&shutdown.linger).draw_span(&mut key.counter(), u64::from(address));
        let obeys = now + shutdown.pre_stop + linger;
        match shutdown.on_sigterm {
            _ if !process.listens => self.end(number, out),
            OnSigterm::Drain if obeys == now => self.obey(number, out),
            OnSigterm::Drain => out.script.push((obeys, ScriptEvent::Obey(number))),
            OnSigterm::Abrupt if obeys == now => self.end(number, out),
            OnSigterm::Abrupt => out.script.push((obeys, ScriptEvent::Kill(number))),
            OnSigterm::Ignore => {}
        }
        out.script.push((now + shutdown.grace, ScriptEvent::Kill(number)));
        self.counts(out);
    }

    fn obey(&mut self, number: u32, out: &mut LayerOutbox) {
        if !self.processes[number as usize].ended {
            effect(out, Effect::StopAccepting { pod: PodId(number) });
        }
    }

    /// A process ends.
    pub fn end(&mut self, number: u32, out: &mut LayerOutbox) {
        let process = &mut self.processes[number as usize];
        if std::mem::replace(&mut process.ended, true) {
            return;
        }
        process.stopping = true;
        let version = process.version;
        effect(out, Effect::ProcessEnded { pod: PodId(number), crashed: false });
        log(out, EventKind::InstanceGone { instance: number, version });
        self.counts(out);
    }

    /// A process that had stopped accepting has finished and exited.
    pub fn process_exited(&mut self, _now: SimTime, pod: PodId, out: &mut LayerOutbox) {
        self.end(pod.0, out);
    }

    fn counts(&self, out: &mut LayerOutbox) {
        let count = |wanted: &dyn Fn(&Process) -> bool| {
            self.processes.iter().filter(|process| !process.ended && wanted(process)).count() as u32
        };
        let ready = count(&|process| process.listens && !process.stopping);
        let counts = PodCounts {
            existing: count(&|_| true),
            placed: count(&|_| true),
            active: count(&|process| !process.stopping),
            ready,
            available: ready,
        };
        effect(out, Effect::Counts(counts));
    }

    /// An alert fired.
    pub fn detected(&mut self, now: SimTime) {
        if self.times.started.is_some() {
            self.times.detected.get_or_insert(now);
        }
    }

    /// How far the script has come.
    pub fn times(&self) -> RolloutTimes {
        let unfinished = self.times.started.is_some() && self.times.finished.is_none();
        let outcome = if unfinished { RolloutOutcome::Unfinished } else { self.times.outcome };
        RolloutTimes { outcome, ..self.times }
    }
}

fn effect(out: &mut LayerOutbox, effect: Effect) {
    out.cluster.effects.push(RolloutEffect::Platform(effect));
}

fn log(out: &mut LayerOutbox, kind: EventKind) {
    effect(out, Effect::Log(kind));
}

fn change(out: &mut LayerOutbox, change: ServerChange) {
    out.cluster.effects.push(RolloutEffect::Server(change));
}

/// An action for the log.
fn in_words(action: &ActionKind, name: impl Fn(u32) -> String) -> String {
    match action {
        ActionKind::Start { instance, .. } => format!("start {}", name(*instance)),
        ActionKind::Stop(instance) => format!("stop {}", name(*instance)),
        ActionKind::Kill(instance) => format!("kill {}", name(*instance)),
        ActionKind::ServerState { instance, state } => {
            let state = match state {
                ServerState::Ready => "ready",
                ServerState::Drain => "drain",
                ServerState::Maint => "maint",
            };
            format!("server {} {state}", name(*instance))
        }
        ActionKind::Weight { instance, weight } => {
            format!("weight of {} {weight}", name(*instance))
        }
        ActionKind::Activate(group) => format!("activate group {group}"),
        ActionKind::Reload(to) => {
            let mut words = "reload the balancer".to_owned();
            if let Some(members) = &to.members {
                let names: Vec<String> = members.iter().map(|&member| name(member)).collect();
                write!(words, " with {}", names.join(", ")).expect("strings grow");
            }
            if let Some(group) = to.active {
                write!(words, ", active group {group}").expect("strings grow");
            }
            words
        }
        ActionKind::BalancerStop => "stop the balancer".to_owned(),
        ActionKind::BalancerStart => "start the balancer".to_owned(),
    }
}
