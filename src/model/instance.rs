//! An instance: workers and a bounded waiting room, first come, first served.
//!
//! What is hot fits one cache line. Start-up, stopping and crashes are decided by the platform;
//! here is only what an attempt meets.

use super::request::{NONE, Requests, Stage};
use crate::engine::SimTime;

/// What an attempt meets at an instance's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    /// The process has not begun to listen (since its last start).
    NotListening,
    /// It serves.
    Serving,
    /// It takes requests and never answers.
    Hung,
    /// Its listener is closed; what is inside is being finished.
    Draining,
    /// The process ended as part of a stop.
    Ended,
    /// The process ended by itself, or was killed by a probe.
    Crashed,
}

/// One instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Requests in service.
    pub busy: u32,
    /// Requests served at once.
    pub workers: u32,
    /// Requests in the queue that have not left it.
    pub waiting: u32,
    /// Places in the queue.
    pub queue_limit: u32,
    head: u32,
    tail: u32,
    /// The version it runs, by its place in the plan.
    pub version: u16,
    /// What an attempt meets.
    pub condition: Condition,
    /// Service times are demands as they are: no slowdown, no warm-up left.
    pub plain: bool,
    /// Its answers are never errors.
    pub flawless: bool,
    /// The address that balancers know it by; a pod's is its own number.
    pub address: u32,
    /// Since when it listens.
    pub listening_since: SimTime,
    /// When it got its first request.
    pub first_request: SimTime,
    /// Requests begun.
    pub begun: u64,
}

impl Instance {
    /// An instance that does not listen yet.
    #[must_use]
    pub fn new(version: u16, workers: Option<u32>, queue: Option<u32>) -> Self {
        Self {
            busy: 0,
            workers: workers.unwrap_or(u32::MAX),
            waiting: 0,
            queue_limit: queue.unwrap_or(u32::MAX),
            head: NONE,
            tail: NONE,
            version,
            condition: Condition::NotListening,
            plain: true,
            flawless: true,
            address: NONE,
            listening_since: SimTime::NEVER,
            first_request: SimTime::NEVER,
            begun: 0,
        }
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.busy == 0 && self.waiting == 0
    }

    /// Puts an attempt at the end of the queue.
    #[inline]
    pub fn enqueue(&mut self, requests: &mut Requests, slot: u32) {
        requests[slot].next = NONE;
        requests[slot].stage = Stage::Queued;
        if self.tail == NONE {
            self.head = slot;
        } else {
            requests[self.tail].next = slot;
        }
        self.tail = slot;
        self.waiting += 1;
    }

    /// Takes the attempt at the head of the queue; records that left it on the way are freed.
    #[inline]
    pub fn dequeue(&mut self, requests: &mut Requests) -> Option<u32> {
        while self.head != NONE {
            let slot = self.head;
            self.head = requests[slot].next;
            if self.head == NONE {
                self.tail = NONE;
            }
            if requests[slot].stage == Stage::Left {
                requests.remove(slot);
                continue;
            }
            self.waiting -= 1;
            return Some(slot);
        }
        None
    }
}
