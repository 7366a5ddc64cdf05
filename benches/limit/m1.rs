//! One server, first come, first served; arrivals and departures both in the event list.

use std::collections::VecDeque;

use super::heap::Heap;
use super::{Outcome, Stream, Tally};

const SERVICE: f64 = 1e9;
const GAP: f64 = SERVICE / 0.9;
const ARRIVAL: u32 = 0;
const DEPARTURE: u32 = 1;

/// Runs the model.
pub fn run(requests: u64, seed: u64) -> Outcome {
    let (mut gaps, mut services) = (Stream::new(seed, 1), Stream::new(seed, 2));
    let mut latency = Tally::new();
    // Whoever is in the system: when it came, and its service time. The first is served.
    let mut inside: VecDeque<(u64, u64)> = VecDeque::with_capacity(1024);
    let mut events = Heap::new();
    let mut sent = 0;
    events.push(0, ARRIVAL);
    loop {
        let (now, event) = events.first();
        if now == u64::MAX {
            break;
        }
        if event == ARRIVAL {
            sent += 1;
            if sent < requests {
                events.replace(now + gaps.exponential(GAP), ARRIVAL);
            } else {
                events.pop();
            }
            let service = services.exponential(SERVICE);
            if inside.is_empty() {
                events.push(now + service, DEPARTURE);
            }
            inside.push_back((now, service));
        } else {
            let (came, _) = inside.pop_front().expect("somebody leaves");
            latency.record(now - came);
            match inside.front() {
                Some(&(_, service)) => events.replace(now + service, DEPARTURE),
                None => events.pop(),
            }
        }
    }
    Outcome { latency, failed: 0 }
}
