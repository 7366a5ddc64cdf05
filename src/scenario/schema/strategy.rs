//! Fields of `strategies`.

use super::law::TIME;
use super::{Alias, PERIOD};
use super::{
    Alternative, Choice, Field, Form, KUBERNETES, List, Object, SPAN, Shape, field, option, same,
    seconds,
};

const ARGO: &str = "Argo Rollouts";

const MIN_READY: Field =
    field("min_ready", SPAN, "A pod is available after being ready for this long.")
        .or("0s", KUBERNETES)
        .also(&[seconds("minReadySeconds")]);
const DEADLINE: Field = field(
    "progress_deadline",
    Shape::Or(&["none"], &SPAN),
    "The rollout counts as stuck after this long without progress.",
)
.or("10m", KUBERNETES)
.also(&[seconds("progressDeadlineSeconds")]);

const RECREATE: Object = Object::of(&[MIN_READY, DEADLINE]);

const SURGE: Field =
    field("max_surge", Shape::IntOrPercent, "Pods beyond the replicas; percent rounds up.")
        .or("25%", KUBERNETES)
        .also(&[same("maxSurge")]);
const UNAVAILABLE: Field =
    field("max_unavailable", Shape::IntOrPercent, "Pods that may be missing; percent rounds down.")
        .or("25%", KUBERNETES)
        .also(&[same("maxUnavailable")]);

const ROLLING: Object = Object::of(&[SURGE, UNAVAILABLE, MIN_READY, DEADLINE]);

const KEEP_OLD: Field = field("keep_old", SPAN, "The old set is kept this long after the end.")
    .or("30s", "Argo Rollouts: scaleDownDelaySeconds")
    .also(&[seconds("scaleDownDelaySeconds")]);

const WEIGHT_SWITCH: Object = Object::of(&[
    field("steps", Shape::Count(1, 1_000), "How many equal steps.")
        .or("10", "CodeDeploy Linear10Percent"),
    field("every", PERIOD, "Between steps.").or("1m", "CodeDeploy Linear10PercentEvery1Minutes"),
]);
const HOLD: Field = field(
    "hold",
    Shape::Or(&["forever"], &TIME),
    "How long each of them keeps an entry; `forever`: it never asks again.",
)
.or("1d", "assumption");
const STRAGGLER: Object = Object::of(&[field("share", Shape::Share, "Of all clients."), HOLD]);
const STRAGGLERS: Shape = Shape::ByKind {
    scalar: &Shape::Or(&["none"], &Shape::Share),
    list: Some(&Shape::List(&List { item: Shape::Map(&STRAGGLER), least: 1, most: 100 })),
    map: &Shape::Map(&STRAGGLER),
};
const DNS_SWITCH: Object = Object::of(&[
    field("ttl", PERIOD, "How long clients are told to keep an entry.")
        .or("60s", "Amazon Route 53"),
    field(
        "stragglers",
        STRAGGLERS,
        "Clients that keep an entry for longer: a share of them (each for a day), or kinds of \
         `share` and `hold`.",
    )
    .or("none", "every client obeys"),
]);
const SWITCHES: Choice = Choice {
    what: "a switch",
    options: &[
        option("atomic", Shape::Map(&Object::of(&[])), "All traffic at once: a service selector."),
        option("weights", Shape::Map(&WEIGHT_SWITCH), "In equal steps: a router's weights."),
        option(
            "dns",
            Shape::Map(&DNS_SWITCH),
            "A name points to the other set; each client follows when its entry expires, and \
             finds nobody at the old address once the old set is gone.",
        ),
    ],
};

const BLUE_GREEN: Object = Object::of(&[
    field("switch", Shape::Choice(&SWITCHES), "How traffic moves.").or("atomic", ARGO),
    field("verify", SPAN, "The new set is watched this long without traffic.").or("0s", ARGO),
    field("pre_analysis", Shape::Name, "Judge that must be content before the switch.")
        .optional("none")
        .also(&[same("prePromotionAnalysis")]),
    field(
        "post_analysis",
        Shape::Name,
        "Judge that watches after the switch; its failure switches back.",
    )
    .optional("none")
    .also(&[same("postPromotionAnalysis")]),
    KEEP_OLD,
    MIN_READY,
    DEADLINE,
]);

const PAUSE: Shape = Shape::ByKind {
    scalar: &Shape::Or(&["forever"], &SPAN),
    list: None,
    map: &Shape::Map(&Object::of(&[field(
        "duration",
        Shape::Or(&["forever"], &SPAN),
        "How long; a whole number counts seconds.",
    )
    .in_seconds()
    .or("forever", "Argo Rollouts: until a person promotes")])),
};
const SET_WEIGHT: &[Alias] = &[Alias { name: "setWeight", form: Form::Percent }];
const HEADER: Object = Object::of(&[
    field("class", Shape::Name, "The request class that bears it.").optional("every class"),
    field("share", Shape::Share, "The share of users whose requests bear it.").or("100%", "all"),
]);
const STEPS: Choice = Choice {
    what: "a step",
    options: &[
        option("weight", Shape::Share, "The candidate's share of the traffic.").also(SET_WEIGHT),
        option("pause", PAUSE, "Waits; `forever`, or Argo's `{}`: until a person promotes."),
        option("analysis", Shape::Name, "Waits for a judge's verdict."),
        option(
            "header",
            Shape::Or(&["none"], &Shape::Map(&HEADER)),
            "Requests with a header go to the candidate, whatever the weight; until another such \
             step, or the end.",
        ),
        option(
            "mirror",
            Shape::Share,
            "This share of the requests is also sent to the candidate, which works on it; nobody \
             waits for the answer. Until another such step, or the end.",
        ),
        option(
            "scale",
            Shape::Or(&["weight"], &Shape::Share),
            "The candidate's pods, as a share of the replicas, whatever the weight; `weight`: as \
             many as the weight needs again.",
        ),
    ],
};

const CANARY: Object = Object::of(&[
    field(
        "traffic",
        Shape::Word(&["weights", "replicas"]),
        "What moves the traffic: a router, or the share of pods.",
    )
    .or("weights", "Argo Rollouts with a router"),
    field(
        "steps",
        Shape::List(&List { item: Shape::Choice(&STEPS), least: 1, most: 1_000 }),
        "What happens, in order; at the end the candidate takes over.",
    ),
    field(
        "sticky",
        Shape::Bool,
        "A router keeps each user on one side of the split; else it draws for each request.",
    )
    .or("false", "Argo Rollouts with a router"),
    field(
        "background_analysis",
        Shape::Name,
        "Judge that watches from the first step to the last.",
    )
    .optional("none"),
    SURGE,
    UNAVAILABLE,
    KEEP_OLD,
    MIN_READY,
    DEADLINE,
]);

const PUSH_STEPS: Choice = Choice {
    what: "a step",
    options: &[
        option("share", Shape::Share, "The file goes to this share of the instances."),
        option("wave", Shape::Name, "The file goes to a wave of `service.waves` as well."),
        option("pause", PAUSE, "Waits; `forever`, or `{}`: until a person says go on."),
        option("analysis", Shape::Name, "Waits for a judge's verdict."),
    ],
};

const GENERATED: Object = Object::of(&[
    field("every", PERIOD, "From file to file; each goes to everybody."),
    field("bad", Shape::Share, "Chance that a file is the candidate; else it is the old one."),
    field("rises_to", Shape::Share, "That chance once the generator is upgraded.")
        .optional("`bad`"),
    field("over", SPAN, "From the one chance to the other, linearly.").or("0s", "at once"),
]);

const CONFIG_PUSH: Object = Object::of(&[
    field(
        "propagation",
        super::law::TIME,
        "From a push to an instance's use of the file; drawn for each push and instance.",
    )
    .or("{exponential: {mean: 500ms}}", "Cloudflare 2019: p99 2.3 s"),
    field(
        "steps",
        Shape::List(&List { item: Shape::Choice(&PUSH_STEPS), least: 1, most: 1_000 }),
        "What happens, in order; at the end everybody gets the file.",
    )
    .optional("everybody at once"),
    field(
        "generated",
        Shape::Map(&GENERATED),
        "The file is made anew every so often, good or bad by chance, instead of steps.",
    )
    .optional("one file"),
    field(
        "background_analysis",
        Shape::Name,
        "Judge that watches from the first step to the last.",
    )
    .optional("none"),
]);

const KIND_OPTIONS: &[Alternative] = &[
    option("recreate", Shape::Map(&RECREATE), "Stop all, then start all."),
    option("rolling", Shape::Map(&ROLLING), "A Kubernetes Deployment's rolling update."),
    option(
        "blue_green",
        Shape::Map(&BLUE_GREEN),
        "A second full set beside the first, then a switch.",
    ),
    option("canary", Shape::Map(&CANARY), "A growing share of the traffic."),
    option(
        "config_push",
        Shape::Map(&CONFIG_PUSH),
        "The candidate is a configuration: it reaches running processes, without a restart.",
    ),
];

/// The kinds of strategies.
pub const KINDS: Choice = Choice { what: "a strategy", options: KIND_OPTIONS };

/// CodeDeploy's predefined configurations.
pub const CODEDEPLOY: &[&str] = &[
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "CodeDeployDefault.ECSAllAtOnce",
    "CodeDeployDefault.OneAtATime",
    "CodeDeployDefault.HalfAtATime",
    "CodeDeployDefault.AllAtOnce",
];

/// One of `strategies`.
pub const STRATEGY: Object = Object {
    fields: &[
        field("name", Shape::Name, "Name of the strategy in the answer."),
        field("with", Shape::Edits, "Other fields that this arm changes, by their paths.")
            .optional("nothing"),
    ],
    one_of: Some(&Choice {
        what: "a strategy",
        options: &[
            KIND_OPTIONS[0],
            KIND_OPTIONS[1],
            KIND_OPTIONS[2],
            KIND_OPTIONS[3],
            KIND_OPTIONS[4],
            option(
                "manifest",
                Shape::Path,
                "A Deployment manifest: strategy, replicas, probes, shutdown.",
            ),
            option(
                "codedeploy",
                Shape::Word(CODEDEPLOY),
                "A predefined configuration of AWS CodeDeploy: ECS (all new tasks first, then the \
                 weights; the old ones stay for 5m), or EC2 in place (pods are replaced).",
            ),
            option(
                "scripted",
                Shape::List(&super::script::ACTIONS),
                "Planned control actions on named `instances`.",
            ),
        ],
    }),
};

pub(super) const STRATEGIES: List = List { item: Shape::Map(&STRATEGY), least: 1, most: 1_000 };
