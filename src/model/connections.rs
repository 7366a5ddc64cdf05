//! Client connections, where connections and not requests are balanced.
//!
//! A kept connection carries one request at a time and goes where it went when it was opened.
//! Which idle one is used is the newest (as pools of HTTP clients do it), from one pool for
//! all clients or from the user's own. A connection whose instance closes its listener is
//! closed when it is idle, or after the answer under way (`Connection: close`).

use crate::engine::rng::Key;
use crate::engine::{Sampler, SimDuration, SimTime};
use crate::plan::Connection as Plan;

use super::request::NONE;

/// One open connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The instance at its other end.
    pub instance: u32,
    /// The balancer node it goes through.
    pub node: u16,
    /// Whose pool it belongs to; [`NONE`]: the shared one.
    pool: u32,
    opened: SimTime,
    ends: SimTime,
    open: bool,
}

/// All connections of a run.
pub struct Connections {
    keepalive: bool,
    shared: bool,
    lifetime: Option<Sampler>,
    max_age: Option<SimDuration>,
    key: Key,
    opened: u64,
    slab: Vec<Connection>,
    free: Vec<u32>,
    /// Idle ones, newest last: the shared pool, then by user.
    idle: Vec<Vec<u32>>,
    /// By request record: the connection it travels on.
    of_request: Vec<u32>,
}

impl Connections {
    /// No connections yet; `key` is the stream of their lifetimes.
    #[must_use]
    pub fn new(plan: &Plan, key: Key) -> Self {
        Self {
            keepalive: plan.keepalive,
            shared: plan.shared_pool,
            lifetime: plan.lifetime.as_ref().map(Sampler::new),
            max_age: plan.max_age,
            key,
            opened: 0,
            slab: Vec::new(),
            free: Vec::new(),
            idle: vec![Vec::new()],
            of_request: Vec::new(),
        }
    }

    fn pool(&mut self, user: u32) -> usize {
        let pool = if self.shared || user == NONE { 0 } else { user as usize + 1 };
        if self.idle.len() <= pool {
            self.idle.resize_with((pool + 1).next_power_of_two(), Vec::new);
        }
        pool
    }

    /// Takes an idle connection of the user's pool that may carry another request; those too
    /// old are closed and given to `closed`.
    pub fn take(
        &mut self,
        user: u32,
        now: SimTime,
        mut closed: impl FnMut(Connection),
    ) -> Option<u32> {
        let pool = self.pool(user);
        while let Some(number) = self.idle[pool].pop() {
            let connection = self.slab[number as usize];
            let aged = self.max_age.is_some_and(|most| now.since(connection.opened) >= most);
            if aged || now >= connection.ends {
                closed(connection);
                self.forget(number);
                continue;
            }
            return Some(number);
        }
        None
    }

    /// Opens a connection.
    pub fn open(&mut self, user: u32, now: SimTime, node: u16, instance: u32) -> u32 {
        let key = self.key.entity(self.opened);
        let span = self.lifetime.as_ref().map(|law| law.draw_span(&mut key.counter(), self.opened));
        self.opened += 1;
        let pool = self.pool(user) as u32;
        let ends = span.map_or(SimTime::NEVER, |span| now + span);
        let fresh = Connection { instance, node, pool, opened: now, ends, open: true };
        if let Some(number) = self.free.pop() {
            self.slab[number as usize] = fresh;
            number
        } else {
            self.slab.push(fresh);
            self.slab.len() as u32 - 1
        }
    }

    /// A request travels on a connection.
    pub fn carry(&mut self, slot: u32, connection: u32) {
        let slot = slot as usize;
        if self.of_request.len() <= slot {
            self.of_request.resize((slot + 1).next_power_of_two(), NONE);
        }
        self.of_request[slot] = connection;
    }

    /// The request no longer travels on a connection: which one it was.
    pub fn drop_off(&mut self, slot: u32) -> Option<u32> {
        let connection = self.of_request.get_mut(slot as usize)?;
        let number = std::mem::replace(connection, NONE);
        (number != NONE).then_some(number)
    }

    /// The connection.
    #[must_use]
    pub fn get(&self, number: u32) -> Connection {
        self.slab[number as usize]
    }

    /// Keeps a connection for further requests; false if it must be closed instead.
    pub fn keep(&mut self, number: u32) -> bool {
        let connection = self.slab[number as usize];
        if self.keepalive {
            self.idle[connection.pool as usize].push(number);
        }
        self.keepalive
    }

    /// A connection is closed.
    pub fn forget(&mut self, number: u32) {
        let connection = &mut self.slab[number as usize];
        assert!(std::mem::replace(&mut connection.open, false), "a connection is closed once");
        self.free.push(number);
    }

    /// Closes the idle connections that `which` names, and returns them.
    pub fn close_idle(&mut self, which: impl Fn(&Connection) -> bool) -> Vec<Connection> {
        let mut closed = Vec::new();
        for pool in 0..self.idle.len() {
            let (gone, kept): (Vec<u32>, Vec<u32>) =
                self.idle[pool].iter().partition(|&&number| which(&self.slab[number as usize]));
            self.idle[pool] = kept;
            for number in gone {
                closed.push(self.slab[number as usize]);
                self.forget(number);
            }
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(plan: Plan) -> Connections {
        Connections::new(&plan, Key::of_seed(1))
    }

    fn plan() -> Plan {
        Plan { keepalive: true, shared_pool: true, lifetime: None, max_age: None }
    }

    #[test]
    fn the_newest_idle_connection_is_used_first() {
        let mut all = connections(plan());
        let first = all.open(NONE, SimTime(0), 0, 7);
        let second = all.open(NONE, SimTime(0), 0, 8);
        assert!(all.keep(first) && all.keep(second));
        assert_eq!(all.take(NONE, SimTime(1), |_| ()), Some(second));
        assert_eq!(all.take(NONE, SimTime(1), |_| ()), Some(first));
        assert_eq!(all.take(NONE, SimTime(1), |_| ()), None);
    }

    #[test]
    fn users_do_not_share_connections_unless_told_to() {
        let mut own = connections(Plan { shared_pool: false, ..plan() });
        let number = own.open(3, SimTime(0), 0, 7);
        own.keep(number);
        assert_eq!(own.take(4, SimTime(1), |_| ()), None);
        assert_eq!(own.take(3, SimTime(1), |_| ()), Some(number));
    }

    #[test]
    fn a_connection_of_the_greatest_age_carries_no_further_request() {
        let max_age = Some(SimDuration::from_secs(10));
        let mut all = connections(Plan { max_age, ..plan() });
        let number = all.open(NONE, SimTime(0), 0, 7);
        all.keep(number);
        let mut closed = 0;
        let late = SimTime(10_000_000_000);
        assert_eq!(all.take(NONE, late, |_| closed += 1), None);
        assert_eq!(closed, 1);
    }

    #[test]
    fn connections_to_a_closing_instance_are_closed_where_they_are_idle() {
        let mut all = connections(plan());
        let here = all.open(NONE, SimTime(0), 0, 7);
        let there = all.open(NONE, SimTime(0), 0, 8);
        all.keep(here);
        all.keep(there);
        let closed = all.close_idle(|connection| connection.instance == 7);
        assert_eq!(closed.len(), 1);
        assert_eq!(all.take(NONE, SimTime(1), |_| ()), Some(there));
    }
}
