//! What outlives a request: sessions of users, caches, and what versions need of their
//! surroundings (columns of a schema, settings).

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// All state behind the service; nothing where it is stateless.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Sessions of users, where requests need one.
    pub sessions: Option<Sessions>,
    /// Look-aside caches.
    pub caches: Vec<Cache>,
    /// Columns and settings that versions may need.
    pub needs: Vec<Need>,
    /// Rows that carry the format of the version that wrote them.
    pub rows: Option<Rows>,
}

impl State {
    /// Whether the service is stateless.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_none()
            && self.caches.is_empty()
            && self.needs.is_empty()
            && self.rows.is_none()
    }
}

/// Sessions of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// Where they are kept.
    pub store: SessionStore,
    /// A session unused for this long is over; `None`: never.
    pub ttl: Option<SimDuration>,
    /// Share of requests that write their session back.
    pub rewrite: f64,
    /// What a request does that cannot use its user's session.
    pub unreadable: Unreadable,
    /// How a user who was logged out logs in again; `None`: at once, at the instance that said
    /// so, without a request that counts.
    pub login: Option<Login>,
    /// Names of the formats that versions read and write.
    pub formats: Vec<String>,
}

/// Where sessions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStore {
    /// In the memory of the instance that made them.
    Memory,
    /// Outside of the instances, the same for all.
    Shared,
    /// Every instance has a copy of each, some time behind.
    Replicated {
        /// From a write to the copies of the other instances.
        lag: SimDuration,
    },
}

/// What a request does that cannot use its user's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// It is answered `unauthorized`.
    Unauthorized,
    /// The user logs in on the way, and it is answered: a forced log-in, but no failure.
    LoginInPlace,
}

/// How a user who was logged out logs in again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// With the next request: it is answered, and the session begins where it is served.
    NextRequest,
    /// With a request of its own.
    Request {
        /// Its class (index into the plan's classes).
        class: u16,
        /// From being logged out to sending it, in nanoseconds.
        after: Distribution,
    },
}

impl Login {
    /// The class of log-ins, where they are requests of their own.
    #[must_use]
    pub fn class(&self) -> Option<u16> {
        if let Self::Request { class, .. } = self { Some(*class) } else { None }
    }
}

/// A look-aside cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// Its name.
    pub name: String,
    /// What a miss loads from (index into the plan's stores).
    pub store: u16,
    /// Where it is.
    pub place: CachePlace,
    /// Keys there are.
    pub keys: u32,
    /// Exponent of the Zipf law by which requests choose keys; 0: all alike.
    pub zipf: f64,
    /// Entries that an instance (or a node) holds; `None`: any number.
    pub capacity: Option<u32>,
    /// Age at which an entry expires; `None`: never.
    pub ttl: Option<SimDuration>,
    /// What a write does to the entry.
    pub on_write: OnWrite,
    /// A write does so to the copies that other versions use, and other instances hold, as well.
    pub everywhere: bool,
    /// Misses of a key that is being loaded wait for that load.
    pub coalescing: bool,
    /// What runs from the start holds the most wanted keys already.
    pub warm: bool,
    /// How its nodes are replaced, where an operation does so.
    pub replace: Replace,
}

/// Where a cache is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CachePlace {
    /// In each instance; empty after each start.
    Instance,
    /// On nodes of its own, keys spread over them.
    Nodes(u32),
}

/// What a write does to a cache's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnWrite {
    /// Puts the new value in.
    Update,
    /// Removes it.
    Invalidate,
    /// Nothing: it lives until it expires.
    Nothing,
}

/// How the nodes of a cache are replaced by empty ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replace {
    /// Share of the nodes that is replaced at once (at least one node).
    pub batch: f64,
    /// From batch to batch.
    pub every: SimDuration,
    /// Share of the nodes that is replaced in all.
    pub until: f64,
    /// The new nodes take over what the old ones held.
    pub keep: bool,
}

/// A column or setting that versions may need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Its name.
    pub name: String,
    /// A column is made and dropped by `expand` and `contract`, a setting by `configure`.
    pub column: bool,
    /// Share of requests that use it, by class.
    pub used_by: Vec<f64>,
    /// Whether it is there before anything is done.
    pub exists: bool,
}

/// Rows that carry the format of the version that wrote them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// How many.
    pub keys: u32,
    /// Exponent of the Zipf law by which requests choose rows; 0: all alike.
    pub zipf: f64,
    /// Share of requests that read or write a row, by class.
    pub used_by: Vec<f64>,
    /// Names of the formats that versions read and write.
    pub formats: Vec<String>,
}

/// Formats that a version reads, and the one it writes; indices into the list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// Readable ones; bit n stands for format n.
    pub reads: u32,
    /// The one it writes.
    pub writes: u8,
}

impl Formats {
    /// Whether a format can be read.
    #[must_use]
    pub fn can_read(&self, format: u8) -> bool {
        self.reads & (1 << format) != 0
    }
}

/// What a version does with state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionState {
    /// Formats of sessions.
    pub session: Formats,
    /// Formats of rows.
    pub rows: Formats,
    /// Which keys it uses in caches: versions with the same number share entries.
    pub key_space: u8,
    /// Columns and settings without which its requests fail (indices into the needs).
    pub needs: Vec<u16>,
    /// Those with which they fail.
    pub broken_by: Vec<u16>,
}

/// What a class of requests does with state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassState {
    /// Its requests need a session.
    pub session: bool,
    /// Share of its requests that write; the others read.
    pub writes: f64,
    /// Calls that a request makes, one after another.
    pub calls: Vec<Call>,
}

impl ClassState {
    /// Whether its requests have nothing to do with any state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.session && self.writes == 0.0 && self.calls.is_empty()
    }
}

/// Some calls of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// To what.
    pub target: CallTarget,
    /// How many, one after another.
    pub count: u32,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallTarget {
    /// A store (index into the plan's stores).
    Store(u16),
    /// A cache (index into the state's caches).
    Cache(u16),
}
