//! Data files of a scenario: rate profiles, traces of send times, observed values.

use std::cell::Cell;

use jiff::civil::DateTime;

use super::{Context, csv};
use crate::engine::SimDuration;
use crate::scenario::checked::Checked;
use crate::scenario::units;

/// Rows of a profile: bounds how long a run spends in looking up its rate.
const MOST_PROFILE_ROWS: u64 = 200_000;
/// Rows of a trace or an empirical law: what fits into memory.
const MOST_VALUES: u64 = 10_000_000;
/// A longer gap between two rows is taken for an error in the file.
const LONGEST_GAP: u64 = 31 * 86_400 * 1_000_000_000;
/// The largest rate or count a row may hold.
const LARGEST: f64 = 1e12;

/// A profile's rows: nanoseconds from the profile's origin, requests per second.
#[derive(Debug)]
pub struct ProfileRows {
    /// Corner points, rising in time.
    pub points: Vec<(u64, f64)>,
    /// If the rows have timestamps: the origin in nanoseconds since 1970, local time.
    pub origin: Option<u64>,
}

/// A time of a row: seconds from some origin, or a timestamp.
fn time(text: &str) -> Result<(u128, bool), &'static str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.is_empty() {
        let span = units::duration(&format!("{}s", round_nanoseconds(text)));
        return span
            .map(|span| (u128::from(span.0), false))
            .map_err(|_| "the time is not a number of seconds");
    }
    let local = text.strip_suffix('Z').unwrap_or(text);
    let fits = local.len() >= 16 && local.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let local: DateTime = fits
        .then(|| local.parse().ok())
        .flatten()
        .ok_or("the time is neither seconds nor a timestamp such as 2014-04-10 00:04:00")?;
    let instant = local
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(|_| "this timestamp is too far from today")?;
    u128::try_from(instant.timestamp().as_nanosecond())
        .map(|nanoseconds| (nanoseconds, true))
        .map_err(|_| "timestamps before 1970 are not taken")
}

/// Logs hold more digits than a nanosecond; they are data, not a scenario's own numbers.
fn round_nanoseconds(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > 9 => &text[..whole.len() + 10],
        _ => text,
    }
}

fn amount(text: &str) -> Result<f64, &'static str> {
    let value: f64 = text.parse().map_err(|_| "the value is not a number")?;
    if !(0.0..=LARGEST).contains(&value) {
        return Err("the value is negative, not finite or too large");
    }
    Ok(value)
}

fn column(names: &[&str], wanted: &[&str]) -> Result<usize, String> {
    names.iter().position(|name| wanted.contains(name)).ok_or_else(|| {
        let wanted: Vec<String> = wanted.iter().map(|name| format!("`{name}`")).collect();
        format!("the header names no column {}", wanted.join(" or "))
    })
}

/// Times of rows: they must rise, and not by too much.
#[derive(Default)]
struct Clock {
    origin: Option<u128>,
    last: u128,
    stamped: bool,
}

impl Clock {
    /// Nanoseconds since the first row.
    fn advance(&mut self, text: &str, strictly: bool) -> Result<u64, &'static str> {
        let (now, stamped) = time(text)?;
        let Some(origin) = self.origin else {
            // Seconds count from their own zero, timestamps from the first one.
            self.stamped = stamped;
            self.origin = Some(if stamped { now } else { 0 });
            self.last = now;
            return Ok(if stamped { 0 } else { now as u64 });
        };
        if stamped != self.stamped {
            return Err("seconds and timestamps are mixed");
        }
        if now < self.last || (strictly && now == self.last) {
            return Err("time goes back");
        }
        if now - self.last > u128::from(LONGEST_GAP) {
            return Err("more than 31 days after the row before");
        }
        self.last = now;
        Ok((now - origin) as u64)
    }
}

/// Reads a rate profile.
pub fn profile(context: &mut Context<'_>, at: &Checked) -> Option<ProfileRows> {
    let mut counts = false;
    let mut clock = Clock::default();
    let mut rows: Vec<(u64, f64)> = Vec::new();
    csv::rows(
        context,
        at,
        MOST_PROFILE_ROWS,
        |names| {
            let time = column(names, &["time", "timestamp"])?;
            let value = column(names, &["rate", "count", "value"])?;
            counts = names[value] != "rate";
            Ok([time, value])
        },
        |[when, value]| {
            let value = amount(value)?;
            rows.push((clock.advance(when, true)?, value));
            Ok(())
        },
    )?;
    if rows.len() < 2 {
        let message = "a profile needs at least two rows";
        context.error(crate::scenario::code::BAD_ROWS, at, message);
        return None;
    }
    let origin =
        clock.origin.filter(|_| clock.stamped).and_then(|origin| u64::try_from(origin).ok());
    Some(ProfileRows { points: if counts { rates(&rows) } else { rows }, origin })
}

/// Counts from each row to the next as rates, set at the middle of the interval. The last row
/// gets the interval of the one before.
fn rates(rows: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let gap = |index: usize| {
        let index = index.min(rows.len() - 2);
        rows[index + 1].0 - rows[index].0
    };
    let rate = |(index, (at, count)): (usize, &(u64, f64))| {
        let gap = gap(index);
        (at + gap / 2, count / SimDuration(gap).as_secs_f64())
    };
    rows.iter().enumerate().map(rate).collect()
}

/// Reads send times: nanoseconds from the first one, divided by `speed`.
pub fn trace(context: &mut Context<'_>, at: &Checked, speed: f64) -> Option<Vec<u64>> {
    let mut clock = Clock::default();
    let mut times: Vec<u64> = Vec::new();
    csv::rows(
        context,
        at,
        MOST_VALUES,
        |names| Ok([column(names, &["time", "timestamp"])?]),
        |[when]| {
            times.push(clock.advance(when, false)?);
            Ok(())
        },
    )?;
    let Some(first) = times.first().copied() else {
        context.error(crate::scenario::code::BAD_ROWS, at, "a trace needs at least one row");
        return None;
    };
    for time in &mut times {
        *time = ((*time - first) as f64 / speed) as u64;
    }
    Some(times)
}

/// Reads observed times: rising, in nanoseconds.
pub fn empirical(context: &mut Context<'_>, at: &Checked) -> Option<Vec<f64>> {
    let unit = Cell::new(None);
    let mut values: Vec<f64> = Vec::new();
    csv::rows(
        context,
        at,
        MOST_VALUES,
        |names| {
            let [name] = names else {
                return Err("the file must have exactly one column".to_owned());
            };
            unit.set(unit_of(name));
            Ok([0])
        },
        |[text]| {
            let value = match unit.get() {
                Some(unit) => amount(text)? * unit,
                None => {
                    units::duration(text)
                        .map_err(|_| "the value has no unit, nor has the header")?
                        .0 as f64
                }
            };
            values.push(value);
            Ok(())
        },
    )?;
    if values.is_empty() {
        context.error(
            crate::scenario::code::BAD_ROWS,
            at,
            "an empirical law needs at least one value",
        );
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(values)
}

/// The unit that a column's name ends in, in nanoseconds.
fn unit_of(name: &str) -> Option<f64> {
    match name.rsplit(['_', ' ', '(']).next()?.trim_end_matches(')') {
        "s" | "sec" | "seconds" => Some(1e9),
        "ms" | "milliseconds" => Some(1e6),
        "us" | "microseconds" => Some(1e3),
        "ns" | "nanoseconds" => Some(1.0),
        _ => None,
    }
}
