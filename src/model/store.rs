//! A backing store: workers, a queue, a limit on connections; calls on their way through it.
//!
//! One store serves all instances, first come, first served. A call that its instance has
//! given up on stays where it is and is served all the same, as a database does not learn of a
//! client's timeout before it answers. Left out: transactions, locks on single rows, replicas
//! of the store, connection pools of single instances. When things happen is decided by
//! `simulation::behind`.

use std::collections::VecDeque;

use super::request::NONE;
use crate::engine::{Sampler, SimDuration, SimTime};
use crate::plan;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The call itself.
    Read,
    /// A write that no cache is concerned with.
    Write,
    /// Filling a cache: its place in the plan, and the row.
    Load {
        /// Index into the state's caches.
        cache: u16,
        /// The row.
        row: u32,
    },
    /// A write to a row that a cache holds.
    WriteThrough {
        /// Index into the state's caches.
        cache: u16,
        /// The row.
        row: u32,
    },
}

impl Purpose {
    /// Whether the store is written to.
    #[must_use]
    pub fn is_write(self) -> bool {
        matches!(self, Self::Write | Self::WriteThrough { .. })
    }
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStage {
    /// The record is free.
    Free,
    /// Waits for a worker.
    Queued,
    /// Being served.
    InService,
    /// In service while the store stands still; this much is left to do.
    Paused(SimDuration),
    /// Served, and its answer was lost.
    Silent,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct StoreCall {
    /// The request that waits for it; [`NONE`] if none does any more.
    pub owner: u32,
    /// The store.
    pub store: u16,
    /// Tries before this one.
    pub tries: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is.
    pub stage: CallStage,
    /// When its service ends.
    pub ends: SimTime,
    /// When its instance gives up on it.
    pub timeout_at: SimTime,
    /// An event for that is in the calendar.
    pub has_timer: bool,
}

/// All calls.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    calls: Vec<StoreCall>,
    free: Vec<u32>,
}

impl Calls {
    /// Stores a call and returns its number.
    pub fn insert(&mut self, call: StoreCall) -> u32 {
        if let Some(number) = self.free.pop() {
            self.calls[number as usize] = call;
            number
        } else {
            self.calls.push(call);
            self.calls.len() as u32 - 1
        }
    }

    /// Frees a call.
    pub fn remove(&mut self, number: u32) {
        self.calls[number as usize].stage = CallStage::Free;
        self.calls[number as usize].owner = NONE;
        self.free.push(number);
    }

    /// The calls that are not free, with their numbers.
    pub fn live(&mut self) -> impl Iterator<Item = (u32, &mut StoreCall)> {
        let numbered = (0u32..).zip(self.calls.iter_mut());
        numbered.filter(|(_, call)| call.stage != CallStage::Free)
    }
}

impl std::ops::Index<u32> for Calls {
    type Output = StoreCall;
    fn index(&self, number: u32) -> &StoreCall {
        &self.calls[number as usize]
    }
}

impl std::ops::IndexMut<u32> for Calls {
    fn index_mut(&mut self, number: u32) -> &mut StoreCall {
        &mut self.calls[number as usize]
    }
}

/// A store at work.
#[derive(Clone)]
pub struct StoreServer {
    workers: u32,
    queue_limit: u32,
    connections: u32,
    /// Service times of reads and writes.
    laws: [Sampler; 2],
    /// Patience of an instance with a call.
    pub timeout: Option<SimDuration>,
    /// Calls beyond the first that an instance makes when one fails.
    pub retries: u32,
    busy: u32,
    queue: VecDeque<u32>,
    /// What goes wrong with it now; faults may overlap.
    pub trouble: Trouble,
    /// When the last trouble ended.
    pub calm_since: SimTime,
    /// Work that begins takes this many times as long, for each of some reasons.
    slowdowns: Vec<f64>,
    /// Calls that it has begun to serve.
    pub served: u64,
}

/// What goes wrong with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// It stands still for so many reasons.
    pub stalls: u32,
    /// It refuses connections for so many reasons.
    pub refusals: u32,
    /// Its answers are lost for so many reasons.
    pub partitions: u32,
}

impl StoreServer {
    /// An idle store.
    #[must_use]
    pub fn new(plan: &plan::Store) -> Self {
        Self {
            workers: plan.workers.unwrap_or(u32::MAX),
            queue_limit: plan.queue.unwrap_or(u32::MAX),
            connections: plan.connections.unwrap_or(u32::MAX),
            laws: [Sampler::new(&plan.read), Sampler::new(&plan.write)],
            timeout: plan.timeout,
            retries: plan.retries,
            busy: 0,
            queue: VecDeque::new(),
            trouble: Trouble::default(),
            calm_since: SimTime::ZERO,
            slowdowns: Vec::new(),
            served: 0,
        }
    }

    /// Whether it would take one more call.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let waiting = self.queue.len() as u32;
        self.trouble.refusals == 0
            && self.busy.saturating_add(waiting) < self.connections
            && (self.is_idle() || waiting < self.queue_limit)
    }

    /// Whether a call could begin at once.
    fn is_idle(&self) -> bool {
        self.busy < self.workers && self.trouble.stalls == 0
    }

    /// Takes a call: whether its service begins now, else it waits.
    pub fn take(&mut self, call: u32) -> bool {
        let begins = self.is_idle();
        if begins {
            self.busy += 1;
            self.served += 1;
        } else {
            self.queue.push_back(call);
        }
        begins
    }

    /// A call has been served.
    pub fn release(&mut self) {
        self.busy -= 1;
    }

    /// The next call to begin, if one waits and a worker is free.
    pub fn begin_next(&mut self) -> Option<u32> {
        if !self.is_idle() {
            return None;
        }
        let call = self.queue.pop_front()?;
        self.busy += 1;
        self.served += 1;
        Some(call)
    }

    /// It becomes slower by a factor.
    pub fn slow_down(&mut self, factor: f64) {
        self.slowdowns.push(factor);
    }

    /// One of the reasons for a factor has gone.
    pub fn speed_up(&mut self, factor: f64) {
        if let Some(place) = self.slowdowns.iter().position(|slow| *slow == factor) {
            self.slowdowns.remove(place);
        }
    }

    /// Whether something is wrong with it.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.trouble != Trouble::default() || !self.slowdowns.is_empty()
    }

    /// The service time of a call, by the draws of its own key.
    #[must_use]
    pub fn service(&self, write: bool, key: crate::engine::Key) -> SimDuration {
        let law = &self.laws[usize::from(write)];
        let nanoseconds = law.draw(&mut key.counter(), 0) * self.slowdowns.iter().product::<f64>();
        SimDuration((nanoseconds + 0.5) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Distribution;

    fn store(workers: u32, queue: u32, connections: Option<u32>) -> StoreServer {
        let law = Distribution::Constant(1e6);
        StoreServer::new(&plan::Store {
            name: "db".into(),
            workers: Some(workers),
            queue: Some(queue),
            connections,
            read: law.clone(),
            write: law,
            timeout: None,
            retries: 0,
        })
    }

    #[test]
    fn calls_wait_in_order_and_more_than_the_queue_holds_are_refused() {
        let mut store = store(1, 2, None);
        assert!(store.has_room() && store.take(7));
        assert!(store.has_room() && !store.take(8));
        assert!(store.has_room() && !store.take(9));
        assert!(!store.has_room());
        store.release();
        assert_eq!(store.begin_next(), Some(8));
        assert_eq!(store.begin_next(), None, "its worker is busy");
        assert_eq!(store.served, 2);
    }

    #[test]
    fn the_limit_on_connections_counts_those_in_service_too() {
        let mut store = store(4, 100, Some(2));
        assert!(store.take(0) && store.take(1));
        assert!(!store.has_room());
    }

    #[test]
    fn nothing_begins_while_it_stands_still() {
        let mut store = store(2, 10, None);
        store.trouble.stalls = 1;
        assert!(!store.take(0));
        store.trouble.stalls = 0;
        assert_eq!(store.begin_next(), Some(0));
        store.trouble.refusals = 1;
        assert!(!store.has_room());
    }
}
