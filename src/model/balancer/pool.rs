//! The instances that a request may go to, and how one of them is chosen.

use super::endpoint::Endpoint;
use super::positions::{Positions, SCALE};
use super::rules::{Choice, Rules};
use crate::engine::rng::{Key, index, unit};
use crate::model::request::NONE;
use crate::plan::{Policy, Rotation, TieBreak};

/// Points of an instance on the hash ring, about as many as Envoy and ketama give it: shares
/// differ by a tenth from instance to instance, as they do there.
const RING_POINTS: u64 = 128;

/// HAProxy's `SRV_EWGHT_MAX`.
const KEY_SCALE: u64 = 4096;

/// Requests in each instance, and when that changed last where a rule asks for it.
pub(super) type Loads<'a> = (&'a [u32], &'a [u64]);

/// Instances a request may go to, in the order of their addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// The instances.
    pub members: Vec<u32>,
    /// Their addresses.
    pub servers: Vec<u32>,
    /// Their weights.
    weights: Vec<u32>,
    /// What HAProxy's slow start leaves of these, in sixteenths.
    sixteenths: Vec<u32>,
    /// Somebody may have less than its full weight.
    ramping: bool,
    cursor: u32,
    /// Hash ring, built where the policy needs it.
    ring: Vec<(u64, u32)>,
    /// Smooth weighted round robin: what each address has earned.
    credit: Vec<i64>,
    /// HAProxy's circle.
    positions: Positions,
}

impl Pool {
    pub(super) fn clear(&mut self) {
        self.members.clear();
        self.servers.clear();
        self.weights.clear();
    }

    pub(super) fn add(&mut self, server: u32, endpoint: &Endpoint) {
        self.members.push(endpoint.bound);
        self.servers.push(server);
        self.weights.push(endpoint.weight);
    }

    /// Weights as slow start has them now: `sixteenths` of each address, [`SCALE`] of one that
    /// has its full weight.
    pub(super) fn ramp(&mut self, policy: Policy, sixteenths: impl Fn(u32) -> u32) {
        if !self.ramping {
            return;
        }
        for at in 0..self.members.len() {
            let (server, share) = (self.servers[at], sixteenths(self.servers[at]));
            if share != self.sixteenths[at] {
                self.sixteenths[at] = share;
                if policy == Policy::RoundRobin(Rotation::Positions) {
                    self.positions.set_weight(server, self.weights[at] * share);
                }
            }
        }
        self.ramping = self.sixteenths.iter().any(|&share| share < SCALE);
    }

    /// The weights of all members together.
    pub(super) fn weight(&self) -> u64 {
        self.weights.iter().map(|&weight| u64::from(weight)).sum()
    }

    /// Forgets whose turn it is.
    pub(super) fn restart(&mut self) {
        self.cursor = 0;
        self.credit.clear();
        self.positions = Positions::default();
    }

    /// Prepares what the policy keeps, after a change. `servers`: how many addresses there are;
    /// `sixteenths`: what slow start leaves of each one's weight.
    pub(super) fn prepare(
        &mut self,
        rules: &Rules,
        servers: usize,
        sixteenths: impl Fn(u32) -> u32,
    ) {
        self.sixteenths = self.servers.iter().map(|&server| sixteenths(server)).collect();
        self.ramping = rules.slow_start.is_some();
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
            Policy::RoundRobin(Rotation::Smooth) => {
                self.credit.resize(servers, 0);
                // Who is out of use comes back without a debt.
                let mut member = self.servers.iter().peekable();
                for server in 0..servers as u32 {
                    if member.next_if_eq(&&server).is_none() {
                        self.credit[server as usize] = 0;
                    }
                }
            }
            Policy::RoundRobin(Rotation::Positions) => {
                let mut weights = vec![0; servers];
                for (at, &server) in self.servers.iter().enumerate() {
                    weights[server as usize] = self.weights[at] * self.sixteenths[at];
                }
                for (server, &weight) in weights.iter().enumerate() {
                    self.positions.set_weight(server as u32, weight);
                }
            }
            _ => {}
        }
    }

    #[inline]
    pub(super) fn choose(
        &mut self,
        policy: Policy,
        choice: &Choice,
        loads: Loads<'_>,
    ) -> Option<u32> {
        if self.members.is_empty() {
            return None;
        }
        match policy {
            Policy::RoundRobin(Rotation::Cycle)
            | Policy::LeastRequest { choices: Some(2), .. }
            | Policy::Random => {
                self.choose_quickly(policy, || choice.bits(), choice.avoid, loads.0)
            }
            _ => self.choose_rarer(policy, choice, loads),
        }
    }

    /// The policies that need no more of a request than random bits.
    #[inline(always)]
    pub(super) fn choose_quickly(
        &mut self,
        policy: Policy,
        bits: impl FnOnce() -> u64,
        avoid: u32,
        outstanding: &[u32],
    ) -> Option<u32> {
        let count = self.members.len() as u32;
        if count == 0 {
            return None;
        }
        let chosen = match policy {
            Policy::LeastRequest { .. } => self.better_of_two(bits, outstanding),
            Policy::Random => self.members[index((bits() >> 32) as u32, count) as usize],
            _ => self.in_turn(),
        };
        if chosen == avoid && count > 1 {
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
    #[inline(always)]
    fn better_of_two(&self, bits: impl FnOnce() -> u64, outstanding: &[u32]) -> u32 {
        let count = self.members.len() as u32;
        if count == 1 {
            return self.members[0];
        }
        let bits = bits();
        let first = index((bits >> 32) as u32, count);
        let mut second = index(bits as u32, count - 1);
        second += u32::from(second >= first);
        let (a, b) = (self.members[first as usize], self.members[second as usize]);
        if outstanding[b as usize] < outstanding[a as usize] { b } else { a }
    }

    /// The member after `instance`, whose turn this then was.
    #[cold]
    fn next_after(&mut self, instance: u32) -> u32 {
        let at = self.members.iter().position(|&member| member == instance).unwrap_or(0);
        let next = (at + 1) % self.members.len();
        if self.cursor as usize == at + 1 {
            self.cursor = next as u32 + 1;
        }
        self.members[next]
    }

    #[inline(never)]
    fn choose_rarer(&mut self, policy: Policy, choice: &Choice, loads: Loads<'_>) -> Option<u32> {
        let outstanding = loads.0;
        let open = |at: usize| self.members.len() == 1 || self.members[at] != choice.avoid;
        let at = match policy {
            Policy::RoundRobin(Rotation::Positions) => {
                return self.by_position(choice, |_| false);
            }
            Policy::RoundRobin(_) => {
                let avoid = if self.members.len() > 1 { choice.avoid } else { NONE };
                let shut = self.members.iter().position(|&member| member == avoid);
                return self.smooth(|at| Some(at) != shut);
            }
            Policy::LeastRequest { choices: None, ties } => {
                return self.least_of_all(ties, choice, loads);
            }
            Policy::LeastRequest { choices: Some(choices), .. } => {
                let key = Key::of_seed(choice.bits());
                let count = self.members.len() as u32;
                let drawn = (0..choices)
                    .map(|draw| index((key.draw(u64::from(draw)) >> 32) as u32, count) as usize);
                // The first of equals.
                let best = drawn
                    .clone()
                    .filter(|&at| open(at))
                    .min_by_key(|&at| outstanding[self.members[at] as usize]);
                best.or_else(|| drawn.into_iter().next()).unwrap_or(0)
            }
            Policy::RingHash => {
                let hash = choice.hash();
                let start = self.ring.partition_point(|&(point, _)| point < hash);
                let around = self.ring[start..].iter().chain(&self.ring[..start]);
                let mut around = around.map(|&(_, member)| member);
                let first = around.next()?;
                let alone = self.members.len() == 1;
                return if first == choice.avoid && !alone {
                    around.find(|&member| member != first)
                } else {
                    Some(first)
                };
            }
            Policy::ModuloHash => {
                let at = (choice.hash() % self.members.len() as u64) as usize;
                if open(at) { at } else { (at + 1) % self.members.len() }
            }
            Policy::Random => unreachable!("chosen above"),
        };
        Some(self.members[at])
    }

    fn by_position(&mut self, choice: &Choice, busy: impl Fn(u32) -> bool) -> Option<u32> {
        let (members, servers) = (&self.members, &self.servers);
        let place = |server: u32| servers.binary_search(&server).expect("members are in order");
        let avoid = members.iter().position(|&m| m == choice.avoid).map(|at| servers[at]);
        let server = self.positions.choose(avoid, |server| busy(members[place(server)]))?;
        Some(members[place(server)])
    }

    /// Smooth weighted round robin among the members that `open` lets through.
    fn smooth(&mut self, open: impl Fn(usize) -> bool) -> Option<u32> {
        let mut total = 0;
        let mut richest: Option<usize> = None;
        for at in (0..self.members.len()).filter(|&at| open(at)) {
            let (server, weight) = (self.servers[at] as usize, i64::from(self.weights[at]));
            self.credit[server] += weight;
            total += weight;
            let better =
                |other: usize| self.credit[server] > self.credit[self.servers[other] as usize];
            if richest.is_none_or(better) {
                richest = Some(at);
            }
        }
        let chosen = richest?;
        self.credit[self.servers[chosen] as usize] -= total;
        Some(self.members[chosen])
    }

    fn least_of_all(
        &mut self,
        ties: TieBreak,
        choice: &Choice,
        (outstanding, changed): Loads<'_>,
    ) -> Option<u32> {
        let count = self.members.len();
        let open = open_to(choice, &self.members);
        let key = |at: usize| {
            let load = u64::from(outstanding[self.members[at] as usize]);
            let weight = u64::from(self.weights[at].max(1) * self.sixteenths[at]);
            // HAProxy counts the request to come, except where there is none yet.
            if load == 0 { 0 } else { (load + 1) * KEY_SCALE * u64::from(SCALE) / weight }
        };
        let at = match ties {
            TieBreak::InTurn => {
                let since = |at: usize| changed.get(self.members[at] as usize);
                (0..count).filter(|&at| open(at)).min_by_key(|&at| (key(at), since(at)))?
            }
            TieBreak::Random => {
                let least = (0..count).filter(|&at| open(at)).map(key).min()?;
                let is_least = |&at: &usize| open(at) && key(at) == least;
                let ties = (0..count).filter(is_least).count() as u32;
                let pick = index((choice.bits() >> 32) as u32, ties) as usize;
                (0..count).filter(is_least).nth(pick)?
            }
        };
        Some(self.members[at])
    }

    /// Chooses by chance, each with the weight that `weight` gives it: what Envoy's schedule of a
    /// least-request cluster comes to while weights differ.
    pub(super) fn choose_weighted(
        &self,
        choice: &Choice,
        weight: impl Fn(u32, u32) -> f64,
    ) -> Option<u32> {
        let open = open_to(choice, &self.members);
        let weights: Vec<f64> = (0..self.members.len())
            .map(|at| if open(at) { weight(self.members[at], self.servers[at]) } else { 0.0 })
            .collect();
        let mut left = unit(choice.bits()) * weights.iter().sum::<f64>();
        let at = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        at.or_else(|| (0..weights.len()).rfind(|&at| weights[at] > 0.0)).map(|at| self.members[at])
    }

    /// Chooses among the members that `open` lets through: the others are full, or set aside.
    /// `None`: all of them are.
    #[cold]
    pub(super) fn choose_open(
        &mut self,
        policy: Policy,
        choice: &Choice,
        loads: Loads<'_>,
        open: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        if let Policy::RoundRobin(Rotation::Positions) = policy {
            return self.by_position(choice, |member| !open(member));
        }
        let places: Vec<usize> =
            (0..self.members.len()).filter(|&at| open(self.members[at])).collect();
        if let Policy::RoundRobin(Rotation::Smooth) = policy {
            let mut let_through = vec![false; self.members.len()];
            let lone = places.len() == 1;
            for &at in &places {
                let_through[at] = lone || self.members[at] != choice.avoid;
            }
            return self.smooth(|at| let_through[at]);
        }
        let (cursor, count) = (self.cursor as usize, self.members.len().max(1));
        let mut part = Self {
            members: places.iter().map(|&at| self.members[at]).collect(),
            servers: places.iter().map(|&at| self.servers[at]).collect(),
            weights: places.iter().map(|&at| self.weights[at]).collect(),
            sixteenths: places.iter().map(|&at| self.sixteenths[at]).collect(),
            cursor: places.iter().filter(|&&at| at < cursor % count).count() as u32,
            ring: self.ring.iter().filter(|&&(_, member)| open(member)).copied().collect(),
            ..Self::default()
        };
        let chosen = part.choose(policy, choice, loads)?;
        let at = self.members.iter().position(|&member| member == chosen)?;
        self.cursor = at as u32 + 1;
        Some(chosen)
    }
}

/// Which places a request may go to: all but the one it avoids, unless there is no other.
fn open_to<'a>(choice: &Choice, members: &'a [u32]) -> impl Fn(usize) -> bool + use<'a> {
    let avoid = if members.len() > 1 { choice.avoid } else { NONE };
    move |at| members[at] != avoid
}
