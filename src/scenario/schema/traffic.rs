//! Fields of `traffic` and `client`.

use super::law::{NUMBER, TIME};
use super::{
    Alternative, COUNT_FROM_1, Choice, List, OFF, Object, PERIOD, RATE, RATE_ABOVE_0, SPAN, Shape,
    field, option,
};

const POINT: Object = Object::of(&[
    field("at", SPAN, "Time from the profile's start."),
    field("rate", RATE, "Rate at that time; between points it changes linearly."),
]);

const PROFILE: Object = Object::of(&[
    field(
        "file",
        Shape::Path,
        "CSV with a header: `time,rate` (requests a second), `time,count` or `timestamp,value` \
         (requests from this row to the next). Times are seconds or timestamps.",
    )
    .optional("`points` are given"),
    field(
        "points",
        Shape::List(&List { item: Shape::Map(&POINT), least: 1, most: 200_000 }),
        "Corner points of the rate, rising in time.",
    )
    .optional("`file` is given"),
    field("scale", Shape::Number(0.0, 1e9), "Every rate is multiplied by this.")
        .or("1", "as written"),
    field("offset", SPAN, "The window begins this far into the profile.")
        .or("0s", "the profile's start"),
    field(
        "repeat",
        Shape::Or(&["none"], &PERIOD),
        "The profile starts over after this long (24h, 7d); without, its last rate stays.",
    )
    .or("none", "the last rate stays"),
    field(
        "align",
        Shape::Word(&["auto", "window", "clock", "week"]),
        "Where the profile's time 0 lies: at the window's start; by the clock (its timestamps are \
         local times); on Monday 00:00 local time (then `repeat` is 7d). `auto`: by the clock if \
         the file has timestamps, the window begins among them and no `offset` is given; else at \
         the window's start.",
    )
    .or("auto", "what the file says"),
]);

const ARRIVALS: &[Alternative] = &[
    option(
        "poisson",
        Shape::Map(&Object::of(&[field("rate", RATE_ABOVE_0, "Mean rate.")])),
        "Independent requests: an open loop.",
    ),
    option(
        "constant",
        Shape::Map(&Object::of(&[field("rate", RATE_ABOVE_0, "Rate.")])),
        "Evenly spaced requests: a load generator.",
    ),
    option(
        "bursty",
        Shape::Map(&Object::of(&[
            field("rate", RATE, "Rate outside bursts."),
            field("burst", RATE_ABOVE_0, "Rate inside a burst."),
            field("on", PERIOD, "Mean length of a burst (exponential)."),
            field("off", PERIOD, "Mean time between bursts (exponential)."),
        ])),
        "Two-state Markov-modulated Poisson process.",
    ),
    option("profile", Shape::Map(&PROFILE), "Poisson process whose rate follows a profile."),
    option(
        "trace",
        Shape::Map(&Object::of(&[
            field(
                "file",
                Shape::Path,
                "CSV whose first column, `time` or `timestamp`, holds send times, rising.",
            ),
            field("speed", Shape::Number(1e-6, 1e6), "Replayed this many times as fast.")
                .or("1", "as recorded"),
        ])),
        "Recorded send times, replayed; the first one at the window's start.",
    ),
    option(
        "users",
        Shape::Map(&Object::of(&[
            field("count", COUNT_FROM_1, "How many users."),
            field("think", TIME, "From an answer to the user's next request."),
        ])),
        "Closed loop: each user waits for the answer, thinks, and sends again.",
    ),
    option(
        "on_demand",
        Shape::Map(&Object::of(&[])),
        "Sent by others alone: log-ins of users who were logged out.",
    ),
    option(
        "sessions",
        Shape::Map(&Object::of(&[
            field("rate", RATE_ABOVE_0, "New sessions."),
            field("requests", NUMBER, "Requests of a session, rounded, at least 1."),
            field("think", TIME, "From an answer to the next request of the session."),
        ])),
        "Users who come, make several requests one after the other, and leave.",
    ),
];

const STREAM: Object = Object::of(&[
    field("lifetime", TIME, "How long a client wants its stream, reconnections included."),
    field(
        "reconnect",
        TIME,
        "From the loss of a stream, or a failed try to open it again, to the client's next try.",
    )
    .or("{uniform: {min: 500ms, max: 1500ms}}", "Socket.IO: reconnectionDelay 1s, jitter 0.5"),
    field(
        "max_age",
        Shape::Or(&["none"], &PERIOD),
        "The server closes a stream of this age, a tenth more or less (gRPC's \
         `MAX_CONNECTION_AGE`).",
    )
    .or("none", OFF),
]);

const CLASS: Object = Object::of(&[
    field("name", Shape::Name, "Name of the request class."),
    field(
        "arrivals",
        Shape::Choice(&Choice { what: "an arrival process", options: ARRIVALS }),
        "When requests are sent.",
    ),
    field(
        "service_time",
        TIME,
        "Work of a request on a warm instance of a version with slowdown 1.",
    ),
    field(
        "idempotent",
        Shape::Bool,
        "Whether a request may be sent again after an instance has seen it.",
    )
    .or("true", "most requests are reads"),
    field(
        "patience",
        Shape::Or(&["none"], &TIME),
        "A request leaves an instance's queue after this long.",
    )
    .or("none", OFF),
    field(
        "stream",
        Shape::Or(&["none"], &Shape::Map(&STREAM)),
        "Its requests open long-lived connections (WebSockets, gRPC streams): a request is the \
         handshake, and the stream stays open at its instance without a worker. Streams are in \
         equilibrium from the start.",
    )
    .or("none", "requests that are answered"),
    field(
        "session",
        Shape::Bool,
        "Whether its requests need their user's session (`state.sessions`).",
    )
    .optional("yes where there are sessions, but for log-ins"),
    field("writes", Shape::Share, "Share of its requests that write; the others read.")
        .optional("all read"),
    field(
        "calls",
        Shape::Named(&Shape::Count(0, 10_000)),
        "Calls of a request to stores and caches by their names, one after another; its worker \
         waits.",
    )
    .optional("no calls"),
]);

pub(super) const TRAFFIC: List = List { item: Shape::Map(&CLASS), least: 1, most: 100 };

const RETRY_WORDS: Shape =
    Shape::Word(&["refused", "reset", "500", "502", "503", "504", "timeout"]);

/// Which failures are tried again.
pub(super) const RETRY_ON: Shape = Shape::List(&List { item: RETRY_WORDS, least: 0, most: 7 });

const USERS: Object = Object::of(&[
    field("count", Shape::Count(1, 50_000_000), "How many users share the open-loop requests.")
        .or("5000", "assumption"),
    field("pick", Shape::Word(&["uniform", "in_turn"]), "Who sends the next request.")
        .or("uniform", "assumption"),
]);

const BACKOFF: Object = Object::of(&[
    field("base", SPAN, "Pause before the first retry; it doubles with each.")
        .or("50ms", "AWS SDKs"),
    field("cap", SPAN, "Longest pause.").or("20s", "AWS SDKs"),
    field(
        "jitter",
        Shape::Word(&["none", "equal", "full"]),
        "Random part of the pause: none of it, its upper half, all of it.",
    )
    .or("full", "AWS SDKs"),
]);

const RETRIES: Object = Object::of(&[
    field("max", Shape::Count(0, 1_000), "Attempts beyond the first.").or("0", "most HTTP clients"),
    field(
        "on",
        RETRY_ON,
        "Failures that are tried again; requests that are not idempotent only after `refused`.",
    )
    .or("[refused, reset, 502, 503, 504, timeout]", "failures that another attempt may cure"),
    field("backoff", Shape::Map(&BACKOFF), "Pauses between attempts.").filled(),
    field(
        "budget",
        Shape::Or(&["none"], &Shape::Share),
        "Retries may add at most this share to the requests.",
    )
    .or("none", OFF),
]);

pub(super) const CLIENT: Object = Object::of(&[
    field(
        "users",
        Shape::Or(&["none"], &Shape::Map(&USERS)),
        "Who sends open-loop requests; sessions and closed-loop users bring their own.",
    )
    .filled(),
    field(
        "connection",
        Shape::Word(&["keepalive", "new"]),
        "Connections are kept, or each request has its own.",
    )
    .or("keepalive", "HTTP/1.1 and HTTP/2"),
    field(
        "pool",
        Shape::Word(&["auto", "shared", "user"]),
        "Who shares kept connections: all clients, the requests of one user; `auto`: by user \
         where there are users.",
    )
    .or("auto", "browsers; one proxy in front where nobody is named"),
    field("timeout", Shape::Or(&["none"], &PERIOD), "Patience with one attempt.")
        .or("15s", "Envoy's default route timeout"),
    field(
        "deadline",
        Shape::Or(&["none"], &PERIOD),
        "Patience with the request, retries included.",
    )
    .or("none", OFF),
    field(
        "retries",
        Shape::Or(&["none"], &Shape::Map(&RETRIES)),
        "What a client does when an attempt fails.",
    )
    .filled(),
    field("lifetime", Shape::Or(&["none"], &TIME), "How long a connection is kept, idle or not.")
        .or("none", "for ever"),
    field(
        "max_age",
        Shape::Or(&["none"], &PERIOD),
        "A connection of this age carries no further request (gRPC's `MAX_CONNECTION_AGE`).",
    )
    .or("none", OFF),
]);
