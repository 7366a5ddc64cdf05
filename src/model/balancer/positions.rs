//! HAProxy's weighted round robin: servers keep positions on a circle.
//!
//! The rules are those of HAProxy's `src/lb_fwrr.c`. A turn of the circle is as long as the sum
//! of the weights at its start. A chosen server moves on by (sum of weights) / (own weight),
//! remainders carried along; a position beyond this turn and the next waits in the tree `next`,
//! sorted by weight, which becomes `init` at the end of the turn. What makes it worth its own
//! file is a change of weights: a server keeps its old position where that is nearer, and may
//! then get no request for a whole turn of the *old* circle.

use std::collections::BTreeSet;

/// Steps in which HAProxy scales a configured weight (`BE_WEIGHT_SCALE`).
pub(super) const SCALE: u32 = 16;
/// The greatest scaled weight.
const GREATEST: u32 = 256 * SCALE;

/// Where a server waits for its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tree {
    /// Nowhere: it is not in use.
    #[default]
    Out,
    /// Has not had its first place in this turn.
    Init,
    /// Has a place in this turn.
    Current,
    /// Has its next place in the turn after this.
    Next,
}

#[derive(Clone, Copy, Debug, Default)]
struct Server {
    tree: Tree,
    key: (u64, u64),
    weight: u32,
    next_position: u32,
    last_position: u32,
    remainder: u32,
}

/// The circle. Servers by their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    servers: Vec<Server>,
    init: BTreeSet<(u64, u64, u32)>,
    current: BTreeSet<(u64, u64, u32)>,
    next: BTreeSet<(u64, u64, u32)>,
    position: u32,
    weight_now: u32,
    weight_next: u32,
    inserted: u64,
}

impl Positions {
    /// Sets a server's weight in sixteenths of a configured one; 0: it is not in use.
    pub(super) fn set_weight(&mut self, server: u32, sixteenths: u32) {
        let weight = sixteenths.min(GREATEST);
        if self.servers.len() <= server as usize {
            self.servers.resize(server as usize + 1, Server::default());
        }
        let before = self.servers[server as usize].weight;
        if weight == before {
            return;
        }
        self.servers[server as usize].weight = weight;
        self.weight_next = self.weight_next + weight - before;
        match (before, weight) {
            (_, 0) => self.dequeue(server),
            (0, _) if self.weight_now == 0 => self.queue_by_weight(server, Tree::Init),
            (0, _) => self.bring_up(server),
            _ => self.reweigh(server),
        }
    }

    fn bring_up(&mut self, server: u32) {
        let span = self.weight_next + self.weight_now - self.position;
        let s = &mut self.servers[server as usize];
        s.next_position = self.position + span / s.weight;
        self.queue(server);
    }

    fn reweigh(&mut self, server: u32) {
        if self.servers[server as usize].tree == Tree::Init {
            self.dequeue(server);
            self.queue_by_weight(server, Tree::Init);
            return;
        }
        self.take_out(server);
        let (position, sum) = (self.position, self.weight_next);
        let s = &mut self.servers[server as usize];
        let before = s.next_position;
        let step = sum / s.weight;
        s.next_position = (s.last_position + step).min(before);
        s.remainder = 0;
        if s.next_position < position + 2 {
            s.next_position = position + step;
        }
        self.dequeue(server);
        self.queue(server);
    }

    /// What a server's position means outside the tree it waits in.
    fn take_out(&mut self, server: u32) {
        let (position, weight) = (self.position, self.weight_now);
        let s = &mut self.servers[server as usize];
        match s.tree {
            Tree::Init => (s.next_position, s.remainder) = (0, 0),
            Tree::Next => s.next_position += weight,
            Tree::Out => s.next_position = position,
            Tree::Current => {}
        }
    }

    fn dequeue(&mut self, server: u32) {
        let s = &mut self.servers[server as usize];
        let entry = (s.key.0, s.key.1, server);
        match std::mem::take(&mut s.tree) {
            Tree::Out => false,
            Tree::Init => self.init.remove(&entry),
            Tree::Current => self.current.remove(&entry),
            Tree::Next => self.next.remove(&entry),
        };
    }

    fn insert(&mut self, server: u32, tree: Tree, key: u64) {
        self.inserted += 1;
        let entry = (key, self.inserted, server);
        let s = &mut self.servers[server as usize];
        (s.key, s.tree) = ((key, self.inserted), tree);
        match tree {
            Tree::Out => false,
            Tree::Init => self.init.insert(entry),
            Tree::Current => self.current.insert(entry),
            Tree::Next => self.next.insert(entry),
        };
    }

    fn queue_by_weight(&mut self, server: u32, tree: Tree) {
        let key = u64::from(GREATEST - self.servers[server as usize].weight);
        self.insert(server, tree, key);
    }

    fn queue(&mut self, server: u32) {
        let (now, next) = (self.weight_now, self.weight_next);
        let s = &mut self.servers[server as usize];
        if s.weight == 0 {
            s.tree = Tree::Out;
        } else if s.next_position >= 2 * now || s.next_position >= now + next {
            s.next_position -= now;
            self.queue_by_weight(server, Tree::Next);
        } else {
            let within = (GREATEST + s.remainder - s.weight) / SCALE;
            let key = u64::from(GREATEST / SCALE) * u64::from(s.next_position) + u64::from(within);
            self.insert(server, Tree::Current, key);
        }
    }

    fn first(&mut self) -> Option<u32> {
        let due = self.current.first().map(|&(_, _, server)| server);
        if due.is_some_and(|s| self.servers[s as usize].next_position <= self.position) {
            return due;
        }
        // Nobody is due: whoever has not had a place in this turn fills the hole.
        if let Some(&(_, _, server)) = self.init.first() {
            self.take_out(server);
            return Some(server);
        }
        due
    }

    /// The next server in turn that is not `saturated`, and not the one to avoid unless there
    /// is no other.
    pub(super) fn choose(
        &mut self,
        avoid: Option<u32>,
        saturated: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let mut switched = false;
        let mut avoided = None;
        let mut passed_over = Vec::new();
        if self.weight_now == 0 {
            (self.position, self.weight_now) = (self.weight_next, self.weight_next);
        }
        let chosen = loop {
            let Some(server) = self.first() else {
                if switched {
                    break avoided;
                }
                switched = true;
                std::mem::swap(&mut self.init, &mut self.next);
                for &(_, _, server) in &self.init {
                    self.servers[server as usize].tree = Tree::Init;
                }
                self.weight_now = self.weight_next;
                self.position = self.weight_now;
                continue;
            };
            self.move_on(server);
            self.dequeue(server);
            self.position += 1;
            if !saturated(server) {
                if Some(server) != avoid || avoided.is_some() {
                    break Some(server);
                }
                avoided = Some(server);
            }
            passed_over.push(server);
        };
        if let Some(server) = chosen {
            self.queue(server);
        }
        for server in passed_over.into_iter().rev().filter(|&server| Some(server) != chosen) {
            if switched {
                self.queue_by_weight(server, Tree::Init);
            } else {
                self.queue(server);
            }
        }
        chosen
    }

    fn move_on(&mut self, server: u32) {
        let (position, sum) = (self.position, self.weight_next);
        let s = &mut self.servers[server as usize];
        let from = if s.next_position == 0 { position } else { s.next_position };
        s.last_position = from;
        s.next_position = from + sum / s.weight;
        s.remainder += sum % s.weight;
        if s.remainder >= s.weight {
            s.remainder -= s.weight;
            s.next_position += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Positions, SCALE};

    fn shares(positions: &mut Positions, count: usize, requests: u32) -> Vec<u32> {
        let mut hits = vec![0; count];
        for _ in 0..requests {
            let chosen = positions.choose(None, |_| false).expect("somebody is in use");
            hits[chosen as usize] += 1;
        }
        hits
    }

    #[test]
    fn equal_weights_are_a_strict_cycle() {
        let mut positions = Positions::default();
        (0..6).for_each(|server| positions.set_weight(server, SCALE));
        let order: Vec<u32> = (0..60).filter_map(|_| positions.choose(None, |_| false)).collect();
        for turn in order.chunks(6) {
            assert_eq!(turn, &order[..6], "the same order in every turn: {order:?}");
        }
    }

    #[test]
    fn a_weight_is_a_share_from_the_first_turn() {
        let mut positions = Positions::default();
        positions.set_weight(0, 100 * SCALE);
        positions.set_weight(1, 50 * SCALE);
        positions.set_weight(2, 10 * SCALE);
        let hits = shares(&mut positions, 3, 1600);
        assert!(hits[0].abs_diff(1000) <= 3 && hits[1].abs_diff(500) <= 3, "{hits:?}");
        assert!(hits[2].abs_diff(100) <= 3, "{hits:?}");
    }

    /// Twelve weights set one by one, four times: what a canary by weights does, and what
    /// starved two to three of six servers for 940 to 1630 requests on HAProxy 2.6.
    #[test]
    fn a_change_of_all_weights_starves_servers_for_a_turn_of_the_old_circle() {
        let mut positions = Positions::default();
        (0..6).for_each(|server| positions.set_weight(server, 100 * SCALE));
        shares(&mut positions, 12, 3600);
        for (old, new) in [(95, 5), (75, 25), (50, 50)] {
            (0..6).for_each(|server| positions.set_weight(server, old * SCALE));
            (6..12).for_each(|server| positions.set_weight(server, new * SCALE));
            shares(&mut positions, 12, 4320);
        }
        (0..6).for_each(|server| positions.set_weight(server, 0));
        (6..12).for_each(|server| positions.set_weight(server, 100 * SCALE));
        let first = shares(&mut positions, 12, 900);
        let starved = first[6..].iter().filter(|&&hits| hits == 0).count();
        assert!((2..=3).contains(&starved), "{first:?}");
        shares(&mut positions, 12, 900);
        let later = shares(&mut positions, 12, 6000);
        assert!(later[6..].iter().all(|hits| hits.abs_diff(1000) <= 2), "{later:?}");
    }

    #[test]
    fn a_server_that_is_avoided_or_full_loses_only_this_turn() {
        let mut positions = Positions::default();
        (0..3).for_each(|server| positions.set_weight(server, SCALE));
        for _ in 0..9 {
            assert_ne!(positions.choose(Some(1), |_| false), Some(1));
        }
        assert_eq!(positions.choose(None, |server| server != 1), Some(1));
        positions.set_weight(0, 0);
        positions.set_weight(2, 0);
        assert_eq!(positions.choose(Some(1), |_| false), Some(1), "the only one there is");
        positions.set_weight(1, 0);
        assert_eq!(positions.choose(None, |_| false), None);
    }
}
