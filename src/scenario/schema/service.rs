//! Fields of `service` and `versions`.

use super::law::{POD_TIME, TIME};
use super::{
    Alternative, COUNT, COUNT_FROM_1, Choice, Field, KUBERNETES, List, OFF, Object, PERIOD, SPAN,
    Shape, field, option, seconds,
};

const START: &str = "assumption: no public figures; measure yours";

pub(super) const WARM: Object = Object::of(&[
    field("penalty", Shape::Number(1.0, 1e6), "Service times are multiplied by this at first."),
    field("over", PERIOD, "The penalty fades linearly over this long.")
        .optional("`requests` is given"),
    field("from", Shape::Word(&["ready", "first_request"]), "What the fading is counted from.")
        .or("ready", "the process listens"),
    field("requests", COUNT_FROM_1, "The penalty holds until this many requests were served.")
        .optional("`over` is given"),
]);

const STARTUP: Object = Object::of(&[
    field("schedule", POD_TIME, "From a pod's creation to its node.").or("1s", START),
    field("pull", POD_TIME, "Image pull, for the first pod of a version on a node.")
        .or("4s", START),
    field("init", POD_TIME, "Init containers.").or("0s", OFF),
    field("boot", POD_TIME, "From the container's start to listening.")
        .or("{lognormal: {p50: 8s, p99: 25s}}", START),
    field(
        "until_listening",
        Shape::Word(&["refuse", "hold", "lose"]),
        "What becomes of connections to a process that runs and does not listen yet: refused at \
         once; they wait in its queue (the port is bound early, nobody accepts) and are served \
         when it is up; nobody ever answers them.",
    )
    .or("refuse", "the port is closed"),
    field("warm", Shape::Or(&["none"], &Shape::Map(&WARM)), "Slower service of a young instance.")
        .or("none", OFF),
]);

const PROBE: Object = Object::of(&[
    field("initial_delay", SPAN, "No check before the container is this old.")
        .or("0s", KUBERNETES)
        .also(&[seconds("initialDelaySeconds")]),
    field("period", PERIOD, "From check to check.")
        .or("10s", KUBERNETES)
        .also(&[seconds("periodSeconds")]),
    field("timeout", PERIOD, "Patience with a check.")
        .or("1s", KUBERNETES)
        .also(&[seconds("timeoutSeconds")]),
    field("success_threshold", Shape::Count(1, 10_000), "Successes in a row that turn it good.")
        .or("1", KUBERNETES)
        .also(&[super::same("successThreshold")]),
    field("failure_threshold", Shape::Count(1, 10_000), "Failures in a row that turn it bad.")
        .or("3", KUBERNETES)
        .also(&[super::same("failureThreshold")]),
    field(
        "shares_workers",
        Shape::Bool,
        "Whether a check needs a free worker, as requests do, or has a thread of its own.",
    )
    .or("false", "an endpoint of its own"),
]);

const OPTIONAL_PROBE: Shape = Shape::Or(&["none"], &Shape::Map(&PROBE));

const PROBES: Object = Object::of(&[
    field("startup", OPTIONAL_PROBE, "Holds the other probes back until it succeeds.")
        .or("none", OFF),
    field(
        "readiness",
        Shape::Or(&["none", "listening"], &Shape::Map(&PROBE)),
        "What makes a pod ready: a probe; `listening`, an ideal probe of no period; `none`, ready \
         as soon as the container runs.",
    )
    .filled(),
    field("liveness", OPTIONAL_PROBE, "Restarts a container that fails it.").or("none", OFF),
]);

const CLOSINGS: &[Alternative] = &[
    option("wait", Shape::Map(&Object::of(&[])), "Until their clients end them."),
    option("at_once", Shape::Map(&Object::of(&[])), "All of them when it begins to drain."),
    option("over", PERIOD, "Evenly, with jitter, over this long."),
];

pub(super) const SHUTDOWN: Object = Object::of(&[
    field("pre_stop", SPAN, "preStop sleep: the process serves on and gets SIGTERM after it.")
        .or("0s", KUBERNETES),
    field(
        "on_sigterm",
        Shape::Word(&["drain", "abrupt", "ignore"]),
        "What the process does at SIGTERM: closes its listener and finishes what is inside; exits \
         at once; nothing.",
    )
    .or("drain", "the usual graceful stop"),
    field("linger", POD_TIME, "The process serves on for this long after SIGTERM, then obeys.")
        .or("0s", OFF),
    field(
        "lame_duck",
        Shape::Bool,
        "Probes and health checks fail from the deletion on, while requests are still served.",
    )
    .or("false", "health says nothing of a stop"),
    field(
        "close_streams",
        Shape::Choice(&Choice { what: "a way of closing streams", options: CLOSINGS }),
        "What a draining process does with its open streams; SIGKILL cuts what is left.",
    )
    .or("wait", "nginx, gRPC's GracefulStop"),
    field("grace", SPAN, "From the deletion to SIGKILL, the preStop sleep included.")
        .or("30s", KUBERNETES)
        .also(&[seconds("terminationGracePeriodSeconds")]),
]);

pub(super) const SERVICE: Object = Object::of(&[
    field("replicas", Shape::Count(1, 10_000), "Instances (pods).")
        .or("10", "assumption: Kubernetes' own default is 1"),
    field(
        "workers",
        Shape::Or(&["unlimited"], &Shape::Count(1, 1_000_000)),
        "Requests an instance serves at once.",
    )
    .or("8", "assumption"),
    field("queue", Shape::Or(&["unlimited"], &COUNT), "Waiting room of an instance; full: 503.")
        .or("64", "assumption"),
    field(
        "discipline",
        Shape::Word(&["fcfs", "ps"]),
        "First come first served, or processor sharing.",
    )
    .or("fcfs", "a worker pool"),
    field("startup", Shape::Map(&STARTUP), "From a pod's creation to its first answer.").filled(),
    field("probes", Shape::Map(&PROBES), "What the kubelet asks an instance.").filled(),
    field("shutdown", Shape::Map(&SHUTDOWN), "From the decision to stop to the end.").filled(),
    field(
        "crash",
        Shape::Map(&Object::of(&[field(
            "mtbf",
            Shape::Or(&["none"], &PERIOD),
            "Mean time between crashes of an instance's process.",
        )
        .or("none", OFF)])),
        "Crashes out of the blue.",
    )
    .filled(),
    field(
        "waves",
        Shape::List(&List { item: Shape::Map(&WAVE), least: 1, most: 1_000 }),
        "Parts of the fleet with more or less than their share of the traffic.",
    )
    .optional("all instances are alike"),
]);

const WAVE: Object = Object::of(&[
    field("name", Shape::Name, "What steps of a `config_push` call it."),
    field("instances", Shape::IntOrPercent, "How many; percent of the replicas, rounded."),
    field("traffic", Shape::Share, "Share of the traffic that goes there (a balancer's weights)."),
]);

const ORDINALS: Field = field(
    "ordinals",
    Shape::List(&List { item: COUNT, least: 1, most: 10_000 }),
    "Only these pods of the version, counted from 0.",
)
.optional("all pods");

const PLAIN_DEFECT: Shape = Shape::Map(&Object::of(&[ORDINALS]));
const LATE_DEFECT: Shape = Shape::Map(&Object::of(&[
    field("after", SPAN, "Time since the process began to listen."),
    ORDINALS,
]));

const MEBIBYTES: Shape = Shape::Number(0.001, 1e9);

const LEAK: Object = Object::of(&[
    field("per_hour", MEBIBYTES, "Growth an hour, in MiB."),
    field("base", MEBIBYTES, "Memory of a process that has become ready, in MiB.")
        .or("128", "assumed"),
    field("limit", MEBIBYTES, "Memory at which the process is killed, in MiB.")
        .or("512", "assumed"),
    ORDINALS,
]);

const ONLY_WHEN: Object = Object::of(&[
    field("class", Shape::Name, "Requests of this class.").optional("of any class"),
    field("users", Shape::Share, "Requests of this share of the users, always the same ones.")
        .optional("of any user"),
    field(
        "in_progress",
        Shape::Count(1, 1_000_000),
        "Requests that end while at least so many are in progress in the instance, themselves \
         among them.",
    )
    .optional("at any load"),
    field("errors", Shape::Share, "Share of these requests that fail.").or("100%", "broken"),
    ORDINALS,
]);

const SHALLOW: Object = Object::of(&[
    field("errors", Shape::Share, "Share of requests answered with an error, of all classes.")
        .or("100%", "broken"),
    field("service_time", TIME, "Service time of all requests on it: errors are often fast.")
        .optional("that of the class"),
    ORDINALS,
]);

const DEFECTS: &[Alternative] = &[
    option("crash_loop", PLAIN_DEFECT, "The process exits while booting, again and again."),
    option(
        "never_ready",
        PLAIN_DEFECT,
        "The process listens, but its readiness probe never succeeds.",
    ),
    option("stuck_pending", PLAIN_DEFECT, "The container never starts."),
    option(
        "crash_after_ready",
        Shape::Map(&Object::of(&[
            field("after", SPAN, "From ready to the exit."),
            field(
                "backoff",
                Shape::List(&List { item: SPAN, least: 1, most: 1_000 }),
                "Pauses before the restarts; the last one repeats.",
            )
            .optional("the kubelet's back-off: 10s doubling to 5m"),
            ORDINALS,
        ])),
        "The process exits a while after it became ready, and again after each restart.",
    ),
    option("hang", LATE_DEFECT, "The process stops answering, but keeps its port."),
    option("starts_late", LATE_DEFECT, "Errors and slowdown of the version begin late."),
    option(
        "leak",
        Shape::Map(&LEAK),
        "Memory grows until the process is killed, and again after each restart. Processes that \
         began together die together.",
    ),
    option(
        "only_when",
        Shape::Map(&ONLY_WHEN),
        "Requests that meet all of the conditions are answered with an error.",
    ),
    option(
        "shallow_health",
        Shape::Map(&SHALLOW),
        "Requests are answered with errors while probes and health checks succeed.",
    ),
    option(
        "failing_checks",
        LATE_DEFECT,
        "Probes and health checks fail on a process that serves as it should.",
    ),
    option(
        "config_invalid",
        Shape::Map(&CONFIG_INVALID),
        "Pushed as a configuration it is a file that processes cannot use; in a new pod, a crash \
         loop.",
    ),
];

const CONFIG_INVALID: Object = Object::of(&[
    field(
        "then",
        Shape::Word(&["crash", "keep_last_good"]),
        "The process exits, and again after each restart; or it stays with the file from before.",
    )
    .or("crash", "CrowdStrike 2024, Google 2025"),
    field(
        "repair",
        POD_TIME,
        "The damage outlasts the file: from the push of a good one to the instance's restart.",
    )
    .optional("the next restart finds the good file"),
    ORDINALS,
]);

const DEFECT: Shape = Shape::Choice(&Choice { what: "a defect", options: DEFECTS });
pub(super) const SLOWDOWN: Shape = Shape::Number(0.001, 1e6);

pub(super) const VERSION: Object = Object::of(&[
    field(
        "slowdown",
        Shape::ByKind { scalar: &SLOWDOWN, list: None, map: &Shape::Named(&SLOWDOWN) },
        "Multiplier of service times, for all classes or by class.",
    )
    .or("1", "like the class says"),
    field(
        "errors",
        Shape::ByKind { scalar: &Shape::Share, list: None, map: &Shape::Named(&Shape::Share) },
        "Share of requests answered with an error, for all classes or by class.",
    )
    .or("0%", "no errors"),
    field("boot", POD_TIME, "Boot time of this version.")
        .optional("that of `service.startup.boot`"),
    field("init", POD_TIME, "Init containers of this version.")
        .optional("those of `service.startup.init`"),
    field("linger", POD_TIME, "How long its process serves on after SIGTERM.")
        .optional("`service.shutdown.linger`"),
    field("session", super::state::FORMATS_SHAPE, "Formats of sessions that it reads and writes.")
        .optional("one format of all versions"),
    field("rows", super::state::FORMATS_SHAPE, "Formats of rows that it reads and writes.")
        .optional("one format of all versions"),
    field(
        "cache_keys",
        Shape::Name,
        "How it names its keys in caches; versions of one naming share entries.",
    )
    .optional("one naming of all versions"),
    field("columns", super::state::NAME_LIST, "Columns without which its requests fail.")
        .optional("none"),
    field("settings", super::state::NAME_LIST, "Settings without which its requests fail.")
        .optional("none"),
    field(
        "breaks_on",
        super::state::NAME_LIST,
        "Columns or settings with which its requests fail.",
    )
    .optional("none"),
    field(
        "deletion_costs",
        Shape::List(&List {
            item: Shape::Number(-2_147_483_648.0, 2_147_483_647.0),
            least: 1,
            most: 10_000,
        }),
        "`controller.kubernetes.io/pod-deletion-cost` of its pods, by ordinal: lower goes first.",
    )
    .optional("none"),
    field(
        "defects",
        Shape::List(&List { item: DEFECT, least: 0, most: 100 }),
        "What is wrong with its pods.",
    )
    .optional("none"),
]);
