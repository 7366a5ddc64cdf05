//! What is behind the service in one run: sessions, caches, stores, needs, faults.
//!
//! A request that a worker has served on its own account comes here. First its content is
//! looked at (`content`): can its session be read, is there the column that it needs? Then it
//! makes its calls, one after another, and holds its worker while it waits (`calls`, through
//! `caches` and `stores`). Then it is answered. A world without state has none of this, at the
//! price of one branch a request.

mod caches;
mod calls;
mod content;
mod faults;
mod stores;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::engine::rng::Key;
use crate::engine::{Sampler, SimTime};
use crate::model::request::NONE;
use crate::model::state::{Needs, RowTable, SessionTable, Zipf};
use crate::model::store::{Calls, StoreServer};
use crate::plan::{ClassState, Fault, Login, Plan, STABLE, Unreadable, VersionState, streams};

use caches::CacheSide;
pub(super) use faults::{FaultEvent, SchemaEvent};

/// Everything behind the service.
pub(super) struct Behind {
    classes: Vec<ClassState>,
    versions: Vec<VersionState>,
    sessions: Option<SessionSide>,
    needs: Needs,
    rows: Option<RowSide>,
    caches: Vec<CacheSide>,
    stores: Vec<StoreServer>,
    calls: Calls,
    /// By request record: where it is in its calls.
    progress: Vec<Progress>,
    /// Loads under way that others wait for.
    loads: BTreeMap<LoadKey, Vec<u32>>,
    faults: Vec<Fault>,
    keys: Keys,
}

/// Streams of what belongs to requests, by class.
#[derive(Clone, Copy)]
struct Keys {
    data: Key,
    writes: Key,
    needs: Key,
    call: Key,
    session_write: Key,
    login: Key,
}

/// Sessions, and what is done about lost ones.
struct SessionSide {
    table: SessionTable,
    rewrite: f64,
    in_place: bool,
    login: LogIn,
    /// Lost or unreadable in the window.
    lost: u64,
}

/// How users log in again.
enum LogIn {
    AtOnce,
    NextRequest,
    /// With a request of this class, after some time.
    Request(u8, Sampler),
}

impl LogIn {
    fn of(plan: Option<&Login>) -> Self {
        match plan {
            None => Self::AtOnce,
            Some(Login::NextRequest) => Self::NextRequest,
            Some(Login::Request { class, after }) => {
                Self::Request(*class as u8, Sampler::new(after))
            }
        }
    }
}

/// Rows with formats.
struct RowSide {
    table: RowTable,
    law: Zipf,
    used_by: Vec<f64>,
}

/// Where a request is in its calls.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// The kind of call, and how many of it are done.
    kind: usize,
    done: u32,
    /// All calls so far.
    calls: u32,
    writes: bool,
    /// Since when it has waited for others.
    since: SimTime,
}

/// A load that several requests of one instance may wait for: instance, cache, row and key
/// space.
type LoadKey = (u32, u16, (u32, u8));

/// How a request's work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is answered, well or with its version's own errors.
    Answered,
    /// Its user is logged out.
    Unauthorized,
    /// State is not as its version needs it.
    Broken,
    /// A call failed because its store was overloaded.
    Overloaded,
    /// A call failed because of a fault.
    Faulty,
}

impl Behind {
    /// What a plan has behind its service; `None`: nothing.
    pub fn of(plan: &Plan, seed: u64) -> Option<Box<Self>> {
        let stateless = plan.state.is_empty() && plan.stores.is_empty();
        if stateless && plan.faults.is_empty() {
            return None;
        }
        let root = Key::of_seed(seed);
        let state = &plan.state;
        let versions: Vec<VersionState> = plan.versions.iter().map(|v| v.state.clone()).collect();
        let spaces = versions.iter().map(|version| version.key_space).max().unwrap_or(0) + 1;
        let writes = plan.classes.iter().any(|class| class.state.writes > 0.0);
        let age = root.purpose(streams::CACHE_AGE);
        let stable = versions[usize::from(STABLE.0)].clone();
        Some(Box::new(Self {
            classes: plan.classes.iter().map(|class| class.state.clone()).collect(),
            sessions: state.sessions.as_ref().map(|plan| SessionSide {
                table: SessionTable::new(plan),
                rewrite: plan.rewrite,
                in_place: plan.unreadable == Unreadable::LoginInPlace,
                login: LogIn::of(plan.login.as_ref()),
                lost: 0,
            }),
            needs: Needs::new(&state.needs),
            rows: state.rows.as_ref().map(|plan| RowSide {
                table: RowTable::new(plan, &stable.rows),
                law: Zipf::new(plan.keys, plan.zipf),
                used_by: plan.used_by.clone(),
            }),
            caches: (0u64..)
                .zip(&state.caches)
                .map(|(number, cache)| {
                    CacheSide::new(cache, spaces, writes, stable.key_space, age.entity(number))
                })
                .collect(),
            stores: plan.stores.iter().map(StoreServer::new).collect(),
            calls: Calls::default(),
            progress: Vec::new(),
            loads: BTreeMap::new(),
            faults: plan.faults.clone(),
            keys: Keys {
                data: root.purpose(streams::DATA_KEY),
                writes: root.purpose(streams::WRITES),
                needs: root.purpose(streams::NEEDS),
                call: root.purpose(streams::CALL),
                session_write: root.purpose(streams::SESSION_WRITE),
                login: root.purpose(streams::LOGIN),
            },
            versions,
        }))
    }

    /// Sessions that were lost in the window.
    pub fn sessions_lost(&self) -> u64 {
        self.sessions.as_ref().map_or(0, |sessions| sessions.lost)
    }

    /// Sessions by the instance that keeps them in memory.
    pub fn sessions_by_instance(&self, instances: usize) -> Vec<u64> {
        self.sessions.as_ref().map_or(Vec::new(), |side| side.table.by_instance(instances))
    }

    /// Entries that made room in caches, and the look-ups since their last use added up.
    pub fn evictions(&self) -> (u64, u64) {
        let all = self.caches.iter().map(CacheSide::evictions);
        all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    fn progress(&mut self, slot: u32) -> &mut Progress {
        let place = slot as usize;
        if place >= self.progress.len() {
            let none = Progress { kind: 0, done: 0, calls: 0, writes: false, since: SimTime::ZERO };
            self.progress.resize((place + 1).next_power_of_two(), none);
        }
        &mut self.progress[place]
    }
}

/// Whether a user is somebody.
fn somebody(user: u32) -> bool {
    user != NONE
}
