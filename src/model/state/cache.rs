//! What one cache holds: the least recently used entry makes room, old ones expire.
//!
//! Keys are small numbers, so finding one is an index into a table. Each entry carries the
//! revision of the row that it was filled with; whoever reads it and knows the row's present
//! revision can tell whether it is stale. Left out: sizes of entries, sampled or segmented
//! eviction, probabilistic early refresh.

use crate::engine::SimTime;

const NONE: u32 = u32::MAX;

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The revision of the row when the entry was filled.
    pub revision: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u32,
    revision: u32,
    expires: SimTime,
    /// The cache's own clock at its last use.
    used: u64,
    newer: u32,
    older: u32,
}

/// One cache of one instance or node.
#[derive(Clone, Debug)]
pub struct KeyCache {
    capacity: u32,
    places: Vec<u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    /// Look-ups so far.
    uses: u64,
    /// Entries that made room, and the look-ups since their last use added up.
    pub evictions: (u64, u64),
}

impl KeyCache {
    /// An empty cache over keys below `keys`.
    #[must_use]
    pub fn new(keys: usize, capacity: Option<u32>) -> Self {
        Self {
            capacity: capacity.unwrap_or(u32::MAX),
            places: vec![NONE; keys],
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            uses: 0,
            evictions: (0, 0),
        }
    }

    /// How many entries it holds, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.places.fill(NONE);
        self.slots.clear();
        self.free.clear();
        (self.newest, self.oldest) = (NONE, NONE);
    }

    /// Looks a key up, which counts as a use of it.
    pub fn get(&mut self, key: u32, now: SimTime) -> Option<Entry> {
        self.uses += 1;
        let place = self.places[key as usize];
        let slot = *self.slots.get(place as usize)?;
        if now >= slot.expires {
            self.remove(key);
            return None;
        }
        self.slots[place as usize].used = self.uses;
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
        Some(Entry { revision: slot.revision })
    }

    /// Puts a value in, which expires at an instant.
    pub fn put(&mut self, key: u32, revision: u32, expires: SimTime) {
        if self.capacity == 0 {
            return;
        }
        let mut place = self.places[key as usize];
        if place != NONE {
            self.unlink(place);
        } else {
            if self.len() >= self.capacity as usize {
                let Slot { key: oldest, used, .. } = self.slots[self.oldest as usize];
                self.evictions.0 += 1;
                self.evictions.1 += self.uses - used;
                self.remove(oldest);
            }
            place = self.free.pop().unwrap_or(self.slots.len() as u32);
        }
        let slot = Slot { key, revision, expires, used: self.uses, newer: NONE, older: NONE };
        if place as usize == self.slots.len() {
            self.slots.push(slot);
        } else {
            self.slots[place as usize] = slot;
        }
        self.places[key as usize] = place;
        self.link(place);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: u32) {
        let place = std::mem::replace(&mut self.places[key as usize], NONE);
        if place != NONE {
            self.unlink(place);
            self.free.push(place);
        }
    }

    fn link(&mut self, place: u32) {
        let before = self.newest;
        let slot = &mut self.slots[place as usize];
        (slot.newer, slot.older) = (NONE, before);
        match self.slots.get_mut(before as usize) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }

    fn unlink(&mut self, place: u32) {
        let Slot { newer, older, .. } = self.slots[place as usize];
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;
    use crate::model::state::Zipf;
    use proptest::prelude::*;

    #[test]
    fn entries_expire_by_their_age_not_by_their_use() {
        let mut cache = KeyCache::new(4, None);
        cache.put(1, 7, SimTime(10));
        assert_eq!(cache.get(1, SimTime(9)), Some(Entry { revision: 7 }));
        assert_eq!(cache.get(1, SimTime(10)), None);
        assert!(cache.is_empty());
    }

    proptest! {
        #[test]
        fn it_holds_the_most_recently_used_keys(
            capacity in 1u32..6,
            steps in prop::collection::vec((0u8..3, 0u32..8), 0..200),
        ) {
            // A plain list, newest first, is the model.
            let mut model: Vec<u32> = Vec::new();
            let mut cache = KeyCache::new(8, Some(capacity));
            for (step, key) in steps {
                let held = model.contains(&key);
                match step {
                    0 => {
                        prop_assert_eq!(cache.get(key, SimTime(1)).is_some(), held);
                        if held {
                            model.retain(|other| *other != key);
                            model.insert(0, key);
                        }
                    }
                    1 => {
                        cache.put(key, 0, SimTime::NEVER);
                        model.retain(|other| *other != key);
                        model.insert(0, key);
                        model.truncate(capacity as usize);
                    }
                    _ => {
                        cache.remove(key);
                        model.retain(|other| *other != key);
                    }
                }
                prop_assert_eq!(cache.len(), model.len());
            }
        }
    }

    #[test]
    fn its_hit_ratio_is_ches_approximation() {
        // Che, Tung and Wang 2002: the ratio solves sum(1 - exp(-p t)) = capacity.
        let (keys, capacity) = (2_000, 200);
        let law = Zipf::new(keys, 0.9);
        let chances = law.chances();
        let filled = |t: f64| -> f64 {
            chances.iter().map(|p| 1.0 - crate::engine::maths::exp(-p * t)).sum()
        };
        let (mut low, mut high) = (0.0, 1e7);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if filled(middle) < f64::from(capacity) { low = middle } else { high = middle }
        }
        let expected: f64 =
            chances.iter().map(|p| p * (1.0 - crate::engine::maths::exp(-p * low))).sum();
        let mut cache = KeyCache::new(keys as usize, Some(capacity));
        let (mut hits, n) = (0, 400_000u64);
        for draw in 0..n {
            let key = law.draw(Key::of_seed(draw));
            let hit = cache.get(key, SimTime(draw)).is_some();
            if !hit {
                cache.put(key, 0, SimTime::NEVER);
            }
            hits += u64::from(hit && draw >= n / 10);
        }
        let ratio = hits as f64 / (n - n / 10) as f64;
        assert!((ratio - expected).abs() < 0.005, "{ratio} against {expected}");
    }
}
