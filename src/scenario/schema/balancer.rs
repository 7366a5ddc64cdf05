//! Fields of `balancer`.
//!
//! Each preset is a set of defaults; any field overrides it. Presets of balancers whose
//! behaviour rests on parts that are not simulated yet (passive marking) are refused.

use super::law::TIME;
use super::traffic::RETRY_ON;
use super::{
    Alternative, Choice, Field, OFF, Object, PERIOD, Presence, SPAN, Shape, field, option,
};

/// What a balancer's preset changes: field path below `balancer`, value, source.
pub type Preset = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

/// The presets. `ideal` is the field table's own defaults.
pub const PRESETS: &[Preset] = &[
    ("ideal", &[]),
    (
        "haproxy",
        &[
            (
                "health_check",
                "{interval: 2s, timeout: 2s, fall: 3, rise: 2}",
                "HAProxy: inter 2s fall 3 rise 2",
            ),
            ("health_check.timeout", "2s", "HAProxy: inter"),
            ("retries.max", "3", "HAProxy"),
            ("retries.redispatch", "false", "HAProxy: no option redispatch"),
            ("overhead", "0.18ms", "measured on HAProxy 2.6, loopback"),
        ],
    ),
    (
        "envoy",
        &[
            ("retries.max", "0", "Envoy: no retry policy"),
            ("overhead", "0.18ms", "as measured on HAProxy 2.6, loopback"),
        ],
    ),
    (
        "kube-proxy",
        &[
            ("nodes", "3", "every cluster node has its own rules"),
            ("policy", "random", "kube-proxy: iptables mode"),
            (
                "propagation",
                "{uniform: {min: 0s, max: 1s}}",
                "kube-proxy: rules are written at most once a second",
            ),
        ],
    ),
];

const CHOICES: Shape = Shape::Or(&["all"], &Shape::Count(1, 1_000));

const LEAST_REQUEST: Object = Object::of(&[
    field("choices", CHOICES, "Instances that are drawn and compared.")
        .or("2", "Envoy: power of two choices"),
    field("ties", Shape::Word(&["in_turn", "random"], &[]), "Who wins among equals.")
        .or("random", "Envoy"),
]);

const NOTHING: Object = Object::of(&[]);

const POLICIES: &[Alternative] = &[
    option("round_robin", Shape::Map(&NOTHING), "In strict turn."),
    option("random", Shape::Map(&NOTHING), "Any, with the same chance."),
    option(
        "weighted",
        Shape::Map(&NOTHING),
        "Smooth weighted round robin by the versions' weights.",
    ),
    option(
        "least_request",
        Shape::Map(&LEAST_REQUEST),
        "The one with the fewest requests of this node in it.",
    ),
    option("ring_hash", Shape::Map(&NOTHING), "Consistent hashing of the user."),
    option("modulo_hash", Shape::Map(&NOTHING), "Hash of the user modulo the number of instances."),
];

const STICKY: Object = Object::of(&[
    field("cookie", Shape::Bool, "A user's requests go where the last answer came from.")
        .or("true", "cookie affinity"),
    field("ttl", PERIOD, "The cookie is forgotten after this long without a request.")
        .or("1h", "assumption"),
]);

const HEALTH_CHECK: Object = Object::of(&[
    field("interval", PERIOD, "From check to check of one instance.").or("2s", "HAProxy"),
    field("timeout", PERIOD, "Patience with a check.").or("1s", "assumption"),
    field("fall", Shape::Count(1, 1_000), "Failed checks in a row that take an instance out.")
        .or("3", "HAProxy"),
    field("rise", Shape::Count(1, 1_000), "Good checks in a row that bring it back.")
        .or("2", "HAProxy"),
]);

const RETRIES: Object = Object::of(&[
    field("max", Shape::Count(0, 1_000), "Tries beyond the first.").or("0", OFF),
    field("on", RETRY_ON, "Failures that are tried again.")
        .or("[refused]", "HAProxy: connection failures"),
    field(
        "redispatch",
        Shape::Bool,
        "Whether a retry goes to another instance at once; if not, to the same one after `pause`.",
    )
    .or("true", "Envoy, nginx"),
    field("pause", SPAN, "Before a retry on the same instance.").or("1s", "HAProxy"),
]);

const FIELDS: &[Field] = &[
    field(
        "preset",
        Shape::Word(&["ideal", "haproxy", "envoy", "kube-proxy"], &["nginx", "alb"]),
        "Which balancer the other fields take their defaults from.",
    )
    .or("ideal", "one node with an immediate view"),
    field(
        "mode",
        Shape::Word(&["http"], &["tcp", "none"]),
        "What is balanced: requests, connections, nothing.",
    )
    .or("http", "requests are balanced one by one"),
    field(
        "nodes",
        Shape::Count(1, 10_000),
        "Balancer nodes, each with its own view of the endpoints.",
    )
    .or("1", "ideal"),
    field(
        "policy",
        Shape::Choice(&Choice { what: "a policy", options: POLICIES }),
        "How a node chooses an instance.",
    )
    .or("round_robin", "HAProxy, nginx, Envoy"),
    field("sticky", Shape::Or(&["none"], &Shape::Map(&STICKY)), "Affinity of users to instances.")
        .or("none", OFF),
    field(
        "propagation",
        TIME,
        "From an endpoint's change to a node's view of it; drawn for each change and node.",
    )
    .or("0s", "ideal"),
    field(
        "health_check",
        Shape::Or(&["none"], &Shape::Map(&HEALTH_CHECK)),
        "Active checks by each node.",
    )
    .or("none", OFF),
    field("outlier", Shape::Or(&["none"], &Shape::NotYet), "Passive marking of instances.")
        .or("none", OFF),
    field(
        "retries",
        Shape::Or(&["none"], &Shape::Map(&RETRIES)),
        "Retries by the node, hidden from the client.",
    )
    .filled(),
    field(
        "server_maxconn",
        Shape::Or(&["none"], &Shape::NotYet),
        "A central queue in front of the instances.",
    )
    .or("none", OFF),
    field("queue_timeout", Shape::NotYet, "Patience of the central queue.")
        .optional("no central queue"),
    field("connect_timeout", PERIOD, "Patience with a host that does not answer the connection.")
        .or("5s", "Envoy"),
    field(
        "drain_timeout",
        Shape::NotYet,
        "Connections of a removed instance are cut after this long.",
    )
    .optional("requests finish"),
    field("overhead", SPAN, "Added to the latency of each request.").or("0s", "ideal"),
    field(
        "slow_start",
        SPAN,
        "An instance's share grows to its full size over this long after it joins.",
    )
    .or("0s", OFF),
];

pub(super) const BALANCER: Object = Object::of(FIELDS);

/// The default of a field below `balancer` under a preset.
#[must_use]
pub fn preset_default(preset: &str, field: &str) -> Option<Presence> {
    let (_, changes) = PRESETS.iter().find(|(name, _)| *name == preset)?;
    let (_, yaml, source) = changes.iter().find(|(name, _, _)| *name == field)?;
    Some(Presence::Default { yaml, source })
}
