//! Round robin, lognormal service, a timer an attempt and one retry.
//!
//! Timers are a ring: all are equally long. A timer whose request went on is stale, which its
//! generation tells. Work that the client gave up on is done all the same.

use std::collections::VecDeque;

use rand_distr::{Distribution, StandardNormal};

use super::heap::Heap;
use super::{
    FLEET, IDLE, Instance, Outcome, PLACES, RING, SERVICE, Stream, Tally, WORKERS, gap, table,
};

const TIMEOUT: u64 = 1_000_000_000;
const SQUARED_VARIATION: f64 = 1.5 * 1.5;

#[derive(Clone, Copy, Default)]
struct Request {
    sent: u64,
    generation: u32,
    retried: bool,
}

/// A request's number and the generation it had.
type Attempt = (u32, u32);

struct Fleet {
    instances: Box<[Instance; FLEET]>,
    working_on: Box<[Attempt; FLEET * WORKERS]>,
    waiting: Box<[(u64, Attempt); FLEET * RING]>,
    requests: Vec<Request>,
    free: Vec<u32>,
    events: Heap,
    timers: VecDeque<(u64, Attempt)>,
    services: Stream,
    mu: f64,
    sigma: f64,
    turn: usize,
    count: usize,
    latency: Tally,
    failed: u64,
}

/// Runs the model.
pub fn run(requests: u64, instances: usize, seed: u64) -> Outcome {
    let mut gaps = Stream::new(seed, 1);
    let mut fleet = Fleet::new(instances, seed);
    let gap = gap(instances);
    let (mut next, mut sent) = (gaps.exponential(gap), 0);
    loop {
        let (departure, worker) = fleet.events.first();
        let timer = fleet.next_timer();
        if timer < next.min(departure) {
            fleet.time_out(timer);
        } else if next < departure {
            let now = next;
            sent += 1;
            next = if sent < requests { now + gaps.exponential(gap) } else { u64::MAX };
            fleet.arrive(now);
        } else if departure < u64::MAX {
            fleet.depart(departure, worker as usize);
        } else {
            return Outcome { latency: fleet.latency, failed: fleet.failed };
        }
    }
}

impl Fleet {
    fn new(count: usize, seed: u64) -> Self {
        let variance = libm::log(1.0 + SQUARED_VARIATION);
        Self {
            instances: table(IDLE),
            working_on: table((0, 0)),
            waiting: table((0, (0, 0))),
            requests: Vec::with_capacity(count * RING),
            free: Vec::new(),
            events: Heap::new(),
            timers: VecDeque::with_capacity(4096),
            services: Stream::new(seed, 3),
            mu: libm::log(SERVICE) - variance / 2.0,
            sigma: variance.sqrt(),
            turn: 0,
            count,
            latency: Tally::new(),
            failed: 0,
        }
    }

    /// When the next timer that still counts is due.
    #[inline(always)]
    fn next_timer(&mut self) -> u64 {
        while let Some(&(at, (request, generation))) = self.timers.front() {
            if self.requests[request as usize].generation == generation {
                return at;
            }
            self.timers.pop_front();
        }
        u64::MAX
    }

    #[inline(always)]
    fn arrive(&mut self, now: u64) {
        let number = if let Some(number) = self.free.pop() {
            number
        } else {
            self.requests.push(Request::default());
            self.requests.len() as u32 - 1
        };
        let request = &mut self.requests[number as usize];
        request.sent = now;
        request.retried = false;
        self.dispatch(now, number);
    }

    #[inline(always)]
    fn dispatch(&mut self, now: u64, number: u32) {
        loop {
            let at = self.turn;
            self.turn = if at + 1 == self.count { 0 } else { at + 1 };
            let normal: f64 = StandardNormal.sample(&mut self.services.0);
            #[expect(clippy::disallowed_methods, reason = "what a machine can do at best")]
            let service = (self.mu + self.sigma * normal).exp() as i64 as u64;
            let instance = &mut self.instances[at % FLEET];
            let request = &mut self.requests[number as usize];
            let attempt = (number, request.generation);
            if instance.free != 0 {
                let worker = at * WORKERS + instance.free.trailing_zeros() as usize;
                instance.free &= instance.free - 1;
                self.working_on[worker % (FLEET * WORKERS)] = attempt;
                self.events.push(now + service, worker as u32);
            } else if instance.waiting < PLACES {
                let place = usize::from(instance.head.wrapping_add(instance.waiting)) % RING;
                instance.waiting += 1;
                self.waiting[(at * RING + place) % (FLEET * RING)] = (service, attempt);
            } else if !request.retried {
                request.retried = true;
                continue;
            } else {
                return self.give_up(number);
            }
            self.timers.push_back((now + TIMEOUT, attempt));
            return;
        }
    }

    fn give_up(&mut self, number: u32) {
        self.failed += 1;
        let request = &mut self.requests[number as usize];
        request.generation = request.generation.wrapping_add(1);
        self.free.push(number);
    }

    fn time_out(&mut self, now: u64) {
        let (_, (number, _)) = self.timers.pop_front().expect("a timer is due");
        let request = &mut self.requests[number as usize];
        if request.retried {
            return self.give_up(number);
        }
        request.generation = request.generation.wrapping_add(1);
        request.retried = true;
        self.dispatch(now, number);
    }

    #[inline(always)]
    fn depart(&mut self, now: u64, worker: usize) {
        let (number, generation) = self.working_on[worker % (FLEET * WORKERS)];
        let request = &mut self.requests[number as usize];
        if request.generation == generation {
            self.latency.record(now - request.sent);
            request.generation = request.generation.wrapping_add(1);
            self.free.push(number);
        }
        let at = worker / WORKERS;
        let instance = &mut self.instances[at % FLEET];
        if instance.waiting > 0 {
            let place = usize::from(instance.head) % RING;
            let (service, attempt) = self.waiting[(at * RING + place) % (FLEET * RING)];
            instance.head = instance.head.wrapping_add(1);
            instance.waiting -= 1;
            self.working_on[worker % (FLEET * WORKERS)] = attempt;
            self.events.replace(now + service, worker as u32);
        } else {
            instance.free |= 1 << (worker % WORKERS);
            self.events.pop();
        }
    }
}
