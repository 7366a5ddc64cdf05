//! A request's calls, one after another, while its worker waits.

use crate::model::instance::Condition;
use crate::model::request::{Request, Stage};
use crate::model::store::Purpose;
use crate::plan::{CallTarget, Discipline};
use crate::record::{Cause, Outcome};

use super::{Progress, Verdict};
use crate::simulation::world::{Kind, World, payload};

impl World {
    /// A request's own service ends, as the calendar's first event.
    #[inline(never)]
    pub fn depart_with_state(&mut self, slot: u32) {
        self.calendar.pop();
        let number = self.requests[slot].instance;
        self.served(slot, number);
    }

    /// A worker has served a request on its own account: its content, then its calls.
    pub fn served(&mut self, slot: u32, number: u32) {
        let verdict = self.look_at_content(slot, number);
        if verdict != Verdict::Answered {
            self.finish(slot, verdict);
            return;
        }
        let request = self.requests[slot];
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let class = usize::from(request.class);
        let share = behind.classes[class].writes;
        let writes = behind.keys.writes.entity(class as u64).unit(request.number) < share;
        let fresh = Progress { kind: 0, done: 0, calls: 0, writes, since: now };
        *behind.progress(slot) = fresh;
        self.next_call(slot);
    }

    /// Makes calls until one has to be waited for, or none is left.
    pub(super) fn next_call(&mut self, slot: u32) {
        loop {
            let request = self.requests[slot];
            let behind = self.behind.as_deref_mut().expect("a world with state");
            let Progress { kind, done, calls, writes, .. } = *behind.progress(slot);
            let Some(call) = behind.classes[usize::from(request.class)].calls.get(kind).copied()
            else {
                self.finish(slot, Verdict::Answered);
                return;
            };
            let progress = behind.progress(slot);
            if done == call.count {
                (progress.kind, progress.done) = (kind + 1, 0);
                continue;
            }
            (progress.done, progress.calls) = (done + 1, calls + 1);
            match call.target {
                CallTarget::Store(store) => {
                    let purpose = if writes { Purpose::Write } else { Purpose::Read };
                    if !writes {
                        self.requests[slot].mark(Request::READ);
                    }
                    self.call_store(slot, store, purpose, 0);
                    return;
                }
                CallTarget::Cache(cache) => {
                    if self.call_cache(slot, cache, calls, writes) {
                        return;
                    }
                }
            }
        }
    }

    /// A request's work is done: its worker is free, and it is answered.
    pub(super) fn finish(&mut self, slot: u32, verdict: Verdict) {
        let now = self.now;
        let request = self.requests[slot];
        let number = request.instance;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let since = behind.progress(slot).since;
        if verdict != Verdict::Unauthorized && verdict != Verdict::Broken {
            self.ledger.held(since, now);
        }
        let instance = &mut self.instances[number as usize];
        let next = match self.discipline {
            Discipline::Fcfs => instance.dequeue(&mut self.requests),
            Discipline::Ps => None,
        };
        if let Some(next) = next {
            let plain = self.instances[number as usize].plain;
            let service = self.begin_service(next, number, plain);
            self.calendar.push(now + service, payload(Kind::Departure, next));
        } else {
            instance.busy -= 1;
        }
        if request.is_orphan() && verdict == Verdict::Answered {
            self.orphan_departs(slot);
        } else if request.is_orphan() {
            self.requests.remove(slot);
            if request.is_held() {
                self.left_instance(&request);
            }
            if request.is_shadow() {
                self.report_attempt(&request, Outcome::AppError);
            }
        } else {
            self.left_instance(&request);
            self.answer(slot, number, verdict);
        }
        if self.instances[number as usize].condition == Condition::Draining {
            self.exit_if_empty(number);
        }
    }

    fn answer(&mut self, slot: u32, number: u32, verdict: Verdict) {
        let (outcome, cause, what) = match verdict {
            Verdict::Answered => {
                let instance = &self.instances[number as usize];
                let (version, flawless) = (instance.version, instance.flawless);
                return self.answered(slot, number, version, flawless);
            }
            Verdict::Unauthorized => {
                // A 401 sets the cookie as well as any answer does.
                let request = self.requests[slot];
                self.remember(self.user_of(&request), number, request.is_pinned());
                (Outcome::Unauthorized, Cause::State, "answered 401: the session is lost")
            }
            Verdict::Broken => {
                (Outcome::AppError, Cause::State, "answered 500: state is not as needed")
            }
            Verdict::Overloaded => {
                (Outcome::AppError, Cause::Overload, "answered 500: a store was overloaded")
            }
            Verdict::Faulty => (Outcome::AppError, Cause::Fault, "answered 500: a store failed"),
        };
        self.requests[slot].stage = Stage::Waiting;
        if outcome == Outcome::Unauthorized {
            self.fail(slot, outcome, cause, what);
        } else {
            self.try_failed(slot, outcome, cause, what);
        }
    }

    /// Takes out of an instance the requests that wait for calls.
    pub fn detach_calls(&mut self, number: u32) -> Vec<u32> {
        let Some(behind) = self.behind.as_deref_mut() else { return Vec::new() };
        let mut slots = Vec::new();
        let requests = &self.requests;
        for (_, call) in behind.calls.live() {
            if requests.is_used(call.owner) && requests[call.owner].instance == number {
                slots.push(call.owner);
                call.owner = crate::model::request::NONE;
            }
        }
        let first = (number, 0, (0, 0));
        let here = behind.loads.range(first..).take_while(|(key, _)| key.0 == number);
        let keys: Vec<_> = here.map(|(key, _)| *key).collect();
        for key in keys {
            slots.extend(behind.loads.remove(&key).unwrap_or_default());
        }
        for &slot in &slots {
            let since = behind.progress[slot as usize].since;
            self.ledger.held(since, self.now);
        }
        slots
    }
}
