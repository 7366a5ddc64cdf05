//! Fields of `state`: sessions, caches, rows, columns and settings.

use super::law::TIME;
use super::{COUNT_FROM_1, Choice, List, OFF, Object, PERIOD, SPAN, Shape, field, option};

const EMPTY: Shape = Shape::Map(&Object::of(&[]));

const LOGIN: Object = Object::of(&[
    field("class", Shape::Name, "Request class of a log-in; its arrivals are `on_demand`."),
    field("after", TIME, "From being logged out to sending the log-in.").or("5s", "assumption"),
]);

const SESSION_STORE: Choice = Choice {
    what: "a store of sessions",
    options: &[
        option("memory", EMPTY, "In the memory of the instance that made them."),
        option(
            "sticky",
            EMPTY,
            "The same, and the balancer's cookie leads users back to it (`balancer.sticky`, with \
             the sessions' time to live where it is not given).",
        ),
        option("shared", EMPTY, "Outside of the instances, the same for all."),
        option(
            "replicated",
            Shape::Map(&Object::of(&[field(
                "lag",
                SPAN,
                "From a write to the copies of the other instances.",
            )
            .or("100ms", "assumption")])),
            "A copy in every instance; a write that has not reached the others is lost with its \
             instance.",
        ),
    ],
};

const SESSIONS: Object = Object::of(&[
    field("store", Shape::Choice(&SESSION_STORE), "Where sessions are kept.")
        .or("shared", "assumption"),
    field("ttl", Shape::Or(&["none"], &PERIOD), "A session unused for this long is over.")
        .or("none", OFF),
    field(
        "rewrite",
        Shape::Share,
        "Share of requests that write their session back, in the format of the version that \
         serves them.",
    )
    .or("100%", "servers that renew the time of last use"),
    field(
        "unreadable",
        Shape::Word(&["unauthorized", "login_in_place"]),
        "What a request does whose session is lost or unreadable: it is answered `unauthorized`, \
         or the user logs in on the way and it is answered after all.",
    )
    .or("unauthorized", "HTTP 401"),
    field(
        "login",
        Shape::Or(&["none", "next_request"], &Shape::Map(&LOGIN)),
        "Logged-out users send a log-in, and are logged out until it is answered. \
         `next_request`: the user's next request is the log-in; the session begins where it is \
         served. `none`: a log-in is no request, and the session begins where the last one was \
         lost.",
    )
    .or("none", "a log-in costs nothing"),
]);

const REPLACE: Object = Object::of(&[
    field("batch", Shape::Share, "Share of the nodes replaced at once, at least one.")
        .or("25%", "assumption"),
    field("every", PERIOD, "From batch to batch.").or("10m", "assumption"),
    field("until", Shape::Share, "Share of the nodes replaced in all.").or("100%", "all of them"),
    field("keep", Shape::Bool, "New nodes take over what the old ones held.")
        .or("false", "a new node is empty"),
]);

const CACHE: Object = Object::of(&[
    field("name", Shape::Name, "Name that calls use."),
    field("store", Shape::Name, "What a miss loads from."),
    field(
        "place",
        Shape::Word(&["instance", "shared"]),
        "In each instance, empty after a start; or on nodes of its own.",
    )
    .or("shared", "assumption"),
    field("nodes", Shape::Count(1, 10_000), "Nodes of a shared cache; keys are spread over them.")
        .or("1", "assumption"),
    field("keys", Shape::Count(1, 10_000_000), "Keys there are.").or("100000", "assumption"),
    field("zipf", Shape::Number(0.0, 5.0), "Exponent of the law by which requests choose keys.")
        .or("0.9", "web caches: 0.6 to 1 (Breslau and others 1999)"),
    field(
        "capacity",
        Shape::Or(&["unlimited"], &Shape::Count(0, 10_000_000)),
        "Entries that an instance or node holds; the least recently used one makes room.",
    )
    .or("unlimited", "no eviction"),
    field("ttl", Shape::Or(&["none"], &PERIOD), "Age at which an entry expires.").or("none", OFF),
    field(
        "on_write",
        Shape::Word(&["update", "invalidate", "nothing"]),
        "What a write does to the entry: puts the new value in, removes it, or leaves it.",
    )
    .or("invalidate", "look-aside"),
    field(
        "invalidates",
        Shape::Word(&["own", "all"]),
        "Whose entries a write reaches: those of its own version and instance, or all.",
    )
    .or("own", "assumption"),
    field("coalescing", Shape::Bool, "Misses of an instance on one key share one load.")
        .or("false", OFF),
    field(
        "initially",
        Shape::Word(&["warm", "empty"]),
        "Whether it holds the most wanted keys at the start of the run.",
    )
    .or("warm", "what ran before is warm"),
    field("replace", Shape::Map(&REPLACE), "How `operations: replace_nodes` goes about it.")
        .filled(),
]);

/// A share for all classes, or by class.
pub(super) const BY_CLASS: Shape =
    Shape::ByKind { scalar: &Shape::Share, list: None, map: &Shape::Named(&Shape::Share) };

const NEED: Object = Object::of(&[
    field("used_by", BY_CLASS, "Share of requests that use it, of all classes or by class.")
        .or("100%", "every request"),
    field("exists", Shape::Bool, "Whether it is there before anything is done.")
        .or("true", "as before"),
]);

const ROWS: Object = Object::of(&[
    field("keys", Shape::Count(1, 10_000_000), "Rows there are.").or("100000", "assumption"),
    field("zipf", Shape::Number(0.0, 5.0), "Exponent of the law by which requests choose rows.")
        .or("0", "all alike"),
    field("used_by", BY_CLASS, "Share of requests that read or write a row.")
        .or("100%", "every request"),
]);

pub(super) const STATE: Object = Object::of(&[
    field(
        "sessions",
        Shape::Or(&["none"], &Shape::Map(&SESSIONS)),
        "Sessions of users: where they are, who can read them, what being logged out costs.",
    )
    .optional("requests need no session"),
    field(
        "caches",
        Shape::List(&List { item: Shape::Map(&CACHE), least: 0, most: 100 }),
        "Look-aside caches.",
    )
    .optional("none"),
    field(
        "columns",
        Shape::Named(&Shape::Map(&NEED)),
        "Columns of the schema that versions may need; `operations: expand` and `contract` \
         change them.",
    )
    .optional("none"),
    field(
        "settings",
        Shape::Named(&Shape::Map(&NEED)),
        "Settings that versions may need or break on; `operations: configure` changes them.",
    )
    .optional("none"),
    field(
        "rows",
        Shape::Or(&["none"], &Shape::Map(&ROWS)),
        "Rows that carry the format of the version that wrote them.",
    )
    .optional("none"),
]);

const NAMES: Shape = Shape::List(&List { item: Shape::Name, least: 0, most: 30 });

const FORMATS: Object = Object::of(&[
    field("reads", NAMES, "Formats that it can read."),
    field("writes", Shape::Name, "The format that it writes."),
]);

/// Fields of a version about state.
pub(super) const FORMATS_SHAPE: Shape = Shape::Map(&FORMATS);
pub(super) const NAME_LIST: Shape = NAMES;

pub(super) const STORE: Object = Object::of(&[
    field("name", Shape::Name, "Name that calls and caches use."),
    field("workers", Shape::Or(&["unlimited"], &COUNT_FROM_1), "Calls served at once.")
        .or("32", "assumption"),
    field(
        "queue",
        Shape::Or(&["unlimited"], &Shape::Count(0, 10_000_000)),
        "Calls that wait for a worker; more are refused.",
    )
    .or("unlimited", "assumption"),
    field(
        "connections",
        Shape::Or(&["unlimited"], &COUNT_FROM_1),
        "Calls inside at once, waiting ones included; more are refused.",
    )
    .or("unlimited", "assumption"),
    field("service_time", TIME, "Work of a call.").or("{exponential: {mean: 5ms}}", "assumption"),
    field("write_time", TIME, "Work of a call that writes.").optional("`service_time`"),
    field(
        "timeout",
        Shape::Or(&["none"], &PERIOD),
        "Patience of an instance with a call; the store works on.",
    )
    .or("1s", "assumption"),
    field("retries", Shape::Count(0, 100), "Calls beyond the first when one fails.")
        .or("0", "most drivers"),
]);

pub(super) const STORES: List = List { item: Shape::Map(&STORE), least: 0, most: 100 };

const FAULT: Object = Object::of(&[
    field(
        "kind",
        Shape::Word(&["slow", "stall", "refuse", "partition", "kill"]),
        "What goes wrong: work takes longer, nothing moves, connections are refused, calls are \
         never answered, processes die (of a cache: nodes are emptied).",
    ),
    field("target", Shape::Name, "A store, a cache, or `instances`."),
    field("version", Shape::Name, "Only instances of this version.").optional("all instances"),
    field("share", Shape::Share, "Share of the instances or nodes that is hit, at least one.")
        .or("100%", "all of them"),
    field("at", SPAN, "Time from `clock.deploy_at`.").or("0s", "the deployment instant"),
    field("for", Shape::Or(&["ever"], &PERIOD), "How long it lasts.").or("1m", "assumption"),
    field("factor", Shape::Number(1.0, 1e6), "How many times as long work takes, of `slow`.")
        .or("10", "assumption"),
]);

pub(super) const FAULTS: List = List { item: Shape::Map(&FAULT), least: 0, most: 1_000 };
