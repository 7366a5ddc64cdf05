//! Numbers for people: as many digits as their interval supports, thousands set apart, units
//! as people use them (percent, instance minutes).

use crate::experiment::Unit;

/// How a metric is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    Plain,
    /// A share, in percent.
    Percent,
    /// Seconds of instances, in minutes.
    Minutes,
    /// Seconds of instances, in money at this price (thousandths of a unit an hour).
    Price(PricePerHour),
}

/// A price in millionths, so that scales compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricePerHour(u64);

impl PricePerHour {
    /// From units of the currency.
    #[must_use]
    pub fn new(price: f64) -> Self {
        Self((price * 1e6).round() as u64)
    }
}

impl Scale {
    /// The scale in which people read a unit.
    #[must_use]
    pub fn of(unit: Unit) -> Self {
        if unit == Unit::Share { Self::Percent } else { Self::Plain }
    }

    /// The value on this scale.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::Percent => value * 100.0,
            Self::Minutes => value / 60.0,
            Self::Price(price) => value / 3600.0 * (price.0 as f64 / 1e6),
        }
    }
}

/// A mean and what surrounds it, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The mean.
    pub mean: String,
    /// Its interval, such as `± 12` or `[-3; 14]`; empty where there is none.
    pub interval: String,
}

impl Estimate {
    /// Rounds a mean and its interval to what the interval supports: two digits of its half
    /// width, but not more than three of the mean unless the half width needs them, and never
    /// more than four. An interval that is narrower than that is left out.
    #[must_use]
    pub fn new(mean: f64, interval: Option<(f64, f64)>, scale: Scale) -> Self {
        let mean = scale.apply(mean);
        let Some((low, high)) = interval.map(|(low, high)| (scale.apply(low), scale.apply(high)))
        else {
            return Self { mean: rounded(mean), interval: String::new() };
        };
        let half = (high - low) / 2.0;
        if half == 0.0 {
            return Self { mean: rounded(mean), interval: String::new() };
        }
        let size = mean.abs().max(half);
        let decimals =
            decimals(half, 2).min(decimals(size, 3)).max(decimals(half, 1)).min(decimals(size, 4));
        let text = |value: f64| if value == 0.0 { "0".to_owned() } else { fixed(value, decimals) };
        let (below, above) = (text(mean - low), text(high - mean));
        let interval = if text(low) == text(high) {
            String::new()
        } else if below == above && above.contains(|digit: char| ('1'..='9').contains(&digit)) {
            format!("± {above}")
        } else {
            format!("[{}; {}]", text(low), text(high))
        };
        Self { mean: text(mean), interval }
    }

    /// Both, with a space between.
    #[must_use]
    pub fn joined(&self) -> String {
        if self.interval.is_empty() {
            self.mean.clone()
        } else {
            format!("{} {}", self.mean, self.interval)
        }
    }
}

/// A time in seconds with its interval, in the unit in which people would say it: `12.4 s`,
/// `83 ± 2 min`, `4 h 35 min [4 h 20 min; 5 h 2 min]`, `3 d 0 h`.
#[must_use]
pub fn span(seconds: f64, interval: Option<(f64, f64)>) -> String {
    let size = seconds.abs();
    if size < 7170.0 {
        let (scale, unit) =
            if size < 119.5 { (Scale::Plain, "s") } else { (Scale::Minutes, "min") };
        return format!("{} {unit}", Estimate::new(seconds, interval, scale).joined());
    }
    let mean = long(seconds);
    let ends = interval.map(|(low, high)| (long(low), long(high)));
    match ends {
        Some((low, high)) if low != high => format!("{mean} [{low}; {high}]"),
        _ => mean,
    }
}

/// Hours and minutes, or days and hours, of some seconds.
fn long(seconds: f64) -> String {
    let minutes = (seconds.abs() / 60.0).round() as u64;
    let sign = if seconds < 0.0 && minutes > 0 { "-" } else { "" };
    if minutes < 60 {
        format!("{sign}{minutes} min")
    } else if minutes < 48 * 60 {
        format!("{sign}{} h {} min", minutes / 60, minutes % 60)
    } else {
        let hours = (minutes + 30) / 60;
        format!("{sign}{} d {} h", hours / 24, hours % 24)
    }
}

/// A number without an interval, to three significant digits (whole ones in full).
#[must_use]
pub fn rounded(value: f64) -> String {
    if value.fract() == 0.0 {
        return fixed(value, 0);
    }
    fixed(value, decimals(value, 3))
}

/// Decimals that show this many significant digits of a value; at most 6.
#[must_use]
pub fn decimals(value: f64, digits: u32) -> usize {
    let mut limit = 1.0;
    for _ in 1..digits {
        limit *= 10.0;
    }
    let mut value = value.abs();
    let mut decimals = 0;
    // 0.995 of the limit already rounds up to it.
    while value > 0.0 && value < limit * 0.9995 && decimals < 6 {
        value *= 10.0;
        decimals += 1;
    }
    decimals
}

/// A number with fixed decimals and thousands set apart by commas; never `-0`.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    if value < 0.0 && text.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0') {
        grouped.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// A whole number with thousands set apart.
#[must_use]
pub fn whole(value: u64) -> String {
    fixed(value as f64, 0)
}

/// A share in percent for running text: `98 %`, `0.4 %`, `< 0.1 %`, never a false 0 or 100.
#[must_use]
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value > 0.0 && value < 0.1 {
        "< 0.1 %".to_owned()
    } else if value < 100.0 && value > 99.5 {
        format!("{} %", fixed((value * 10.0).floor() / 10.0, 1))
    } else if value > 0.0 && value < 9.95 && value.fract() != 0.0 {
        format!("{} %", fixed(value, 1))
    } else {
        format!("{} %", fixed(value, 0))
    }
}

/// A number for a machine: at most nine digits if it has decimals; no trailing zeros,
/// no grouping.
#[must_use]
pub fn machine(value: f64) -> String {
    let before = (value.abs() as u64).checked_ilog10().map_or(0, |digits| digits as usize + 1);
    let text = format!("{value:.*}", 9usize.saturating_sub(before));
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A span in minutes and seconds, signed: `-2:00`, `0:12.5`, `1:02:00`.
#[must_use]
pub fn clock(nanoseconds: i128) -> String {
    let tenths = nanoseconds.unsigned_abs().saturating_add(50_000_000) / 100_000_000;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let sign = if nanoseconds < 0 && tenths > 0 { "-" } else { "" };
    let tail = if tenth == 0 { String::new() } else { format!(".{tenth}") };
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{seconds:02}{tail}")
    } else {
        format!("{sign}{minutes}:{seconds:02}{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_the_interval_supports() {
        let shown = |mean, low, high| Estimate::new(mean, Some((low, high)), Scale::Plain).joined();
        assert_eq!(shown(1364.21, 1352.3, 1376.12), "1,364 ± 12");
        assert_eq!(shown(96.218, 95.118, 97.318), "96.2 ± 1.1");
        assert_eq!(shown(3.0, -4.2, 14.1), "3.0 [-4.2; 14.1]");
        assert_eq!(shown(12.0, 12.0, 12.0), "12");
        assert_eq!(shown(5.5054, 5.5049, 5.5056), "5.505 [5.505; 5.506]");
        assert_eq!(shown(25.0524, 25.0522, 25.0526), "25.05");
        assert_eq!(shown(20.8951, 20.8021, 20.9881), "20.90 ± 0.09");
        assert_eq!(shown(0.0, 0.0, 0.153), "0 [0; 0.153]");
    }

    #[test]
    fn shares_are_shown_in_percent_and_instance_time_in_minutes_or_money() {
        let share = Estimate::new(0.00234, Some((0.00230, 0.00238)), Scale::Percent);
        assert_eq!(share.joined(), "0.234 ± 0.004");
        assert_eq!(Estimate::new(1390.0, None, Scale::Minutes).joined(), "23.2");
        let price = Scale::Price(PricePerHour::new(0.2));
        assert_eq!(Estimate::new(7200.0, None, price).joined(), "0.400");
    }

    #[test]
    fn thousands_are_set_apart_and_zero_has_no_sign() {
        assert_eq!(fixed(1_234_567.0, 0), "1,234,567");
        assert_eq!(fixed(-1234.5, 1), "-1,234.5");
        assert_eq!(fixed(-0.001, 1), "0.0");
    }

    #[test]
    fn a_percentage_is_never_a_false_nothing_or_all() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.0001, "< 0.1 %"),
            (0.004, "0.4 %"),
            (0.05, "5 %"),
            (0.98, "98 %"),
            (0.9999, "99.9 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn times_are_said_in_the_unit_that_people_use() {
        for (seconds, interval, text) in [
            (12.4, None, "12.4 s"),
            (95.0, Some((93.0, 97.0)), "95.0 ± 2.0 s"),
            (4980.0, None, "83 min"),
            (4980.0, Some((4920.0, 5040.0)), "83.0 ± 1.0 min"),
            (16_500.0, None, "4 h 35 min"),
            (16_500.0, Some((15_600.0, 18_120.0)), "4 h 35 min [4 h 20 min; 5 h 2 min]"),
            (16_500.0, Some((16_499.0, 16_501.0)), "4 h 35 min"),
            (258_900.0, None, "3 d 0 h"),
            (-16_500.0, None, "-4 h 35 min"),
        ] {
            assert_eq!(span(seconds, interval), text);
        }
    }

    #[test]
    fn machines_get_plain_numbers() {
        for (value, text) in
            [(1364.0, "1364"), (0.1 + 0.2, "0.3"), (-0.0, "0"), (1e-10, "0"), (-1.5, "-1.5")]
        {
            assert_eq!(machine(value), text);
        }
        assert_eq!(machine(24.047_428_204_123), "24.0474282");
        assert_eq!(machine(872_143.633_708_492), "872143.634");
        assert_eq!(machine(12_345_678_900.0), "12345678900");
    }

    #[test]
    fn clocks_count_minutes_from_the_deployment() {
        for (nanoseconds, text) in [
            (-120_000_000_000, "-2:00"),
            (12_500_000_000, "0:12.5"),
            (3_720_000_000_000, "1:02:00"),
            (-1, "0:00"),
            (59_960_000_000, "1:00"),
        ] {
            assert_eq!(clock(nanoseconds), text);
        }
    }
}
