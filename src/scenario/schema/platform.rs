//! Fields of `platform` and `operations`.

use super::{
    Alternative, COUNT, COUNT_FROM_1, Choice, KUBERNETES, List, MEASURED, OFF, Object, PERIOD,
    SPAN, Shape, field, option,
};

const API: Object = Object::of(&[
    field("qps", Shape::Number(0.001, 1e9), "Calls a second.").or("20", "kube-controller-manager"),
    field("burst", Shape::Count(1, 1_000_000), "Calls at once.")
        .or("30", "kube-controller-manager"),
]);

const LAGS: Object = Object::of(&[
    field("deployment", SPAN, "From a change to the Deployment controller's pass.")
        .or("2ms", MEASURED),
    field("replica_set", SPAN, "From a change to the ReplicaSet controller's pass.")
        .or("2ms", MEASURED),
    field("call", SPAN, "One call of a controller to the API server.").or("5ms", MEASURED),
    field("kubelet", SPAN, "From a pod's change to the reaction of the scheduler or kubelet.")
        .or("8ms", MEASURED),
    field("removal", SPAN, "From the end of a pod's processes to its removal.")
        .or("12ms", MEASURED),
    field("endpoints", SPAN, "From a pod's change to the EndpointSlice's.").or("9ms", MEASURED),
    field("api", Shape::Map(&API), "Client rate limit of the controllers.").filled(),
]);

const PDB: Object = Object::of(&[field(
    "min_available",
    Shape::IntOrPercent,
    "Pods that evictions must leave available.",
)
.also(&[super::same("minAvailable")])]);

const HPA: Object = Object::of(&[
    field("min", COUNT_FROM_1, "Fewest replicas.")
        .or("1", KUBERNETES)
        .also(&[super::same("minReplicas")]),
    field("max", COUNT_FROM_1, "Most replicas.").also(&[super::same("maxReplicas")]),
    field("target", Shape::Share, "Mean utilisation that is aimed at, as a share; at least 1%.")
        .or("80%", KUBERNETES),
    field(
        "tolerance",
        Shape::Share,
        "A ratio of utilisation to target this near to 1 changes nothing.",
    )
    .or("10%", KUBERNETES),
    field("sync", PERIOD, "From one look to the next.").or("15s", KUBERNETES),
    field("metrics", PERIOD, "Figures are means over this span, and new as often.")
        .or("15s", "metrics-server: --metric-resolution"),
    field(
        "scale_down_window",
        SPAN,
        "The highest recommendation of this long holds on the way down.",
    )
    .or("5m", KUBERNETES)
    .also(&[super::seconds("stabilizationWindowSeconds")]),
]);

pub(super) const PLATFORM: Object = Object::of(&[
    field("nodes", Shape::Count(1, 100_000), "Cluster nodes; pods are placed on them in turn.")
        .or("3", "assumption"),
    field("zones", Shape::Count(1, 1_000), "Zones that the nodes are spread over.")
        .or("1", "assumption"),
    field(
        "surge_quota",
        Shape::Or(&["unlimited"], &COUNT),
        "Pods beyond the replicas that can be placed.",
    )
    .or("unlimited", "room for every surge"),
    field("pdb", Shape::Or(&["none"], &Shape::Map(&PDB)), "PodDisruptionBudget.").or("none", OFF),
    field(
        "hpa",
        Shape::Or(&["none"], &Shape::Map(&HPA)),
        "HorizontalPodAutoscaler on CPU; a busy worker is the CPU a pod requested for it.",
    )
    .or("none", OFF),
    field("lags", Shape::Map(&LAGS), "Delays between the control loops.").filled(),
]);

const NOTHING: Shape = Shape::Map(&Object::of(&[]));

const PODS: Shape = Shape::Map(&Object::of(&[
    field("version", Shape::Name, "Whose pods."),
    field("count", Shape::Count(1, 10_000), "How many, the first ones.").or("1", "one pod"),
]));

const LOCK: Object = Object::of(&[
    field("store", Shape::Name, "All calls to it wait behind the lock."),
    field("behind", SPAN, "How long the longest read still holds the table.")
        .or("0s", "no long read"),
    field("takes", SPAN, "How long the change itself takes.").or("0s", "assumption"),
    field("timeout", Shape::Or(&["none"], &PERIOD), "It gives up waiting after this long.")
        .or("none", "PostgreSQL: no lock_timeout"),
    field("retry", PERIOD, "From giving up to the next try.").or("30s", "assumption"),
]);

const CHANGE: Shape = Shape::Map(&Object::of(&[
    field("column", Shape::Name, "Which."),
    field("lock", Shape::Or(&["none"], &Shape::Map(&LOCK)), "The lock that it needs.")
        .or("none", OFF),
]));

const OPERATIONS: &[Alternative] = &[
    option(
        "deploy",
        Shape::Map(&Object::of(&[
            field("version", Shape::Name, "What is deployed.").optional("the release's version")
        ])),
        "Starts a rollout with the arm's strategy.",
    ),
    option("undo", NOTHING, "`kubectl rollout undo`: deploys the previous version."),
    option(
        "scale",
        Shape::Map(&Object::of(&[field(
            "replicas",
            Shape::Count(0, 10_000),
            "New number of replicas.",
        )])),
        "`kubectl scale`.",
    ),
    option("pause", NOTHING, "`kubectl rollout pause`."),
    option("resume", NOTHING, "`kubectl rollout resume`."),
    option(
        "set_strategy",
        Shape::Choice(&super::strategy::KINDS),
        "Changes the strategy's parameters in mid-rollout.",
    ),
    option("expand", CHANGE, "A column appears (first phase of a schema change)."),
    option(
        "migrate",
        Shape::Map(&Object::of(&[
            field("store", Shape::Name, "Where."),
            field("takes", PERIOD, "How long the backfill takes.").or("10m", "assumption"),
            field("slowdown", Shape::Number(1.0, 1e6), "Calls that begin meanwhile are slower.")
                .or("1", "a gentle backfill"),
            field("format", Shape::Name, "Format of all rows in the end.")
                .optional("rows keep theirs"),
        ])),
        "A backfill (second phase of a schema change).",
    ),
    option("contract", CHANGE, "A column goes (last phase of a schema change)."),
    option(
        "configure",
        Shape::Map(&Object::of(&[
            field("setting", Shape::Name, "Which."),
            field("exists", Shape::Bool, "Whether it is there from then on.").or("true", "set"),
        ])),
        "A setting appears or goes, for all instances at once.",
    ),
    option(
        "replace_nodes",
        Shape::Map(&Object::of(&[field("cache", Shape::Name, "Whose nodes.")])),
        "Nodes of a cache are replaced, as its `replace` says.",
    ),
    option("kill", PODS, "Pods fail as in a node-pressure eviction."),
    option("delete", PODS, "Pods are deleted through the API."),
    option("evict", PODS, "Pods are evicted, subject to the disruption budget."),
    option(
        "drain",
        Shape::Map(&Object::of(&[
            field("node", COUNT, "Node number from 0."),
            field("retry", PERIOD, "Between tries of a refused eviction.")
                .or("5s", "kubectl drain"),
        ])),
        "Evicts every pod on a node.",
    ),
];

const OPERATION: Object = Object {
    fields: &[field("at", SPAN, "Time from `clock.deploy_at`.").or("0s", "the deployment instant")],
    one_of: Some(&Choice { what: "an operation", options: OPERATIONS }),
};

pub(super) const OPERATION_LIST: List =
    List { item: Shape::Map(&OPERATION), least: 0, most: 1_000 };
