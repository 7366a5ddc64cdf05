//! M2 without departures: each instance keeps when its workers get free and when those who wait
//! begin, so an arrival knows its own end at once (Kiefer and Wolfowitz 1955). The fastest design
//! known for this model, and one that allows nothing else: no timeouts, no stops, no changes.

use super::{FLEET, Outcome, PLACES, RING, SERVICE, Stream, Tally, WORKERS, gap, table};

#[derive(Clone, Copy)]
#[repr(align(128))]
struct Instance {
    free_at: [u64; WORKERS],
    head: u32,
    waiting: u32,
}

struct Fleet {
    instances: Box<[Instance; FLEET]>,
    /// When those who wait begin: in order, since the first to come is the first to be served.
    begins: Box<[u64; FLEET * RING]>,
}

/// Runs the model.
pub fn run(requests: u64, instances: usize, seed: u64) -> Outcome {
    let mut gaps = Stream::new(seed, 1);
    let (mut choices, mut services) = (Stream::new(seed, 2), Stream::new(seed, 3));
    let idle = Instance { free_at: [0; WORKERS], head: 0, waiting: 0 };
    let mut fleet = Fleet { instances: table(idle), begins: table(0) };
    let (mut latency, mut failed) = (Tally::new(), 0);
    let (gap, count) = (gap(instances), instances as u64);
    let mut now = 0;
    for _ in 0..requests {
        now += gaps.exponential(gap);
        let bits = rand_xoshiro::rand_core::Rng::next_u64(&mut choices.0);
        let first = (((bits >> 32) * count) >> 32) as usize;
        let mut second = (((bits & 0xffff_ffff) * (count - 1)) >> 32) as usize;
        second += usize::from(second >= first);
        let inside = (fleet.inside(first, now), fleet.inside(second, now));
        let at = if inside.1 < inside.0 { second } else { first };
        match fleet.enter(at, now, services.exponential(SERVICE)) {
            Some(end) => latency.record(end - now),
            None => failed += 1,
        }
    }
    Outcome { latency, failed }
}

impl Fleet {
    /// How many are inside an instance.
    #[inline(always)]
    fn inside(&mut self, at: usize, now: u64) -> u32 {
        let instance = &mut self.instances[at % FLEET];
        while instance.waiting > 0 {
            let place = at * RING + instance.head as usize % RING;
            if self.begins[place % (FLEET * RING)] > now {
                break;
            }
            instance.head = instance.head.wrapping_add(1);
            instance.waiting -= 1;
        }
        let busy = instance.free_at.iter().map(|&free| u32::from(free > now)).sum::<u32>();
        busy + instance.waiting
    }

    /// A request enters: when it is done, `None` if there is no place.
    #[inline(always)]
    fn enter(&mut self, at: usize, now: u64, service: u64) -> Option<u64> {
        let instance = &mut self.instances[at % FLEET];
        let [a, b, c, d, e, f, g, h] = instance.free_at;
        let earliest = a.min(b).min(c.min(d)).min(e.min(f).min(g.min(h)));
        if earliest > now {
            if instance.waiting >= u32::from(PLACES) {
                return None;
            }
            let place = instance.head.wrapping_add(instance.waiting) as usize % RING;
            self.begins[(at * RING + place) % (FLEET * RING)] = earliest;
            instance.waiting += 1;
        }
        let mut mask = 0u32;
        for (worker, &free) in instance.free_at.iter().enumerate() {
            mask |= u32::from(free == earliest) << worker;
        }
        let end = earliest.max(now) + service;
        instance.free_at[mask.trailing_zeros() as usize % WORKERS] = end;
        Some(end)
    }
}
