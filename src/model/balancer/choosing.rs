//! Whom a node sends a request to: the pool that the routing names, the policy on it, and what
//! rarer rules add: bounds, connections, slow start, nginx's set-aside servers.

use crate::engine::maths::pow;
use crate::engine::{SimDuration, SimTime};
use crate::plan::{Outlier, Routing, SlowStart};

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
        let bounded = rules.most != u32::MAX;
        if rules.by_connection {
            return self.pools[pool].choose(
                rules.policy,
                choice,
                (&self.connections, &self.changed),
            );
        }
        if let Some(outlier @ Outlier::MaxFails { .. }) = &rules.outlier {
            return self.choose_unmarked(rules, outlier, pool, choice);
        }
        if bounded {
            let outstanding = &self.outstanding;
            let open = |member: u32| outstanding[member as usize] < rules.most;
            return self.pools[pool].choose_open(
                rules.policy,
                choice,
                (outstanding, &self.changed),
                open,
            );
        }
        let Some(ramp) = &rules.slow_start else {
            return self.pools[pool].choose(
                rules.policy,
                choice,
                (&self.outstanding, &self.changed),
            );
        };
        // Slow start as acceptance: an instance in its ramp is taken with the chance that is
        // its share, else another is chosen.
        let mut choice = *choice;
        let mut chosen = None;
        for draw in 0..SLOW_START_DRAWS {
            chosen =
                self.pools[pool].choose(rules.policy, &choice, (&self.outstanding, &self.changed));
            let instance = chosen?;
            let share = share_at(ramp, choice.now.since(self.joined(pool, instance)));
            let accept = rules.slow_start_key.entity(choice.bits()).unit(u64::from(draw));
            if accept < share {
                break;
            }
            choice.routing = choice.routing.entity(u64::from(draw));
        }
        chosen
    }

    fn joined(&self, pool: usize, instance: u32) -> SimTime {
        let pool = &self.pools[pool];
        let at = pool.members.iter().position(|&member| member == instance);
        at.map_or(SimTime::ZERO, |at| self.endpoints[pool.servers[at] as usize].joined)
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
            .filter(|endpoint| !lone && endpoint.set_aside(outlier, choice.now))
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
        self.endpoints[address as usize].chosen(outlier, choice.now);
        Some(chosen)
    }
}

/// The share that an instance of this age has in slow start.
fn share_at(ramp: &SlowStart, age: SimDuration) -> f64 {
    let part = (age.0 as f64 / ramp.window.0 as f64).min(1.0);
    pow(part, 1.0 / ramp.aggression).max(ramp.floor)
}
