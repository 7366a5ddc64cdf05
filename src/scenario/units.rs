//! The scalars of a scenario file: durations, rates, shares, counts.
//!
//! One strict grammar with one reading. A duration needs a unit, a share above 1 needs its
//! percent sign, a whole number is digits alone: no sign, exponent, leading zero, underscore
//! or other base. What YAML 1.1 and 1.2 or people read differently is refused, never guessed.

use crate::engine::SimDuration;
use crate::plan::IntOrPercent;

/// Why a scalar was refused: what is wrong with it, and a better spelling if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as a sentence without its end.
    pub what: &'static str,
    /// Whether the value is well formed but too large, too small or too fine.
    pub range: bool,
    /// A spelling that would be taken.
    pub hint: Option<String>,
}

impl Refusal {
    fn form(what: &'static str) -> Self {
        Self { what, range: false, hint: None }
    }

    fn range(what: &'static str) -> Self {
        Self { what, range: true, hint: None }
    }

    fn with_hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// The largest rate that can be written, per second. Far more than any machine can simulate,
/// and far less than what loses precision.
pub const LARGEST_RATE: f64 = 1e15;

const UNITS: [(&str, u128); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// A decimal number: whole digits and the digits after the point.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
}

/// Splits the digits off the front of `text`.
fn decimal(text: &str) -> Result<(Decimal<'_>, &str), Refusal> {
    if text.starts_with('-') {
        return Err(Refusal::range("a negative number makes no sense here"));
    }
    if text.starts_with('+') {
        return Err(Refusal::form("a number is written without a plus sign"));
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    if whole.is_empty() {
        return Err(Refusal::form("this does not begin with a number"));
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(Refusal::form("a number with leading zeros has several readings"));
    }
    let Some(after) = rest.strip_prefix('.') else {
        return Ok((Decimal { whole, fraction: "" }, rest));
    };
    let (fraction, rest) = after.split_at(digits(after));
    if fraction.is_empty() {
        return Err(Refusal::form("digits are missing after the decimal point"));
    }
    Ok((Decimal { whole, fraction }, rest))
}

impl Decimal<'_> {
    /// The value, correctly rounded.
    fn value(&self) -> f64 {
        let text = format!(
            "{}.{}",
            self.whole,
            if self.fraction.is_empty() { "0" } else { self.fraction }
        );
        text.parse().expect("digits around a point are a number")
    }

    /// The exact product with `unit`, if it is whole.
    fn times(&self, unit: u128) -> Result<u128, Refusal> {
        let too_long = || Refusal::range("this is longer than can be simulated");
        if self.whole.len() > 20 {
            return Err(too_long());
        }
        let whole: u128 = self.whole.parse().expect("at most 20 digits");
        let mut total = whole.checked_mul(unit).ok_or_else(too_long)?;
        let fraction = self.fraction.trim_end_matches('0');
        if fraction.len() > 14 {
            return Err(Refusal::range("time is counted in whole nanoseconds"));
        }
        if !fraction.is_empty() {
            let scale = 10u128.pow(fraction.len() as u32);
            let part = fraction.parse::<u128>().expect("at most 14 digits") * unit;
            if !part.is_multiple_of(scale) {
                return Err(Refusal::range("time is counted in whole nanoseconds"));
            }
            total += part / scale;
        }
        Ok(total)
    }
}

/// Whether this is a finite or infinite number in any notation: used to say what is wrong.
fn looks_numeric(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

/// A duration such as `250ms`, `5s`, `10m`, `1h30m`. Units: d h m s ms us ns, each at most
/// once, from large to small; the last number may have decimals.
pub fn duration(text: &str) -> Result<SimDuration, Refusal> {
    if looks_numeric(text) && !text.starts_with('-') {
        let refusal = Refusal::form("a duration needs a unit");
        let whole = text.bytes().all(|b| b.is_ascii_digit()) && text.len() < 12;
        return Err(if whole { refusal.with_hint(format!("{text}s")) } else { refusal });
    }
    if text.is_empty() {
        return Err(Refusal::form("a duration is missing"));
    }
    let (mut rest, mut total, mut last) = (text, 0u128, u128::MAX);
    while !rest.is_empty() {
        let (number, after) = decimal(rest)?;
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let Some(&(_, unit)) = UNITS.iter().find(|(unit, _)| *unit == name) else {
            return Err(Refusal::form(if name.is_empty() {
                "a duration needs a unit after each number"
            } else {
                "the unit of this duration is not known"
            }));
        };
        if unit >= last {
            return Err(Refusal::form("the units of a duration go from large to small, each once"));
        }
        if !number.fraction.is_empty() && !after.is_empty() {
            return Err(Refusal::form("only the last number of a duration may have decimals"));
        }
        last = unit;
        total += number.times(unit)?;
        rest = after;
        if total > u128::from(SimDuration::LONGEST.0) {
            return Err(Refusal::range("this is longer than can be simulated"));
        }
    }
    Ok(SimDuration(total as u64))
}

/// A rate per second: `400/s`, `24k/min`, `1.5M/h`; a number without a unit is per second.
pub fn rate(text: &str) -> Result<f64, Refusal> {
    let (number, rest) = decimal(text)?;
    let (scale, rest) = match rest.as_bytes().first() {
        Some(b'k') => (1e3, &rest[1..]),
        Some(b'M') => (1e6, &rest[1..]),
        _ => (1.0, rest),
    };
    let per = match rest {
        "" if scale == 1.0 => 1.0,
        "/s" | "/sec" => 1.0,
        "/min" | "/m" => 60.0,
        "/h" => 3600.0,
        "/d" => 86_400.0,
        _ => return Err(Refusal::form("this is not a rate")),
    };
    let value = number.value() * scale / per;
    if value > LARGEST_RATE {
        return Err(Refusal::range("this rate is too large to be counted"));
    }
    Ok(value)
}

/// A share: `2.5%` or `0.025`.
pub fn share(text: &str) -> Result<f64, Refusal> {
    let (number, rest) = decimal(text)?;
    let value = match rest {
        "%" => number.value() / 100.0,
        "" => number.value(),
        _ => return Err(Refusal::form("this is not a share")),
    };
    if value > 1.0 {
        let refusal = Refusal::range("a share is at most 1, or 100%");
        let percent = rest.is_empty() && value <= 100.0;
        return Err(if percent { refusal.with_hint(format!("{text}%")) } else { refusal });
    }
    Ok(value)
}

/// A number with decimals, such as a factor.
pub fn number(text: &str) -> Result<f64, Refusal> {
    let (number, rest) = decimal(text)?;
    if !rest.is_empty() {
        return Err(Refusal::form("this is not a plain decimal number"));
    }
    let value = number.value();
    if value > LARGEST_RATE { Err(Refusal::range("this number is too large")) } else { Ok(value) }
}

/// A whole number: digits alone.
pub fn count(text: &str) -> Result<u64, Refusal> {
    let (number, rest) = decimal(text)?;
    if !rest.is_empty() || !number.fraction.is_empty() {
        return Err(Refusal::form("this is not a whole number in plain digits"));
    }
    number.whole.parse().map_err(|_| Refusal::range("this number is too large"))
}

/// A count of pods, or a percentage of the replicas, as Kubernetes writes them.
pub fn int_or_percent(text: &str) -> Result<IntOrPercent, Refusal> {
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let value = count(digits)?;
    let value = u32::try_from(value)
        .ok()
        .filter(|value| *value <= 1_000_000)
        .ok_or_else(|| Refusal::range("this number is too large"))?;
    Ok(if percent { IntOrPercent::Percent(value) } else { IntOrPercent::Int(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact_to_the_nanosecond() {
        for (text, nanoseconds) in [
            ("250ms", 250_000_000),
            ("5s", 5_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("0.3ms", 300_000),
            ("1.5h", 5_400_000_000_000),
            ("250us", 250_000),
            ("0.000000001s", 1),
            ("1m30.5s", 90_500_000_000),
            ("7d", 604_800_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(SimDuration(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn durations_with_two_readings_or_none_are_refused() {
        for text in [
            "",
            "5",
            "5 sec onds",
            "1.5.0s",
            "10m30",
            "1y",
            "+5s",
            "-5s",
            "9300000000000s",
            "0.4ns",
            "1e-12s",
            "1s2m",
            "1s1s",
            "1.5h30m",
            "010s",
            "s",
            ".5s",
            "5.s",
            "1_0s",
            "NaN",
            "inf",
            "1e400s",
            "99999999999999999999999999999999999999999s",
            "5S",
            "300000d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(duration("5").unwrap_err().hint.as_deref(), Some("5s"));
    }

    #[test]
    fn rates_take_thousands_and_time_units() {
        assert_eq!(rate("400/s"), Ok(400.0));
        assert_eq!(rate("24k/min"), Ok(400.0));
        assert_eq!(rate("0.5/s"), Ok(0.5));
        assert_eq!(rate("400"), Ok(400.0));
        for text in
            ["400/y", "1e3/s", "-1/s", "k/s", "4 00/s", "1,000/s", "NaN", "inf", "24k", "1e16"]
        {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentage_needs_its_sign() {
        assert_eq!(share("2.5%"), Ok(0.025));
        assert_eq!(share("0.025"), Ok(0.025));
        assert_eq!(share("1"), Ok(1.0));
        assert_eq!(share("50").unwrap_err().hint.as_deref(), Some("50%"));
        for text in ["1.0000001", "-0.1", "101%", "5 %", "nan", "0x1"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_are_plain_digits() {
        assert_eq!(count("12"), Ok(12));
        assert_eq!(int_or_percent("25%"), Ok(IntOrPercent::Percent(25)));
        for text in [
            "010",
            "0x1F",
            "1_000",
            "1e3",
            "1:30",
            "2.5",
            "1e1",
            "18446744073709551616",
            "one",
            "-1",
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
