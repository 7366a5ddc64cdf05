//! The balancer: nodes with delayed views, a policy, health checks, retries.

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// What stands between clients and instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balancer {
    /// The preset the defaults were taken from.
    pub preset: String,
    /// Nodes, each with its own view of the endpoints; a request meets a random one.
    pub nodes: u32,
    /// How a node chooses an instance.
    pub policy: Policy,
    /// Affinity of users to instances.
    pub sticky: Option<Sticky>,
    /// From an endpoint's change to a node's view of it, in nanoseconds; drawn for each change
    /// and node. Routing changes (weights, switches) travel the same way.
    pub propagation: Distribution,
    /// Active checks by each node.
    pub health_check: Option<HealthCheck>,
    /// Retries by the node.
    pub retries: BalancerRetries,
    /// Patience with a host that does not answer the connection.
    pub connect_timeout: SimDuration,
    /// Added to the latency of each request that reaches an instance.
    pub overhead: SimDuration,
    /// Reduced share of an instance that has just joined.
    pub slow_start: Option<SlowStart>,
}

/// How a node chooses among the instances it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// In strict turn.
    RoundRobin,
    /// Any, with the same chance.
    Random,
    /// Smooth weighted round robin by the versions' or instances' weights.
    Weighted,
    /// The one with the fewest requests of this node in it.
    LeastRequest {
        /// How many instances are drawn and compared; `None`: all.
        choices: Option<u32>,
        /// Who wins among equals.
        ties: TieBreak,
    },
    /// Consistent hashing of the user (of the request where it has none).
    RingHash,
    /// The hash modulo the number of instances.
    ModuloHash,
}

/// Who wins among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// The next in turn.
    InTurn,
    /// Any of them.
    Random,
}

/// Cookie affinity: a user's requests go where the last answer came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// The cookie is forgotten after this long without a request.
    pub ttl: SimDuration,
}

/// Active health checks. A node checks each endpoint every `interval` at its own phase; an
/// endpoint it has just learnt of counts as up until a check fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// From check to check.
    pub interval: SimDuration,
    /// Patience with a check.
    pub timeout: SimDuration,
    /// Failed checks in a row that take an instance out.
    pub fall: u32,
    /// Good checks in a row that bring it back.
    pub rise: u32,
}

/// Retries by a node, hidden from the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerRetries {
    /// Tries beyond the first.
    pub max: u32,
    /// Which failures are tried again.
    pub on: Vec<RetryOn>,
    /// Whether a retry goes to another instance at once; if not, it goes to the same one
    /// after `pause`.
    pub redispatch: bool,
    /// Before a retry on the same instance.
    pub pause: SimDuration,
}

/// A failure that can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// The connection was refused or timed out.
    Refused,
    /// The connection broke before the answer.
    Reset,
    /// The version answered 500.
    #[serde(rename = "500")]
    AppError,
    /// 502: the balancer could not use an instance.
    #[serde(rename = "502")]
    BadGateway,
    /// 503: no room or no instance.
    #[serde(rename = "503")]
    Unavailable,
    /// 504: the balancer gave up on an instance.
    #[serde(rename = "504")]
    GatewayTimeout,
    /// The attempt's timeout.
    Timeout,
}

/// A linear ramp of an instance's share after it joins, from a tenth to all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowStart {
    /// Length of the ramp.
    pub window: SimDuration,
}
