//! Studies: many runs in parallel, paired by seed, reduced to rows and merged series.
//!
//! The only room that starts threads. Results come out in one canonical order (control
//! first, then arms × releases in the scenario's order, seeds rising) whatever the threads
//! did; integers are merged, floats computed after the merge.

mod metric;
mod result;
mod summary;

pub use metric::{METRICS, Metric, Unit, index_of};
pub use result::{CONTROL_NAME, ClassRow, Group, Row, StudyResult};
pub use summary::{Difference, Summary, SummaryLine, Verdict};
