//! Caches in a run: who looks where, what is filled, what a write does, nodes that are swapped.
//!
//! An entry's key is the row and the key space of the version that asks: versions that name
//! their keys differently never see each other's entries. The time of a look-up itself is
//! left out: it is part of the request's own service time.

use crate::engine::rng::Key;
use crate::engine::{SimDuration, SimTime};
use crate::model::request::Request;
use crate::model::state::{KeyCache, Zipf};
use crate::model::store::Purpose;
use crate::plan::{Cache, CachePlace, OnWrite};

use super::LoadKey;
use crate::simulation::cold::Cold;
use crate::simulation::world::World;

/// One cache with all of its instances or nodes.
pub(super) struct CacheSide {
    plan: Cache,
    law: Zipf,
    /// Key spaces.
    spaces: u32,
    /// How often each row was written; empty where nothing writes.
    revisions: Vec<u32>,
    /// By node, or by instance; those that hold nothing for now are empty.
    holders: Vec<Option<KeyCache>>,
    stable_space: u8,
    age: Key,
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LookUp {
    Fresh,
    Stale,
    Miss,
}

impl CacheSide {
    pub fn new(plan: &Cache, spaces: u8, writes: bool, stable_space: u8, age: Key) -> Self {
        let mut side = Self {
            law: Zipf::new(plan.keys, plan.zipf),
            spaces: u32::from(spaces),
            revisions: if writes { vec![0; plan.keys as usize] } else { Vec::new() },
            holders: Vec::new(),
            plan: plan.clone(),
            stable_space,
            age,
        };
        if let CachePlace::Nodes(count) = plan.place {
            for node in 0..count {
                side.begin(node, plan.warm);
            }
        }
        side
    }

    /// A node or instance begins, empty or with the most wanted keys.
    fn begin(&mut self, number: u32, warm: bool) {
        let place = number as usize;
        if place >= self.holders.len() {
            self.holders.resize_with(place + 1, || None);
        }
        let keys = self.keys_of_holder() * self.spaces;
        let mut cache = KeyCache::new(keys as usize, self.plan.capacity);
        if warm {
            let room = self.plan.capacity.unwrap_or(u32::MAX) as usize;
            let here = |row: &u32| self.holder(*row, number) == place;
            let mut rows: Vec<u32> = (0..self.plan.keys).filter(here).take(room).collect();
            rows.reverse();
            for row in rows {
                let expires = match self.plan.ttl {
                    Some(ttl) => SimTime((self.age.unit(u64::from(row)) * ttl.0 as f64) as u64),
                    None => SimTime::NEVER,
                };
                cache.put(self.key(row, self.stable_space), 0, expires);
            }
        }
        self.holders[place] = Some(cache);
    }

    /// Rows that one holder may have to keep.
    fn keys_of_holder(&self) -> u32 {
        match self.plan.place {
            CachePlace::Instance => self.plan.keys,
            CachePlace::Nodes(count) => self.plan.keys.div_ceil(count),
        }
    }

    /// A row's place among the keys of its holder.
    fn key(&self, row: u32, space: u8) -> u32 {
        let first = u32::from(space) * self.keys_of_holder();
        match self.plan.place {
            CachePlace::Instance => first + row,
            CachePlace::Nodes(count) => first + row / count,
        }
    }

    /// Where a row is kept, for an instance. Rows are dealt out to the nodes in turn, so that
    /// none has all the wanted ones.
    fn holder(&self, row: u32, instance: u32) -> usize {
        match self.plan.place {
            CachePlace::Instance => instance as usize,
            CachePlace::Nodes(count) => (row % count) as usize,
        }
    }

    fn expiry(&self, now: SimTime) -> SimTime {
        self.plan.ttl.map_or(SimTime::NEVER, |ttl: SimDuration| now + ttl)
    }

    fn look_up(&mut self, row: u32, space: u8, instance: u32, now: SimTime) -> LookUp {
        let (place, key) = (self.holder(row, instance), self.key(row, space));
        let found = self.holders[place].as_mut().and_then(|cache| cache.get(key, now));
        let written = self.revisions.get(row as usize).copied().unwrap_or(0);
        match found {
            Some(entry) if entry.revision < written => LookUp::Stale,
            Some(_) => LookUp::Fresh,
            None => LookUp::Miss,
        }
    }

    fn fill(&mut self, row: u32, space: u8, instance: u32, now: SimTime) {
        let (place, key, expires) =
            (self.holder(row, instance), self.key(row, space), self.expiry(now));
        let revision = self.revisions.get(row as usize).copied().unwrap_or(0);
        if let Some(cache) = &mut self.holders[place] {
            cache.put(key, revision, expires);
        }
    }

    fn write(&mut self, row: u32, space: u8, instance: u32, now: SimTime) {
        self.revisions[row as usize] += 1;
        match self.plan.on_write {
            OnWrite::Nothing => return,
            OnWrite::Update => self.fill(row, space, instance, now),
            OnWrite::Invalidate => {
                let (place, key) = (self.holder(row, instance), self.key(row, space));
                if let Some(cache) = &mut self.holders[place] {
                    cache.remove(key);
                }
            }
        }
        if self.plan.everywhere {
            let own = self.holder(row, instance);
            let keep = self.plan.on_write == OnWrite::Update;
            for other in 0..self.spaces as u8 {
                let key = self.key(row, other);
                for (place, cache) in self.holders.iter_mut().enumerate() {
                    let is_own = keep && place == own && other == space;
                    if let Some(cache) = cache.as_mut().filter(|_| !is_own) {
                        cache.remove(key);
                    }
                }
            }
        }
    }

    /// Replaces the nodes from `from` up to `to` by empty ones.
    pub fn empty_nodes(&mut self, from: u32, to: u32) {
        for cache in self.holders[from as usize..to as usize].iter_mut().flatten() {
            cache.clear();
        }
    }

    pub fn evictions(&self) -> (u64, u64) {
        let all = self.holders.iter().flatten().map(|cache| cache.evictions);
        all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// How many nodes it has.
    pub fn nodes(&self) -> u32 {
        self.holders.len() as u32
    }
}

impl World {
    /// A request looks into a cache, or writes through it. Whether it has to wait.
    pub(super) fn call_cache(&mut self, slot: u32, number: u16, call: u32, writes: bool) -> bool {
        let request = self.requests[slot];
        let instance = request.instance;
        let version = usize::from(self.instances[instance as usize].version);
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let space = behind.versions[version].key_space;
        let draw = behind.keys.data.entity(u64::from(request.class)).entity(request.number);
        let cache = &mut behind.caches[usize::from(number)];
        let row = cache.law.draw(draw.entity(u64::from(call)));
        let store = cache.plan.store;
        if writes {
            let purpose = Purpose::WriteThrough { cache: number, row };
            self.call_store(slot, store, purpose, 0);
            return true;
        }
        let found = cache.look_up(row, space, instance, now);
        let entry: LoadKey = (instance, number, (row, space));
        let coalesces = cache.plan.coalescing;
        self.requests[slot].mark(Request::READ);
        self.ledger.looked_up(now, found != LookUp::Miss);
        match found {
            LookUp::Fresh => return false,
            LookUp::Stale => {
                self.requests[slot].mark(Request::STALE);
                return false;
            }
            LookUp::Miss => {}
        }
        if coalesces {
            if let Some(waiting) = behind.loads.get_mut(&entry) {
                waiting.push(slot);
                return true;
            }
            behind.loads.insert(entry, Vec::new());
        }
        self.call_store(slot, store, Purpose::Load { cache: number, row }, 0);
        true
    }

    /// The entry that a load of a request fills.
    pub(super) fn load_key(&self, request: &Request, cache: u16, row: u32) -> LoadKey {
        let behind = self.behind.as_deref().expect("a world with state");
        let version = usize::from(self.instances[request.instance as usize].version);
        (request.instance, cache, (row, behind.versions[version].key_space))
    }

    /// A call to a store has succeeded: what that does to caches.
    pub(super) fn call_reaches_cache(&mut self, slot: u32, purpose: Purpose) {
        let (Purpose::Load { cache, row } | Purpose::WriteThrough { cache, row }) = purpose else {
            return;
        };
        let instance = self.requests[slot].instance;
        let version = usize::from(self.instances[instance as usize].version);
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let space = behind.versions[version].key_space;
        let cache = &mut behind.caches[usize::from(cache)];
        if purpose.is_write() {
            cache.write(row, space, instance, now);
        } else {
            cache.fill(row, space, instance, now);
        }
    }

    /// An instance's process serves, with empty caches of its own; what runs from the start of
    /// the run may hold something already.
    pub fn begin_caches(&mut self, number: u32) {
        let warm = self.now == SimTime::ZERO;
        let Some(behind) = self.behind.as_deref_mut() else { return };
        for cache in &mut behind.caches {
            if cache.plan.place == CachePlace::Instance {
                cache.begin(number, warm && cache.plan.warm);
            }
        }
    }

    /// An instance's process has ended.
    pub(super) fn end_caches(&mut self, number: u32) {
        let Some(behind) = self.behind.as_deref_mut() else { return };
        for cache in &mut behind.caches {
            if cache.plan.place == CachePlace::Instance
                && let Some(holder) = cache.holders.get_mut(number as usize)
            {
                *holder = None;
            }
        }
    }

    /// Replaces the next batch of a cache's nodes; `done` were before.
    pub fn replace_nodes(&mut self, number: u16, done: u32) {
        let now = self.now;
        let Some(behind) = self.behind.as_deref_mut() else { return };
        let cache = &mut behind.caches[usize::from(number)];
        let nodes = f64::from(cache.nodes());
        let replace = cache.plan.replace.clone();
        let wanted = (replace.until * nodes + 0.5) as u32;
        let batch = ((replace.batch * nodes + 0.5) as u32).max(1);
        let to = (done + batch).min(wanted);
        if done >= to {
            return;
        }
        if !replace.keep {
            cache.empty_nodes(done, to);
        }
        let what = format!("replaced nodes {done} to {} of cache {}", to - 1, cache.plan.name);
        self.note(crate::record::EventKind::Operation { what });
        if to < wanted {
            self.later(now + replace.every, Cold::ReplaceNodes { cache: number, done: to });
        }
    }
}
