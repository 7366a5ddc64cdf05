//! Studies: many runs in parallel, paired by seed, reduced to rows and merged series.
//!
//! The only room that starts threads. Results come out in one canonical order (control
//! first, then arms × releases in the scenario's order, seeds rising) whatever the threads
//! did; integers are merged, floats computed after the merge.

mod checkpoint;
mod collect;
mod exemplar;
#[cfg(test)]
mod fixture;
mod harm;
mod metric;
pub mod objectives;
pub mod pareto;
mod possible;
pub mod precision;
mod reduce;
pub mod relevance;
mod result;
mod runner;
mod study;
mod summarise;
mod summary;
pub mod sweep;
mod width;

pub use checkpoint::{CheckpointError, load_checkpoint, save_checkpoint};
pub use collect::Collector;
pub use exemplar::{Exemplar, Role, exemplars, headline, rerun};
pub use metric::{METRICS, Metric, Unit, index_of, needs_control};
pub use result::{CONTROL_NAME, Censored, ClassRow, Group, Row, StudyResult};
pub use runner::{BrokenRun, Runner, Simulator, message_of, plan_of};
pub use study::{Progress, Silent, default_threads, finish_runs, run_study};
pub use summarise::{paired_difference, summarise, summarise_look};
pub use summary::{
    BestLine, Difference, Harm, PerHundred, PooledLine, SeedsHit, Standing, Summary, SummaryLine,
    Verdict,
};
pub use width::{COMPARE_BUCKETS, RUN_BUCKETS};
