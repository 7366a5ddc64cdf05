//! The balancer: nodes, each with its own delayed view of the endpoints, and a policy.
//!
//! Views are dense lists that rare events rebuild, so choosing an instance touches little
//! memory. A node uses the endpoints that are ready, in service and pass its checks; where
//! there is none at all it falls back to those that still serve while terminating, as
//! kube-proxy does. An *address* is what a balancer knows; the *instance* behind it may change
//! where scripts restart processes. Of a pod both have the same number.

mod choosing;
mod endpoint;
mod pool;
mod positions;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use endpoint::TryResult;
pub use rules::{Choice, Rules};

use crate::engine::{SimDuration, SimTime};
use crate::plan::{EndpointConditions, Outlier, Reload, Routing, ServerState, VersionId};
use endpoint::{Endpoint, Mark};
use pool::Pool;

/// No group.
pub const NO_GROUP: u16 = u16::MAX;

/// One balancer node.
#[derive(Clone, Debug)]
pub struct Node {
    /// By address.
    endpoints: Vec<Endpoint>,
    /// By instance: requests of this node in it.
    outstanding: Vec<u32>,
    /// By instance: when its count changed last, on a clock of changes; empty where no rule asks.
    changed: Vec<u64>,
    changes: u64,
    /// By instance: connections through this node to it.
    connections: Vec<u32>,
    /// All versions together, then each version, then each group.
    pools: Vec<Pool>,
    versions: usize,
    /// The group that gets the traffic, now and by the configuration.
    active: u16,
    configured_active: u16,
    routing: Routing,
    /// The pool of all requests, where no split or header tells them apart.
    whole: Option<u32>,
    routing_change: u64,
    /// Requests that wait for an instance with room, in order.
    pub waiting: VecDeque<u32>,
}

impl Node {
    /// A node that knows no endpoint and sends to all.
    #[must_use]
    pub fn new(versions: usize, groups: usize) -> Self {
        let active = if groups > 0 { 0 } else { NO_GROUP };
        let mut node = Self {
            endpoints: Vec::new(),
            outstanding: Vec::new(),
            changed: Vec::new(),
            changes: 0,
            connections: Vec::new(),
            pools: vec![Pool::default(); versions + 1 + groups],
            versions,
            active,
            configured_active: active,
            routing: Routing::All,
            whole: None,
            routing_change: 0,
            waiting: VecDeque::new(),
        };
        node.settle_whole();
        node
    }

    fn settle_whole(&mut self) {
        self.whole = match self.routing {
            Routing::All => Some(self.plain_pool() as u32),
            Routing::Only(version) => Some(u32::from(version.0) + 1),
            Routing::Split { .. } | Routing::Routes { .. } => None,
        };
    }

    /// Makes room for an instance.
    pub fn add_instance(&mut self, rules: &Rules, instance: u32) {
        assert_eq!(instance as usize, self.outstanding.len(), "instances come in order");
        self.outstanding.push(0);
        if rules.asks_for_changes() {
            self.changed.push(0);
        }
        self.connections.push(0);
    }

    /// Makes room for an address with an instance behind it.
    pub fn add_address(&mut self, address: u32, version: u16, group: u16, weight: u32, bound: u32) {
        assert_eq!(address as usize, self.endpoints.len(), "addresses come in order");
        self.endpoints.push(Endpoint::new(version, group, weight, bound));
    }

    /// The configuration has an address in maintenance.
    pub fn configure_out(&mut self, address: u32) {
        let endpoint = &mut self.endpoints[address as usize];
        endpoint.configured.0 = ServerState::Maint;
        endpoint.admin = ServerState::Maint;
    }

    /// Another instance takes an address over: the balancer does not notice.
    pub fn bind(&mut self, rules: &Rules, now: SimTime, address: u32, instance: u32, version: u16) {
        let endpoint = &mut self.endpoints[address as usize];
        endpoint.bound = instance;
        endpoint.version = version;
        self.rebuild(rules, now);
    }

    /// Applies a change of an endpoint, unless a newer one has been applied. Returns whether
    /// the address became usable or stopped being so.
    pub fn update(
        &mut self,
        rules: &Rules,
        now: SimTime,
        change: u64,
        address: u32,
        conditions: Option<EndpointConditions>,
    ) -> Option<bool> {
        let endpoint = &mut self.endpoints[address as usize];
        if change < endpoint.change {
            return None;
        }
        endpoint.change = change;
        self.alter(rules, now, address, |endpoint| {
            let was_listed = endpoint.listed.is_some();
            endpoint.listed = conditions;
            if !was_listed {
                endpoint.forget(rules.check.as_ref());
                // What was there before the run has long passed its checks.
                endpoint.down &= now > SimTime::ZERO;
            }
        })
    }

    /// The operator sets an address's administrative state.
    pub fn administer(
        &mut self,
        rules: &Rules,
        now: SimTime,
        address: u32,
        state: ServerState,
    ) -> Option<bool> {
        self.alter(rules, now, address, |endpoint| {
            endpoint.administer(state, rules.check.as_ref());
        })
    }

    /// The operator sets an address's weight.
    pub fn weigh(
        &mut self,
        rules: &Rules,
        now: SimTime,
        address: u32,
        weight: u32,
    ) -> Option<bool> {
        self.alter(rules, now, address, |endpoint| endpoint.weight = weight)
    }

    fn alter(
        &mut self,
        rules: &Rules,
        now: SimTime,
        address: u32,
        change: impl FnOnce(&mut Endpoint),
    ) -> Option<bool> {
        let endpoint = &mut self.endpoints[address as usize];
        let was = endpoint.usable();
        change(endpoint);
        let is = endpoint.usable();
        if is && !was {
            endpoint.joined = now;
        }
        self.rebuild(rules, now);
        (was != is).then_some(is)
    }

    /// The operator makes another group the active one.
    pub fn activate(&mut self, group: u16) {
        self.active = group;
        self.settle_whole();
    }

    /// The balancer is reloaded: the new process knows its configuration, perhaps another one,
    /// and nothing else. Of the old one's states, weights and active group nothing is left.
    pub fn reload(&mut self, rules: &Rules, now: SimTime, to: &Reload) {
        for (address, endpoint) in self.endpoints.iter_mut().enumerate() {
            if let Some(members) = &to.members {
                let listed = members.contains(&(address as u32));
                let state = if listed { ServerState::Ready } else { ServerState::Maint };
                endpoint.configured.0 = state;
            }
            endpoint.reread(rules.check.as_ref());
        }
        self.configured_active = to.active.unwrap_or(self.configured_active);
        self.activate(self.configured_active);
        self.pools.iter_mut().for_each(Pool::restart);
        self.rebuild(rules, now);
    }

    /// Applies a change of routing, unless a newer one has been applied.
    pub fn route(&mut self, change: u64, routing: Routing) -> bool {
        let newer = change >= self.routing_change;
        if newer {
            self.routing_change = change;
            self.routing = routing;
            self.settle_whole();
        }
        newer
    }

    /// The routing in force here.
    #[must_use]
    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// Whether some requests are copied to the candidate here.
    #[must_use]
    pub fn mirrors(&self) -> bool {
        matches!(self.routing, Routing::Routes { mirror_bp: 1.., .. })
    }

    /// The instance behind an address.
    #[must_use]
    pub fn bound(&self, address: u32) -> u32 {
        self.endpoints[address as usize].bound
    }

    /// Whether this node lists the address at all (and so checks its health).
    #[must_use]
    pub fn lists(&self, address: u32) -> bool {
        self.endpoints[address as usize].listed.is_some()
    }

    /// Whether this node checks the address now: not in maintenance.
    #[must_use]
    pub fn checks(&self, address: u32) -> bool {
        self.endpoints[address as usize].admin != ServerState::Maint
    }

    /// Notes the result of a health check. Returns whether the address became usable or
    /// stopped being so.
    pub fn checked(
        &mut self,
        rules: &Rules,
        now: SimTime,
        address: u32,
        success: bool,
    ) -> Option<bool> {
        let check = rules.check.as_ref()?;
        let endpoint = &mut self.endpoints[address as usize];
        if !endpoint.checked(check, now, success) {
            return None;
        }
        let up = !endpoint.down;
        self.rebuild(rules, now);
        Some(up)
    }

    /// From the last check of an address to the next.
    #[must_use]
    pub fn next_check(&self, rules: &Rules, address: u32) -> SimDuration {
        let check = rules.check.as_ref().expect("only checked addresses have a next check");
        self.endpoints[address as usize].next_check(check)
    }

    /// Notes how a try on an address went, for passive marking. Returns whether the address
    /// stopped being usable, and when it will be taken back if that has a time.
    #[cold]
    pub fn tried(
        &mut self,
        rules: &Rules,
        now: SimTime,
        address: u32,
        result: TryResult,
    ) -> Option<Option<SimTime>> {
        let outlier = rules.outlier.as_ref()?;
        let endpoint = &mut self.endpoints[address as usize];
        match endpoint.tried(outlier, rules.check.as_ref(), (now, rules.beat), result) {
            Mark::Nothing => None,
            Mark::Changed => {
                self.rebuild(rules, now);
                Some(None)
            }
            Mark::Ejected(until) => {
                let Outlier::Consecutive { max_share, .. } = *outlier else { return None };
                let version = self.endpoints[address as usize].version;
                let apart = self.routing != Routing::All;
                let cluster = self.endpoints.iter().filter(|e| !apart || e.version == version);
                let listed = cluster.clone().filter(|e| e.listed.is_some());
                let most = (listed.count() as f64 * max_share).max(1.0);
                let out = cluster.filter(|e| e.is_ejected()).count();
                if (out + 1) as f64 > most {
                    return None;
                }
                self.endpoints[address as usize].eject();
                self.rebuild(rules, now);
                Some(Some(until))
            }
        }
    }

    /// Whether traffic asks for a check of the address at its fast interval from now.
    pub fn take_alarm(&mut self, address: u32) -> bool {
        self.endpoints[address as usize].take_alarm()
    }

    /// An ejection ends.
    pub fn readmit(&mut self, rules: &Rules, now: SimTime, address: u32) -> Option<bool> {
        self.alter(rules, now, address, |endpoint| endpoint.readmit(now))
    }

    /// Instances this node can use under its routing.
    #[must_use]
    pub fn routable(&self) -> u32 {
        let size = |version: VersionId| match self.routing.sends_to(version) {
            true => self.pools[usize::from(version.0) + 1].members.len(),
            false => 0,
        };
        let count = match self.routing {
            Routing::All => self.pools[self.plain_pool()].members.len(),
            Routing::Only(version) => size(version),
            Routing::Split { stable, candidate, .. }
            | Routing::Routes { stable, candidate, .. } => size(stable) + size(candidate),
        };
        count as u32
    }

    /// The pool of traffic that no version is chosen for.
    fn plain_pool(&self) -> usize {
        if self.active == NO_GROUP { 0 } else { self.versions + 1 + usize::from(self.active) }
    }

    /// Whether this node can send requests to a version under its routing.
    #[must_use]
    pub fn sends_to(&self, version: VersionId) -> bool {
        self.routing.sends_to(version) && self.routable_of(version) > 0
    }

    /// Instances of one version that this node can use (of the active group, where there are
    /// groups).
    #[must_use]
    pub fn routable_of(&self, version: VersionId) -> u32 {
        if self.active == NO_GROUP {
            return self.pools[usize::from(version.0) + 1].members.len() as u32;
        }
        let members = &self.pools[self.plain_pool()].servers;
        let of = |&&address: &&u32| self.endpoints[address as usize].version == version.0;
        members.iter().filter(of).count() as u32
    }

    /// A version's share of the instances that this node can use, in basis points.
    #[must_use]
    pub fn share_of(&self, version: VersionId) -> u64 {
        u64::from(self.routable_of(version)) * 10_000 / u64::from(self.routable().max(1))
    }

    /// A version's share of what this node sends where no version is chosen for it, in basis
    /// points: by weight where the policy goes by weights.
    #[must_use]
    pub fn weight_of(&self, rules: &Rules, version: VersionId) -> u64 {
        if self.active != NO_GROUP || !rules.policy.goes_by_weight() {
            return self.share_of(version);
        }
        let of = &self.pools[usize::from(version.0) + 1];
        of.weight() * 10_000 / self.pools[0].weight().max(1)
    }

    /// Whether this node sends requests with a cookie to the address, under its routing.
    #[must_use]
    pub fn keeps(&self, address: u32) -> bool {
        let Some(endpoint) = self.endpoints.get(address as usize) else { return false };
        let version = VersionId(endpoint.version);
        let routed = match self.routing {
            Routing::All => self.active == NO_GROUP || endpoint.group == self.active,
            routing => routing.sends_to(version),
        };
        routed && endpoint.keeps_its_own()
    }

    /// The version behind an address.
    #[must_use]
    pub fn version_at(&self, address: u32) -> VersionId {
        VersionId(self.endpoints[address as usize].version)
    }

    /// Whether checks or traffic have taken the address down.
    #[must_use]
    pub fn is_down(&self, address: u32) -> bool {
        let endpoint = &self.endpoints[address as usize];
        endpoint.down || endpoint.is_ejected()
    }

    /// Notes a request sent to an instance.
    #[inline]
    pub fn begin(&mut self, instance: u32) {
        self.outstanding[instance as usize] += 1;
        if !self.changed.is_empty() {
            self.touch(instance);
        }
    }

    /// Notes that a request is no longer in an instance.
    #[inline]
    pub fn end(&mut self, instance: u32) {
        self.outstanding[instance as usize] -= 1;
        if !self.changed.is_empty() {
            self.touch(instance);
        }
    }

    /// An instance's count has changed, if only for a moment.
    #[cold]
    pub fn touch(&mut self, instance: u32) {
        if let Some(changed) = self.changed.get_mut(instance as usize) {
            self.changes += 1;
            *changed = self.changes;
        }
    }

    /// Notes a connection to an instance.
    pub fn connected(&mut self, instance: u32) {
        self.connections[instance as usize] += 1;
    }

    /// Notes that a connection to an instance is closed.
    pub fn disconnected(&mut self, instance: u32) {
        self.connections[instance as usize] -= 1;
    }

    /// Whether requests that wait may go to the address.
    #[must_use]
    pub fn takes_requests(&self, address: u32) -> bool {
        self.keeps(address) && self.endpoints[address as usize].usable()
    }

    fn rebuild(&mut self, rules: &Rules, now: SimTime) {
        self.pools.iter_mut().for_each(Pool::clear);
        let panics: Vec<bool> = (0..self.pools.len()).map(|of| self.in_panic(rules, of)).collect();
        for (address, endpoint) in self.endpoints.iter().enumerate() {
            for pool in pools_of(endpoint, self.versions) {
                if endpoint.usable() || (panics[pool] && endpoint.wanted()) {
                    self.pools[pool].add(address as u32, endpoint);
                }
            }
        }
        for number in 0..self.pools.len() {
            if self.pools[number].members.is_empty() {
                self.add_still_serving(number);
            }
            let endpoints = &self.endpoints;
            self.pools[number].prepare(rules, endpoints.len(), |address| {
                rules.sixteenths(now, endpoints[address as usize].joined)
            });
        }
    }

    /// Whether so few endpoints of a pool are usable that all of them are used: who splits the
    /// traffic by version has a cluster, or a target group, for each.
    fn in_panic(&self, rules: &Rules, pool: usize) -> bool {
        let Some(threshold) = rules.panic else { return false };
        let belongs = |endpoint: &&Endpoint| pools_of(endpoint, self.versions).any(|of| of == pool);
        let members = self.endpoints.iter().filter(belongs);
        let all = members.clone().filter(|endpoint| endpoint.wanted()).count();
        let usable = members.filter(|endpoint| endpoint.usable()).count();
        usable == 0 || (usable as f64) < threshold * all as f64
    }

    /// The fall-back of a pool that has nobody ready: who serves while terminating.
    fn add_still_serving(&mut self, pool: usize) {
        let serves = |endpoint: &Endpoint| {
            pools_of(endpoint, self.versions).any(|of| of == pool)
                && !endpoint.down
                && endpoint.listed.is_some_and(|listed| listed.serving && listed.terminating)
        };
        for (address, endpoint) in self.endpoints.iter().enumerate() {
            if serves(endpoint) {
                self.pools[pool].add(address as u32, endpoint);
            }
        }
    }
}

/// The pools an address belongs to.
fn pools_of(endpoint: &Endpoint, versions: usize) -> impl Iterator<Item = usize> + use<> {
    let group = (endpoint.group != NO_GROUP).then(|| versions + 1 + usize::from(endpoint.group));
    [0, usize::from(endpoint.version) + 1].into_iter().chain(group)
}
