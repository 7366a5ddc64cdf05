//! What versions need of their surroundings: columns of a schema, settings, readable rows.

use crate::plan::{Formats, Need, Rows, VersionState};

/// Columns and settings: which are there.
#[derive(Clone, Debug)]
pub struct Needs {
    names: Vec<String>,
    used_by: Vec<Vec<f64>>,
    exists: Vec<bool>,
}

impl Needs {
    /// As they are before anything is done.
    #[must_use]
    pub fn new(plan: &[Need]) -> Self {
        let kind = |need: &Need| if need.column { "column" } else { "setting" };
        Self {
            names: plan.iter().map(|need| format!("{} {}", kind(need), need.name)).collect(),
            used_by: plan.iter().map(|need| need.used_by.clone()).collect(),
            exists: plan.iter().map(|need| need.exists).collect(),
        }
    }

    /// What it is, and its name.
    #[must_use]
    pub fn name(&self, need: u16) -> &str {
        &self.names[usize::from(need)]
    }

    /// A column or setting appears or goes.
    pub fn set(&mut self, need: u16, exists: bool) {
        self.exists[usize::from(need)] = exists;
    }

    /// Whether a request of a class fails on a version. `draw` gives the request's own uniform
    /// number for each need, so that the same requests use it whatever the version.
    #[must_use]
    pub fn fails(&self, version: &VersionState, class: u8, draw: impl Fn(u16) -> f64) -> bool {
        let uses = |need: u16| draw(need) < self.used_by[usize::from(need)][usize::from(class)];
        let exists = |need: &u16| self.exists[usize::from(*need)];
        version.needs.iter().any(|need| !exists(need) && uses(*need))
            || version.broken_by.iter().any(|need| exists(need) && uses(*need))
    }
}

/// The format that each row was written in last.
#[derive(Clone, Debug)]
pub struct RowTable(Vec<u8>);

impl RowTable {
    /// All rows in the format that the first version writes.
    #[must_use]
    pub fn new(plan: &Rows, first: &Formats) -> Self {
        Self(vec![first.writes; plan.keys as usize])
    }

    /// A version writes a row.
    pub fn write(&mut self, row: u32, formats: &Formats) {
        self.0[row as usize] = formats.writes;
    }

    /// Whether a version can read a row.
    #[must_use]
    pub fn is_readable(&self, row: u32, formats: &Formats) -> bool {
        formats.can_read(self.0[row as usize])
    }

    /// A backfill has written all rows in one format.
    pub fn rewrite(&mut self, format: u8) {
        self.0.fill(format);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_fails_without_what_it_needs_and_with_what_breaks_it() {
        let need =
            |exists| Need { name: "column".into(), column: true, used_by: vec![0.3, 0.0], exists };
        let mut needs = Needs::new(&[need(true), need(false)]);
        let version = VersionState { needs: vec![0], broken_by: vec![1], ..Default::default() };
        let fails = |needs: &Needs, class, draw: [f64; 2]| {
            needs.fails(&version, class, |need| draw[usize::from(need)])
        };
        assert!(!fails(&needs, 0, [0.1, 0.1]));
        needs.set(0, false);
        assert!(fails(&needs, 0, [0.1, 0.9]));
        assert!(!fails(&needs, 0, [0.4, 0.9]), "this request does not use it");
        assert!(!fails(&needs, 1, [0.1, 0.9]), "nor does this class");
        needs.set(1, true);
        assert!(fails(&needs, 0, [0.4, 0.2]));
    }

    #[test]
    fn rows_are_readable_in_the_format_they_were_written_in_last() {
        let rows =
            Rows { keys: 2, zipf: 0.0, used_by: vec![1.0], formats: vec!["a".into(), "b".into()] };
        let old = Formats { reads: 0b01, writes: 0 };
        let new = Formats { reads: 0b11, writes: 1 };
        let mut table = RowTable::new(&rows, &old);
        table.write(1, &new);
        assert!(table.is_readable(0, &old) && !table.is_readable(1, &old));
        assert!(table.is_readable(1, &new));
        table.rewrite(0);
        assert!(table.is_readable(1, &old));
    }
}
