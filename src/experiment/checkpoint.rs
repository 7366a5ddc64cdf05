//! What is finished of a study, as a text that a later start takes up where this one stopped.
//!
//! One JSON value a line: a header that names the study and the program, the finished runs,
//! the sums of each group, and the SHA-256 of all that. Numbers are kept to the last bit, so a
//! resumed study ends in the same bytes as one that ran through. A checkpoint of another study,
//! of the same one with other seeds, or of another version of the program is refused.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::engine::SimDuration;
use crate::plan::{Study, VersionId};
use crate::record::RolloutOutcome;

use super::collect::{Collector, Finished, Sums};
use super::metric::METRICS;
use super::reduce::{Control, Reduced};
use super::result::{Censored, ClassRow, Row};

const FORMAT: &str = "cutover-checkpoint/1";

/// Why a checkpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// It is whole, but of something else.
    #[error("it belongs to another study or another version of cutover")]
    OfAnother,
    /// It is not whole.
    #[error("it is damaged")]
    Damaged,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: String,
    /// Of the whole study: plan, arms, releases, seeds.
    study: String,
}

/// A number to the last bit.
type Bits = Option<u64>;

#[derive(Serialize, Deserialize)]
enum Line {
    Run(RunLine),
    Sums { group: usize, sums: Sums },
}

#[derive(Serialize, Deserialize)]
struct RunLine {
    group: usize,
    seed: u64,
    outcome: RolloutOutcome,
    censored: Censored,
    values: Vec<Bits>,
    classes: Vec<ClassLine>,
    totals: Vec<ClassLine>,
    control: Option<Control>,
}

#[derive(Serialize, Deserialize)]
struct ClassLine {
    class: u16,
    version: Option<VersionId>,
    values: Vec<Bits>,
}

type Values = [Option<f64>; METRICS.len()];

fn bits(values: &Values) -> Vec<Bits> {
    values.iter().map(|value| value.map(f64::to_bits)).collect()
}

fn values(bits: &[Bits]) -> Option<Values> {
    let values: Vec<Option<f64>> = bits.iter().map(|bits| bits.map(f64::from_bits)).collect();
    values.try_into().ok()
}

impl ClassLine {
    fn of(row: &ClassRow) -> Self {
        Self { class: row.class, version: row.version, values: bits(&row.values) }
    }

    fn row(&self, seed: u64) -> Option<ClassRow> {
        let (class, version) = (self.class, self.version);
        Some(ClassRow { seed, class, version, values: values(&self.values)? })
    }
}

impl RunLine {
    fn of(group: usize, finished: &Finished) -> Self {
        let Reduced { row, class_rows, class_totals } = &finished.rows;
        Self {
            group,
            seed: row.seed,
            outcome: row.outcome,
            censored: row.censored,
            values: bits(&row.values),
            classes: class_rows.iter().map(ClassLine::of).collect(),
            totals: class_totals.iter().map(ClassLine::of).collect(),
            control: finished.control.clone(),
        }
    }

    fn finished(self) -> Option<Finished> {
        let Self { seed, outcome, censored, control, .. } = self;
        let row = Row { seed, outcome, censored, values: values(&self.values)? };
        let class_rows = self.classes.iter().map(|line| line.row(seed)).collect::<Option<_>>()?;
        let class_totals = self.totals.iter().map(|line| line.row(seed)).collect::<Option<_>>()?;
        Some(Finished { rows: Reduced { row, class_rows, class_totals }, control })
    }
}

fn hex_digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data prints as JSON")
}

fn header(study: &Study, timeline_width: SimDuration) -> Header {
    Header {
        format: FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        study: hex_digest(&json(&(study, timeline_width))),
    }
}

/// The finished runs of a study as a text. Other threads may go on adding runs meanwhile: each
/// is in the text wholly or not at all.
#[must_use]
pub fn save_checkpoint(
    study: &Study,
    timeline_width: SimDuration,
    collector: &Collector,
) -> String {
    let mut lines = vec![json(&header(study, timeline_width))];
    for group in 0..collector.groups.len() {
        let collected = collector.lock(group);
        for finished in collected.seeds.iter().flatten() {
            lines.push(json(&Line::Run(RunLine::of(group, finished))));
        }
        lines.push(json(&Line::Sums { group, sums: collected.sums.clone() }));
    }
    let body = lines.join("\n");
    format!("{body}\n{}\n", hex_digest(&body))
}

/// Takes a checkpoint up.
///
/// # Errors
/// If it is damaged, or not of this study and this program.
pub fn load_checkpoint(
    study: &Study,
    timeline_width: SimDuration,
    text: &str,
) -> Result<Collector, CheckpointError> {
    let damaged = CheckpointError::Damaged;
    let (body, digest) = text.trim_end().rsplit_once('\n').ok_or(damaged.clone())?;
    if hex_digest(body) != digest {
        return Err(damaged);
    }
    let mut lines = body.lines();
    let first: Option<Header> = lines.next().and_then(|line| serde_json::from_str(line).ok());
    if first.ok_or(damaged)? != header(study, timeline_width) {
        return Err(CheckpointError::OfAnother);
    }
    let collector = Collector::new(study);
    for line in lines {
        restore(&collector, study, line).ok_or(CheckpointError::Damaged)?;
    }
    Ok(collector)
}

fn restore(collector: &Collector, study: &Study, line: &str) -> Option<()> {
    match serde_json::from_str(line).ok()? {
        Line::Run(line) => {
            let offset = usize::try_from(line.seed.checked_sub(study.first_seed)?).ok()?;
            collector.groups.get(line.group)?;
            let mut collected = collector.lock(line.group);
            *collected.seeds.get_mut(offset)? = Some(line.finished()?);
        }
        Line::Sums { group, sums } => {
            collector.groups.get(group)?;
            collector.lock(group).sums = sums;
        }
    }
    Some(())
}
