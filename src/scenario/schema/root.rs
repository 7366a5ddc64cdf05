//! Fields at the top of a scenario, and of `clock`, `phases` and `releases`.

use super::{
    Field, List, Object, Presence, SPAN, Shape, balancer, field, platform, response, script,
    service, state, strategy, traffic,
};

const CLOCK: Object = Object::of(&[
    field("start", Shape::Instant, "Instant of the window's start.")
        .or("2025-06-02T10:00:00[UTC]", "a Monday morning"),
    field("warmup", SPAN, "Simulated, not measured: the system starts empty.")
        .or("60s", "assumption"),
    field(
        "window",
        Shape::Or(&["auto"], &super::PERIOD),
        "Measured. `auto`: long enough for the slowest strategy, detection and recovery.",
    )
    .or("auto", "the slowest strategy and its recovery"),
    field("deploy_at", SPAN, "The rollout begins this long into the window.")
        .or("2m", "assumption"),
]);

const PHASE: Object = Object::of(&[
    field("name", Shape::Label, "Name in reports."),
    field("from", SPAN, "Start, from the window's start."),
    field("to", SPAN, "End."),
]);

const RELEASE: Object = Object::of(&[
    field("version", Shape::Name, "What gets deployed."),
    field("share", Shape::Share, "Share of deployments."),
]);

const VERSION_SHAPE: Shape = Shape::Map(&service::VERSION);

const FIELDS: &[Field] = &[
    field("apiVersion", Shape::Word(&["cutover/v1"]), "Version of this format.")
        .or("cutover/v1", "the only one"),
    field("name", Shape::Name, "Name of the scenario."),
    field("description", Shape::Text, "What it is about.").optional("none"),
    field("seeds", Shape::Count(1, 1_000_000), "How many seeds `compare` runs.")
        .or("100", "cutover"),
    field("base", Shape::Path, "Manifests that fill `service` and `platform`.").optional("none"),
    field("clock", Shape::Map(&CLOCK), "When things happen.").filled(),
    field(
        "phases",
        Shape::List(&List { item: Shape::Map(&PHASE), least: 0, most: 1_000 }),
        "Named spans of the window for reports.",
    )
    .optional("none"),
    field("traffic", Shape::List(&traffic::TRAFFIC), "Request classes."),
    field(
        "client",
        Shape::Map(&traffic::CLIENT),
        "Who sends the requests, and what they do when one fails.",
    )
    .filled(),
    field(
        "balancer",
        Shape::Map(&balancer::BALANCER),
        "What stands between clients and instances.",
    )
    .filled(),
    field("service", Shape::Map(&service::SERVICE), "The service being deployed.").filled(),
    field("platform", Shape::Map(&platform::PLATFORM), "What carries its pods.").filled(),
    field(
        "versions",
        Shape::Named(&VERSION_SHAPE),
        "Versions of the service; `stable` runs first.",
    )
    .optional("`stable` and `candidate`, both without fault"),
    field(
        "releases",
        Shape::List(&List { item: Shape::Map(&RELEASE), least: 1, most: 100 }),
        "What gets deployed; each is simulated on its own.",
    )
    .optional("`candidate` always"),
    field("state", Shape::Map(&state::STATE), "Sessions, caches, schema and settings.")
        .optional("stateless"),
    field("stores", Shape::List(&state::STORES), "Databases and the like behind the service.")
        .optional("none"),
    field("faults", Shape::List(&state::FAULTS), "Faults at given times, in every run.")
        .optional("none"),
    field(
        "instances",
        Shape::List(&script::INSTANCES),
        "Named instances that scripted strategies act on, instead of pods on the platform.",
    )
    .optional("pods on the platform"),
    field(
        "operations",
        Shape::List(&platform::OPERATION_LIST),
        "What an operator does; an empty list: nothing is deployed.",
    )
    .or("[{at: 0s, deploy: {}}]", "one deployment"),
    field("response", Shape::Map(&response::RESPONSE), "Who notices harm, and what they do.")
        .filled(),
    field("analyses", Shape::List(&response::ANALYSES), "Judges that strategies call by name.")
        .optional("none"),
    field("cost", Shape::Map(&response::COST), "Prices.").filled(),
    field(
        "objectives",
        Shape::List(&response::OBJECTIVES),
        "What `check` holds the answer against.",
    )
    .optional("none"),
    field("baseline", Shape::Name, "Strategy that the others are compared with.")
        .optional("the first strategy"),
    field("strategies", Shape::List(&strategy::STRATEGIES), "What is compared."),
];

/// A scenario.
pub const ROOT: Object = Object::of(FIELDS);

/// The presence of a field at a path: a balancer's preset changes some defaults.
#[must_use]
pub fn presence(path: &str, field: &Field, preset: &str) -> Presence {
    let changed =
        path.strip_prefix("balancer.").and_then(|name| balancer::preset_default(preset, name));
    changed.unwrap_or(field.presence)
}
