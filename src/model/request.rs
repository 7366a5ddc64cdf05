//! Requests in the system: a slab of 64-byte records with stable numbers.
//!
//! A record is one attempt together with what the client knows of the request. When a client
//! gives up on an attempt that an instance still works on, the record stays behind as an
//! orphan and the request goes on in a record of its own.

use crate::engine::SimTime;

/// No instance, user or successor.
pub const NONE: u32 = u32::MAX;

/// Where an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The record is free.
    Free,
    /// Between attempts, or before a balancer's retry: nothing of it is in an instance.
    Waiting,
    /// In the queue of an instance.
    Queued,
    /// Being served.
    InService,
    /// Left the queue; the record is dropped when it reaches the head.
    Left,
    /// Sent to an address that never answers.
    Unanswered,
}

/// One attempt and its request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// When the request was meant to be sent.
    pub sent: SimTime,
    /// Service time on a warm instance of a version with slowdown 1, in nanoseconds.
    pub demand: u64,
    /// When the client gives up on this attempt; never if it does not, or has already.
    pub timeout_at: SimTime,
    /// When the attempt reached its instance.
    pub reached: SimTime,
    /// The request's number in its class, for counter-based draws.
    pub number: u64,
    /// The next record in the same queue, or in the list of free ones.
    pub next: u32,
    /// Who sent it; of a closed loop, the place of the user who waits for the answer.
    pub user: u32,
    /// Where the attempt is, or was last.
    pub instance: u32,
    /// The timeline bucket of the intended send time; [`NONE`] outside the window.
    pub bucket: u32,
    /// Index into the run's classes.
    pub class: u8,
    /// Client attempts so far.
    pub attempts: u8,
    /// Balancer tries of this attempt so far.
    pub tries: u8,
    /// Where it is.
    pub stage: Stage,
    /// The balancer node it meets.
    pub node: u16,
    /// Balancer tries of earlier attempts.
    pub earlier_tries: u8,
    /// Marks, see the constants.
    marks: u8,
}

impl Request {
    const FREE: Self = Self {
        sent: SimTime::ZERO,
        demand: 0,
        timeout_at: SimTime::NEVER,
        reached: SimTime::ZERO,
        number: 0,
        next: NONE,
        user: NONE,
        instance: NONE,
        bucket: NONE,
        class: 0,
        attempts: 0,
        tries: 0,
        stage: Stage::Free,
        node: 0,
        earlier_tries: 0,
        marks: 0,
    };

    /// The client has given up; the instance works on.
    const ORPHAN: u8 = 1;
    /// A user of a closed loop waits for the answer.
    const LOOPED: u8 = 2;
    /// Affinity chose the instance.
    const PINNED: u8 = 32;
    /// It forced its user to log in.
    pub const FORCED: u8 = 4;
    /// It has read.
    pub const READ: u8 = 8;
    /// What it has read was older than what had been written.
    pub const STALE: u8 = 16;
    /// A copy whose answer nobody waits for.
    const SHADOW: u8 = 64;
    /// The client has given up, but its balancer keeps the place that it has in the instance.
    const HELD: u8 = 128;
    const CONTENT: u8 = Self::FORCED | Self::READ | Self::STALE;

    /// Whether the client has given up.
    #[inline]
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        self.marks & Self::ORPHAN != 0
    }

    /// Numbers a request's turns: the client's attempts, and the balancer's further tries of each.
    /// Of an attempt's first try it is the attempt's number.
    #[must_use]
    pub fn turn(&self) -> u64 {
        u64::from(self.attempts) | u64::from(self.tries.saturating_sub(1)) << 8
    }

    /// The number of the turn after this one.
    #[must_use]
    pub fn next_turn(&self) -> u64 {
        u64::from(self.attempts) | u64::from(self.tries) << 8
    }

    /// The client gives up; the instance works on.
    #[inline]
    pub fn abandon(&mut self) {
        self.marks |= Self::ORPHAN;
        self.timeout_at = SimTime::NEVER;
    }

    /// The balancer keeps its place in the instance although the client has given up.
    pub fn hold(&mut self) {
        self.marks |= Self::HELD;
    }

    /// The balancer gives up the place of a client that has left.
    pub fn release(&mut self) {
        self.marks &= !Self::HELD;
    }

    /// Whether the balancer counts it as being in the instance although the client has given up.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.marks & Self::HELD != 0
    }

    /// A copy of this request that goes to a mirror: work for an instance, no more.
    #[must_use]
    pub fn shadow(&self) -> Self {
        Self {
            user: NONE,
            stage: Stage::Waiting,
            timeout_at: SimTime::NEVER,
            marks: Self::SHADOW | Self::ORPHAN,
            ..*self
        }
    }

    /// Whether it is a copy that went to a mirror.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.marks & Self::SHADOW != 0
    }

    /// Whether `user` is a place among the users of closed loops.
    #[inline]
    #[must_use]
    pub fn is_looped(&self) -> bool {
        self.marks & Self::LOOPED != 0
    }

    /// Affinity has chosen the instance of this attempt.
    pub fn pin(&mut self) {
        self.marks |= Self::PINNED;
    }

    /// The next attempt has no instance yet.
    pub fn unpin(&mut self) {
        self.marks &= !Self::PINNED;
    }

    /// Whether affinity chose the instance of this attempt.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.marks & Self::PINNED != 0
    }

    /// Whether anything is to be said about the content of its answer.
    #[inline]
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.marks & Self::CONTENT != 0
    }

    /// Whether it bears a mark of its content.
    #[must_use]
    pub fn bears(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// Marks its content.
    pub fn mark(&mut self, mark: u8) {
        self.marks |= mark;
    }

    /// An attempt begins: what an earlier one has read no longer counts.
    pub fn forget_reads(&mut self) {
        self.marks &= !(Self::READ | Self::STALE);
    }

    /// A new request on its first attempt, which has not met a balancer yet.
    #[must_use]
    pub fn new(sent: SimTime, class: u8, number: u64, demand: u64, user: u32) -> Self {
        Self { sent, class, number, demand, user, attempts: 1, stage: Stage::Waiting, ..Self::FREE }
    }
}

/// All records.
#[derive(Debug)]
pub struct Requests {
    records: Vec<Request>,
    first_free: u32,
    limit: u32,
}

impl Requests {
    /// No requests yet; never more than `limit` at once.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { records: Vec::new(), first_free: NONE, limit }
    }

    /// Stores a new request on its first attempt, and returns its number.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "the fields of one record, written in place")]
    pub fn add(
        &mut self,
        sent: SimTime,
        class: u8,
        number: u64,
        demand: u64,
        user: u32,
        bucket: u32,
        looped: bool,
    ) -> u32 {
        let slot = self.first_free;
        if slot == NONE {
            let mut request = Request::new(sent, class, number, demand, user);
            request.bucket = bucket;
            request.marks = if looped { Request::LOOPED } else { 0 };
            return self.push(request);
        }
        let record = &mut self.records[slot as usize];
        self.first_free = record.next;
        record.sent = sent;
        record.demand = demand;
        record.timeout_at = SimTime::NEVER;
        record.number = number;
        record.user = user;
        record.instance = NONE;
        record.bucket = bucket;
        record.class = class;
        record.attempts = 1;
        record.tries = 0;
        record.stage = Stage::Waiting;
        record.node = 0;
        record.earlier_tries = 0;
        record.marks = if looped { Request::LOOPED } else { 0 };
        slot
    }

    /// Stores a copy of a record and returns its number.
    #[inline]
    pub fn insert(&mut self, request: Request) -> u32 {
        let slot = self.first_free;
        if let Some(record) = self.records.get_mut(slot as usize) {
            self.first_free = record.next;
            *record = request;
            slot
        } else {
            self.push(request)
        }
    }

    #[cold]
    #[inline(never)]
    fn push(&mut self, request: Request) -> u32 {
        let slot = self.records.len() as u32;
        assert!(
            slot < self.limit,
            "more than {} requests in the system at once: the backlog has no bound",
            self.limit
        );
        self.records.push(request);
        slot
    }

    /// Frees a record.
    #[inline]
    pub fn remove(&mut self, slot: u32) {
        self.take(slot);
    }

    /// Frees a record and returns what it held.
    #[inline]
    pub fn take(&mut self, slot: u32) -> Request {
        let record = &mut self.records[slot as usize];
        let request = *record;
        debug_assert!(request.stage != Stage::Free);
        record.stage = Stage::Free;
        record.timeout_at = SimTime::NEVER;
        record.next = self.first_free;
        self.first_free = slot;
        request
    }

    /// The number of every record that is not free.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        let all = self.records.iter().enumerate();
        all.filter(|(_, record)| record.stage != Stage::Free).map(|(slot, _)| slot as u32)
    }

    /// Whether there is a record of that number that is not free.
    #[must_use]
    pub fn is_used(&self, slot: u32) -> bool {
        self.records.get(slot as usize).is_some_and(|record| record.stage != Stage::Free)
    }

    /// Every record that is not free.
    pub fn live(&self) -> impl Iterator<Item = &Request> {
        self.records.iter().filter(|record| record.stage != Stage::Free)
    }
}

impl std::ops::Index<u32> for Requests {
    type Output = Request;
    #[inline]
    fn index(&self, slot: u32) -> &Request {
        &self.records[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Requests {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Request {
        &mut self.records[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fills_one_cache_line() {
        assert_eq!(size_of::<Request>(), 64);
    }

    #[test]
    fn freed_records_are_used_again() {
        let mut requests = Requests::new(8);
        let first = requests.insert(Request::new(SimTime(1), 0, 0, 5, NONE));
        let second = requests.insert(Request::new(SimTime(2), 0, 1, 5, NONE));
        requests.remove(first);
        assert_eq!(requests.insert(Request::new(SimTime(3), 0, 2, 5, NONE)), first);
        requests.remove(second);
        let left: Vec<u64> = requests.live().map(|request| request.sent.0).collect();
        assert_eq!(left, [3]);
    }
}
