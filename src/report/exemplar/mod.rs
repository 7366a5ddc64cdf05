//! Single runs shown beside a study's means: their events, their pods, their failed requests.

mod states;

pub use states::{Change, LAYERS, Layer, State, states};

use crate::experiment::Role;
use crate::record::RunRecord;

/// A run with its log.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// What it is an example of; at least one.
    pub roles: Vec<Role>,
    /// What happened in it.
    pub record: RunRecord,
    /// The command that tells its story; it must not depend on the machine.
    pub command: String,
}

impl Shown {
    /// `median`, `worst`, `median and worst`.
    #[must_use]
    pub fn role(&self) -> String {
        self.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" and ")
    }
}

/// The run that stands for a group: the median one, or the only one.
#[must_use]
pub fn typical(shown: &[Shown], group: usize) -> Option<&Shown> {
    let typical = |shown: &&Shown| shown.roles.iter().any(|&role| role != Role::Worst);
    shown.iter().filter(|shown| shown.group == group).find(typical)
}
