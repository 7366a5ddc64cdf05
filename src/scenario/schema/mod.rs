//! The field table: every field of a scenario, once.
//!
//! Validation, defaults, the JSON Schema, the list of fields for hostile-input tests and the
//! reading of manifests all walk these tables, so a field cannot be known to one and unknown
//! to another.

mod balancer;
mod law;
mod platform;
mod response;
mod root;
mod script;
mod service;
mod state;
mod strategy;
mod traffic;

pub use root::{ROOT, presence};
pub use strategy::{CODEDEPLOY, KINDS, STRATEGY};

use crate::engine::SimDuration;

/// A mapping with known keys.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// Its fields.
    pub fields: &'static [Field],
    /// Keys of which exactly one must be there.
    pub one_of: Option<&'static Choice>,
}

/// One key of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// How its value is written under that key.
    pub form: Form,
    /// Other spellings of the key.
    pub aliases: &'static [Alias],
    /// What its value looks like.
    pub shape: Shape,
    /// What holds when it is left out.
    pub presence: Presence,
    /// What it is, as a sentence.
    pub doc: &'static str,
}

/// Another spelling of a key, that of a Kubernetes or Argo manifest.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The key.
    pub name: &'static str,
    /// How its value differs from ours.
    pub form: Form,
}

/// How the value under another spelling is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Like ours.
    Same,
    /// A whole number of seconds; ours is taken too.
    Seconds,
    /// A whole number of percent.
    Percent,
}

/// What holds when a field is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be given.
    Required,
    /// This value, as YAML, and where it comes from.
    Default {
        /// The value.
        yaml: &'static str,
        /// Its source.
        source: &'static str,
    },
    /// A mapping all of whose own fields take their defaults.
    Filled,
    /// Nothing; what that means.
    Optional(&'static str),
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A span of time within bounds, ends included.
    Duration(SimDuration, SimDuration),
    /// A rate per second, at least this.
    Rate(f64),
    /// A share, 0 to 1.
    Share,
    /// A decimal number within bounds, ends included.
    Number(f64, f64),
    /// A whole number within bounds, ends included.
    Count(u64, u64),
    /// Pods or a percentage of the replicas.
    IntOrPercent,
    /// `true` or `false`.
    Bool,
    /// A name.
    Name,
    /// A name in reports alone, which may hold spaces.
    Label,
    /// Free text.
    Text,
    /// A file beside the scenario.
    Path,
    /// An instant with its time zone.
    Instant,
    /// A bound of an objective: a number, or a share with its percent sign.
    Amount,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A mapping with known keys.
    Map(&'static Object),
    /// A list.
    List(&'static List),
    /// A mapping from any names to values of one shape.
    Named(&'static Shape),
    /// A mapping with one key out of some, or that key alone as a word.
    Choice(&'static Choice),
    /// One of some words, or the shape.
    Or(&'static [&'static str], &'static Shape),
    /// Different for a single value, a list and a mapping.
    ByKind {
        /// For a single value.
        scalar: &'static Shape,
        /// For a list.
        list: Option<&'static Shape>,
        /// For a mapping.
        map: &'static Shape,
    },
    /// Field paths and their values: `with:`.
    Edits,
}

/// A list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// Each item.
    pub item: Shape,
    /// Fewest items.
    pub least: usize,
    /// Most items.
    pub most: usize,
}

/// Alternatives, each with a key of its own.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What is chosen, such as "an arrival process".
    pub what: &'static str,
    /// The alternatives.
    pub options: &'static [Alternative],
}

/// One alternative.
#[derive(Clone, Copy, Debug)]
pub struct Alternative {
    /// Its key.
    pub name: &'static str,
    /// Other spellings of the key.
    pub aliases: &'static [Alias],
    /// The value under the key.
    pub shape: Shape,
    /// What it is, as a sentence.
    pub doc: &'static str,
}

/// A field that must be given.
const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, form: Form::Same, aliases: &[], shape, presence: Presence::Required, doc }
}

/// An alternative of a choice.
const fn option(name: &'static str, shape: Shape, doc: &'static str) -> Alternative {
    Alternative { name, aliases: &[], shape, doc }
}

/// Another spelling with the same values.
const fn same(name: &'static str) -> Alias {
    Alias { name, form: Form::Same }
}

/// Another spelling whose values are whole seconds.
const fn seconds(name: &'static str) -> Alias {
    Alias { name, form: Form::Seconds }
}

impl Field {
    const fn or(mut self, yaml: &'static str, source: &'static str) -> Self {
        self.presence = Presence::Default { yaml, source };
        self
    }

    const fn filled(mut self) -> Self {
        self.presence = Presence::Filled;
        self
    }

    const fn optional(mut self, meaning: &'static str) -> Self {
        self.presence = Presence::Optional(meaning);
        self
    }

    const fn also(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Under its own key, too, a whole number counts seconds.
    const fn in_seconds(mut self) -> Self {
        self.form = Form::Seconds;
        self
    }

    /// Whether `key` is a spelling of this field, and how its value is then written.
    #[must_use]
    pub fn spelt(&self, key: &str) -> Option<Form> {
        if key == self.name { Some(self.form) } else { spelt(self.name, self.aliases, key) }
    }
}

impl Alternative {
    const fn also(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Whether `key` is a spelling of this alternative, and how its value is then written.
    #[must_use]
    pub fn spelt(&self, key: &str) -> Option<Form> {
        spelt(self.name, self.aliases, key)
    }
}

fn spelt(name: &str, aliases: &[Alias], key: &str) -> Option<Form> {
    if name == key {
        return Some(Form::Same);
    }
    aliases.iter().find(|alias| alias.name == key).map(|alias| alias.form)
}

impl Object {
    const fn of(fields: &'static [Field]) -> Self {
        Self { fields, one_of: None }
    }

    /// Every key that may stand in the mapping, our own spelling of each.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        let options = self.one_of.map_or(&[][..], |choice| choice.options);
        self.fields.iter().map(|field| field.name).chain(options.iter().map(|option| option.name))
    }
}

const ZERO: SimDuration = SimDuration::ZERO;
const NANOSECOND: SimDuration = SimDuration(1);

/// Any span, none included.
const SPAN: Shape = Shape::Duration(ZERO, SimDuration::LONGEST);
/// A span that is not empty.
const PERIOD: Shape = Shape::Duration(NANOSECOND, SimDuration::LONGEST);
/// A rate, none included.
const RATE: Shape = Shape::Rate(0.0);
/// A rate that is not zero.
const RATE_ABOVE_0: Shape = Shape::Rate(1e-9);
/// Any number of things that fits into memory.
const COUNT: Shape = Shape::Count(0, 1_000_000);
/// At least one.
const COUNT_FROM_1: Shape = Shape::Count(1, 1_000_000);

/// Sources of defaults that several tables name.
const KUBERNETES: &str = "Kubernetes API default";
const OFF: &str = "off unless asked for";
const MEASURED: &str = "median measured on the Kubernetes 1.36 controllers";
