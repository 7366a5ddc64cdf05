//! Three models with nothing else in them: what a machine can do at best with an event list.
//!
//! M1 is M/M/1 at utilisation 0.9. M2 is 20 instances of 8 workers behind the better of two
//! random ones, with 100 places to wait. M3 is round robin with lognormal service, a timer of
//! one second an attempt and one retry. Arrivals stand beside the list, departures in a 4-ary
//! heap of packed keys; M3's timers are a ring whose entries go stale.

use std::collections::VecDeque;

use cutover::engine::ziggurat::Ziggurat;
use cutover::engine::{Calendar, Histogram, SimTime, Xoshiro, rng::Key};

const WORKERS: usize = 8;
const PLACES: usize = 100;
const UTILISATION: f64 = 0.7;
const SERVICE: f64 = 1e8;
const TIMEOUT: u64 = 1_000_000_000;

/// What a model yields: latencies of what was answered.
pub struct Outcome {
    pub latency: Histogram,
    pub failed: u64,
}

struct Streams {
    arrivals: Xoshiro,
    choices: Xoshiro,
    services: Xoshiro,
}

fn streams(seed: u64) -> Streams {
    let key = Key::of_seed(seed);
    Streams {
        arrivals: key.purpose(1).stream(),
        choices: key.purpose(2).stream(),
        services: key.purpose(3).stream(),
    }
}

/// One server.
pub fn m1(requests: u64, seed: u64) -> Outcome {
    let tables = Ziggurat::tables();
    let mut random = streams(seed);
    let mut latency = Histogram::new();
    let mut calendar = Calendar::with_capacity(8);
    let mut queue: VecDeque<(u64, u64)> = VecDeque::new();
    let (mut sent, mut busy) = (0, false);
    let gap = 1e9 / 0.9;
    let mut in_service = 0;
    calendar.push(SimTime((tables.exponential(&mut random.arrivals) * gap) as u64), 0);
    while let Some(event) = calendar.next_payload() {
        let now = calendar.next_time().0;
        if event == 0 {
            sent += 1;
            if sent < requests {
                let next = now + (tables.exponential(&mut random.arrivals) * gap) as u64;
                calendar.replace_first(SimTime(next), 0);
            } else {
                calendar.pop();
            }
            let service = (tables.exponential(&mut random.services) * 1e9) as u64;
            if busy {
                queue.push_back((now, service));
            } else {
                busy = true;
                in_service = now;
                calendar.push(SimTime(now + service), 1);
            }
        } else {
            latency.record(now - in_service);
            if let Some((arrived, service)) = queue.pop_front() {
                in_service = arrived;
                calendar.replace_first(SimTime(now + service), 1);
            } else {
                busy = false;
                calendar.pop();
            }
        }
    }
    Outcome { latency, failed: 0 }
}

#[derive(Clone, Copy)]
struct Instance {
    free: u8,
    waiting: u8,
    head: u8,
    inside: u32,
}

const IDLE: Instance = Instance { free: 0xff, waiting: 0, head: 0, inside: 0 };

/// Instances behind the better of two.
pub fn m2(requests: u64, instances: usize, seed: u64) -> Outcome {
    let tables = Ziggurat::tables();
    let mut random = streams(seed);
    let (mut latency, mut failed) = (Histogram::new(), 0);
    let gap = SERVICE / (UTILISATION * (instances * WORKERS) as f64);
    let mut fleet = vec![IDLE; instances];
    let mut arrived = vec![0; instances * WORKERS];
    let mut queues = vec![(0, 0); instances * 128];
    let mut calendar = Calendar::with_capacity(instances * WORKERS + 1);
    let mut next = (tables.exponential(&mut random.arrivals) * gap) as u64;
    let mut sent = 0;
    loop {
        let departure = calendar.next_time().0;
        if next < departure {
            let now = next;
            sent += 1;
            next = if sent < requests {
                now + (tables.exponential(&mut random.arrivals) * gap) as u64
            } else {
                u64::MAX
            };
            let bits = random.choices.next();
            let first = (((bits >> 32) * instances as u64) >> 32) as usize;
            let mut second = (((bits & 0xffff_ffff) * (instances as u64 - 1)) >> 32) as usize;
            second += usize::from(second >= first);
            let at = if fleet[second].inside < fleet[first].inside { second } else { first };
            let service = (tables.exponential(&mut random.services) * SERVICE) as u64;
            let instance = &mut fleet[at];
            if instance.free != 0 {
                let worker = instance.free.trailing_zeros() as usize;
                instance.free &= instance.free - 1;
                instance.inside += 1;
                arrived[at * WORKERS + worker] = now;
                calendar.push(SimTime(now + service), (at * WORKERS + worker) as u32);
            } else if usize::from(instance.waiting) < PLACES {
                let place = instance.head.wrapping_add(instance.waiting) & 127;
                instance.waiting += 1;
                instance.inside += 1;
                queues[at * 128 + usize::from(place)] = (now, service);
            } else {
                failed += 1;
            }
        } else {
            let Some(worker) = calendar.next_payload() else { break };
            let worker = worker as usize;
            let at = worker / WORKERS;
            latency.record(departure - arrived[worker]);
            let instance = &mut fleet[at];
            instance.inside -= 1;
            if instance.waiting > 0 {
                let (since, service) = queues[at * 128 + usize::from(instance.head)];
                instance.head = (instance.head + 1) & 127;
                instance.waiting -= 1;
                arrived[worker] = since;
                calendar.replace_first(SimTime(departure + service), worker as u32);
            } else {
                instance.free |= 1 << (worker % WORKERS);
                calendar.pop();
            }
        }
    }
    Outcome { latency, failed }
}

#[derive(Clone, Copy, Default)]
struct Request {
    sent: u64,
    generation: u32,
    attempts: u32,
}

/// The fleet of M3 and everything a dispatch touches.
struct Fleet {
    instances: Vec<Instance>,
    working_on: Vec<(u32, u32)>,
    queues: Vec<(u64, u32, u32)>,
    requests: Vec<Request>,
    free: Vec<u32>,
    calendar: Calendar,
    timers: VecDeque<(u64, u32, u32)>,
    turn: usize,
    failed: u64,
    mu: f64,
    sigma: f64,
}

impl Fleet {
    fn dispatch(&mut self, now: u64, slot: u32, services: &mut Xoshiro, tables: &Ziggurat) {
        loop {
            let at = self.turn;
            self.turn = if at + 1 == self.instances.len() { 0 } else { at + 1 };
            let drawn = libm::exp(self.mu + self.sigma * tables.normal(services));
            let service = drawn as u64;
            let instance = &mut self.instances[at];
            let request = &mut self.requests[slot as usize];
            if instance.free != 0 {
                let worker = instance.free.trailing_zeros() as usize;
                instance.free &= instance.free - 1;
                self.working_on[at * WORKERS + worker] = (slot, request.generation);
                self.calendar.push(SimTime(now + service), (at * WORKERS + worker) as u32);
            } else if usize::from(instance.waiting) < PLACES {
                let place = instance.head.wrapping_add(instance.waiting) & 127;
                instance.waiting += 1;
                let entry = (service, slot, request.generation);
                self.queues[at * 128 + usize::from(place)] = entry;
            } else if request.attempts == 0 {
                request.attempts = 1;
                continue;
            } else {
                self.failed += 1;
                request.generation = request.generation.wrapping_add(1);
                self.free.push(slot);
                return;
            }
            self.timers.push_back((now + TIMEOUT, slot, request.generation));
            return;
        }
    }
}

/// Round robin, a timer an attempt, one retry.
pub fn m3(requests: u64, instances: usize, seed: u64) -> Outcome {
    let tables = Ziggurat::tables();
    let mut random = streams(seed);
    let mut latency = Histogram::new();
    let gap = SERVICE / (UTILISATION * (instances * WORKERS) as f64);
    let variance = libm::log(1.0 + 1.5 * 1.5);
    let mut fleet = Fleet {
        instances: vec![IDLE; instances],
        working_on: vec![(0, 0); instances * WORKERS],
        queues: vec![(0, 0, 0); instances * 128],
        requests: Vec::new(),
        free: Vec::new(),
        calendar: Calendar::with_capacity(instances * WORKERS + 1),
        timers: VecDeque::new(),
        turn: 0,
        failed: 0,
        mu: libm::log(SERVICE) - variance / 2.0,
        sigma: variance.sqrt(),
    };
    let mut next = (tables.exponential(&mut random.arrivals) * gap) as u64;
    let mut sent = 0;
    loop {
        let departure = fleet.calendar.next_time().0;
        while let Some(&(_, slot, generation)) = fleet.timers.front() {
            if fleet.requests[slot as usize].generation == generation {
                break;
            }
            fleet.timers.pop_front();
        }
        let timer = fleet.timers.front().map_or(u64::MAX, |&(at, _, _)| at);
        if timer < next.min(departure) {
            let (now, slot, _) = fleet.timers.pop_front().expect("a timer is due");
            let request = &mut fleet.requests[slot as usize];
            request.generation = request.generation.wrapping_add(1);
            if request.attempts == 0 {
                request.attempts = 1;
                fleet.dispatch(now, slot, &mut random.services, tables);
            } else {
                fleet.failed += 1;
                fleet.free.push(slot);
            }
        } else if next < departure {
            let now = next;
            sent += 1;
            next = if sent < requests {
                now + (tables.exponential(&mut random.arrivals) * gap) as u64
            } else {
                u64::MAX
            };
            let slot = fleet.free.pop().unwrap_or_else(|| {
                fleet.requests.push(Request::default());
                fleet.requests.len() as u32 - 1
            });
            let request = &mut fleet.requests[slot as usize];
            request.sent = now;
            request.attempts = 0;
            fleet.dispatch(now, slot, &mut random.services, tables);
        } else {
            let Some(worker) = fleet.calendar.next_payload() else { break };
            let worker = worker as usize;
            let at = worker / WORKERS;
            let (slot, generation) = fleet.working_on[worker];
            let request = &mut fleet.requests[slot as usize];
            if request.generation == generation {
                latency.record(departure - request.sent);
                request.generation = request.generation.wrapping_add(1);
                fleet.free.push(slot);
            }
            let instance = &mut fleet.instances[at];
            if instance.waiting > 0 {
                let entry = fleet.queues[at * 128 + usize::from(instance.head)];
                instance.head = (instance.head + 1) & 127;
                instance.waiting -= 1;
                fleet.working_on[worker] = (entry.1, entry.2);
                fleet.calendar.replace_first(SimTime(departure + entry.0), worker as u32);
            } else {
                instance.free |= 1 << (worker % WORKERS);
                fleet.calendar.pop();
            }
        }
    }
    Outcome { latency, failed: fleet.failed }
}
