//! Whom a node sends a request to: the pool that the routing names, the policy on it, and what
//! rarer rules add: bounds, connections, slow start, nginx's set-aside servers.

use crate::plan::{Outlier, Policy, Routing, SlowStart};

use super::endpoint::Endpoint;
use super::{Choice, Node, Rules};

/// Draws before slow start takes whatever comes.
const SLOW_START_DRAWS: u32 = 16;

impl Node {
    /// The pool of all requests, if choosing from it needs nothing but random bits.
    #[inline(always)]
    #[must_use]
    pub fn whole(&self, rules: &Rules) -> Option<u32> {
        if rules.quick { self.whole } else { None }
    }

    /// Chooses an instance of a [`Self::whole`] pool: as [`Self::choose`] would.
    #[inline(always)]
    pub fn choose_quickly(
        &mut self,
        rules: &Rules,
        pool: u32,
        bits: impl FnOnce() -> u64,
        avoid: u32,
    ) -> Option<u32> {
        self.pools[pool as usize].choose_quickly(rules.policy, bits, avoid, &self.outstanding)
    }

    /// Chooses an instance; `None` if there is none to use, or none with room.
    #[inline]
    pub fn choose(&mut self, rules: &Rules, choice: &Choice) -> Option<u32> {
        let pool = self.pool_of(rules, choice);
        if rules.is_plain() {
            return self.pools[pool].choose(
                rules.policy,
                choice,
                (&self.outstanding, &self.changed),
            );
        }
        self.choose_rarer(rules, pool, choice)
    }

    /// Chooses an instance of a version, if there is one to use.
    #[cold]
    pub fn choose_of(&mut self, rules: &Rules, choice: &Choice, version: u16) -> Option<u32> {
        self.choose_rarer(rules, usize::from(version) + 1, choice)
    }

    /// Whether there is anybody who could take the request, but has no room.
    #[must_use]
    pub fn is_full(&self, rules: &Rules, choice: &Choice) -> bool {
        rules.most != u32::MAX && !self.pools[self.pool_of(rules, choice)].members.is_empty()
    }

    /// Whether the instance may take one more request of this node.
    #[must_use]
    pub fn has_room(&self, rules: &Rules, instance: u32) -> bool {
        self.outstanding[instance as usize] < rules.most
    }

    /// The pool that the routing sends a request to.
    #[inline]
    fn pool_of(&self, rules: &Rules, choice: &Choice) -> usize {
        match self.routing {
            Routing::All => self.plain_pool(),
            Routing::Only(version) => usize::from(version.0) + 1,
            Routing::Split { stable, candidate, weight_bp } => {
                let side = choice.falls_to_candidate(rules, weight_bp);
                usize::from(if side { candidate } else { stable }.0) + 1
            }
            Routing::Routes { stable, candidate, weight_bp, header, .. } => {
                let side = header.is_some_and(|header| choice.bears(rules, header))
                    || choice.falls_to_candidate(rules, weight_bp);
                usize::from(if side { candidate } else { stable }.0) + 1
            }
        }
    }

    /// Slow start, bounds, connections and nginx's set-aside servers.
    #[cold]
    fn choose_rarer(&mut self, rules: &Rules, pool: usize, choice: &Choice) -> Option<u32> {
        if rules.by_connection {
            return self.pools[pool].choose(
                rules.policy,
                choice,
                (&self.connections, &self.changed),
            );
        }
        if rules.sixteenths {
            let endpoints = &self.endpoints;
            self.pools[pool].ramp(rules.policy, |address| {
                rules.sixteenths(choice.now, endpoints[address as usize].joined)
            });
        }
        if let Some(outlier @ Outlier::MaxFails { .. }) = &rules.outlier {
            return self.choose_unmarked(rules, outlier, pool, choice);
        }
        if rules.most != u32::MAX {
            let outstanding = &self.outstanding;
            let open = |member: u32| outstanding[member as usize] < rules.most;
            return self.pools[pool].choose_open(
                rules.policy,
                choice,
                (outstanding, &self.changed),
                open,
            );
        }
        match &rules.slow_start {
            Some(ramp) if !rules.sixteenths => self.choose_ramping(rules, ramp, pool, choice),
            _ => self.pools[pool].choose(rules.policy, choice, (&self.outstanding, &self.changed)),
        }
    }

    /// Slow start of other balancers than HAProxy.
    fn choose_ramping(
        &mut self,
        rules: &Rules,
        ramp: &SlowStart,
        pool: usize,
        choice: &Choice,
    ) -> Option<u32> {
        let share = |endpoint: &Endpoint| rules.share(ramp, choice.now, endpoint.joined);
        let (endpoints, outstanding) = (&self.endpoints, &self.outstanding);
        let grown = |&server: &u32| share(&endpoints[server as usize]) >= 1.0;
        if self.pools[pool].servers.iter().all(grown) {
            return self.pools[pool].choose(rules.policy, choice, (outstanding, &self.changed));
        }
        if matches!(rules.policy, Policy::LeastRequest { .. }) {
            // While weights differ Envoy's least-request cluster is a schedule by weight.
            return self.pools[pool].choose_weighted(choice, |member, server| {
                let inside = f64::from(outstanding[member as usize]);
                share(&endpoints[server as usize]) / (inside + 1.0)
            });
        }
        // Elsewhere as acceptance: an instance in its ramp is taken with the chance that is its
        // share, else another is chosen.
        let mut choice = *choice;
        let mut chosen = None;
        for draw in 0..SLOW_START_DRAWS {
            let pool = &mut self.pools[pool];
            chosen = pool.choose(rules.policy, &choice, (outstanding, &self.changed));
            let instance = chosen?;
            let at = pool.members.iter().position(|&member| member == instance);
            let share = at.map_or(1.0, |at| share(&endpoints[pool.servers[at] as usize]));
            let accept = rules.slow_start_key.entity(choice.bits()).unit(u64::from(draw));
            if accept < share {
                break;
            }
            choice.routing = choice.routing.entity(u64::from(draw));
        }
        chosen
    }

    /// nginx: servers that have failed too often are passed over; the only server never is.
    fn choose_unmarked(
        &mut self,
        rules: &Rules,
        outlier: &Outlier,
        pool: usize,
        choice: &Choice,
    ) -> Option<u32> {
        let (endpoints, outstanding) = (&self.endpoints, &self.outstanding);
        let lone = self.pools[pool].members.len() == 1;
        let aside: Vec<u32> = self.pools[pool]
            .servers
            .iter()
            .map(|&address| &endpoints[address as usize])
            .filter(|endpoint| !lone && endpoint.set_aside(outlier, choice.now, rules.beat))
            .map(|endpoint| endpoint.bound)
            .collect();
        let open =
            |member: u32| !aside.contains(&member) && outstanding[member as usize] < rules.most;
        let chosen = self.pools[pool].choose_open(
            rules.policy,
            choice,
            (outstanding, &self.changed),
            open,
        )?;
        let of = self.pools[pool].members.iter().position(|&member| member == chosen)?;
        let address = self.pools[pool].servers[of];
        self.endpoints[address as usize].chosen(outlier, choice.now, rules.beat);
        Some(chosen)
    }
}
