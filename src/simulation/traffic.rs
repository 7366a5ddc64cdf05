//! Requests on their way: arrival, attempts, what an instance's address answers, retries, the
//! end.

use crate::engine::rng::index;
use crate::engine::{SimDuration, SimTime};
use crate::model::balancer::{Choice, TryResult};
use crate::model::instance::Condition;
use crate::model::request::{NONE, Request, Stage};
use crate::plan::{Arrivals, Discipline, Pick, Plan, UntilListening};
use crate::record::{Cause, Outcome};

use super::cold::Cold;
use super::world::{ClosedUser, Kind, World, payload, some};

/// Number of counter-based draws that each request has for itself in a stream.
const DRAWS: u64 = 64;

/// This try's place in its class's stream of routing bits.
#[inline(always)]
fn draw_of(request: &Request) -> u64 {
    let turn = u64::from(request.attempts) * 8 + u64::from(request.tries);
    request.number * DRAWS + turn % DRAWS
}

impl World {
    /// Schedules the first arrivals and lets closed-loop users begin to think.
    pub fn begin_traffic(&mut self, plan: &Plan) {
        for class in 0..self.classes.len() {
            if let Some(source) = &mut self.classes[class].source {
                self.next_arrivals[class] = source.first();
            }
            if plan.classes[class].stream.is_some() {
                self.begin_streams(plan, class as u8);
            } else if let Arrivals::Users { count, .. } = plan.classes[class].arrivals {
                for _ in 0..count {
                    let user = self.add_closed_user(class as u8, u32::MAX);
                    let think = self.think(user);
                    self.calendar.push(SimTime::ZERO + think, payload(Kind::User, user));
                }
            }
        }
        self.find_next_arrival();
    }

    #[inline]
    fn find_next_arrival(&mut self) {
        let mut class = 0;
        let mut at = self.next_arrivals[0];
        for (other, &time) in self.next_arrivals.iter().enumerate().skip(1) {
            if time < at {
                at = time;
                class = other;
            }
        }
        self.next_arrival = at;
        self.next_class = class as u8;
    }

    /// The next open-loop arrival is due.
    #[inline(always)]
    pub fn arrive(&mut self) {
        let now = self.now;
        let number = self.next_class;
        let class = &mut self.classes[usize::from(number)];
        let source = class.source.as_mut().expect("only sources have arrivals");
        let next = source.after(now);
        self.next_arrivals[usize::from(number)] = next;
        if self.next_arrivals.len() == 1 {
            self.next_arrival = next;
        } else {
            self.find_next_arrival();
        }
        let class = &mut self.classes[usize::from(number)];
        if class.looped.is_some() {
            self.begin_session(number);
            return;
        }
        let request_number = class.sent;
        class.sent += 1;
        let demand = class.demand.draw_span(&mut class.demand_rng, request_number).0;
        let user = if self.open_users == 0 {
            NONE
        } else {
            match self.pick_users {
                Pick::Uniform => {
                    let bits = class.keys.user.draw(request_number);
                    index((bits >> 32) as u32, self.open_users)
                }
                Pick::InTurn => (request_number % u64::from(self.open_users)) as u32,
            }
        };
        self.send(number, request_number, demand, user, false);
    }

    #[cold]
    fn begin_session(&mut self, class: u8) {
        let looped = self.classes[usize::from(class)].looped.as_ref().expect("a looped class");
        let key = looped.key.entity(looped.begun);
        let requests = looped.requests.as_ref();
        let count = requests.map_or(1.0, |law| law.draw(&mut key.entity(0).counter(), 0) + 0.5);
        let count = count.max(1.0);
        let user = self.add_closed_user(class, count.min(f64::from(u32::MAX - 1)) as u32);
        self.user_sends(user);
    }

    pub(super) fn add_closed_user(&mut self, class: u8, left: u32) -> u32 {
        let looped = self.classes[usize::from(class)].looped.as_mut().expect("a looped class");
        let key = looped.key.entity(looped.begun);
        looped.begun += 1;
        let user = ClosedUser { class, user: self.next_user, key, sent: 0, left };
        self.next_user += 1;
        let place = if let Some(free) = self.closed_free.pop() {
            self.closed[free as usize] = user;
            free
        } else {
            self.closed.push(user);
            self.closed.len() as u32 - 1
        };
        self.begin_stream(place);
        place
    }

    fn think(&self, closed: u32) -> SimDuration {
        let user = &self.closed[closed as usize];
        let looped = self.classes[usize::from(user.class)].looped.as_ref().expect("looped");
        let mut draws = user.key.entity(2 * u64::from(user.sent) + 1).counter();
        looped.think.draw_span(&mut draws, u64::from(user.sent))
    }

    /// A closed-loop user sends its next request.
    #[inline(never)]
    pub fn user_sends(&mut self, closed: u32) {
        let user = &mut self.closed[closed as usize];
        user.left = if user.left == u32::MAX { u32::MAX } else { user.left - 1 };
        self.user_sends_again(closed);
    }

    /// A closed-loop user sends a request that was not among those planned, or one that was.
    pub fn user_sends_again(&mut self, closed: u32) {
        let user = &mut self.closed[closed as usize];
        let turn = user.sent;
        user.sent += 1;
        let user = *user;
        let class = &mut self.classes[usize::from(user.class)];
        class.sent += 1;
        let key = user.key.entity(2 * u64::from(turn) + 2);
        let demand = class.demand.draw_span(&mut key.counter(), u64::from(turn)).0;
        self.send(user.class, key.draw(1 << 40) >> 8, demand, closed, true);
    }

    /// After an answer: the user thinks, or leaves.
    #[cold]
    pub(super) fn user_continues(&mut self, closed: u32) {
        if self.closed[closed as usize].left == 0 {
            self.closed_free.push(closed);
            return;
        }
        let at = self.now + self.think(closed);
        self.calendar.push(at, payload(Kind::User, closed));
    }

    /// A request is sent: its first attempt.
    #[inline(always)]
    fn send(&mut self, class: u8, number: u64, demand: u64, user: u32, looped: bool) {
        let sender = if looped { self.closed[user as usize].user } else { user };
        let bucket = self.ledger.sent(class, sender, self.now);
        self.retries.earn(self.now);
        let slot = self.requests.add(self.now, class, number, demand, user, bucket, looped);
        self.attempt(slot);
    }

    /// A request that a user sends on account of something else.
    #[cold]
    pub fn send_by_user(&mut self, class: u8, number: u64, demand: u64, user: u32) {
        self.send(class, number, demand, user, false);
    }

    /// The user's number among all users of the run.
    #[inline]
    pub fn user_of(&self, request: &Request) -> u32 {
        if request.is_looped() { self.closed[request.user as usize].user } else { request.user }
    }

    /// A client's attempt after the first: new work.
    #[cold]
    pub fn attempt_again(&mut self, slot: u32) {
        let request = &mut self.requests[slot];
        request.attempts += 1;
        request.earlier_tries = request.earlier_tries.saturating_add(request.tries);
        request.tries = 0;
        request.instance = NONE;
        request.unpin();
        self.redraw_demand(slot);
        self.attempt(slot);
    }

    /// A client's attempt: a balancer node is met. The record says which attempt it is.
    #[inline(always)]
    fn attempt(&mut self, slot: u32) {
        let now = self.now;
        let request = &mut self.requests[slot];
        if let Some(timeout) = self.timeout {
            let at = now + timeout;
            let deadline = self.deadline.map_or(SimTime::NEVER, |d| request.sent + d);
            if at <= deadline {
                request.timeout_at = at;
                self.timeouts.set(at, slot);
            } else {
                request.timeout_at = deadline;
                self.calendar.push(deadline, payload(Kind::Timeout, slot));
            }
        } else if let Some(deadline) = self.deadline {
            request.timeout_at = request.sent + deadline;
            let at = request.timeout_at;
            self.calendar.push(at, payload(Kind::Timeout, slot));
        }
        if self.nodes.len() > 1 {
            let keys = &self.classes[usize::from(request.class)].keys;
            let bits = keys.node.draw(request.number * DRAWS + u64::from(request.attempts));
            request.node = index((bits >> 32) as u32, self.nodes.len() as u32) as u16;
        }
        self.try_instance(slot, NONE);
    }

    /// A balancer's try: an instance is chosen and reached.
    #[inline(always)]
    pub(super) fn try_instance(&mut self, slot: u32, avoid: u32) {
        let request = &mut self.requests[slot];
        request.tries = request.tries.saturating_add(1);
        let node = request.node;
        let state = &mut self.nodes[usize::from(node)];
        if !self.detours
            && let Some(pool) = state.whole(&self.rules)
        {
            let routing = self.classes[usize::from(request.class)].keys.routing;
            let bits = || routing.draw(draw_of(request));
            if let Some(instance) = state.choose_quickly(&self.rules, pool, bits, avoid) {
                request.instance = instance;
                request.reached = self.now;
                self.meet(slot, instance, node);
                return;
            }
        }
        self.try_slowly(slot, avoid);
    }

    /// The same where more than the policy's own bits are needed, or nobody is there.
    #[inline(never)]
    fn try_slowly(&mut self, slot: u32, avoid: u32) {
        let request = &mut self.requests[slot];
        let keys = &self.classes[usize::from(request.class)].keys;
        let choice = Choice {
            routing: keys.routing,
            draw: draw_of(request),
            split: keys.split,
            request: request.number,
            class: request.class,
            user: if request.is_looped() {
                self.closed[request.user as usize].user
            } else {
                request.user
            },
            avoid,
            now: self.now,
        };
        if self.detours {
            self.try_by_detour(slot, &choice);
            return;
        }
        let node = request.node;
        match self.nodes[usize::from(node)].choose(&self.rules, &choice) {
            Some(instance) => self.reach(slot, instance),
            None => self.nobody(slot, &choice),
        }
    }

    /// An attempt reaches an instance's address.
    pub(super) fn reach(&mut self, slot: u32, instance: u32) {
        let request = &mut self.requests[slot];
        request.instance = instance;
        request.reached = self.now;
        let node = request.node;
        if self.rules.observes_connections {
            self.note_connection(slot, instance);
        }
        self.meet(slot, instance, node);
        self.watch_answer(slot);
    }

    /// What an attempt that a node sent to an instance meets there.
    #[inline(always)]
    fn meet(&mut self, slot: u32, number: u32, node: u16) {
        let instance = &mut self.instances[number as usize];
        if instance.condition != Condition::Serving || self.discipline != Discipline::Fcfs {
            self.meet_rarer(slot, number);
        } else if instance.busy < instance.workers {
            instance.busy += 1;
            let plain = instance.plain;
            self.nodes[usize::from(node)].begin(number);
            let service = self.begin_service(slot, number, plain);
            self.calendar.push(self.now + service, payload(Kind::Departure, slot));
        } else if instance.waiting < instance.queue_limit {
            instance.enqueue(&mut self.requests, slot);
            self.nodes[usize::from(node)].begin(number);
            if let Some(at) = self.patience_end(&self.requests[slot]) {
                self.calendar.push(at, payload(Kind::Patience, slot));
            }
        } else {
            self.try_failed(slot, Outcome::Overflow, Cause::Overload, "queue full");
        }
    }

    /// When a queued attempt's patience ends: a pure function of the request and the attempt,
    /// so the event needs no record of its own.
    fn patience_end(&self, request: &Request) -> Option<SimTime> {
        let class = &self.classes[usize::from(request.class)];
        let patience = class.patience.as_ref()?;
        let key = class.keys.patience.entity(request.number).entity(u64::from(request.attempts));
        Some(request.reached + patience.draw_span(&mut key.counter(), request.number))
    }

    #[cold]
    fn meet_rarer(&mut self, slot: u32, number: u32) {
        let instance = &self.instances[number as usize];
        match instance.condition {
            Condition::Serving => self.enter_shared(slot, number),
            Condition::Hung => {
                // The kernel takes the connection; nobody ever answers.
                let room = instance.workers.saturating_add(instance.queue_limit);
                if instance.busy.saturating_add(instance.waiting) < room {
                    self.instances[number as usize].enqueue(&mut self.requests, slot);
                    self.nodes[usize::from(self.requests[slot].node)].begin(number);
                } else {
                    self.try_failed(slot, Outcome::Overflow, Cause::VersionDefect, "hung");
                }
            }
            Condition::NotListening => self.meet_nobody_yet(slot, number),
            Condition::Draining | Condition::Ended => self.try_failed(
                slot,
                Outcome::Refused,
                Cause::TerminationRace,
                "connection refused: stopping",
            ),
            Condition::Crashed => {
                self.try_failed(slot, Outcome::Refused, Cause::Crash, "connection refused: crashed")
            }
        }
    }

    /// An attempt reaches a process that does not listen yet.
    #[cold]
    fn meet_nobody_yet(&mut self, slot: u32, number: u32) {
        let node = usize::from(self.requests[slot].node);
        match self.until_listening {
            UntilListening::Refuse => {
                let what = "connection refused: not listening yet";
                self.try_failed(slot, Outcome::Refused, Cause::NotListening, what);
            }
            UntilListening::Hold => {
                let instance = &self.instances[number as usize];
                let room = instance.workers.saturating_add(instance.queue_limit);
                if instance.waiting < room {
                    self.instances[number as usize].enqueue(&mut self.requests, slot);
                    self.nodes[node].begin(number);
                    if let Some(at) = self.patience_end(&self.requests[slot]) {
                        self.calendar.push(at, payload(Kind::Patience, slot));
                    }
                } else {
                    let what = "backlog full: nobody accepts yet";
                    self.try_failed(slot, Outcome::Overflow, Cause::NotListening, what);
                }
            }
            UntilListening::Lose => {
                let request = &mut self.requests[slot];
                request.stage = Stage::Unanswered;
                let (number_of, since) = (request.number, request.reached);
                self.nodes[node].begin(number);
                if let Some(patience) = self.balancing.connect_timeout {
                    let event = Cold::ConnectTimeout { slot, number: number_of, since };
                    self.later(self.now + patience, event);
                }
            }
        }
    }

    /// A balancer has waited long enough for a connection to an address that never answers.
    #[cold]
    pub fn connect_timed_out(&mut self, slot: u32, number: u64, since: SimTime) {
        let request = self.requests[slot];
        let same = request.number == number && request.reached == since;
        if request.stage == Stage::Unanswered && same {
            self.left_instance(&request);
            self.requests[slot].stage = Stage::Waiting;
            let what = "no answer to the connection";
            self.try_failed(slot, Outcome::Refused, Cause::NotListening, what);
        }
    }

    /// An attempt failed: the client tries again or takes it as the answer. The record must
    /// not be in an instance.
    #[cold]
    pub fn fail(&mut self, slot: u32, outcome: Outcome, cause: Cause, what: &str) {
        self.trace(slot, what);
        if matches!(outcome, Outcome::AppError | Outcome::Overflow | Outcome::Unauthorized) {
            self.keep_connection(slot, self.requests[slot].class);
        } else {
            self.close_connection(slot);
        }
        let request = self.requests[slot];
        self.report_attempt(&request, outcome);
        if let Some(pause) = self.pause_before_retry(&request, outcome) {
            let record = &mut self.requests[slot];
            record.stage = Stage::Waiting;
            record.timeout_at = SimTime::NEVER;
            self.calendar.push(self.now + pause, payload(Kind::Attempt, slot));
        } else {
            self.requests.remove(slot);
            self.conclude(&request, outcome, Some(cause), slot);
        }
    }

    fn pause_before_retry(&mut self, request: &Request, outcome: Outcome) -> Option<SimDuration> {
        let class = &self.classes[usize::from(request.class)];
        let draw = class.keys.backoff.draw(request.number * DRAWS + u64::from(request.attempts));
        let pause =
            self.retries.pause(self.now, outcome, class.idempotent, request.attempts, draw)?;
        let deadline = self.deadline.map_or(SimTime::NEVER, |d| request.sent + d);
        (self.now + pause < deadline).then_some(pause)
    }

    /// The client's patience with an attempt ends.
    #[cold]
    pub fn timed_out(&mut self, slot: u32) {
        let request = self.requests[slot];
        let hung = some(request.instance)
            .is_some_and(|i| self.instances[i as usize].condition == Condition::Hung);
        let cause = match some(request.instance) {
            Some(i) if self.traits[i as usize].stalled => Cause::Fault,
            _ if hung => Cause::VersionDefect,
            _ => self.cause_of_wait(&request),
        };
        // In a balancer's pause or queue, what comes next will find the record orphaned.
        self.requests[slot].abandon();
        let inside = matches!(request.stage, Stage::Queued | Stage::InService);
        if inside && !self.balancing.abort_on_close {
            self.requests[slot].hold();
        } else if request.stage != Stage::Waiting {
            self.left_instance(&request);
        }
        self.close_connection(slot);
        self.trace(slot, "the client's timeout");
        self.report_attempt(&request, Outcome::Timeout);
        if request.stage == Stage::Unanswered {
            // Nothing else will ever come back to this record.
            self.forget_unanswered(slot, &request, cause);
            return;
        }
        if let Some(pause) = self.pause_before_retry(&request, Outcome::Timeout) {
            let mut on = request;
            on.stage = Stage::Waiting;
            on.timeout_at = SimTime::NEVER;
            let next = self.requests.insert(on);
            self.move_trace(slot, next);
            self.calendar.push(self.now + pause, payload(Kind::Attempt, next));
        } else {
            self.conclude(&request, Outcome::Timeout, Some(cause), slot);
        }
    }

    /// The client gives up on a connection that nobody has ever answered.
    #[cold]
    fn forget_unanswered(&mut self, slot: u32, request: &Request, cause: Cause) {
        if let Some(pause) = self.pause_before_retry(request, Outcome::Timeout) {
            let record = &mut self.requests[slot];
            *record = *request;
            record.stage = Stage::Waiting;
            record.timeout_at = SimTime::NEVER;
            self.calendar.push(self.now + pause, payload(Kind::Attempt, slot));
        } else {
            self.requests.remove(slot);
            self.conclude(request, Outcome::Timeout, Some(cause), slot);
        }
    }

    /// Why a client waited in vain: for a refusing address, or in a queue.
    pub(super) fn cause_of_wait(&self, request: &Request) -> Cause {
        let Some(instance) = some(request.instance) else { return Cause::NoCapacity };
        if request.stage == Stage::Unanswered
            || self.instances[instance as usize].condition == Condition::NotListening
        {
            return Cause::NotListening;
        }
        if request.stage != Stage::Waiting {
            return Cause::Overload;
        }
        match self.instances[instance as usize].condition {
            Condition::NotListening => Cause::NotListening,
            Condition::Draining | Condition::Ended => Cause::TerminationRace,
            Condition::Crashed => Cause::Crash,
            Condition::Serving | Condition::Hung => Cause::Overload,
        }
    }

    /// A request's patience in the queue ends.
    #[cold]
    pub fn patience_ended(&mut self, slot: u32) {
        let request = self.requests[slot];
        let due = self.patience_end(&request) == Some(self.now);
        if request.stage != Stage::Queued || request.is_orphan() || !due {
            return;
        }
        let instance = &mut self.instances[request.instance as usize];
        instance.waiting -= 1;
        let record = &mut self.requests[slot];
        record.stage = Stage::Left;
        record.abandon();
        self.left_instance(&request);
        self.close_connection(slot);
        self.trace(slot, "left the queue");
        self.report_attempt(&request, Outcome::Timeout);
        self.conclude(&request, Outcome::Timeout, Some(Cause::Overload), slot);
    }

    /// The request is answered by an instance of a version.
    #[inline(always)]
    pub fn succeed(&mut self, slot: u32, version: u16) {
        let request = self.requests.take(slot);
        if self.follows_answers {
            self.follow_answer(slot, &request);
        }
        if self.monitoring.is_some() {
            self.report_attempt(&request, Outcome::Ok);
        }
        if self.detail.is_some() {
            self.record_size(&request);
        }
        self.end(&request, Some(version), Outcome::Ok, None, slot);
    }

    /// What cookies, connections and passive marks make of a good answer.
    #[cold]
    fn follow_answer(&mut self, slot: u32, request: &Request) {
        if self.rules.watches() {
            self.note_try(slot, TryResult::Good);
        }
        if self.balancing.affinity.is_some() {
            self.remember(self.user_of(request), request.instance, request.is_pinned());
        }
        self.keep_connection(slot, request.class);
    }

    #[cold]
    fn conclude(&mut self, request: &Request, outcome: Outcome, cause: Option<Cause>, slot: u32) {
        self.complain(request);
        let version = some(request.instance).map(|i| self.instances[i as usize].version);
        self.end(request, version, outcome, cause, slot);
    }

    #[inline(always)]
    fn end(
        &mut self,
        request: &Request,
        version: Option<u16>,
        outcome: Outcome,
        cause: Option<Cause>,
        slot: u32,
    ) {
        let user = self.user_of(request);
        self.ledger.ended(request, user, self.now, version, outcome, cause);
        if self.detail.is_some() {
            self.ledger.in_system(request.sent, self.now);
        }
        if self.tracer.is_some() {
            self.close_trace(slot, request, outcome, cause);
        }
        if self.behind.is_some() {
            self.state_after(request, outcome);
        }
        if request.is_looped() {
            self.user_answered(request, outcome);
        }
    }

    /// A user has the answer it was waiting for.
    #[cold]
    fn user_answered(&mut self, request: &Request, outcome: Outcome) {
        if self.streams.as_ref().is_some_and(|streams| streams.has(request.class)) {
            self.stream_answered(request, outcome);
        } else {
            self.user_continues(request.user);
        }
    }
}
