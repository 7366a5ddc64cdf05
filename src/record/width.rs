//! Round widths for the steps that a window is cut into.

use crate::engine::SimDuration;

/// Round widths in seconds.
const WIDTHS: [u64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const DAY: SimDuration = SimDuration::from_secs(86_400);
/// The finest step of the worst-minute figure, and the most steps it has.
const MINUTE: SimDuration = SimDuration::from_secs(60);
const MINUTES: u64 = 600;

/// The smallest round width (1, 2, 5, 10, 15, 30 s, 1, 2, 5 … min, … 1 d; whole days beyond) that
/// cuts a window into at most `most` buckets and the steps of [`minutes`] into whole buckets, so
/// that the worst minute is the same however fine a timeline is.
#[must_use]
pub fn timeline_width(window: SimDuration, most: u64) -> SimDuration {
    let minutes = minutes(window);
    let fits = |width: &SimDuration| {
        let nested = minutes.0.is_multiple_of(width.0) || width.0.is_multiple_of(minutes.0);
        window.0.div_ceil(width.0) <= most && nested
    };
    let found = WIDTHS.iter().map(|&seconds| SimDuration::from_secs(seconds)).find(fits);
    found.or_else(|| days(window, most).find(fits)).expect("some number of days fits")
}

/// The step in which the worst minute's p99 is taken: a minute; where the window is longer than
/// ten hours, the round width that makes it 600 steps at most.
#[must_use]
pub fn minutes(window: SimDuration) -> SimDuration {
    let fits = |width: &SimDuration| *width >= MINUTE && window.0.div_ceil(width.0) <= MINUTES;
    let found = WIDTHS.iter().map(|&seconds| SimDuration::from_secs(seconds)).find(fits);
    found.or_else(|| days(window, MINUTES).find(fits)).expect("some number of days fits")
}

/// Whole days, from the first that may fit.
fn days(window: SimDuration, most: u64) -> impl Iterator<Item = SimDuration> {
    (window.0.div_ceil(most).div_ceil(DAY.0).max(1)..).map(|days| SimDuration(days * DAY.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round_and_keep_the_number_of_buckets_in_bounds() {
        for (seconds, most, width) in [
            (600, 600, 1),
            (601, 600, 2),
            (1_800, 600, 5),
            (3_600, 3_600, 1),
            (3_601, 3_600, 2),
            (86_400, 600, 300),
            (7 * 86_400, 600, 1_800),
            (10 * 365 * 86_400, 600, 7 * 86_400),
        ] {
            let window = SimDuration::from_secs(seconds);
            let got = timeline_width(window, most);
            assert_eq!(got, SimDuration::from_secs(width), "{seconds} s in {most}");
            assert!(window.0.div_ceil(got.0) <= most);
        }
    }

    #[test]
    fn a_window_of_no_whole_second_is_cut_by_whole_seconds_too() {
        assert_eq!(timeline_width(SimDuration(1), 600), SimDuration::from_secs(1));
    }

    #[test]
    fn fine_and_coarse_timelines_cut_the_steps_of_the_worst_minute_evenly() {
        for hours in (1..20_000).step_by(7) {
            let window = SimDuration::from_secs(hours * 3_600 + 17);
            let minutes = minutes(window);
            for most in [600, 3_600] {
                let width = timeline_width(window, most);
                assert!(minutes.0.is_multiple_of(width.0), "{hours} h: {width:?} in {minutes:?}");
            }
        }
    }
}
