//! The purposes of random streams, numbered once: what is drawn for one purpose moves nothing
//! that is drawn for another ([`crate::engine::rng::Key::purpose`]).

/// From a page to its acknowledgement; entity: the page, counted from 0.
pub const ON_CALL_ACKNOWLEDGE: u32 = 150;
/// From the acknowledgement of a page to the decision; entity: the page.
pub const ON_CALL_DECIDE: u32 = 151;
/// From the start of a run to its first scrape.
pub const SCRAPE_PHASE: u32 = 152;
