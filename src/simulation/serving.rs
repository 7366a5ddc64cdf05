//! Inside an instance: service begins, ends, is shared, is cut.

use crate::model::instance::Condition;
use crate::model::request::{NONE, Request, Stage};
use crate::plan::{Discipline, WarmFrom};
use crate::platform::PodId;
use crate::record::{Cause, Outcome};

use crate::engine::{SimDuration, SimTime};

use super::world::{Kind, World, payload, unpack};

impl World {
    /// A worker takes a request: how long it will be busy with it. `plain` says that the
    /// instance takes the demand as it is.
    #[inline(always)]
    pub fn begin_service(&mut self, slot: u32, number: u32, plain: bool) -> SimDuration {
        let now = self.now;
        let request = &mut self.requests[slot];
        request.stage = Stage::InService;
        let wait = now.0 - request.reached.0;
        let service = if plain { request.demand } else { self.stretched(slot, number) };
        self.ledger.served(now, wait, service);
        if let Some(detail) = &mut self.detail
            && self.ledger.measures(now)
        {
            detail.waits.record(wait);
        }
        SimDuration(service)
    }

    /// Service time on an instance that is slow, or not warm yet.
    #[cold]
    fn stretched(&mut self, slot: u32, number: u32) -> u64 {
        let now = self.now;
        let request = self.requests[slot];
        let (class, demand) = (request.class, self.demand_on(&request, number));
        let instance = &mut self.instances[number as usize];
        instance.first_request = instance.first_request.min(request.reached);
        let begun = instance.begun;
        instance.begun += 1;
        // A request is as slow as the instance was when it came: what it needs is settled then.
        let since = |start: SimTime, over: SimDuration, penalty: f64| {
            let age = request.reached.since(start);
            if age >= over {
                1.0
            } else {
                penalty - (penalty - 1.0) * (age.0 as f64 / over.0 as f64)
            }
        };
        let own = self.traits[number as usize].own.as_deref();
        let warmup = own.and_then(|own| own.warm.as_ref()).or(self.warmup.as_ref());
        // What ran before the start of the run is warm.
        let warmup = warmup.filter(|_| begun < u64::from(u32::MAX));
        let warmth = warmup.map_or(1.0, |warmup| match warmup.from {
            WarmFrom::Ready(over) => since(instance.listening_since, over, warmup.penalty),
            WarmFrom::FirstRequest(over) => since(instance.first_request, over, warmup.penalty),
            WarmFrom::Requests(count) if begun < u64::from(count) => warmup.penalty,
            WarmFrom::Requests(_) => 1.0,
        });
        if warmth > 1.0 {
            self.ledger.served_cold(now);
        }
        let behaviour = &self.behaviours[usize::from(instance.version)];
        let traits = &self.traits[number as usize];
        let late = now.since(instance.listening_since) < traits.late;
        let version = if late { 1.0 } else { behaviour.slowdown[usize::from(class)] };
        let slowdown = own.and_then(|own| own.slowdown).unwrap_or(version) * (1.0 + traits.extra);
        // Warm for good, and as fast as it will ever be: the hot path takes over.
        let plain = own.map_or(behaviour.plain, |own| own.is_plain(behaviour));
        instance.plain = warmth == 1.0 && plain && traits.extra == 0.0;
        (demand as f64 * (warmth * slowdown) + 0.5) as u64
    }

    /// Work that is done once more is new work: its demand is drawn afresh, by request and the
    /// turn to come.
    #[cold]
    pub(super) fn redraw_demand(&mut self, slot: u32) {
        let request = &mut self.requests[slot];
        let class = &self.classes[usize::from(request.class)];
        let key = class.keys.again.entity(request.number).entity(request.next_turn());
        request.demand = class.demand.draw_span(&mut key.counter(), request.number).0;
    }

    /// The demand of a request on an instance that may have a law of its own.
    fn demand_on(&self, request: &Request, number: u32) -> u64 {
        let own = self.traits[number as usize].own.as_deref();
        let Some(law) = own.and_then(|own| own.service.as_ref()) else { return request.demand };
        let keys = &self.classes[usize::from(request.class)].keys;
        let key = keys.again.entity(request.number).entity(request.turn());
        law.draw_span(&mut key.counter(), request.number).0
    }

    /// A request's service ends: its event is the calendar's first.
    #[inline(always)]
    pub fn depart(&mut self, slot: u32) {
        if self.behind.is_some() {
            self.depart_with_state(slot);
            return;
        }
        let request = &self.requests[slot];
        let (number, node, orphan) = (request.instance, request.node, request.is_orphan());
        let instance = &mut self.instances[number as usize];
        let (version, condition) = (instance.version, instance.condition);
        let (plain, flawless) = (instance.plain, instance.flawless);
        if let Some(next) = instance.dequeue(&mut self.requests) {
            let service = self.begin_service(next, number, plain);
            self.calendar.replace_first(self.now + service, payload(Kind::Departure, next));
        } else {
            instance.busy -= 1;
            self.calendar.pop();
        }
        if orphan {
            self.orphan_departs(slot);
        } else {
            self.nodes[usize::from(node)].end(number);
            if self.rules.most != u32::MAX {
                self.room_at(usize::from(node), number);
            }
            self.answered(slot, number, version, flawless);
        }
        if condition == Condition::Draining {
            self.exit_if_empty(number);
        }
    }

    /// An instance is done with work that nobody waits for.
    #[cold]
    pub(super) fn orphan_departs(&mut self, slot: u32) {
        let request = self.requests.take(slot);
        if request.is_held() {
            self.left_instance(&request);
        }
        if request.is_shadow() {
            // The client never sees the answer; the instance's own metrics count it.
            let failed = self.is_hit_by_defect(&request, request.instance);
            let outcome = if failed { Outcome::AppError } else { Outcome::Ok };
            self.report_attempt(&request, outcome);
        }
    }

    /// A mirrored copy reaches an instance; one that cannot take it throws it away.
    pub(super) fn shadow(&mut self, original: Request, number: u32) {
        let instance = &mut self.instances[number as usize];
        if instance.condition != Condition::Serving {
            return;
        }
        let shared = self.discipline == Discipline::Ps;
        let room = instance.workers.saturating_add(instance.queue_limit);
        let free = instance.busy < instance.workers;
        if instance.busy.saturating_add(instance.waiting) >= room {
            return;
        }
        let mut copy = original.shadow();
        (copy.instance, copy.reached) = (number, self.now);
        let slot = self.requests.insert(copy);
        if !(free || shared) {
            instance.enqueue(&mut self.requests, slot);
            return;
        }
        instance.busy += 1;
        let plain = instance.plain;
        let service = self.begin_service(slot, number, plain);
        if shared {
            let sharing = &mut self.shared[number as usize];
            sharing.enter(self.now, slot, service.0);
            let at = sharing.next_departure;
            self.calendar.push(at, payload(Kind::SharedDeparture, number));
        } else {
            self.calendar.push(self.now + service, payload(Kind::Departure, slot));
        }
    }

    /// The instance's answer: ok, or an error of its version.
    #[inline(always)]
    pub fn answered(&mut self, slot: u32, number: u32, version: u16, flawless: bool) {
        if flawless {
            self.succeed(slot, version);
        } else {
            self.answered_by_flawed(slot, number);
        }
    }

    #[inline(never)]
    fn answered_by_flawed(&mut self, slot: u32, number: u32) {
        let request = self.requests[slot];
        let version = self.instances[number as usize].version;
        if self.is_hit_by_defect(&request, number) {
            self.requests[slot].stage = Stage::Waiting;
            self.try_failed(slot, Outcome::AppError, Cause::VersionDefect, "answered 500");
        } else {
            self.succeed(slot, version);
        }
    }

    /// Whether a defect of the instance's version makes the attempt fail.
    fn is_hit_by_defect(&self, request: &Request, number: u32) -> bool {
        let version = self.instances[number as usize].version;
        let own = self.traits[number as usize].own.as_deref().and_then(|own| own.errors);
        let chance = own.unwrap_or_else(|| {
            self.behaviours[usize::from(version)].errors[usize::from(request.class)]
        });
        let chance = chance.max(self.chance_when(request, number));
        let late = self.now.since(self.instances[number as usize].listening_since)
            < self.traits[number as usize].late;
        let keys = &self.classes[usize::from(request.class)].keys;
        // One draw a request: the same requests fail on this version whatever the strategy. A later
        // try, of client or balancer, has a draw of its own: an error is the try's, not the request's.
        let draw = match request.turn() {
            0 | 1 => keys.defect.unit(request.number),
            turn => keys.defect.entity(request.number).unit(turn),
        };
        !late && draw < chance
    }

    /// The greatest chance to fail of the conditions that a request meets.
    fn chance_when(&self, request: &Request, number: u32) -> f64 {
        // The answered request has left already.
        let in_progress = self.instances[number as usize].busy + 1;
        let met = self.traits[number as usize].only_when.iter().filter(|when| {
            when.class.is_none_or(|class| class == request.class)
                && when.in_progress.is_none_or(|least| in_progress >= least)
                && when.users.is_none_or(|share| self.is_among(share, request))
        });
        met.map(|when| when.errors).fold(0.0, f64::max)
    }

    /// Whether a request's user is among a share of them; without users it is drawn a request.
    fn is_among(&self, share: f64, request: &Request) -> bool {
        let user = self.user_of(request);
        let who = if user == NONE { u64::MAX - request.number } else { u64::from(user) };
        let keys = &self.classes[usize::from(request.class)].keys;
        keys.defect_user.unit(who) < share
    }

    /// An attempt reaches an instance with shared processors.
    pub fn enter_shared(&mut self, slot: u32, number: u32) {
        let instance = &self.instances[number as usize];
        let room = instance.workers.saturating_add(instance.queue_limit) as usize;
        if instance.busy as usize >= room {
            self.try_failed(slot, Outcome::Overflow, Cause::Overload, "queue full");
            return;
        }
        self.nodes[usize::from(self.requests[slot].node)].begin(number);
        let instance = &mut self.instances[number as usize];
        instance.busy += 1;
        let plain = instance.plain;
        let service = self.begin_service(slot, number, plain);
        let sharing = &mut self.shared[number as usize];
        sharing.enter(self.now, slot, service.0);
        let at = sharing.next_departure;
        self.calendar.push(at, payload(Kind::SharedDeparture, number));
    }

    /// A request may be done on shared processors.
    pub fn depart_shared(&mut self, number: u32) {
        let sharing = &mut self.shared[number as usize];
        if sharing.next_departure != self.now {
            return;
        }
        let slot = sharing.leave(self.now);
        if !sharing.is_empty() {
            let at = sharing.next_departure;
            self.calendar.push(at, payload(Kind::SharedDeparture, number));
        }
        if self.behind.is_some() {
            self.served(slot, number);
            return;
        }
        let instance = &mut self.instances[number as usize];
        instance.busy -= 1;
        let (version, flawless) = (instance.version, instance.flawless);
        let request = &self.requests[slot];
        if request.is_orphan() {
            self.orphan_departs(slot);
        } else {
            let request = *request;
            self.left_instance(&request);
            self.answered(slot, number, version, flawless);
        }
        if self.instances[number as usize].condition == Condition::Draining {
            self.exit_if_empty(number);
        }
    }

    /// A stopping process ends once nothing is inside.
    #[cold]
    pub fn exit_if_empty(&mut self, number: u32) {
        let streams = self.streams.as_ref().map_or(0, |streams| streams.open_in(number));
        let traits = &mut self.traits[number as usize];
        if self.instances[number as usize].is_empty() && streams == 0 && !traits.exited {
            traits.exited = true;
            self.exited.push(PodId(number));
            self.state_ends(number);
        }
    }

    /// Takes out of an instance what its workers have, and forgets when they would be done.
    pub fn freeze(&mut self, number: u32) -> Vec<u32> {
        let mut slots = self.shared[number as usize].clear(self.now);
        let requests = &self.requests;
        let now = self.now;
        let ledger = &mut self.ledger;
        self.calendar.cancel(|at, event| {
            let (kind, slot) = unpack(event);
            let doomed = kind == Kind::Departure && requests[slot].instance == number;
            if doomed {
                slots.push(slot);
                ledger.cut_service(now, at);
            }
            doomed
        });
        slots.extend(self.detach_calls(number));
        slots.sort_unstable();
        self.instances[number as usize].busy = 0;
        slots
    }

    /// An instance that stood still goes on with what its queue holds.
    pub fn begin_queued(&mut self, number: u32) {
        let instance = &self.instances[number as usize];
        let places = match self.discipline {
            Discipline::Fcfs => instance.workers,
            Discipline::Ps => instance.workers.saturating_add(instance.queue_limit),
        };
        while self.instances[number as usize].busy < places {
            let Some(slot) = self.instances[number as usize].dequeue(&mut self.requests) else {
                return;
            };
            self.instances[number as usize].busy += 1;
            let plain = self.instances[number as usize].plain;
            let service = self.begin_service(slot, number, plain);
            match self.discipline {
                Discipline::Fcfs => {
                    self.calendar.push(self.now + service, payload(Kind::Departure, slot));
                }
                Discipline::Ps => {
                    let sharing = &mut self.shared[number as usize];
                    sharing.enter(self.now, slot, service.0);
                    let at = sharing.next_departure;
                    self.calendar.push(at, payload(Kind::SharedDeparture, number));
                }
            }
        }
    }

    /// The process is gone: whatever is inside is cut.
    #[cold]
    pub fn cut(&mut self, number: u32, cause: Cause) {
        let mut inside = self.freeze(number);
        let instance = &mut self.instances[number as usize];
        while let Some(slot) = instance.dequeue(&mut self.requests) {
            inside.push(slot);
        }
        for slot in inside {
            let request = self.requests[slot];
            if request.is_orphan() {
                if request.is_held() {
                    self.nodes[usize::from(request.node)].end(number);
                }
                self.requests.remove(slot);
                continue;
            }
            self.requests[slot].stage = Stage::Waiting;
            self.nodes[usize::from(request.node)].end(number);
            self.try_failed(slot, Outcome::Reset, cause, "connection reset");
        }
    }

    /// Notes an answered request's latency and demand by size.
    #[cold]
    pub fn record_size(&mut self, request: &Request) {
        if !self.ledger.measures(request.sent) {
            return;
        }
        let latency = u128::from((self.now - request.sent).0);
        let detail = self.detail.as_mut().expect("asked only where it is kept");
        let sums = if request.demand <= detail.small_up_to {
            &mut detail.small
        } else {
            &mut detail.large
        };
        sums.0 += latency;
        sums.1 += u128::from(request.demand);
    }
}
