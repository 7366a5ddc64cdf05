//! M2 without departures: each instance keeps when its workers get free and when those who wait
//! begin, so an arrival knows its own end at once (Kiefer and Wolfowitz 1955). The fastest design
//! known for this model, and one that allows nothing else: no timeouts, no stops, no changes.

use super::{FLEET, Outcome, PLACES, RING, SERVICE, Stream, Tally, WORKERS, gap, table};

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Instance {
    free_at: [u64; WORKERS],
    /// Ends of those inside, oldest first, are found through here.
    head: u32,
    inside: u32,
    /// The earliest end of somebody inside, so that most looks cost one comparison.
    next_end: u64,
}

struct Fleet {
    instances: Box<[Instance; FLEET]>,
    /// Ends of those inside, rising.
    ends: Box<[u64; FLEET * RING]>,
}

/// Runs the model.
pub fn run(requests: u64, instances: usize, seed: u64) -> Outcome {
    let mut gaps = Stream::new(seed, 1);
    let (mut choices, mut services) = (Stream::new(seed, 2), Stream::new(seed, 3));
    let idle = Instance { free_at: [0; WORKERS], head: 0, inside: 0, next_end: u64::MAX };
    let mut fleet = Fleet { instances: table(idle), ends: table(0) };
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
    /// How many are inside an instance, once those who have left are forgotten.
    #[inline(always)]
    fn inside(&mut self, at: usize, now: u64) -> u32 {
        let instance = &mut self.instances[at % FLEET];
        while instance.next_end <= now {
            instance.head += 1;
            instance.inside -= 1;
            instance.next_end = if instance.inside == 0 {
                u64::MAX
            } else {
                self.ends[(at * RING + instance.head as usize % RING) % (FLEET * RING)]
            };
        }
        instance.inside
    }

    /// A request enters: when it is done, `None` if there is no place.
    #[inline(always)]
    fn enter(&mut self, at: usize, now: u64, service: u64) -> Option<u64> {
        let instance = &mut self.instances[at % FLEET];
        if instance.inside >= WORKERS as u32 + u32::from(PLACES) {
            return None;
        }
        let [a, b, c, d, e, f, g, h] = instance.free_at;
        let earliest = a.min(b).min(c.min(d)).min(e.min(f).min(g.min(h)));
        let mut mask = 0u32;
        for (worker, &free) in instance.free_at.iter().enumerate() {
            mask |= u32::from(free == earliest) << worker;
        }
        let end = earliest.max(now) + service;
        instance.free_at[mask.trailing_zeros() as usize % WORKERS] = end;
        // Ends do not come in order: the new one sinks to its place, most often near the end.
        let place = |index: u32| (at * RING + index as usize % RING) % (FLEET * RING);
        let mut index = instance.head + instance.inside;
        while index > instance.head && self.ends[place(index - 1)] > end {
            self.ends[place(index)] = self.ends[place(index - 1)];
            index -= 1;
        }
        self.ends[place(index)] = end;
        instance.inside += 1;
        instance.next_end = instance.next_end.min(end);
        Some(end)
    }
}
