//! The width of a timeline's buckets: a round one, so that their number stays in bounds.

use crate::engine::SimDuration;

/// Round widths in seconds.
const WIDTHS: [u64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/// Most buckets of a comparison's timeline.
pub const COMPARE_BUCKETS: u64 = 600;
/// Most buckets of a single run's timeline.
pub const RUN_BUCKETS: u64 = 3_600;

/// The smallest round width (1, 2, 5, 10, 15, 30 s, 1, 2, 5 … min, … 1 d) that cuts a window
/// into at most `buckets`; whole days beyond.
#[must_use]
pub fn timeline_width(window: SimDuration, buckets: u64) -> SimDuration {
    let fits = |width: &SimDuration| window.0.div_ceil(width.0) <= buckets;
    let round = WIDTHS.iter().map(|&seconds| SimDuration::from_secs(seconds)).find(fits);
    let day = SimDuration::from_secs(86_400);
    round.unwrap_or_else(|| SimDuration(window.0.div_ceil(buckets).div_ceil(day.0) * day.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round_and_keep_the_number_of_buckets_in_bounds() {
        for (seconds, buckets, width) in [
            (1, 600, 1),
            (600, 600, 1),
            (601, 600, 2),
            (1_800, 600, 5),
            (3_600, 3_600, 1),
            (3_601, 3_600, 2),
            (86_400, 600, 300),
            (7 * 86_400, 600, 1_800),
            (10 * 365 * 86_400, 600, 7 * 86_400),
        ] {
            let got = timeline_width(SimDuration::from_secs(seconds), buckets);
            assert_eq!(got, SimDuration::from_secs(width), "{seconds} s in {buckets}");
            assert!(SimDuration::from_secs(seconds).0.div_ceil(got.0) <= buckets);
        }
    }

    #[test]
    fn a_window_of_no_whole_second_is_cut_by_whole_seconds_too() {
        assert_eq!(timeline_width(SimDuration(1), 600), SimDuration::from_secs(1));
    }
}
