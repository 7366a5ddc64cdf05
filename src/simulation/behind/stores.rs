//! Calls on their way through stores: taken, served, given up on, answered.

use crate::engine::SimTime;
use crate::model::request::NONE;
use crate::model::store::{CallStage, Purpose, StoreCall};

use super::Verdict;
use crate::simulation::world::{Kind, World, payload};

/// Calls of one request and attempt before their draws meet those of the next.
const CALLS: u64 = 1 << 16;

impl World {
    /// A request calls a store, for the `tries`-th time again.
    pub(super) fn call_store(&mut self, slot: u32, store: u16, purpose: Purpose, tries: u32) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let server = &mut behind.stores[usize::from(store)];
        if !server.has_room() {
            let call = StoreCall {
                owner: slot,
                store,
                tries: server.retries,
                purpose,
                stage: CallStage::Free,
                ends: SimTime::NEVER,
                timeout_at: SimTime::NEVER,
                has_timer: false,
            };
            // Refused at once: trying again at once would be refused as well.
            self.call_failed(&call);
            return;
        }
        let timeout_at = server.timeout.map_or(SimTime::NEVER, |timeout| now + timeout);
        let call = behind.calls.insert(StoreCall {
            owner: slot,
            store,
            tries,
            purpose,
            stage: CallStage::Queued,
            ends: SimTime::NEVER,
            timeout_at,
            has_timer: false,
        });
        if behind.stores[usize::from(store)].take(call) {
            self.begin_call(call);
        } else {
            self.set_timer(call);
        }
    }

    /// A store's worker takes a call.
    fn begin_call(&mut self, number: u32) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let call = behind.calls[number];
        let key = if call.owner == NONE {
            // Nobody waits for it: its length belongs to the store's own order of work.
            let server = &behind.stores[usize::from(call.store)];
            behind.keys.call.entity(u64::MAX).entity(server.served)
        } else {
            let request = &self.requests[call.owner];
            let draw = (u64::from(request.attempts) << 40)
                | (u64::from(behind.progress[call.owner as usize].calls) * CALLS
                    + u64::from(call.tries));
            let class = behind.keys.call.entity(u64::from(request.class));
            class.entity(request.number).entity(draw)
        };
        let server = &behind.stores[usize::from(call.store)];
        let ends = now + server.service(call.purpose.is_write(), key);
        let call = &mut behind.calls[number];
        call.stage = CallStage::InService;
        call.ends = ends;
        let is_late = call.timeout_at < ends;
        self.ledger.called_store(now);
        self.calendar.push(ends, payload(Kind::StoreDone, number));
        if is_late {
            self.set_timer(number);
        }
    }

    /// Puts the end of an instance's patience with a call into the calendar.
    pub(super) fn set_timer(&mut self, number: u32) {
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let call = &mut behind.calls[number];
        if call.timeout_at < SimTime::NEVER && !call.has_timer {
            call.has_timer = true;
            self.calendar.push(call.timeout_at, payload(Kind::CallTimeout, number));
        }
    }

    /// Lets a store begin what waits, as far as it has workers.
    pub(super) fn begin_waiting(&mut self, store: u16) {
        loop {
            let behind = self.behind.as_deref_mut().expect("a world with state");
            let Some(call) = behind.stores[usize::from(store)].begin_next() else { return };
            self.begin_call(call);
        }
    }

    /// A call may have been served.
    #[inline(never)]
    pub fn store_done(&mut self, number: u32) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let call = behind.calls[number];
        if call.stage != CallStage::InService || call.ends != now {
            return;
        }
        let server = &mut behind.stores[usize::from(call.store)];
        server.release();
        let is_lost = server.trouble.partitions > 0;
        if call.owner == NONE {
            behind.calls.remove(number);
        } else if is_lost {
            behind.calls[number].stage = CallStage::Silent;
            self.set_timer(number);
        } else {
            behind.calls.remove(number);
        }
        self.begin_waiting(call.store);
        if call.owner != NONE && !is_lost {
            self.call_answered(&call);
        }
    }

    /// An instance may give up on a call.
    #[inline(never)]
    pub fn call_timed_out(&mut self, number: u32) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let call = behind.calls[number];
        if call.stage == CallStage::Free || call.timeout_at != now {
            return;
        }
        behind.calls[number].timeout_at = SimTime::NEVER;
        behind.calls[number].owner = NONE;
        if call.stage == CallStage::Silent {
            behind.calls.remove(number);
        }
        if call.owner != NONE {
            self.call_failed(&call);
        }
    }

    /// A call is answered: caches are filled, and whoever waited goes on.
    fn call_answered(&mut self, call: &StoreCall) {
        self.call_reaches_cache(call.owner, call.purpose);
        let waiting = self.waiting_for(call);
        self.next_call(call.owner);
        for slot in waiting {
            self.next_call(slot);
        }
    }

    /// A call failed: it is tried again, or the requests that waited for it fail.
    fn call_failed(&mut self, call: &StoreCall) {
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let server = &behind.stores[usize::from(call.store)];
        if call.tries < server.retries {
            self.call_store(call.owner, call.store, call.purpose, call.tries + 1);
            return;
        }
        // Given up on, and made while the store was in trouble.
        let from_then = call.timeout_at < SimTime::NEVER
            && server.timeout.is_some_and(|timeout| call.timeout_at < server.calm_since + timeout);
        let is_faulty = server.is_troubled() || from_then;
        let verdict = if is_faulty { Verdict::Faulty } else { Verdict::Overloaded };
        let waiting = self.waiting_for(call);
        self.finish(call.owner, verdict);
        for slot in waiting {
            self.finish(slot, verdict);
        }
    }

    /// The other requests that wait for this load.
    fn waiting_for(&mut self, call: &StoreCall) -> Vec<u32> {
        let Purpose::Load { cache, row } = call.purpose else { return Vec::new() };
        let request = self.requests[call.owner];
        let key = self.load_key(&request, cache, row);
        let behind = self.behind.as_deref_mut().expect("a world with state");
        behind.loads.remove(&key).unwrap_or_default()
    }
}
