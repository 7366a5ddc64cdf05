//! The balancer: nodes with delayed views, a policy, health checks, passive marking, retries.

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// What stands between clients and instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balancer {
    /// The preset the defaults were taken from.
    pub preset: String,
    /// What is balanced.
    pub mode: Mode,
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
    /// Passive marking of instances by what happens to requests.
    pub outlier: Option<Outlier>,
    /// Where fewer than this share of a node's endpoints may be used, all of them are; at 0
    /// only where none may. `None`: never.
    pub panic_threshold: Option<f64>,
    /// Requests that a node has in one instance at once; further ones wait in one queue in the
    /// node. `None`: no bound.
    pub server_maxconn: Option<u32>,
    /// Patience of that queue.
    pub queue_timeout: SimDuration,
    /// Requests still in an instance that its endpoint has left for this long are cut.
    pub drain_timeout: Option<SimDuration>,
    /// Retries by the node.
    pub retries: BalancerRetries,
    /// Patience with a host that does not answer the connection.
    pub connect_timeout: SimDuration,
    /// Patience with an instance's answer; then 504. `None`: no limit.
    pub server_timeout: Option<SimDuration>,
    /// A client that leaves takes its request along: out of the node's queue, and out of the count
    /// of those in an instance, which works on all the same. Without it the node serves the
    /// request as if the client were there (HAProxy without `option abortonclose`).
    pub abort_on_close: bool,
    /// Requests in an instance are cut once its checks or its traffic have taken it down, or an
    /// operator has put it into maintenance (HAProxy's `on-marked-down shutdown-sessions`).
    pub cut_when_down: bool,
    /// Added to the latency of each request that reaches an instance.
    pub overhead: SimDuration,
    /// Reduced share of an instance that has just joined.
    pub slow_start: Option<SlowStart>,
}

/// What a balancer balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Requests, one by one.
    Http,
    /// Connections: what a client sends over one goes where the connection went.
    Tcp,
    /// Nothing: clients connect to the instances themselves.
    None,
}

/// How a node chooses among the instances it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// In turn, by weight.
    RoundRobin(Rotation),
    /// Any, with the same chance.
    Random,
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

impl Policy {
    /// Whether it goes by the weights of instances.
    #[must_use]
    pub fn goes_by_weight(self) -> bool {
        matches!(self, Self::RoundRobin(Rotation::Smooth | Rotation::Positions))
    }
}

/// How turns are dealt to instances of unequal weight. With equal weights that never change
/// all three are a strict cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// A strict cycle; weights are left out.
    Cycle,
    /// Everybody earns its weight, the richest is chosen and pays the sum (nginx's smooth
    /// weighted round robin; Envoy's schedule is as even).
    Smooth,
    /// Positions on a circle, as HAProxy's `lb_fwrr.c` keeps them: a change of weight moves a
    /// server from its old position, which can starve it for a turn of the circle.
    Positions,
}

/// Who wins among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// The one whose count has not changed for longest (HAProxy's `lb_fwlc.c`).
    InTurn,
    /// Any of them.
    Random,
}

/// Affinity: a user's requests go where the last answer came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// To the same instance, by a cookie.
    pub cookie: bool,
    /// To the same version, if not to the same instance.
    pub version: bool,
    /// The cookie is forgotten after this long without a request.
    pub ttl: SimDuration,
}

/// Active health checks. A node checks each endpoint every `interval` at its own phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// From check to check.
    pub interval: SimDuration,
    /// From check to check while the last results disagree with the state (HAProxy's
    /// `fastinter`).
    pub fast_interval: SimDuration,
    /// From check to check of an instance that is down (HAProxy's `downinter`).
    pub down_interval: SimDuration,
    /// What an endpoint is before its first check.
    pub start: CheckStart,
    /// Phases of the endpoints that are there from the start are spread evenly over the
    /// interval; if not, each is at random.
    pub staggered: bool,
    /// Patience with a check.
    pub timeout: SimDuration,
    /// Whether a check needs a free worker or place in the queue, as requests do.
    pub shares_workers: bool,
    /// Failed checks in a row that take an instance out.
    pub fall: u32,
    /// Good checks in a row that bring it back.
    pub rise: u32,
}

/// What an endpoint is before its first check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStart {
    /// Up, until `fall` checks have failed.
    Up,
    /// Up, until one check has failed: HAProxy, also after a server leaves maintenance.
    OneFailure,
    /// Down, until `rise` checks have passed: cloud balancers.
    Down,
}

/// Passive marking: an instance is left out for what happened to requests on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlier {
    /// HAProxy's `observe`: `error_limit` errors in a row take a checked server down.
    Observe {
        /// Whether answers of 500 and broken connections count; if not, only failed connects.
        layer7: bool,
        /// Errors in a row.
        error_limit: u32,
        /// What they do.
        on_error: OnError,
    },
    /// nginx's `max_fails`: that many failed tries within `fail_timeout` put a server aside for
    /// `fail_timeout`; then one live request tries it.
    MaxFails {
        /// Failures.
        max_fails: u32,
        /// Both spans, on a clock of whole seconds.
        fail_timeout: SimDuration,
    },
    /// Envoy's outlier detection by consecutive 5xx.
    Consecutive {
        /// Failed answers in a row, those made by the balancer included.
        errors: u32,
        /// Ejections end at a multiple of this.
        interval: SimDuration,
        /// The first ejection's length; the k-th takes k times as long.
        base_ejection: SimDuration,
        /// No ejection is longer.
        max_ejection: SimDuration,
        /// At most this share of the endpoints is out at once, but always one.
        max_share: f64,
    },
}

/// What HAProxy does when `error_limit` is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Checks come at the fast interval until one succeeds.
    Fastinter,
    /// It counts as one failed check.
    FailCheck,
    /// One more failed check takes the server down.
    SuddenDeath,
    /// The server is down at once.
    MarkDown,
}

/// Retries by a node, hidden from the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerRetries {
    /// Tries beyond the first; `u32::MAX`: every instance once.
    pub max: u32,
    /// Which failures are tried again.
    pub on: Vec<RetryOn>,
    /// Whether a retry goes to another instance at once; if not, it goes to the same one.
    pub redispatch: bool,
    /// After a failed connection, before a retry on the same instance; before any retry where no
    /// second instance can be used.
    pub pause: SimDuration,
    /// A request that affinity sent to its instance tries that one again first, after `pause`,
    /// and moves only once the instance is down, or at the last try (HAProxy).
    pub cookie_waits: bool,
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

/// A ramp of an instance's share after it joins: at age t the share is
/// max(`floor`, (t / `window`) ^ (1 / `aggression`)), as Envoy has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowStart {
    /// Length of the ramp.
    pub window: SimDuration,
    /// 1: linear; above, the share grows faster at first.
    pub aggression: f64,
    /// The least share.
    pub floor: f64,
}
