//! The balancer's business in the served world: news of endpoints and routing reach its nodes,
//! an operator changes it, it checks instances and marks them by what happens to requests.

use crate::engine::{SimDuration, SimTime};
use crate::model::balancer::{NO_GROUP, Node, TryResult};
use crate::model::instance::Condition;
use crate::model::request::Stage;
use crate::plan::{EndpointConditions, Plan, Reload, Routing, VersionId};
use crate::platform::{PodId, ProbeAnswer, Workload};
use crate::record::{Cause, EventKind, Outcome};

use super::cold::Cold;
use super::script::ServerChange;
use super::world::{Kind, Watch, World, payload, some};

impl World {
    /// An operator changes the balancer or what is behind its addresses.
    pub fn change_servers(&mut self, plan: &Plan, change: ServerChange) {
        match change {
            ServerChange::Configured { address, instance } => {
                let planned = &plan.instances[address as usize];
                let group = planned.group.unwrap_or(NO_GROUP);
                self.add_address(address, planned.version.0, group, planned.weight, instance);
                if planned.disabled {
                    self.nodes.iter_mut().for_each(|node| node.configure_out(address));
                }
            }
            ServerChange::Owns { instance, own } => self.own(instance, &own),
            ServerChange::Bound { address, instance } => {
                let version = self.instances[instance as usize].version;
                self.instances[instance as usize].address = address;
                for node in &mut self.nodes {
                    node.bind(&self.rules, self.now, address, instance, version);
                }
            }
            ServerChange::State { address, state } => {
                for node in 0..self.nodes.len() as u32 {
                    let changed =
                        self.nodes[node as usize].administer(&self.rules, self.now, address, state);
                    self.turned(node, address, changed);
                    self.cut_if_down(node, address);
                }
            }
            ServerChange::Weight { address, weight } => {
                for node in 0..self.nodes.len() as u32 {
                    let changed =
                        self.nodes[node as usize].weigh(&self.rules, self.now, address, weight);
                    self.turned(node, address, changed);
                }
            }
            ServerChange::Activate(group) => {
                self.nodes.iter_mut().for_each(|node| node.activate(group));
            }
            ServerChange::Reload(to) => {
                self.reread_configuration(&to);
                self.close_idle_connections(|_| true);
            }
            ServerChange::Serving(serving) => self.balancer_serves(serving),
        }
        self.routable_changed();
        self.serve_waiting();
    }

    /// Makes an address known to the nodes, which do not list it yet.
    pub fn add_address(
        &mut self,
        address: u32,
        version: u16,
        group: u16,
        weight: u32,
        instance: u32,
    ) {
        self.instances[instance as usize].address = address;
        for node in &mut self.nodes {
            node.add_address(address, version, group, weight, instance);
        }
    }

    /// The balancer's process is a new one.
    fn reread_configuration(&mut self, to: &Reload) {
        self.nodes.iter_mut().for_each(|node| node.reload(&self.rules, self.now, to));
        self.begin_checks_anew();
    }

    /// The balancer's process is stopped (and cuts what goes through it) or started.
    fn balancer_serves(&mut self, serving: bool) {
        self.balancing.stopped = !serving;
        self.set_detours();
        if serving {
            self.reread_configuration(&Reload::default());
            return;
        }
        self.close_idle_connections(|_| true);
        self.cut_all_streams();
        let slots: Vec<u32> = self
            .requests
            .live_slots()
            .filter(|&slot| !self.requests[slot].is_orphan())
            .filter(|&slot| self.requests[slot].stage != Stage::Waiting)
            .collect();
        for slot in slots {
            self.cut_on_the_way(slot, Cause::Fault, "cut: the balancer was stopped");
        }
    }

    /// An instance that a script started has its own parameters.
    fn own(&mut self, instance: u32, own: &crate::plan::Own) {
        let state = &mut self.instances[instance as usize];
        state.workers = own.workers.unwrap_or(state.workers);
        state.queue_limit = own.queue.unwrap_or(state.queue_limit);
        self.traits[instance as usize].own = Some(Box::new(super::world::OwnTraits::new(own)));
    }

    /// News of an endpoint travel to every node.
    pub(super) fn spread_endpoint(&mut self, address: u32, conditions: Option<EndpointConditions>) {
        self.changes += 1;
        let change = self.changes;
        for node in 0..self.nodes.len() as u32 {
            let delay = self.propagation_delay(change, node);
            let event = Cold::View { node, address, change, conditions };
            if delay == SimDuration::ZERO {
                self.see_endpoint(node, address, change, conditions);
            } else {
                self.later(self.now + delay, event);
            }
        }
    }

    /// News of the routing travel to every node.
    pub(super) fn spread_routing(&mut self, routing: Routing) {
        self.changes += 1;
        let change = self.changes;
        for node in 0..self.nodes.len() as u32 {
            let delay = self.propagation_delay(change, node);
            if delay == SimDuration::ZERO {
                self.see_routing(node, change, routing);
            } else {
                self.later(self.now + delay, Cold::Route { node, change, routing });
            }
        }
    }

    fn propagation_delay(&self, change: u64, node: u32) -> SimDuration {
        if self.now == SimTime::ZERO {
            // What was there before the run is known everywhere.
            return SimDuration::ZERO;
        }
        let key = self.propagation_key.entity(change).entity(u64::from(node));
        self.propagation.draw_span(&mut key.counter(), change)
    }

    /// News of an endpoint reaches a node.
    pub fn see_endpoint(
        &mut self,
        node: u32,
        address: u32,
        change: u64,
        conditions: Option<EndpointConditions>,
    ) {
        let now = self.now;
        let state = &mut self.nodes[node as usize];
        let listed = state.lists(address);
        let turned = state.update(&self.rules, now, change, address, conditions);
        self.turned(node, address, turned);
        if !listed && self.nodes[node as usize].lists(address) {
            self.begin_checks(node, address, change);
        }
        if turned == Some(false)
            && let Some(patience) = self.balancing.drain_timeout
        {
            self.later(now + patience, Cold::DrainEnd { node, address });
        }
        self.routable_changed();
        self.serve_waiting();
    }

    /// An address became usable for a node, or stopped being so.
    fn turned(&mut self, node: u32, address: u32, turned: Option<bool>) {
        let instance = self.nodes[node as usize].bound(address);
        match turned {
            Some(true) => self.note(EventKind::EndpointAdded { instance, balancer_node: node }),
            Some(false) => self.note(EventKind::EndpointRemoved { instance, balancer_node: node }),
            None => {}
        }
    }

    /// News of the routing reaches a node.
    pub fn see_routing(&mut self, node: u32, change: u64, routing: Routing) {
        if !self.nodes[node as usize].route(change, routing) {
            return;
        }
        // One line in the log a change, when the first node has it.
        let first = self.nodes.iter().filter(|n| n.routing() == routing).count() == 1;
        if first {
            match routing {
                Routing::All => {}
                Routing::Only(to) => self.note(EventKind::TrafficSwitched { to }),
                Routing::Split { weight_bp, .. } => {
                    let candidate = f64::from(weight_bp) / 10_000.0;
                    self.note(EventKind::WeightSet { candidate });
                }
                Routing::Routes { weight_bp, header, mirror_bp, .. } => {
                    let share = |bp: u32| f64::from(bp) / 10_000.0;
                    self.note(EventKind::WeightSet { candidate: share(weight_bp) });
                    let header = header.map_or(0.0, |header| share(header.share_bp));
                    self.note(EventKind::RoutesSet { mirror: share(mirror_bp), header });
                }
            }
            if let (Some(name), Routing::Only(to)) = (&mut self.balancing.name, routing) {
                name.point(self.now, to);
            }
        }
        self.set_detours();
        self.routable_changed();
        self.serve_waiting();
    }

    /// A node begins to check an address.
    fn begin_checks(&mut self, node: u32, address: u32, change: u64) {
        let Some(check) = &self.rules.check else { return };
        let interval = check.interval.0;
        let entity = (u64::from(node) << 32) | u64::from(address);
        let phase = if check.staggered && self.now == SimTime::ZERO {
            // One phase a balancer, the addresses spread evenly after it.
            let count = self.balancing.starting_addresses.max(1);
            let common = self.balancing.check_key.entity(u64::from(node)).unit(u64::MAX);
            (common + f64::from(address) / f64::from(count)).fract()
        } else {
            self.balancing.check_key.entity(entity).unit(change)
        };
        let first = SimDuration((phase * interval as f64) as u64);
        self.check_from(node, address, self.now + first);
    }

    /// A node's next check of an address is due at this time, whatever was planned before.
    fn check_from(&mut self, node: u32, address: u32, at: SimTime) {
        self.balancing.check_lives += 1;
        let life = self.balancing.check_lives;
        let checks = &mut self.balancing.checks[node as usize];
        if checks.len() <= address as usize {
            checks.resize(address as usize + 1, (0, SimTime::ZERO));
        }
        checks[address as usize] = (life, at);
        self.later(at, Cold::Check { node, address, life });
    }

    fn check_again(&mut self, node: u32, address: u32, life: u32, at: SimTime) {
        self.balancing.checks[node as usize][address as usize].1 = at;
        self.later(at, Cold::Check { node, address, life });
    }

    /// Traffic asks for a check soon.
    fn hurry_check(&mut self, node: u32, address: u32) {
        let Some(check) = &self.rules.check else { return };
        let soon = self.now + check.fast_interval;
        let planned = self.balancing.checks[node as usize].get(address as usize);
        if planned.is_some_and(|&(_, at)| soon < at) {
            self.check_from(node, address, soon);
        }
    }

    fn begin_checks_anew(&mut self) {
        self.changes += 1;
        let change = self.changes;
        for node in 0..self.nodes.len() as u32 {
            for address in 0..self.balancing.checks[node as usize].len() as u32 {
                if self.nodes[node as usize].lists(address) {
                    self.begin_checks(node, address, change);
                }
            }
        }
    }

    /// A node checks an address's health.
    pub fn check_health(&mut self, node: u32, address: u32, life: u32) {
        let state = &self.nodes[node as usize];
        let current = self.balancing.checks[node as usize][address as usize].0 == life;
        if !state.lists(address) || !current {
            return;
        }
        let Some(check) = &self.rules.check else { return };
        let (interval, timeout) = (check.interval, check.timeout);
        let shares = check.shares_workers;
        if !state.checks(address) {
            self.check_again(node, address, life, self.now + interval);
            return;
        }
        let (success, after) = match self.probe(PodId(state.bound(address)), shares) {
            ProbeAnswer::Success(took) if took <= timeout => (true, SimDuration::ZERO),
            ProbeAnswer::Failure => (false, SimDuration::ZERO),
            ProbeAnswer::Success(_) | ProbeAnswer::Silence => (false, timeout),
        };
        let state = &mut self.nodes[node as usize];
        let turned = state.checked(&self.rules, self.now, address, success);
        let next = self.now + state.next_check(&self.rules, address).max(after);
        self.turned(node, address, turned);
        if turned.is_some() {
            self.cut_if_down(node, address);
            self.routable_changed();
            self.serve_waiting();
        }
        self.check_again(node, address, life, next);
    }

    /// Tells a node how a try went, where it marks instances by that.
    #[cold]
    pub fn note_try(&mut self, slot: u32, result: TryResult) {
        let request = &self.requests[slot];
        let Some(instance) = some(request.instance) else { return };
        let node = u32::from(request.node);
        let address = self.instances[instance as usize].address;
        let state = &mut self.nodes[node as usize];
        let tried = state.tried(&self.rules, self.now, address, result);
        if state.take_alarm(address) {
            self.hurry_check(node, address);
        }
        let Some(until) = tried else { return };
        self.turned(node, address, Some(false));
        self.cut_if_down(node, address);
        self.routable_changed();
        if let Some(until) = until {
            self.later(until, Cold::Readmit { node, address });
        }
    }

    /// Tells a node that an instance took a connection, if it does.
    #[cold]
    pub(super) fn note_connection(&mut self, slot: u32, instance: u32) {
        let condition = self.instances[instance as usize].condition;
        if matches!(condition, Condition::Serving | Condition::Hung) {
            self.note_try(slot, TryResult::Connected);
        }
    }

    /// An ejection ends.
    pub fn readmit(&mut self, node: u32, address: u32) {
        let turned = self.nodes[node as usize].readmit(&self.rules, self.now, address);
        self.turned(node, address, turned);
        self.routable_changed();
        self.serve_waiting();
    }

    /// A node's patience with requests in an instance that it no longer uses is over.
    pub fn drain_ended(&mut self, node: u32, address: u32) {
        self.cut_all(node, address, Cause::CutInFlight, "cut: deregistered for too long");
    }

    /// An address was taken down, or put into maintenance: the node may be told to cut what it
    /// has there.
    fn cut_if_down(&mut self, node: u32, address: u32) {
        let state = &self.nodes[node as usize];
        if self.balancing.cut_when_down && (state.is_down(address) || !state.checks(address)) {
            self.cut_all(node, address, Cause::CutInFlight, "cut: marked down");
        }
    }

    /// A node notes that it sent a try to an instance now.
    pub(super) fn watch_answer(&mut self, slot: u32) {
        let Some(patience) = self.balancing.server_timeout else { return };
        let at = self.now + patience;
        let request = &self.requests[slot];
        let watch = Watch { slot, number: request.number, reached: request.reached, at };
        if self.balancing.watched.is_empty() {
            self.later(at, Cold::ServerTimeout);
        }
        self.balancing.watched.push_back(watch);
    }

    /// A node has waited for answers for as long as it may.
    pub fn server_timed_out(&mut self) {
        while let Some(&watch) = self.balancing.watched.front() {
            if watch.at > self.now {
                self.later(watch.at, Cold::ServerTimeout);
                return;
            }
            self.balancing.watched.pop_front();
            if !self.requests.is_used(watch.slot) {
                continue;
            }
            let request = self.requests[watch.slot];
            let same = (request.number, request.reached) == (watch.number, watch.reached);
            let inside = matches!(request.stage, Stage::Queued | Stage::InService);
            if same && inside && request.is_held() {
                self.requests[watch.slot].release();
                self.left_instance(&request);
            }
            if !(same && inside) || request.is_orphan() {
                continue;
            }
            let cause = self.cause_of_wait(&request);
            if let Some(next) = self.part(watch.slot) {
                // The client's patience goes on in the new record.
                self.requests[next].timeout_at = request.timeout_at;
                if request.timeout_at != SimTime::NEVER {
                    self.calendar.push(request.timeout_at, payload(Kind::Timeout, next));
                }
                self.try_failed(next, Outcome::Timeout, cause, "504: no answer in time");
            }
        }
    }

    fn cut_all(&mut self, node: u32, address: u32, cause: Cause, what: &str) {
        let instance = self.nodes[node as usize].bound(address);
        let slots: Vec<u32> = self
            .requests
            .live_slots()
            .filter(|&slot| {
                let request = &self.requests[slot];
                request.instance == instance
                    && u32::from(request.node) == node
                    && request.stage != Stage::Waiting
                    && !request.is_orphan()
            })
            .collect();
        for slot in slots {
            self.cut_on_the_way(slot, cause, what);
        }
        self.cut_streams_of(instance, Some(node as u16));
    }

    /// The way between client and instance breaks: the instance works on, nobody listens.
    fn cut_on_the_way(&mut self, slot: u32, cause: Cause, what: &str) {
        if let Some(next) = self.part(slot) {
            self.fail(next, Outcome::Reset, cause, what);
        }
    }

    /// A request parts from the work on it in an instance. It goes on in another record.
    fn part(&mut self, slot: u32) -> Option<u32> {
        let request = self.requests[slot];
        if request.stage == Stage::Left {
            return None;
        }
        self.left_instance(&request);
        if request.stage == Stage::Queued {
            self.instances[request.instance as usize].waiting -= 1;
            self.requests[slot].stage = Stage::Left;
        }
        self.requests[slot].abandon();
        if request.stage == Stage::Unanswered {
            self.requests.remove(slot);
        }
        let mut on = request;
        on.stage = Stage::Waiting;
        on.timeout_at = SimTime::NEVER;
        let next = self.requests.insert(on);
        self.move_trace(slot, next);
        self.move_connection(slot, next);
        Some(next)
    }

    pub(super) fn routable_changed(&mut self) {
        let levels = &mut self.levels;
        levels.routable = self.nodes.iter().map(Node::routable).min().unwrap_or(0);
        if levels.open {
            levels.record.min_routable = levels.record.min_routable.min(levels.routable);
        }
        if self.candidate.is_none() {
            return;
        }
        let versions = (0..self.behaviours.len() as u16).map(VersionId);
        let mut deployed = versions.filter(|&version| version != self.stable);
        if self.levels.open {
            let shares = deployed
                .clone()
                .map(|version| (self.nodes[0].share_of(version), self.weight_of(version)));
            let now = shares.fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
            let most = &mut self.levels.record.max_exposed_bp;
            *most = (most.0.max(now.0), most.1.max(now.1));
        }
        let exposed = deployed.any(|version| self.nodes.iter().any(|node| node.sends_to(version)));
        let levels = &mut self.levels;
        let open = levels.exposure.last().is_some_and(|&(_, end)| end == SimTime::NEVER);
        if exposed && !open {
            levels.exposure.push((self.now, SimTime::NEVER));
        } else if !exposed && open {
            levels.exposure.last_mut().expect("an open span").1 = self.now;
        }
    }
}
