//! Fields of `response`, `analyses`, `objectives` and `cost`.

use super::law::TIME;
use super::{
    Alternative, COUNT, COUNT_FROM_1, Choice, Field, List, Object, PERIOD, SPAN, Shape, field,
    option,
};

const METRIC: Field = field(
    "metric",
    Shape::Word(&[
        "error_rate",
        "success_rate",
        "latency_p50",
        "latency_p95",
        "latency_p99",
        "request_rate",
        "http_5xx_rate",
        "login_success_rate",
        "tickets",
    ]),
    "Reported metric, counted by attempts on the server side; latencies of ok attempts in seconds; \
     `login_success_rate` is the share that neither was answered `unauthorized` nor forced a \
     log-in; `tickets` are those opened within the window.",
);
const CLASS: Field =
    field("class", Shape::Name, "Only attempts of this request class.").optional("all classes");
const VERSION: Field = field(
    "version",
    Shape::Word(&["candidate", "stable"]),
    "Only attempts on the version being deployed, or on the one before it.",
)
.optional("both");

const BURN_RATE: Object = Object::of(&[
    field("factor", Shape::Number(0.001, 1e6), "Times as fast as the budget allows.")
        .or("14.4", "Google SRE Workbook: 2 % of a month's budget in an hour"),
    field("target", Shape::Share, "The objective: share of good requests.")
        .or("99.9%", "assumption"),
    field("long", PERIOD, "The long window.").or("1h", "Google SRE Workbook"),
    field("short", PERIOD, "The short window.").or("5m", "Google SRE Workbook"),
]);

const BOUNDS: Choice = Choice {
    what: "a bound",
    options: &[
        option("above", Shape::Amount, "Broken above this."),
        option("below", Shape::Amount, "Broken below this."),
        option(
            "above_stable_times",
            Shape::Number(0.0, 1e9),
            "Broken above this multiple of the stable version's.",
        ),
        option(
            "burn_rate",
            Shape::Map(&BURN_RATE),
            "Broken while the error budget burns this fast, over a long and a short window (a \
             judge looks at the long one alone).",
        ),
    ] as &[Alternative],
};

const ALERT: Object = Object {
    fields: &[
        field("name", Shape::Name, "Name of the alert."),
        METRIC,
        field("for", SPAN, "The bound must be broken for this long.").or("0s", "Prometheus"),
        CLASS,
        VERSION,
    ],
    one_of: Some(&BOUNDS),
};

const ON_CALL: Object = Object::of(&[
    field("acknowledge", TIME, "From the page to somebody looking at it.")
        .or("{lognormal: {median: 4m, sigma: 0.8}}", "assumption: no public figures"),
    field("diagnose", TIME, "From then to knowing what it is.").or("0s", "part of `decide`"),
    field("decide", TIME, "From then to the decision to roll back.").or(
        "{lognormal: {p50: 15m, p99: 60m}}",
        "incidents where a known rollback worked: 18 to 45 min in all",
    ),
    field(
        "off_hours",
        Shape::Map(&Object::of(&[
            field(
                "factor",
                Shape::Number(0.01, 1_000.0),
                "Multiplier outside Monday to Friday, 09:00 to 18:00 local time.",
            )
            .or("2", "assumption"),
            field("weekend", Shape::Number(0.01, 1_000.0), "Multiplier on Saturday and Sunday.")
                .optional("`factor`"),
        ])),
        "People are slower at night and on weekends.",
    )
    .filled(),
]);

const METRICS: Object = Object::of(&[
    field("scrape", PERIOD, "From scrape to scrape.").or("15s", "common Prometheus setting"),
    field("window", PERIOD, "Rates are taken over this long.").or("1m", "four scrapes"),
    field("delay", SPAN, "From a scrape to its being visible to queries.").or("5s", "assumption"),
]);

pub(super) const RESPONSE: Object = Object::of(&[
    field("metrics", Shape::Map(&METRICS), "How metrics reach judges and alerts.").filled(),
    field(
        "alerts",
        Shape::List(&List { item: Shape::Map(&ALERT), least: 0, most: 100 }),
        "What fires.",
    )
    .optional("no alerts"),
    field("on_call", Shape::Map(&ON_CALL), "Who answers.").filled(),
    field(
        "tickets",
        Shape::Or(
            &["none"],
            &Shape::Map(&Object::of(&[
                field("share", Shape::Share, "Chance that a harmed request leads to a ticket.")
                    .or("1%", "assumption"),
                field("after", TIME, "From the answer to the ticket.")
                    .or("{lognormal: {p50: 10m, p99: 2h}}", "assumption"),
            ])),
        ),
        "Users whose request failed or was answered wrongly complain.",
    )
    .optional("nobody complains"),
    field(
        "slo",
        Shape::Or(
            &["none"],
            &Shape::Map(&Object::of(&[
                field("target", Shape::Share, "Share of requests that must not fail.")
                    .or("99.9%", "assumption"),
                field("over", PERIOD, "Over this long.").or("30d", "assumption"),
            ])),
        ),
        "The objective whose error budget is burnt (`error_budget_burnt`).",
    )
    .optional("no objective"),
    field(
        "rollback",
        Shape::Word(&["controller", "on_call", "automatic", "none"]),
        "What is done about a bad rollout: what the strategy's real controller does; a person \
         undoes it; the first alert, failed verdict or deadline undoes it; nothing.",
    )
    .or("controller", "what the real controller does"),
]);

const ANALYSIS_METRIC: Object = Object {
    fields: &[
        METRIC,
        CLASS,
        VERSION,
        field("min_requests", COUNT, "Fewer attempts than this in the window are not enough data.")
            .or("1", "any data"),
    ],
    one_of: Some(&BOUNDS),
};

const ANALYSIS: Object = Object::of(&[
    field("name", Shape::Name, "Name that strategies call."),
    field("initial_delay", SPAN, "From the start to the first measurement.")
        .or("0s", "Argo Rollouts")
        .also(&[super::same("initialDelay")]),
    field("interval", PERIOD, "From the end of a measurement to the next.").or("1m", "assumption"),
    field(
        "count",
        Shape::Or(&["unlimited"], &COUNT_FROM_1),
        "Measurements until it is content; `unlimited` in the background only.",
    )
    .or("5", "assumption"),
    field("failure_limit", COUNT, "Failed measurements it tolerates; it fails at one more.")
        .or("0", "Argo Rollouts")
        .also(&[super::same("failureLimit")]),
    field("inconclusive_limit", COUNT, "Measurements without enough data it tolerates.")
        .or("0", "Argo Rollouts")
        .also(&[super::same("inconclusiveLimit")]),
    field(
        "metrics",
        Shape::List(&List { item: Shape::Map(&ANALYSIS_METRIC), least: 1, most: 100 }),
        "What is measured; each must keep its bound.",
    ),
]);

pub(super) const ANALYSES: List = List { item: Shape::Map(&ANALYSIS), least: 0, most: 100 };

pub(super) const COST: Object = Object::of(&[
    field("instance_hour", Shape::Number(0.0, 1e9), "Price of an instance for an hour.")
        .or("0", "no price"),
    field("currency", Shape::Text, "Three-letter code of the currency.").or("USD", "any"),
]);

const OBJECTIVE: Object = Object::of(&[
    field("metric", Shape::Text, "Column of runs.csv."),
    field(
        "class",
        Shape::Name,
        "Only requests of this class: for metrics of requests, outcomes and their latency.",
    )
    .optional("all classes"),
    field(
        "at_most",
        Shape::Amount,
        "The limit, in the metric's unit; shares with % or as a fraction, times also as durations.",
    ),
    field("in_seeds", Shape::Share, "The limit holds for this share of seeds.")
        .optional("for the mean over seeds"),
]);

pub(super) const OBJECTIVES: List = List { item: Shape::Map(&OBJECTIVE), least: 0, most: 100 };
