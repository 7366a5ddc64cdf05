//! Instances behind the better of two random ones; the next arrival stands beside the list.

use super::heap::Heap;
use super::{
    FLEET, IDLE, Instance, Outcome, PLACES, RING, SERVICE, Stream, Tally, WORKERS, gap, table,
};

struct Fleet {
    instances: Box<[Instance; FLEET]>,
    /// When the request that a worker serves came.
    came: Box<[u64; FLEET * WORKERS]>,
    /// When each waiting request came, and its service time.
    waiting: Box<[(u64, u64); FLEET * RING]>,
    events: Heap,
    latency: Tally,
    failed: u64,
}

/// Runs the model.
pub fn run(requests: u64, instances: usize, seed: u64) -> Outcome {
    let mut gaps = Stream::new(seed, 1);
    let (mut choices, mut services) = (Stream::new(seed, 2), Stream::new(seed, 3));
    let mut fleet = Fleet {
        instances: table(IDLE),
        came: table(0),
        waiting: table((0, 0)),
        events: Heap::new(),
        latency: Tally::new(),
        failed: 0,
    };
    let gap = gap(instances);
    let (mut next, mut sent) = (gaps.exponential(gap), 0);
    loop {
        let (departure, worker) = fleet.events.first();
        if next < departure {
            let now = next;
            sent += 1;
            next = if sent < requests { now + gaps.exponential(gap) } else { u64::MAX };
            let at = fleet.better_of_two(&mut choices, instances);
            fleet.arrive(now, at, services.exponential(SERVICE));
        } else if departure < u64::MAX {
            fleet.depart(departure, worker as usize);
        } else {
            return Outcome { latency: fleet.latency, failed: fleet.failed };
        }
    }
}

impl Fleet {
    #[inline(always)]
    fn better_of_two(&self, choices: &mut Stream, instances: usize) -> usize {
        let count = instances as u64;
        let bits = rand_xoshiro::rand_core::Rng::next_u64(&mut choices.0);
        let first = (((bits >> 32) * count) >> 32) as usize;
        let mut second = (((bits & 0xffff_ffff) * (count - 1)) >> 32) as usize;
        second += usize::from(second >= first);
        let inside = |at: usize| self.instances[at % FLEET].inside;
        if inside(second) < inside(first) { second } else { first }
    }

    #[inline(always)]
    fn arrive(&mut self, now: u64, at: usize, service: u64) {
        let instance = &mut self.instances[at % FLEET];
        if instance.free != 0 {
            let worker = at * WORKERS + instance.free.trailing_zeros() as usize;
            instance.free &= instance.free - 1;
            instance.inside += 1;
            self.came[worker % (FLEET * WORKERS)] = now;
            self.events.push(now + service, worker as u32);
        } else if instance.waiting < PLACES {
            let place = usize::from(instance.head.wrapping_add(instance.waiting)) % RING;
            instance.waiting += 1;
            instance.inside += 1;
            self.waiting[(at * RING + place) % (FLEET * RING)] = (now, service);
        } else {
            self.failed += 1;
        }
    }

    #[inline(always)]
    fn depart(&mut self, now: u64, worker: usize) {
        let at = worker / WORKERS;
        let came = &mut self.came[worker % (FLEET * WORKERS)];
        self.latency.record(now - *came);
        let instance = &mut self.instances[at % FLEET];
        instance.inside -= 1;
        if instance.waiting > 0 {
            let place = usize::from(instance.head) % RING;
            let (since, service) = self.waiting[(at * RING + place) % (FLEET * RING)];
            instance.head = instance.head.wrapping_add(1);
            instance.waiting -= 1;
            *came = since;
            self.events.replace(now + service, worker as u32);
        } else {
            instance.free |= 1 << (worker % WORKERS);
            self.events.pop();
        }
    }
}
