//! Instants with a time zone: `2025-06-27T17:00:00[America/New_York]`, or with an offset.
//!
//! The time-zone data is built into the program, so that one scenario means the same instant
//! on every machine.

use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Nanoseconds since 1970, and seconds that local time is ahead of UTC.
pub type Instant = (i64, i32);

/// Reads an instant. A local time that does not exist or exists twice (when clocks change) is
/// refused.
pub fn parse(text: &str) -> Result<Instant, &'static str> {
    let zoned = match text.split_once('[') {
        Some((time, zone)) => bracketed(time, zone)?,
        None => offset(text)?,
    };
    let nanoseconds = i64::try_from(zoned.timestamp().as_nanosecond())
        .map_err(|_| "this instant is too far from today")?;
    if !(0..i64::MAX / 4).contains(&nanoseconds) {
        return Err("this instant is too far from today");
    }
    Ok((nanoseconds, zoned.offset().seconds()))
}

const FORM: &str = "this is not an instant";

fn bracketed(time: &str, zone: &str) -> Result<Zoned, &'static str> {
    let zone = zone.strip_suffix(']').ok_or(FORM)?;
    let zone = TimeZone::get(zone).map_err(|_| "this time zone is not known")?;
    let local: DateTime = strict_local(time)?;
    let ambiguous = zone.to_ambiguous_zoned(local);
    ambiguous.unambiguous().map_err(
        |_| "this local time does not exist or exists twice: the clocks change; give an offset",
    )
}

fn offset(text: &str) -> Result<Zoned, &'static str> {
    let (time, offset) = if let Some(time) = text.strip_suffix('Z') {
        (time, Offset::UTC)
    } else {
        let at = text.len().checked_sub(6).filter(|at| text.is_char_boundary(*at)).ok_or(FORM)?;
        let (time, offset) = text.split_at(at);
        let sign = match offset.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err("an instant needs its time zone or offset"),
        };
        let (hours, minutes) = offset[1..].split_once(':').ok_or(FORM)?;
        let part = |text: &str, most: i32| {
            text.parse::<i32>().ok().filter(|value| text.len() == 2 && (0..=most).contains(value))
        };
        let (hours, minutes) = (part(hours, 18).ok_or(FORM)?, part(minutes, 59).ok_or(FORM)?);
        (time, Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| FORM)?)
    };
    strict_local(time)?
        .to_zoned(TimeZone::fixed(offset))
        .map_err(|_| "this instant is too far from today")
}

/// A local time in the one form `2025-06-27T17:00:00`, seconds and their fraction optional.
fn strict_local(text: &str) -> Result<DateTime, &'static str> {
    let shape = text.len() >= 16
        && text.len() <= 29
        && text.as_bytes()[10] == b'T'
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'T' | b':' | b'.'));
    if !shape {
        return Err(FORM);
    }
    text.parse().map_err(|_| "there is no such date or time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_offsets_name_the_same_instant() {
        let friday = 1_751_058_000_000_000_000;
        assert_eq!(parse("2025-06-27T17:00:00[America/New_York]"), Ok((friday, -4 * 3600)));
        assert_eq!(parse("2025-06-27T17:00:00-04:00"), Ok((friday, -4 * 3600)));
        assert_eq!(parse("2025-06-27T21:00:00Z"), Ok((friday, 0)));
        assert_eq!(parse("2025-06-27T21:00:00.250Z"), Ok((friday + 250_000_000, 0)));
        assert_eq!(parse("2025-06-27T21:00[UTC]"), Ok((friday, 0)));
    }

    #[test]
    fn what_is_not_one_instant_is_refused() {
        for text in [
            "",
            "2025-06-27",
            "2025-06-27T17:00:00",
            "2025-06-27 17:00:00Z",
            "2025-02-30T00:00:00Z",
            "2025-06-27T25:00:00Z",
            "2025-06-27T17:00:00[Mars/Olympus]",
            "2025-03-30T02:30:00[Europe/Berlin]",
            "2025-10-26T02:30:00[Europe/Berlin]",
            "1950-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "2025-06-27T17:00:00+99:00",
            "é2025-06-27T17:00:0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
