//! Rate profiles: scaled, and turned so that their time 0 is the window's start.

use super::{Context, data};
use crate::engine::SimDuration;
use crate::engine::time::SECOND;
use crate::plan::{Arrivals, ProfilePoint};
use crate::scenario::checked::Checked;
use crate::scenario::code;

const WEEK: u64 = 7 * 86_400 * SECOND;

/// The window's start on the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct WindowStart {
    /// Nanoseconds since 1970.
    pub start_unix_ns: i64,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_s: i32,
}

impl WindowStart {
    /// Nanoseconds since 1970, as the local clock shows them.
    fn local(self) -> u64 {
        let local =
            i128::from(self.start_unix_ns) + i128::from(self.utc_offset_s) * i128::from(SECOND);
        local.max(0) as u64
    }
}

/// From Monday 00:00 to a local time. 1970-01-01 was a Thursday.
fn since_monday(local: u64) -> u64 {
    (local + 3 * 86_400 * SECOND) % WEEK
}

/// Reads a profile. After an error it is a rate of nothing.
pub fn profile(context: &mut Context<'_>, at: &Checked, start: WindowStart) -> Arrivals {
    let nothing = || Arrivals::Constant { rate: 0.0 };
    let Some((mut points, origin)) = corners(context, at) else { return nothing() };
    let scale = at.at("scale").number();
    for (_, rate) in &mut points {
        *rate *= scale;
    }
    let mut period = at.at("repeat").unless("none").map(|at| at.duration().0);
    let mut offset = at.at("offset").duration().0;
    match alignment(context, at, &points, origin, start) {
        Some(Alignment::Window) => {}
        Some(Alignment::Clock(ahead)) => offset += ahead,
        Some(Alignment::Week(ahead)) => {
            period = Some(WEEK);
            offset += ahead;
        }
        None => return nothing(),
    }
    if points.iter().all(|(_, rate)| *rate == 0.0) {
        context.error(code::RANGE, at, "every rate of this profile is 0");
        return nothing();
    }
    let turned = match period {
        Some(period) if points[points.len() - 1].0 > period => {
            let message = "the profile is longer than the time after which it repeats";
            context.error(code::CONTRADICTION, at.at("repeat"), message);
            return nothing();
        }
        Some(period) => turn(&points, offset % period, period),
        None => shift(&points, offset),
    };
    let points =
        turned.into_iter().map(|(at, rate)| ProfilePoint { at: SimDuration(at), rate }).collect();
    Arrivals::Profile { points, period: period.map(SimDuration) }
}

/// Where the profile's time 0 lies, and how far into it the window begins.
enum Alignment {
    Window,
    Clock(u64),
    Week(u64),
}

fn alignment(
    context: &mut Context<'_>,
    at: &Checked,
    points: &[(u64, f64)],
    origin: Option<u64>,
    start: WindowStart,
) -> Option<Alignment> {
    let last = points[points.len() - 1].0;
    let ahead =
        origin.and_then(|origin| start.local().checked_sub(origin)).filter(|ahead| *ahead <= last);
    match (at.at("align").word(), ahead) {
        ("week", _) => {
            if at.at("repeat").unless("none").is_some_and(|repeat| repeat.duration().0 != WEEK) {
                context.error(
                    code::CONTRADICTION,
                    at.at("repeat"),
                    "a weekly profile repeats after 7d",
                );
                return None;
            }
            let phase = origin.map_or(0, since_monday);
            Some(Alignment::Week(since_monday(start.local()) + WEEK - phase))
        }
        ("auto", Some(ahead)) if at.at("offset").duration() == SimDuration::ZERO => {
            Some(Alignment::Clock(ahead))
        }
        ("clock", Some(ahead)) => Some(Alignment::Clock(ahead)),
        ("clock", None) => {
            let message = "the window does not begin among the timestamps of this file";
            context.error(code::OUTSIDE_TIME, at.at("align"), message);
            None
        }
        _ => Some(Alignment::Window),
    }
}

type Corners = Vec<(u64, f64)>;

fn corners(context: &mut Context<'_>, at: &Checked) -> Option<(Corners, Option<u64>)> {
    match (at.at("file").given(), at.at("points").given()) {
        (Some(file), None) => {
            let rows = data::profile(context, file)?;
            Some((rows.points, rows.origin))
        }
        (None, Some(list)) => {
            let point = |item: &Checked| (item.at("at").duration().0, item.at("rate").number());
            let points: Corners = list.items().iter().map(point).collect();
            if let Some(index) = points.windows(2).position(|pair| pair[1].0 <= pair[0].0) {
                context.error(
                    code::LIST,
                    list.items()[index + 1].at("at"),
                    "the points must rise in time",
                );
                return None;
            }
            Some((points, None))
        }
        _ => {
            context.error(
                code::CONTRADICTION,
                at,
                "exactly one of `file` and `points` must be given",
            );
            None
        }
    }
}

/// The rate at a time, level before the first point and after the last.
fn rate_at(points: &[(u64, f64)], time: u64) -> f64 {
    match points.partition_point(|(at, _)| *at <= time) {
        0 => points[0].1,
        next if next == points.len() => points[next - 1].1,
        next => between(points[next - 1], points[next], time),
    }
}

fn between(from: (u64, f64), to: (u64, f64), time: u64) -> f64 {
    let part = (time - from.0) as f64 / (to.0 - from.0) as f64;
    from.1 + (to.1 - from.1) * part
}

/// Moves the profile back by `offset`; what lies before it is cut off.
fn shift(points: &[(u64, f64)], offset: u64) -> Corners {
    let mut turned = vec![(0, rate_at(points, offset))];
    turned.extend(
        points.iter().filter(|(at, _)| *at > offset).map(|(at, rate)| (at - offset, *rate)),
    );
    turned
}

/// Turns a repeating profile by `offset`. The first and last corner have the same rate, at 0
/// and at the period.
fn turn(points: &[(u64, f64)], offset: u64, period: u64) -> Corners {
    let first = points[0];
    let last = points[points.len() - 1];
    let mut round: Corners = points.to_vec();
    if last.0 < period {
        round.push((first.0 + period, first.1));
    }
    let seam = if offset < first.0 {
        let before = (last.0, last.1);
        if last.0 < period {
            between(before, (first.0 + period, first.1), offset + period)
        } else {
            first.1
        }
    } else {
        rate_at(&round, offset)
    };
    let mut turned: Corners = points
        .iter()
        .map(|(at, rate)| ((at + period - offset) % period, *rate))
        .filter(|(at, _)| *at > 0)
        .collect();
    turned.sort_by_key(|(at, _)| *at);
    turned.dedup_by_key(|(at, _)| *at);
    turned.insert(0, (0, seam));
    turned.push((period, seam));
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_profile_begins_with_the_rate_at_its_offset() {
        assert_eq!(
            shift(&[(0, 10.0), (10, 20.0), (20, 0.0)], 5),
            [(0, 15.0), (5, 20.0), (15, 0.0)]
        );
        assert_eq!(shift(&[(0, 10.0), (10, 20.0)], 30), [(0, 20.0)]);
    }

    #[test]
    fn a_turned_profile_is_the_same_ring() {
        let points = [(0, 10.0), (10, 20.0), (20, 0.0)];
        assert_eq!(turn(&points, 0, 40), [(0, 10.0), (10, 20.0), (20, 0.0), (40, 10.0)]);
        assert_eq!(turn(&points, 30, 40), [(0, 5.0), (10, 10.0), (20, 20.0), (30, 0.0), (40, 5.0)]);
        assert_eq!(turn(&points, 10, 40), [(0, 20.0), (10, 0.0), (30, 10.0), (40, 20.0)]);
        let late = [(10, 10.0), (20, 20.0)];
        assert_eq!(turn(&late, 0, 40), [(0, 40.0 / 3.0), (10, 10.0), (20, 20.0), (40, 40.0 / 3.0)]);
    }

    #[test]
    fn the_week_begins_on_monday() {
        let start =
            WindowStart { start_unix_ns: 1_751_058_000_000_000_000, utc_offset_s: -4 * 3600 };
        assert_eq!(since_monday(start.local()), (4 * 24 + 17) * 3600 * SECOND);
    }
}
