//! Tries of a balancer that do not go the straight way: affinity, connections, a queue in the
//! balancer, and what it does when a try fails.
//!
//! Source of the retry rules: HAProxy `src/stream.c` and `src/backend.c`, held against
//! recordings of rollouts behind HAProxy 2.6.

use crate::engine::{SimDuration, SimTime};
use crate::model::balancer::{Choice, TryResult};
use crate::model::client::names;
use crate::model::connections::Connection;
use crate::model::instance::{Condition, Instance};
use crate::model::request::{NONE, Request, Stage};
use crate::plan::{Routing, VersionId};
use crate::record::{Cause, Outcome};

use super::cold::Cold;
use super::world::{Kind, World, payload, some};

/// Most servers that a balancer tries for one attempt where it tries each once.
const MOST_TRIES: u32 = 200;

impl World {
    /// Chooses an instance where more than the policy has a say.
    #[cold]
    pub(super) fn try_by_detour(&mut self, slot: u32, choice: &Choice) {
        let node = usize::from(self.requests[slot].node);
        self.mirror(slot, choice);
        if self.balancing.stopped {
            self.fail(slot, Outcome::Refused, Cause::Fault, "refused: the balancer is stopped");
        } else if self.connections.is_some() {
            self.try_over_connection(slot, choice);
        } else if choice.avoid == NONE
            && let Some(instance) = self.remembered(node, choice)
        {
            self.requests[slot].pin();
            self.reach_or_wait(slot, instance);
        } else {
            match self.choose_version_first(node, choice) {
                Some(instance) => self.reach(slot, instance),
                None => self.nobody(slot, choice),
            }
        }
    }

    /// Copies a request's first try to the candidate, if its node mirrors it.
    fn mirror(&mut self, slot: u32, choice: &Choice) {
        let request = self.requests[slot];
        let node = &mut self.nodes[usize::from(request.node)];
        let Routing::Routes { candidate, mirror_bp, .. } = node.routing() else { return };
        let key = self.balancing.mirror_key.entity(u64::from(request.class));
        let copied = key.unit(request.number) * 10_000.0 < f64::from(mirror_bp);
        if !copied || (request.attempts, request.tries) != (1, 1) {
            return;
        }
        if let Some(instance) = node.choose_of(&self.rules, choice, candidate.0) {
            self.shadow(request, instance);
        }
    }

    /// The instance of the user's last answer, if cookies say so and it may still be used.
    fn remembered(&self, node: usize, choice: &Choice) -> Option<u32> {
        if !self.balancing.sticky_cookie {
            return None;
        }
        let user = some(choice.user)?;
        let &(address, _, last) = self.balancing.affinity.as_ref()?.get(user as usize)?;
        let fresh = self.now.since(last) < self.balancing.affinity_ttl && address != NONE;
        let kept = fresh && self.nodes[node].keeps(address);
        let named = self.named(choice).is_none_or(|of| self.nodes[node].version_at(address) == of);
        (kept && named).then(|| self.nodes[node].bound(address))
    }

    /// The version whose address the client knows, where clients resolve a name.
    fn named(&self, choice: &Choice) -> Option<VersionId> {
        let name = self.balancing.name.as_ref()?;
        let client = match some(choice.user) {
            Some(user) => u64::from(user),
            // A request of nobody in particular comes from a cache of its own.
            None => (1 << 40) | choice.request,
        };
        Some(name.seen_by(client, self.now))
    }

    /// An instance of the version of the user's last answer, where affinity is to versions;
    /// else any.
    fn choose_version_first(&mut self, node: usize, choice: &Choice) -> Option<u32> {
        if let Some(version) = self.named(choice) {
            return self.nodes[node].choose_of(&self.rules, choice, version.0);
        }
        let version =
            self.balancing.sticky_version.then_some(choice.user).and_then(some).and_then(|user| {
                let &(address, version, last) =
                    self.balancing.affinity.as_ref()?.get(user as usize)?;
                let fresh = self.now.since(last) < self.balancing.affinity_ttl && address != NONE;
                let routed = self.nodes[node].sends_to(VersionId(version));
                (fresh && routed).then_some(version)
            });
        let node = &mut self.nodes[node];
        match version {
            Some(version) => node.choose_of(&self.rules, choice, version),
            None => node.choose(&self.rules, choice),
        }
    }

    /// Remembers where a user's answer came from. A request whose cookie `named` its instance is
    /// answered without another one: if the user has got one of another instance in between, it
    /// stays (HAProxy's `cookie insert`).
    #[cold]
    pub(super) fn remember(&mut self, user: u32, instance: u32, named: bool) {
        let now = self.now;
        let (address, version) = {
            let instance = &self.instances[instance as usize];
            (instance.address, instance.version)
        };
        let Some(affinity) = &mut self.balancing.affinity else { return };
        if user == NONE {
            return;
        }
        if affinity.len() <= user as usize {
            let nowhere = (NONE, 0, SimTime::ZERO);
            affinity.resize((user as usize + 1).next_power_of_two(), nowhere);
        }
        let held = &mut affinity[user as usize];
        if !named || held.0 == address {
            *held = (address, version, now);
        }
    }

    /// Users bound by a cookie to the instance that most are bound to, or streams in the one
    /// that has most, in thousandths of the mean over the serving instances; 0 where nobody is
    /// bound.
    pub(super) fn hottest_permille(&self) -> u64 {
        let mut bound = vec![0u64; self.instances.len()];
        if let Some(affinity) = &self.balancing.affinity {
            for &(address, _, _) in affinity {
                if let Some(address) = some(address) {
                    bound[self.nodes[0].bound(address) as usize] += 1;
                }
            }
        } else if let Some(streams) = &self.streams {
            (0u32..).zip(&mut bound).for_each(|(number, bound)| {
                *bound = u64::from(streams.open_in(number));
            });
        } else {
            return 0;
        }
        let serving = |(_, instance): &(&u64, &Instance)| instance.condition == Condition::Serving;
        let counts: Vec<u64> =
            bound.iter().zip(&self.instances).filter(serving).map(|(&count, _)| count).collect();
        let (all, most) = (counts.iter().sum::<u64>(), counts.iter().max());
        most.map_or(0, |most| most * 1000 * counts.len() as u64 / all.max(1))
    }

    /// There is no instance to use, or none with room.
    #[cold]
    pub(super) fn nobody(&mut self, slot: u32, choice: &Choice) {
        let node = usize::from(self.requests[slot].node);
        if self.requests[slot].is_orphan() && !self.nodes[node].is_full(&self.rules, choice) {
            self.requests.remove(slot);
            return;
        }
        if let (Some(name), Some(known)) = (&self.balancing.name, self.named(choice))
            && name.now() != known
        {
            self.fail(slot, Outcome::Refused, Cause::StaleAddress, "refused: the old address");
            return;
        }
        if !self.nodes[node].is_full(&self.rules, choice) {
            self.fail(slot, Outcome::Overflow, Cause::NoCapacity, "no instance in rotation");
            return;
        }
        self.wait_for(slot, NONE);
    }

    /// A request that must go to this instance goes there, or waits until it has room.
    fn reach_or_wait(&mut self, slot: u32, instance: u32) {
        let node = usize::from(self.requests[slot].node);
        if self.nodes[node].has_room(&self.rules, instance) {
            self.reach(slot, instance);
        } else {
            self.wait_for(slot, instance);
        }
    }

    /// A request waits in its node for room in an instance ([`NONE`]: in any).
    fn wait_for(&mut self, slot: u32, instance: u32) {
        let request = &mut self.requests[slot];
        request.stage = Stage::Waiting;
        request.instance = instance;
        request.reached = self.now;
        let (node, number, attempts) = (request.node, request.number, request.attempts);
        self.nodes[usize::from(node)].waiting.push_back(slot);
        let at = self.now + self.balancing.queue_timeout;
        self.later(at, Cold::QueueTimeout { slot, number, attempts });
    }

    /// A request has waited in a node's queue for as long as it may.
    pub fn queue_timed_out(&mut self, slot: u32, number: u64, attempts: u8) {
        let request = &self.requests[slot];
        if (request.number, request.attempts) != (number, attempts) {
            return;
        }
        let orphan = request.is_orphan();
        let waiting = &mut self.nodes[usize::from(request.node)].waiting;
        let Some(at) = waiting.iter().position(|&other| other == slot) else { return };
        waiting.remove(at);
        if orphan {
            self.requests.remove(slot);
        } else {
            self.fail(slot, Outcome::Overflow, Cause::Overload, "queue timeout");
        }
    }

    /// An instance of a node has room again.
    #[cold]
    pub(super) fn room_at(&mut self, node: usize, instance: u32) {
        // A process that was started but does not listen yet has no address.
        let Some(address) = some(self.instances[instance as usize].address) else { return };
        while self.nodes[node].has_room(&self.rules, instance) {
            if self.nodes[node].bound(address) != instance {
                return;
            }
            let Some(slot) = self.next_waiting(node, address) else { return };
            if self.requests[slot].is_orphan() {
                if self.balancing.abort_on_close {
                    self.requests.remove(slot);
                    continue;
                }
                self.requests[slot].hold();
            }
            self.leave_queue(slot, instance);
        }
    }

    /// Takes the first of those who wait in a node that may go to an address: who must go there,
    /// and who may go anywhere.
    fn next_waiting(&mut self, node: usize, address: u32) -> Option<u32> {
        let state = &self.nodes[node];
        let (open, keeps) = (state.takes_requests(address), state.keeps(address));
        let may = |&slot: &u32| match some(self.requests[slot].instance) {
            None => open,
            Some(own) => {
                let own = self.instances[own as usize].address;
                if own == address { keeps } else { open && !state.keeps(own) }
            }
        };
        let at = state.waiting.iter().position(may)?;
        self.nodes[node].waiting.remove(at)
    }

    fn leave_queue(&mut self, slot: u32, instance: u32) {
        let waited = (self.now - self.requests[slot].reached).0;
        self.ledger.waited_before(self.now, waited);
        self.reach(slot, instance);
    }

    /// Nodes may use other instances than before: whoever waits for one may go.
    pub(super) fn serve_waiting(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].waiting.is_empty() {
                continue;
            }
            for instance in 0..self.instances.len() as u32 {
                self.room_at(node, instance);
            }
        }
    }

    /// A try has failed, and the request is in no instance: the balancer may try again.
    #[cold]
    pub fn try_failed(&mut self, slot: u32, outcome: Outcome, cause: Cause, what: &str) {
        let refused = some(self.requests[slot].instance).filter(|_| outcome == Outcome::Refused);
        if let Some(instance) = refused {
            self.nodes[usize::from(self.requests[slot].node)].touch(instance);
        }
        if self.rules.watches() {
            let again = self.may_try_again(&self.requests[slot], outcome);
            let result = match outcome {
                Outcome::Refused => Some(TryResult::Refused),
                Outcome::Reset | Outcome::Timeout => Some(TryResult::Broken),
                Outcome::AppError | Outcome::Overflow if again => Some(TryResult::PassedOn),
                Outcome::AppError | Outcome::Overflow => Some(TryResult::ServerError),
                _ => None,
            };
            if let Some(result) = result {
                self.note_try(slot, result);
            }
        }
        let request = self.requests[slot];
        let again = self.may_try_again(&request, outcome);
        if request.is_orphan() {
            // The node does not know, or does not mind, that the client has left.
            if !again {
                self.requests.remove(slot);
                return;
            }
        } else if again {
            self.trace(slot, what);
            self.close_connection(slot);
        } else {
            self.fail(slot, outcome, cause, what);
            return;
        }
        if !matches!(outcome, Outcome::Refused | Outcome::Overflow) {
            self.redraw_demand(slot);
        }
        self.try_again(slot, &request, outcome);
    }

    /// The balancer tries again: elsewhere at once, or on the same instance, which it leaves alone
    /// for a while if that did not even take the connection. The request keeps its place there
    /// meanwhile.
    fn try_again(&mut self, slot: u32, request: &Request, outcome: Outcome) {
        let (retries, node) = (&self.balancing.retries, usize::from(request.node));
        let unconnected = outcome == Outcome::Refused && retries.pause > SimDuration::ZERO;
        let alone = unconnected && self.nodes[node].routable() <= 1;
        let moves = retries.redispatch && !self.stays(request, alone);
        if moves && !alone {
            self.try_another_instance(slot, request.instance);
            return;
        }
        let at = self.now + retries.pause;
        let record = &mut self.requests[slot];
        record.stage = Stage::Waiting;
        if !unconnected {
            self.try_same_instance(slot);
        } else if moves {
            record.unpin();
            self.calendar.push(at, payload(Kind::Elsewhere, slot));
        } else {
            self.nodes[node].begin(request.instance);
            self.calendar.push(at, payload(Kind::SameInstance, slot));
        }
    }

    /// Whether the next try is for the same instance although the balancer redispatches: where
    /// affinity chose it or there is no other, but not at the last try.
    fn stays(&self, request: &Request, alone: bool) -> bool {
        let retries = &self.balancing.retries;
        if u32::from(request.tries) == retries.max {
            return false;
        }
        let address = self.instances[request.instance as usize].address;
        let down = self.nodes[usize::from(request.node)].is_down(address);
        alone || (retries.cookie_waits && request.is_pinned() && !down)
    }

    fn may_try_again(&self, request: &Request, outcome: Outcome) -> bool {
        let retries = &self.balancing.retries;
        let most = if retries.max == u32::MAX {
            // Every server once.
            self.nodes[usize::from(request.node)].routable().saturating_sub(1).min(MOST_TRIES)
        } else {
            retries.max
        };
        let safe =
            outcome == Outcome::Refused || self.classes[usize::from(request.class)].idempotent;
        // A connection that the balancer has accepted for a client carries one way only.
        let through = self.connections.is_none() || outcome == Outcome::Refused;
        u32::from(request.tries) <= most && names(&retries.on, outcome) && safe && through
    }

    #[inline(never)]
    fn try_another_instance(&mut self, slot: u32, avoid: u32) {
        // Its cookie names another instance than it goes to.
        self.requests[slot].unpin();
        self.try_instance(slot, avoid);
    }

    /// A balancer's retry on another instance is due.
    #[cold]
    pub fn elsewhere(&mut self, slot: u32) {
        if self.goes_on(slot) {
            self.try_another_instance(slot, self.requests[slot].instance);
        }
    }

    /// A balancer's retry at the same address is due.
    #[cold]
    pub fn same_instance(&mut self, slot: u32) {
        let request = self.requests[slot];
        self.nodes[usize::from(request.node)].end(request.instance);
        if self.goes_on(slot) {
            self.try_same_instance(slot);
        } else if self.rules.most != u32::MAX {
            self.room_at(usize::from(request.node), request.instance);
        }
    }

    /// Whether a pause before a retry ends in one: not if the client has left meanwhile, unless
    /// the node does not mind.
    fn goes_on(&mut self, slot: u32) -> bool {
        if self.requests[slot].timeout_at == self.now {
            // Refusals take some time, if little: the client's patience ends before this try.
            self.timed_out(slot);
        }
        let left = self.requests[slot].is_orphan();
        if left && self.balancing.abort_on_close {
            self.requests.remove(slot);
            return false;
        }
        if left {
            self.requests[slot].hold();
        }
        true
    }

    fn try_same_instance(&mut self, slot: u32) {
        let request = &mut self.requests[slot];
        request.tries = request.tries.saturating_add(1);
        let address = self.instances[request.instance as usize].address;
        let instance = self.nodes[usize::from(request.node)].bound(address);
        if self.connections.is_some() {
            self.connect(slot, instance);
        }
        self.reach_or_wait(slot, instance);
    }

    /// Where connections are balanced: over a kept one, or a new one to an instance.
    fn try_over_connection(&mut self, slot: u32, choice: &Choice) {
        let node = usize::from(self.requests[slot].node);
        let class = self.requests[slot].class;
        let opens_stream = self.streams.as_ref().is_some_and(|streams| streams.has(class));
        if choice.avoid == NONE && !opens_stream {
            let nodes = &mut self.nodes;
            let connections = self.connections.as_mut().expect("connections are balanced");
            let kept = connections.take(choice.user, self.now, |closed: Connection| {
                nodes[usize::from(closed.node)].disconnected(closed.instance);
            });
            if let Some(kept) = kept {
                let connection = connections.get(kept);
                connections.carry(slot, kept);
                self.requests[slot].node = connection.node;
                self.reach(slot, connection.instance);
                return;
            }
        }
        match self.choose_version_first(node, choice) {
            Some(instance) => {
                self.connect(slot, instance);
                self.reach(slot, instance);
            }
            None => self.nobody(slot, choice),
        }
    }

    /// A connection of the request's client to an instance.
    fn connect(&mut self, slot: u32, instance: u32) {
        let request = self.requests[slot];
        let user = self.user_of(&request);
        self.nodes[usize::from(request.node)].connected(instance);
        let connections = self.connections.as_mut().expect("connections are balanced");
        let number = connections.open(user, self.now, request.node, instance);
        connections.carry(slot, number);
    }

    /// The request's connection is free for others, unless its instance closes it.
    #[cold]
    pub(super) fn keep_connection(&mut self, slot: u32, class: u8) {
        if self.streams.as_ref().is_some_and(|streams| streams.has(class)) {
            // The stream has it for itself, and is counted on its own.
            self.close_connection(slot);
            return;
        }
        let Some(connections) = &mut self.connections else { return };
        let Some(number) = connections.drop_off(slot) else { return };
        let connection = connections.get(number);
        let serves = self.instances[connection.instance as usize].condition == Condition::Serving;
        if !(serves && connections.keep(number)) {
            connections.forget(number);
            self.nodes[usize::from(connection.node)].disconnected(connection.instance);
        }
    }

    /// The request's connection is closed.
    #[cold]
    pub(super) fn close_connection(&mut self, slot: u32) {
        let Some(connections) = &mut self.connections else { return };
        let Some(number) = connections.drop_off(slot) else { return };
        let connection = connections.get(number);
        connections.forget(number);
        self.nodes[usize::from(connection.node)].disconnected(connection.instance);
    }

    /// The request goes on in another record.
    pub(super) fn move_connection(&mut self, from: u32, to: u32) {
        let Some(connections) = &mut self.connections else { return };
        if let Some(number) = connections.drop_off(from) {
            connections.carry(to, number);
        }
    }

    /// Idle connections are closed from the other end.
    pub(super) fn close_idle_connections(&mut self, which: impl Fn(&Connection) -> bool) {
        let Some(connections) = &mut self.connections else { return };
        for closed in connections.close_idle(which) {
            self.nodes[usize::from(closed.node)].disconnected(closed.instance);
        }
    }

    /// A request is no longer in the instance it was in.
    #[inline]
    pub(super) fn left_instance(&mut self, request: &Request) {
        let node = usize::from(request.node);
        self.nodes[node].end(request.instance);
        if self.rules.most != u32::MAX {
            self.room_at(node, request.instance);
        }
    }
}
