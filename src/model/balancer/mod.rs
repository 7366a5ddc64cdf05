//! The balancer: nodes, each with its own delayed view of the endpoints, and a policy.
//!
//! Views are dense lists that rare events rebuild, so choosing an instance touches little
//! memory. A node uses the endpoints that are ready and pass its health checks; where there
//! is none at all it falls back to those that still serve while terminating, as kube-proxy
//! does.

#[cfg(test)]
mod tests;

use super::request::NONE;
use crate::engine::rng::{Key, index};
use crate::engine::{SimDuration, SimTime};
use crate::plan::{EndpointConditions, HealthCheck, Policy, Routing, TieBreak, VersionId};

/// Points of an instance on the hash ring, about as many as Envoy and ketama give it: shares
/// differ by a tenth from instance to instance, as they do there.
const RING_POINTS: u64 = 128;
/// Draws before slow start takes whatever comes.
const SLOW_START_DRAWS: u32 = 16;
/// Share of an instance at the start of slow start.
const SLOW_START_FLOOR: f64 = 0.1;

/// What a node knows of one instance.
#[derive(Clone, Copy, Debug, Default)]
struct Endpoint {
    version: u16,
    listed: Option<EndpointConditions>,
    /// Sequence number of the newest change applied: late news never undoes newer ones.
    change: u64,
    down: bool,
    streak: u32,
    joined: SimTime,
}

/// Instances a request may go to.
#[derive(Clone, Debug, Default)]
struct Pool {
    members: Vec<u32>,
    cursor: u32,
    /// Hash ring, built where the policy needs it.
    ring: Vec<(u64, u32)>,
    /// Smooth weighted round robin: current weights of the members.
    credit: Vec<i64>,
}

/// One balancer node.
#[derive(Clone, Debug)]
pub struct Node {
    endpoints: Vec<Endpoint>,
    outstanding: Vec<u32>,
    /// All versions together, then each version.
    pools: Vec<Pool>,
    routing: Routing,
    routing_change: u64,
}

/// Parameters that all nodes share.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How an instance is chosen.
    pub policy: Policy,
    /// Length of the slow-start ramp; zero: none.
    pub slow_start: SimDuration,
    /// Acceptance draws of slow start.
    pub slow_start_key: Key,
    /// Places of the instances on the hash ring: their addresses differ from run to run.
    pub ring_key: Key,
}

/// What choosing needs to know of a request. Random bits are drawn only where a rule asks for
/// them; they depend on the request and the try, never on what was chosen before.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Stream of the random bits of tries.
    pub routing: Key,
    /// This try's place in it.
    pub draw: u64,
    /// Stream that places requests on a side of a weight split.
    pub split: Key,
    /// The request's number.
    pub request: u64,
    /// Its user, or [`NONE`].
    pub user: u32,
    /// An instance that a retry avoids, or [`NONE`].
    pub avoid: u32,
    /// Now.
    pub now: SimTime,
}

impl Choice {
    #[inline]
    fn bits(&self) -> u64 {
        self.routing.draw(self.draw)
    }

    /// Hash of the user, of the request where it has none. Users hash alike in all classes.
    fn hash(&self) -> u64 {
        if self.user == NONE {
            self.split.draw(!self.request)
        } else {
            Key::of_seed(u64::from(self.user)).draw(0)
        }
    }

    fn falls_to_candidate(&self, weight_bp: u32) -> bool {
        self.split.unit(self.request) * 10_000.0 < f64::from(weight_bp)
    }
}

impl Node {
    /// A node that knows no endpoint and sends to all.
    #[must_use]
    pub fn new(versions: usize) -> Self {
        Self {
            endpoints: Vec::new(),
            outstanding: Vec::new(),
            pools: vec![Pool::default(); versions + 1],
            routing: Routing::All,
            routing_change: 0,
        }
    }

    /// Makes room for an instance.
    pub fn add_instance(&mut self, instance: u32, version: u16) {
        assert_eq!(instance as usize, self.endpoints.len(), "instances come in order");
        self.endpoints.push(Endpoint { version, ..Endpoint::default() });
        self.outstanding.push(0);
    }

    /// Applies a change of an endpoint, unless a newer one has been applied. Returns whether
    /// the instance became usable or stopped being so.
    pub fn update(
        &mut self,
        rules: &Rules,
        now: SimTime,
        change: u64,
        instance: u32,
        conditions: Option<EndpointConditions>,
    ) -> Option<bool> {
        let endpoint = &mut self.endpoints[instance as usize];
        if change < endpoint.change {
            return None;
        }
        endpoint.change = change;
        let was = endpoint.usable();
        let was_listed = endpoint.listed.is_some();
        endpoint.listed = conditions;
        if !was_listed {
            // News of an endpoint: it counts as up until a check fails.
            endpoint.down = false;
            endpoint.streak = 0;
        }
        let is = endpoint.usable();
        if is && !was {
            endpoint.joined = now;
        }
        self.rebuild(rules);
        (was != is).then_some(is)
    }

    /// Applies a change of routing, unless a newer one has been applied.
    pub fn route(&mut self, change: u64, routing: Routing) -> bool {
        let newer = change >= self.routing_change;
        if newer {
            self.routing_change = change;
            self.routing = routing;
        }
        newer
    }

    /// The routing in force here.
    #[must_use]
    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// Whether this node lists the instance at all (and so checks its health).
    #[must_use]
    pub fn lists(&self, instance: u32) -> bool {
        self.endpoints[instance as usize].listed.is_some()
    }

    /// Notes the result of a health check. Returns whether the instance became usable or
    /// stopped being so.
    pub fn checked(
        &mut self,
        rules: &Rules,
        check: &HealthCheck,
        now: SimTime,
        instance: u32,
        success: bool,
    ) -> Option<bool> {
        let endpoint = &mut self.endpoints[instance as usize];
        if success == endpoint.down {
            endpoint.streak += 1;
        } else {
            endpoint.streak = 0;
        }
        let needed = if endpoint.down { check.rise } else { check.fall };
        if endpoint.streak < needed {
            return None;
        }
        endpoint.streak = 0;
        endpoint.down = !endpoint.down;
        let up = !endpoint.down;
        if up {
            endpoint.joined = now;
        }
        self.rebuild(rules);
        Some(up)
    }

    /// Instances this node can use under its routing.
    #[must_use]
    pub fn routable(&self) -> u32 {
        let size = |version: VersionId| self.pools[usize::from(version.0) + 1].members.len();
        let count = match self.routing {
            Routing::All => self.pools[0].members.len(),
            Routing::Only(version) => size(version),
            Routing::Split { stable, candidate, weight_bp } => match weight_bp {
                0 => size(stable),
                10_000 => size(candidate),
                _ => size(stable) + size(candidate),
            },
        };
        count as u32
    }

    /// Whether this node can send requests to a version under its routing.
    #[must_use]
    pub fn sends_to(&self, version: VersionId) -> bool {
        let routed = match self.routing {
            Routing::All => true,
            Routing::Only(only) => only == version,
            Routing::Split { stable, candidate, weight_bp } => {
                (version == stable && weight_bp < 10_000) || (version == candidate && weight_bp > 0)
            }
        };
        routed && self.routable_of(version) > 0
    }

    /// Instances of one version that this node can use.
    #[must_use]
    pub fn routable_of(&self, version: VersionId) -> u32 {
        self.pools[usize::from(version.0) + 1].members.len() as u32
    }

    /// Whether this node may send to the instance under its routing.
    #[must_use]
    pub fn may_use(&self, instance: u32) -> bool {
        let Some(endpoint) = self.endpoints.get(instance as usize) else { return false };
        let version = VersionId(endpoint.version);
        let routed = match self.routing {
            Routing::All => true,
            Routing::Only(only) => version == only,
            Routing::Split { stable, candidate, weight_bp } => {
                (version == stable && weight_bp < 10_000) || (version == candidate && weight_bp > 0)
            }
        };
        routed && endpoint.usable()
    }

    /// Chooses an instance; `None` if there is none to use.
    #[inline]
    pub fn choose(&mut self, rules: &Rules, choice: &Choice) -> Option<u32> {
        let pool = self.pool_of(choice);
        if rules.slow_start.0 > 0 {
            return self.choose_slowly(rules, pool, choice);
        }
        self.pools[pool].choose(rules.policy, choice, &self.outstanding)
    }

    /// The pool that the routing sends a request to.
    #[inline]
    fn pool_of(&self, choice: &Choice) -> usize {
        match self.routing {
            Routing::All => 0,
            Routing::Only(version) => usize::from(version.0) + 1,
            Routing::Split { stable, candidate, weight_bp } => {
                let version = if choice.falls_to_candidate(weight_bp) { candidate } else { stable };
                usize::from(version.0) + 1
            }
        }
    }

    /// Notes a request sent to an instance.
    #[inline]
    pub fn begin(&mut self, instance: u32) {
        self.outstanding[instance as usize] += 1;
    }

    /// Notes that a request is no longer in an instance.
    #[inline]
    pub fn end(&mut self, instance: u32) {
        self.outstanding[instance as usize] -= 1;
    }

    /// Slow start as acceptance: an instance in its ramp is taken with the chance that is its
    /// share, else another is chosen.
    #[cold]
    fn choose_slowly(&mut self, rules: &Rules, pool: usize, choice: &Choice) -> Option<u32> {
        let mut choice = *choice;
        let mut chosen = None;
        for draw in 0..SLOW_START_DRAWS {
            chosen = self.pools[pool].choose(rules.policy, &choice, &self.outstanding);
            let instance = chosen?;
            let age = choice.now.since(self.endpoints[instance as usize].joined).0 as f64;
            let share = (age / rules.slow_start.0 as f64).max(SLOW_START_FLOOR);
            let accept = rules.slow_start_key.entity(choice.bits()).unit(u64::from(draw));
            if accept < share {
                break;
            }
            choice.routing = choice.routing.entity(u64::from(draw));
        }
        chosen
    }

    fn rebuild(&mut self, rules: &Rules) {
        for pool in &mut self.pools {
            pool.members.clear();
        }
        for (instance, endpoint) in self.endpoints.iter().enumerate() {
            if endpoint.usable() {
                self.pools[0].members.push(instance as u32);
                self.pools[usize::from(endpoint.version) + 1].members.push(instance as u32);
            }
        }
        for number in 0..self.pools.len() {
            if self.pools[number].members.is_empty() {
                self.pools[number].members = self.still_serving(number);
            }
            self.pools[number].prepare(rules);
        }
    }

    /// The fall-back of a pool that has nobody ready: who serves while terminating.
    fn still_serving(&self, pool: usize) -> Vec<u32> {
        let serves = |endpoint: &Endpoint| {
            (pool == 0 || usize::from(endpoint.version) + 1 == pool)
                && !endpoint.down
                && endpoint.listed.is_some_and(|listed| listed.serving && listed.terminating)
        };
        let all = self.endpoints.iter().enumerate();
        all.filter(|(_, endpoint)| serves(endpoint)).map(|(at, _)| at as u32).collect()
    }
}

impl Endpoint {
    fn usable(&self) -> bool {
        !self.down && self.listed.is_some_and(|listed| listed.ready)
    }
}

impl Pool {
    fn prepare(&mut self, rules: &Rules) {
        match rules.policy {
            Policy::RingHash => {
                self.ring = self
                    .members
                    .iter()
                    .flat_map(|&instance| {
                        let key = rules.ring_key.entity(u64::from(instance));
                        (0..RING_POINTS).map(move |point| (key.draw(point), instance))
                    })
                    .collect();
                self.ring.sort_unstable();
            }
            Policy::Weighted => self.credit = vec![0; self.members.len()],
            _ => {}
        }
    }

    #[inline]
    fn choose(&mut self, policy: Policy, choice: &Choice, outstanding: &[u32]) -> Option<u32> {
        let count = self.members.len() as u32;
        if count == 0 {
            return None;
        }
        let chosen = match policy {
            Policy::RoundRobin => self.in_turn(),
            Policy::LeastRequest { choices: Some(2), .. } => {
                self.better_of_two(choice, outstanding)
            }
            Policy::Random => self.members[index((choice.bits() >> 32) as u32, count) as usize],
            _ => self.choose_rarer(policy, choice, outstanding),
        };
        if chosen == choice.avoid && count > 1 {
            return Some(self.next_after(chosen));
        }
        Some(chosen)
    }

    #[inline]
    fn in_turn(&mut self) -> u32 {
        let at = if (self.cursor as usize) < self.members.len() { self.cursor } else { 0 };
        self.cursor = at + 1;
        self.members[at as usize]
    }

    /// Two different members at random; the one with less in it, the first if equal.
    #[inline]
    fn better_of_two(&self, choice: &Choice, outstanding: &[u32]) -> u32 {
        let count = self.members.len() as u32;
        if count == 1 {
            return self.members[0];
        }
        let bits = choice.bits();
        let first = index((bits >> 32) as u32, count);
        let mut second = index(bits as u32, count - 1);
        second += u32::from(second >= first);
        let (a, b) = (self.members[first as usize], self.members[second as usize]);
        if outstanding[b as usize] < outstanding[a as usize] { b } else { a }
    }

    /// The member after `instance` in turn.
    fn next_after(&mut self, instance: u32) -> u32 {
        let at = self.members.partition_point(|&member| member <= instance);
        self.members[if at < self.members.len() { at } else { 0 }]
    }

    #[inline(never)]
    fn choose_rarer(&mut self, policy: Policy, choice: &Choice, outstanding: &[u32]) -> u32 {
        let count = self.members.len();
        match policy {
            Policy::LeastRequest { choices: None, ties } => {
                self.least_of_all(ties, choice, outstanding)
            }
            Policy::LeastRequest { choices: Some(choices), .. } => {
                let mut best = NONE;
                let key = Key::of_seed(choice.bits());
                for draw in 0..choices {
                    let member = self.members
                        [index((key.draw(u64::from(draw)) >> 32) as u32, count as u32) as usize];
                    if best == NONE || outstanding[member as usize] < outstanding[best as usize] {
                        best = member;
                    }
                }
                best
            }
            Policy::RingHash => {
                let hash = choice.hash();
                let at = self.ring.partition_point(|&(point, _)| point < hash);
                self.ring[if at < self.ring.len() { at } else { 0 }].1
            }
            Policy::ModuloHash => self.members[(choice.hash() % count as u64) as usize],
            Policy::Weighted => {
                // Smooth weighted round robin (nginx): everybody earns its weight, the richest
                // is chosen and pays the sum. Weights are equal until instances carry their own.
                let total = count as i64;
                let mut richest = 0;
                for member in 0..count {
                    self.credit[member] += 1;
                    if self.credit[member] > self.credit[richest] {
                        richest = member;
                    }
                }
                self.credit[richest] -= total;
                self.members[richest]
            }
            Policy::RoundRobin | Policy::Random => unreachable!("chosen above"),
        }
    }

    fn least_of_all(&mut self, ties: TieBreak, choice: &Choice, outstanding: &[u32]) -> u32 {
        let count = self.members.len();
        let start = match ties {
            TieBreak::InTurn => self.cursor as usize % count,
            TieBreak::Random => 0,
        };
        let least = self.members.iter().map(|&m| outstanding[m as usize]).min().unwrap_or(0);
        let is_least = |at: &usize| outstanding[self.members[*at % count] as usize] == least;
        let at = match ties {
            TieBreak::InTurn => (start..start + count).find(is_least).unwrap_or(start) % count,
            TieBreak::Random => {
                let ties = (0..count).filter(is_least).count() as u32;
                let pick = index((choice.bits() >> 32) as u32, ties) as usize;
                (0..count).filter(is_least).nth(pick).unwrap_or(0)
            }
        };
        self.cursor = at as u32 + 1;
        self.members[at]
    }
}
