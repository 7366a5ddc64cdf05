//! Fields of `balancer`.
//!
//! Each preset is a set of defaults; any field overrides it.

use super::law::TIME;
use super::traffic::RETRY_ON;
use super::{
    Alternative, COUNT_FROM_1, Choice, Field, OFF, Object, PERIOD, Presence, SPAN, Shape, field,
    option,
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
            ("health_check.start", "one_failure", "HAProxy: up, falls at the first failed check"),
            ("health_check.staggered", "true", "HAProxy spreads the first checks"),
            ("retries.max", "3", "HAProxy"),
            ("retries.redispatch", "false", "HAProxy: no option redispatch"),
            ("retries.cookie_waits", "true", "HAProxy"),
            ("abort_on_close", "false", "HAProxy: no option abortonclose"),
            ("overhead", "0.18ms", "measured on HAProxy 2.6, loopback"),
        ],
    ),
    (
        "nginx",
        &[
            ("outlier", "{max_fails: {}}", "nginx: max_fails 1 fail_timeout 10s"),
            ("retries.max", "each", "nginx: proxy_next_upstream_tries 0"),
            ("retries.on", "[refused, reset, timeout]", "nginx: proxy_next_upstream error timeout"),
            ("retries.pause", "0s", "nginx"),
            ("connect_timeout", "60s", "nginx: proxy_connect_timeout"),
            ("server_timeout", "60s", "nginx: proxy_read_timeout"),
            ("overhead", "0.14ms", "measured on nginx 1.22, loopback"),
        ],
    ),
    (
        "envoy",
        &[
            ("retries.max", "0", "Envoy: no retry policy"),
            ("retries.pause", "25ms", "Envoy: base interval"),
            ("panic_threshold", "50%", "Envoy: healthy_panic_threshold"),
            ("server_timeout", "15s", "Envoy: route timeout"),
            ("overhead", "0.18ms", "as measured on HAProxy 2.6, loopback"),
        ],
    ),
    (
        "kube-proxy",
        &[
            ("mode", "tcp", "kube-proxy balances connections"),
            ("nodes", "3", "every cluster node has its own rules"),
            ("policy", "random", "kube-proxy: iptables mode"),
            (
                "propagation",
                "{uniform: {min: 0s, max: 1s}}",
                "kube-proxy: rules are written at most once a second",
            ),
        ],
    ),
    (
        "alb",
        &[
            ("nodes", "3", "one in each of three zones"),
            (
                "health_check",
                "{interval: 30s, timeout: 5s, fall: 2, rise: 5}",
                "ALB: 30 s, 5 healthy, 2 unhealthy",
            ),
            ("health_check.interval", "30s", "ALB"),
            ("health_check.timeout", "5s", "ALB"),
            ("health_check.fall", "2", "ALB"),
            ("health_check.rise", "5", "ALB"),
            ("health_check.start", "down", "ALB: `initial` until healthy"),
            ("panic_threshold", "0%", "ALB fails open where no target is healthy"),
            (
                "propagation",
                "{lognormal: {p50: 3s, p99: 15s}}",
                "assumption: registration through a controller and the cloud's API",
            ),
            ("drain_timeout", "300s", "ALB: deregistration delay"),
            ("server_timeout", "60s", "ALB: idle timeout"),
            ("overhead", "0.5ms", "assumption"),
        ],
    ),
];

const CHOICES: Shape = Shape::Or(&["all"], &Shape::Count(1, 1_000));

const LEAST_REQUEST: Object = Object::of(&[
    field("choices", CHOICES, "Instances that are drawn and compared.")
        .or("2", "Envoy: power of two choices"),
    field("ties", Shape::Word(&["in_turn", "random"]), "Who wins among equals.")
        .or("random", "Envoy"),
]);

const NOTHING: Object = Object::of(&[]);

const POLICIES: &[Alternative] = &[
    option(
        "round_robin",
        Shape::Map(&NOTHING),
        "In turn; under the presets `haproxy`, `nginx`, `envoy` and `alb` by weight, each with its \
         own algorithm.",
    ),
    option("random", Shape::Map(&NOTHING), "Any, with the same chance."),
    option(
        "weighted",
        Shape::Map(&NOTHING),
        "Weighted round robin, as evenly as the preset's balancer does it.",
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
    field("cookie", Shape::Bool, "A user's requests go to the instance of the last answer.")
        .or("true", "cookie affinity"),
    field(
        "version",
        Shape::Bool,
        "A user's requests go to the version of the last answer, and a weight is a share of users.",
    )
    .or("false", OFF),
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
    field(
        "fast_interval",
        PERIOD,
        "From check to check while results disagree with the state (HAProxy's `fastinter`).",
    )
    .optional("`interval`"),
    field(
        "down_interval",
        PERIOD,
        "From check to check of an instance that is down (HAProxy's `downinter`).",
    )
    .optional("`interval`"),
    field(
        "shares_workers",
        Shape::Bool,
        "Whether a check needs a free worker or place in the queue, as requests do.",
    )
    .or("false", "an endpoint of its own"),
    field(
        "start",
        Shape::Word(&["up", "one_failure", "down"]),
        "What an endpoint is before its checks: up; up until one check fails; down.",
    )
    .or("up", "Envoy"),
    field(
        "staggered",
        Shape::Bool,
        "First checks are spread evenly over the interval; if not, each is at random.",
    )
    .or("false", "Envoy, cloud balancers"),
]);

const OBSERVE: Object = Object::of(&[
    field("layer", Shape::Word(&["layer4", "layer7"]), "Failed connects, or answers too.")
        .or("layer4", "assumption"),
    field("error_limit", Shape::Count(1, 1_000_000), "Errors in a row.").or("10", "HAProxy"),
    field(
        "on_error",
        Shape::Word(&["fastinter", "fail_check", "sudden_death", "mark_down"]),
        "What they do.",
    )
    .or("fail_check", "HAProxy"),
]);

const MAX_FAILS: Object = Object::of(&[
    field("max_fails", Shape::Count(0, 1_000_000), "Failed tries; 0: off.").or("1", "nginx"),
    field("fail_timeout", PERIOD, "Within this long, and out for this long.").or("10s", "nginx"),
]);

const CONSECUTIVE: Object = Object::of(&[
    field("errors", Shape::Count(1, 1_000_000), "5xx in a row.").or("5", "Envoy"),
    field("interval", PERIOD, "Ejections end at a multiple of this.").or("10s", "Envoy"),
    field("base_ejection", PERIOD, "The first ejection; the k-th takes k times as long.")
        .or("30s", "Envoy"),
    field("max_ejection", PERIOD, "No ejection is longer.").or("300s", "Envoy"),
    field("max_share", Shape::Share, "Most endpoints out at once; one always may be.")
        .or("10%", "Envoy"),
]);

const OUTLIERS: Choice = Choice {
    what: "a way of passive marking",
    options: &[
        option("observe", Shape::Map(&OBSERVE), "HAProxy's `observe`."),
        option("max_fails", Shape::Map(&MAX_FAILS), "nginx's `max_fails` and `fail_timeout`."),
        option("consecutive", Shape::Map(&CONSECUTIVE), "Envoy's outlier detection."),
    ],
};

const RETRIES: Object = Object::of(&[
    field(
        "max",
        Shape::Or(&["each"], &Shape::Count(0, 1_000)),
        "Tries beyond the first; `each`: every instance once.",
    )
    .or("0", OFF),
    field("on", RETRY_ON, "Failures that are tried again.")
        .or("[refused]", "HAProxy: connection failures"),
    field(
        "redispatch",
        Shape::Bool,
        "Whether a retry goes to another instance at once; if not, to the same one after `pause`.",
    )
    .or("true", "Envoy, nginx"),
    field("pause", SPAN, "Before a retry on the same instance.").or("1s", "HAProxy"),
    field(
        "cookie_waits",
        Shape::Bool,
        "A request with a cookie tries its instance again after `pause` before it moves.",
    )
    .or("false", "Envoy, nginx"),
]);

const SLOW_START: Object = Object::of(&[
    field("window", SPAN, "Length of the ramp."),
    field(
        "aggression",
        Shape::Number(0.01, 100.0),
        "At age t the share is (t / window) ^ (1 / aggression); 1: linear.",
    )
    .or("1", "Envoy"),
    field("floor", Shape::Share, "The least share.").or("10%", "Envoy: min_weight_percent"),
]);

const FIELDS: &[Field] = &[
    field(
        "preset",
        Shape::Word(&["ideal", "haproxy", "nginx", "envoy", "kube-proxy", "alb"]),
        "Which balancer the other fields take their defaults from.",
    )
    .or("ideal", "one node with an immediate view"),
    field(
        "mode",
        Shape::Word(&["http", "tcp", "none"]),
        "What is balanced: requests; connections; nothing, clients connect to instances.",
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
    field(
        "outlier",
        Shape::Or(&["none"], &Shape::Choice(&OUTLIERS)),
        "Passive marking of instances by what happens to requests.",
    )
    .or("none", OFF),
    field(
        "panic_threshold",
        Shape::Or(&["none"], &Shape::Share),
        "Where fewer than this share of the endpoints may be used, all are; at 0 % only where none \
         may.",
    )
    .or("none", OFF),
    field(
        "retries",
        Shape::Or(&["none"], &Shape::Map(&RETRIES)),
        "Retries by the node, hidden from the client.",
    )
    .filled(),
    field(
        "server_maxconn",
        Shape::Or(&["none"], &COUNT_FROM_1),
        "Requests that a node has in one instance at once; others wait in a queue in the node.",
    )
    .or("none", OFF),
    field("queue_timeout", PERIOD, "Patience of that queue; then 503.")
        .optional("`connect_timeout`, as HAProxy's `timeout queue`"),
    field("connect_timeout", PERIOD, "Patience with a host that does not answer the connection.")
        .or("5s", "Envoy"),
    field(
        "drain_timeout",
        Shape::Or(&["none"], &SPAN),
        "Requests still in an instance that its endpoint has left for this long are cut.",
    )
    .or("none", "requests finish"),
    field("overhead", SPAN, "Added to the latency of each request.").or("0s", "ideal"),
    field(
        "server_timeout",
        Shape::Or(&["none"], &PERIOD),
        "Patience with an instance's answer, its queue included; then 504.",
    )
    .or("none", "HAProxy: timeout server has no default"),
    field(
        "abort_on_close",
        Shape::Bool,
        "A client that leaves takes its request out of the queue in a node, and out of the count of \
         those in an instance. `false`: nodes serve it as if the client were there, so that it \
         keeps its place under `server_maxconn` (HAProxy without `option abortonclose`).",
    )
    .or("true", "nginx, Envoy"),
    field(
        "cut_when_down",
        Shape::Bool,
        "Requests in an instance are cut once checks or traffic have taken it down, or a script \
         has put it into maintenance (HAProxy's `on-marked-down shutdown-sessions`).",
    )
    .or("false", "HAProxy"),
    field(
        "slow_start",
        Shape::ByKind { scalar: &SPAN, list: None, map: &Shape::Map(&SLOW_START) },
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
