//! A name that clients resolve: who still goes to the address it had before.
//!
//! Each client has a cache that asks again when its entry expires, at a phase of its own; it
//! goes where the name pointed when it last asked. So after a change the share of clients with
//! the old address falls in a straight line to zero over the time to live. Stragglers keep an
//! entry for longer than they are told: old runtimes that cache for ever, resolvers with a
//! minimum, pools that never ask again. Left out: several records under one name, and a
//! client with more than one cache.
//!
//! Source: residual life of a periodic renewal at a uniform phase.

use crate::engine::rng::Key;
use crate::engine::{Sampler, SimTime};
use crate::plan::{Dns, VersionId, streams};

/// The name's history, and how clients look at it.
pub struct Name {
    ttl: u64,
    /// Up to which place in 0 to 1 a client is of this kind, and its law; `None`: for ever.
    stragglers: Vec<(f64, Option<Sampler>)>,
    key: Key,
    /// Since when it has pointed where.
    changes: Vec<(SimTime, VersionId)>,
}

impl Name {
    /// A name that has always pointed to a version.
    #[must_use]
    pub fn new(dns: &Dns, to: VersionId, root: Key) -> Self {
        let mut place = 0.0;
        let stragglers = dns.stragglers.iter().map(|kind| {
            place += kind.share;
            (place, kind.hold.as_ref().map(Sampler::new))
        });
        Self {
            ttl: dns.ttl.0,
            stragglers: stragglers.collect(),
            key: root.purpose(streams::RESOLVER),
            changes: vec![(SimTime::ZERO, to)],
        }
    }

    /// The name points elsewhere from now on.
    pub fn point(&mut self, now: SimTime, to: VersionId) {
        if self.now() != to {
            self.changes.push((now, to));
        }
    }

    /// Where the name points.
    #[must_use]
    pub fn now(&self) -> VersionId {
        self.changes.last().expect("it has always pointed somewhere").1
    }

    /// Where a client goes: what it was told when it last asked.
    #[must_use]
    pub fn seen_by(&self, client: u64, now: SimTime) -> VersionId {
        let asked = self.last_asked(client, now);
        let known = self.changes.iter().rev().find(|(since, _)| *since <= asked);
        known.unwrap_or(&self.changes[0]).1
    }

    fn last_asked(&self, client: u64, now: SimTime) -> SimTime {
        let key = self.key.entity(client);
        let place = key.unit(0);
        let kind = self.stragglers.iter().find(|(up_to, _)| place < *up_to);
        let period = match kind {
            None => self.ttl,
            Some((_, None)) => return SimTime::ZERO,
            Some((_, Some(hold))) => {
                hold.draw_span(&mut key.entity(1).counter(), client).0.max(self.ttl)
            }
        };
        if period == 0 {
            return now;
        }
        let phase = (key.unit(2) * period as f64) as u64;
        match now.0.checked_sub(phase) {
            Some(since) => SimTime(now.0 - since % period),
            None => SimTime::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Distribution, SimDuration};
    use crate::plan::Straggler;

    const OLD: VersionId = VersionId(0);
    const NEW: VersionId = VersionId(1);
    const CLIENTS: u64 = 20_000;

    fn seconds(value: f64) -> SimTime {
        SimTime(SimDuration::from_secs_f64(value).0)
    }

    /// A name that moves at 1,000 s.
    fn moved(ttl: f64, stragglers: Vec<Straggler>) -> Name {
        let dns = Dns { ttl: SimDuration::from_secs_f64(ttl), stragglers };
        let mut name = Name::new(&dns, OLD, Key::of_seed(1));
        name.point(seconds(1_000.0), NEW);
        name
    }

    fn stale(name: &Name, at: f64) -> f64 {
        let old = (0..CLIENTS).filter(|&client| name.seen_by(client, seconds(at)) == OLD);
        old.count() as f64 / CLIENTS as f64
    }

    #[test]
    fn clients_move_evenly_over_the_time_to_live() {
        let name = moved(300.0, Vec::new());
        for (after, share) in [(-1.0, 1.0), (60.0, 0.8), (150.0, 0.5), (240.0, 0.2), (300.0, 0.0)] {
            let seen = stale(&name, 1_000.0 + after);
            assert!((seen - share).abs() < 0.01, "{seen} of {share} after {after} s");
        }
    }

    #[test]
    fn stragglers_keep_the_old_address_for_as_long_as_they_hold_it() {
        let hour = Distribution::Constant(3_600e9);
        let kinds =
            vec![Straggler { share: 0.1, hold: Some(hour) }, Straggler { share: 0.05, hold: None }];
        let name = moved(60.0, kinds);
        let after_half_an_hour = stale(&name, 2_800.0);
        assert!((after_half_an_hour - 0.1).abs() < 0.01, "{after_half_an_hour}");
        let next_day = stale(&name, 90_000.0);
        assert!((next_day - 0.05).abs() < 0.01, "{next_day}");
    }

    #[test]
    fn a_client_that_had_not_asked_yet_never_sees_a_change_that_is_taken_back() {
        let mut name = moved(300.0, Vec::new());
        name.point(seconds(1_060.0), OLD);
        let seen = |client, at| name.seen_by(client, seconds(at));
        let moved: Vec<u64> = (0..CLIENTS).filter(|&client| seen(client, 1_060.0) == NEW).collect();
        let share = moved.len() as f64 / CLIENTS as f64;
        assert!((share - 0.2).abs() < 0.01, "{share}");
        assert!(moved.iter().all(|&client| seen(client, 1_301.0 + 59.0) == OLD));
        assert!((0..CLIENTS).all(|client| moved.contains(&client) || seen(client, 1_200.0) == OLD));
    }
}
