//! Fields of `instances` and of the strategy `scripted`.

use super::law::{POD_TIME, TIME};
use super::service::{SHUTDOWN, SLOWDOWN, WARM};
use super::{Alternative, COUNT, Choice, Field, List, Object, SPAN, Shape, field, option};

const INSTANCE_NAME: &str = "An instance of `instances`.";
const AS_SERVICE: &str = "like the service and the version";
const AS_INSTANCE: &str = "like the instance";

const WORKERS: Shape = Shape::Count(1, 1_000_000);
const WEIGHT: Shape = Shape::Count(0, 256);

/// What a process may have of its own.
const fn own(meaning: &'static str) -> [Field; 8] {
    [
        field("workers", WORKERS, "Requests it serves at once.").optional(meaning),
        field("queue", COUNT, "Its waiting room.").optional(meaning),
        field("service_time", TIME, "Service times, of all classes.").optional(meaning),
        field("slowdown", SLOWDOWN, "Multiplier of service times.").optional(meaning),
        field("errors", Shape::Share, "Share of requests answered with an error.")
            .optional(meaning),
        field("boot", POD_TIME, "From its start to listening.").optional(meaning),
        field("warm", Shape::Map(&WARM), "Slower service of a young process.").optional(meaning),
        field("shutdown", Shape::Map(&SHUTDOWN), "How it stops.").optional(meaning),
    ]
}

const INSTANCE_OWN: [Field; 8] = own(AS_SERVICE);
const START_OWN: [Field; 8] = own(AS_INSTANCE);

const INSTANCE: Object = Object::of(&[
    field("name", Shape::Name, "Its name."),
    field("version", Shape::Name, "The version that runs there first.").or("stable", "stable"),
    field("weight", WEIGHT, "Share in a weighted policy.").or("1", "equal shares"),
    field("running", Shape::Bool, "A process serves from the start.").or("true", "running"),
    field("disabled", Shape::Bool, "The balancer has it in maintenance at the start.")
        .or("false", "in rotation"),
    field("group", Shape::Name, "The group it belongs to; the first group is the active one.")
        .optional("no groups"),
    INSTANCE_OWN[0],
    INSTANCE_OWN[1],
    INSTANCE_OWN[2],
    INSTANCE_OWN[3],
    INSTANCE_OWN[4],
    INSTANCE_OWN[5],
    INSTANCE_OWN[6],
    INSTANCE_OWN[7],
]);

pub(super) const INSTANCES: List = List { item: Shape::Map(&INSTANCE), least: 0, most: 10_000 };

const START: Object = Object::of(&[
    field("instance", Shape::Name, INSTANCE_NAME),
    field("version", Shape::Name, "The version that is started.")
        .optional("the one that ran there last"),
    START_OWN[0],
    START_OWN[1],
    START_OWN[2],
    START_OWN[3],
    START_OWN[4],
    START_OWN[5],
    START_OWN[6],
    START_OWN[7],
]);

const ONE: Object = Object::of(&[field("instance", Shape::Name, INSTANCE_NAME)]);

const SERVER_STATE: Object = Object::of(&[
    field("instance", Shape::Name, INSTANCE_NAME),
    field(
        "state",
        Shape::Word(&["ready", "drain", "maint"]),
        "In rotation; only for requests with a cookie; not at all.",
    ),
]);

const SET_WEIGHT: Object = Object::of(&[
    field("instance", Shape::Name, INSTANCE_NAME),
    field("weight", WEIGHT, "From now on; 0: only requests with a cookie."),
]);

const ACTIVATE: Object =
    Object::of(&[field("group", Shape::Name, "The group that gets the traffic from now on.")]);

const RELOAD: Object = Object::of(&[
    field(
        "members",
        Shape::List(&List { item: Shape::Name, least: 1, most: 10_000 }),
        "The instances in the new configuration.",
    )
    .optional("the same as in the old one"),
    field("active", Shape::Name, "The group that gets the traffic in the new configuration.")
        .optional("the same as in the old one"),
]);

const NOTHING: Shape = Shape::Map(&Object::of(&[]));

const KINDS: &[Alternative] = &[
    option("start", Shape::Map(&START), "A process is started; it listens after its boot."),
    option("stop", Shape::Map(&ONE), "SIGTERM."),
    option("kill", Shape::Map(&ONE), "SIGKILL."),
    option("server_state", Shape::Map(&SERVER_STATE), "The balancer's state of an instance."),
    option("weight", Shape::Map(&SET_WEIGHT), "The balancer's weight of an instance."),
    option("activate", Shape::Map(&ACTIVATE), "All traffic goes to another group at once."),
    option(
        "reload",
        Shape::Map(&RELOAD),
        "The balancer is reloaded: it forgets what it knew of its instances, and goes by its \
         configuration again instead of by `server_state`, `weight` and `activate`.",
    ),
    option("balancer_stop", NOTHING, "Connections to the balancer are refused."),
    option("balancer_start", NOTHING, "The balancer is back, and reads its configuration."),
];

const ACTION: Object = Object {
    fields: &[field("at", SPAN, "Time from `clock.deploy_at`.")],
    one_of: Some(&Choice { what: "a control action", options: KINDS }),
};

pub(super) const ACTIONS: List = List { item: Shape::Map(&ACTION), least: 0, most: 100_000 };
