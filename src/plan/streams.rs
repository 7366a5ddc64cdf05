//! The purposes of random streams: one number each, given out once.
//!
//! A stream is derived from (seed, purpose, entity), so a new purpose moves no other numbers.
//! Never renumber: that would change the results of every scenario.

/// Arrival instants of a class.
pub const ARRIVALS: u32 = 1;
/// Service demands of a class's open-loop requests.
pub const DEMAND: u32 = 2;
/// Which user sends an open-loop request of a class.
pub const USER: u32 = 3;
/// Which balancer node a request meets.
pub const NODE: u32 = 4;
/// A node's choice of an instance for an attempt.
pub const ROUTING: u32 = 5;
/// On which side of a weight split a request falls.
pub const SPLIT: u32 = 6;
/// Whether a version's defect hits a request.
pub const DEFECT: u32 = 7;
/// Jitter of a retry's pause.
pub const BACKOFF: u32 = 8;
/// How long a request waits in a queue before it leaves.
pub const PATIENCE: u32 = 9;
/// A closed-loop user's thinking times and demands.
pub const CLOSED_LOOP: u32 = 10;
/// Sessions: when they come, their lengths, thinking times and demands.
pub const SESSIONS: u32 = 11;
/// From an endpoint's change to a balancer node's view of it.
pub const PROPAGATION: u32 = 12;
/// Phase of a node's health checks of an instance.
pub const HEALTH_CHECK: u32 = 13;
/// Acceptance of an instance in slow start.
pub const SLOW_START: u32 = 14;
/// Service demands of later attempts.
pub const DEMAND_AGAIN: u32 = 15;
