//! State that outlives a request: sessions, caches, rows, and what versions need of their
//! surroundings.
//!
//! Mechanisms without an event loop: who may read whose session, what a cache holds, whether
//! a column is there. `simulation::state` and `simulation::calls` decide when.

pub mod cache;
pub mod needs;
pub mod sessions;
pub mod zipf;

pub use cache::{Entry, KeyCache};
pub use needs::{Needs, RowTable};
pub use sessions::{Found, Process, SessionTable};
pub use zipf::Zipf;
