//! The client: users, timeouts and retries.

use serde::{Deserialize, Serialize};

use super::balancer::RetryOn;
use crate::engine::{Distribution, SimDuration};

/// What clients do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Who sends open-loop requests; `None`: requests of no user in particular.
    pub users: Option<Users>,
    /// Connections that requests travel on.
    pub connection: Connection,
    /// Patience with one attempt.
    pub timeout: Option<SimDuration>,
    /// Patience with the request, retries included.
    pub deadline: Option<SimDuration>,
    /// When and how a failed attempt is repeated.
    pub retries: ClientRetries,
}

/// Connections of the clients. They matter where connections are balanced, or a node is met
/// by connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Kept for further requests; if not, each request has its own.
    pub keepalive: bool,
    /// All clients share one pool, as one upstream proxy or load generator has it; if not, each
    /// user has its own connections.
    pub shared_pool: bool,
    /// How long a connection is kept, in nanoseconds; drawn for each. `None`: for ever.
    pub lifetime: Option<Distribution>,
    /// A connection of this age carries no further request.
    pub max_age: Option<SimDuration>,
}

/// A population of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// How many.
    pub count: u32,
    /// How the sender of an open-loop request is chosen.
    pub pick: Pick,
}

/// Who sends the next open-loop request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Any user with the same chance.
    Uniform,
    /// One after the other.
    InTurn,
}

/// Retries by the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRetries {
    /// Attempts beyond the first.
    pub max: u32,
    /// Which failures are tried again. Requests that are not idempotent are repeated only
    /// after a refused connection.
    pub on: Vec<RetryOn>,
    /// Pause before a retry.
    pub backoff: Backoff,
    /// Retries may add at most this share to the requests: a token bucket that earns `budget`
    /// a request, pays 1 a retry, and holds at most ten seconds' worth of tokens (Finagle's
    /// and Linkerd's retry budget). `None`: no limit.
    pub budget: Option<f64>,
}

/// Exponential back-off: retry k waits up to base · 2^(k-1), at most `cap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Of the first retry.
    pub base: SimDuration,
    /// At most.
    pub cap: SimDuration,
    /// How much of it is random.
    pub jitter: Jitter,
}

/// The random part of a pause `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Always `b`.
    None,
    /// Uniform on [b/2, b).
    Equal,
    /// Uniform on [0, b).
    Full,
}
