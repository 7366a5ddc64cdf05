//! Statistics over runs: intervals, paired differences, shares, quantiles, rank tests.
//!
//! Everything here is ours and deterministic: equal inputs give equal bits on every machine,
//! sums run in the order of the input, and resampling draws from a stream of its own. What
//! is implemented, and why it and not another method:
//!
//! - Means and paired differences: Student's t, corrected for skewness ([`mean`], after Hall
//!   1992). It covers what it says on skewed data (counts of failures, recovery times), where t
//!   and the bootstrap fall short, and on differences with heavy tails, where Hall's alone
//!   does; `scripts/coverage` measures it.
//! - Means of what happens in few seeds or none: exact, from the share of seeds ([`rare`]).
//! - Shares: exact intervals after Clopper and Pearson ([`share`]), also where none of N was
//!   hit.
//! - Quantiles across runs: order statistics, no assumption on the law; of pooled data: the
//!   sectioning method ([`quantile`]).
//! - Several comparisons at once: Bonferroni for intervals, Holm for tests ([`correction`]).
//! - Stopping when an answer is precise enough: the error rate shared out among a fixed number
//!   of looks ([`sequential`]).
//! - What an analysis can see: sample sizes, false alarms, a sequential test ([`power`]).
//! - The chance of being best: a bootstrap over seeds ([`best`]).

pub mod best;
pub mod correction;
pub mod mean;
pub mod power;
pub mod quantile;
pub mod rank;
pub mod rare;
pub mod sequential;
pub mod share;
pub mod special;

/// Lower and upper end.
pub type Interval = (f64, f64);

/// The confidence level of every interval unless another is asked for.
pub const LEVEL: f64 = 0.95;
