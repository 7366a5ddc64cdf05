//! Single values: from their text to their type, by the shape of their field.

use super::checked::{AmountUnit, Held};
use super::code::{self, Code};
use super::schema::{Form, Shape};
use super::units::{self, Refusal};
use super::{instant, names};
use crate::engine::SimDuration;

/// Why a scalar does not fit, without its place.
#[derive(Debug)]
pub struct Misfit {
    /// Which kind of error.
    pub code: Code,
    /// What is wrong.
    pub what: String,
    /// A suggestion.
    pub help: Option<String>,
}

impl Misfit {
    fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), help: None }
    }
}

impl From<Refusal> for Misfit {
    fn from(refusal: Refusal) -> Self {
        let code = if refusal.range { code::RANGE } else { code::BAD_SCALAR };
        let help = refusal.hint.map(|hint| format!("did you mean `{hint}`?"));
        Self { code, what: refusal.what.to_owned(), help }
    }
}

/// Reads a scalar as the shape of its field wants it.
pub fn read(text: &str, plain: bool, shape: &Shape, form: Form) -> Result<Held, Misfit> {
    match shape {
        Shape::Duration(..) if form == Form::Seconds && is_digits(text) && plain => {
            let seconds = units::count(text)?;
            if seconds > SimDuration::LONGEST.0 / 1_000_000_000 {
                return Err(Misfit::new(code::RANGE, "this is longer than can be simulated"));
            }
            within_span(SimDuration::from_secs(seconds), shape)
        }
        Shape::Duration(..) => within_span(units::duration(text)?, shape),
        Shape::Rate(least) => {
            unquoted(text, plain)?;
            let rate = units::rate(text)?;
            in_range(rate >= *least, Held::Number(rate))
        }
        Shape::Share if form == Form::Percent && is_digits(text) && plain => {
            Ok(Held::Number(units::share(&format!("{text}%"))?))
        }
        Shape::Share => {
            unquoted(text, plain)?;
            Ok(Held::Number(units::share(text)?))
        }
        Shape::Number(least, most) => {
            unquoted(text, plain)?;
            let number = match text.strip_prefix('-').filter(|_| *least < 0.0) {
                Some(magnitude) => -units::number(magnitude)?,
                None => units::number(text)?,
            };
            in_range((*least..=*most).contains(&number), Held::Number(number))
        }
        Shape::Count(least, most) => {
            unquoted(text, plain)?;
            let count = units::count(text)?;
            in_range((*least..=*most).contains(&count), Held::Count(count))
        }
        Shape::IntOrPercent => {
            unquoted(text, plain)?;
            Ok(Held::IntOrPercent(units::int_or_percent(text)?))
        }
        Shape::Amount => amount(text, plain),
        Shape::Bool => match text {
            "true" if plain => Ok(Held::Bool(true)),
            "false" if plain => Ok(Held::Bool(false)),
            _ => Err(Misfit::new(code::BAD_SCALAR, "this is not `true` or `false`")),
        },
        Shape::Name => name(text, text, plain),
        Shape::Label => name(text, &text.replace(' ', "-"), plain),
        Shape::Text => Ok(Held::Text(text.to_owned())),
        Shape::Path if text.is_empty() => Err(Misfit::new(code::MISSING_FILE, "the path is empty")),
        Shape::Path => Ok(Held::Text(text.to_owned())),
        Shape::Instant => match instant::parse(text) {
            Ok((nanoseconds, offset)) => Ok(Held::Instant(nanoseconds, offset)),
            Err(what) => Err(Misfit::new(code::BAD_SCALAR, what)),
        },
        Shape::Word(words) => word(text, words),
        _ => unreachable!("collections are read elsewhere"),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn in_range(fits: bool, held: Held) -> Result<Held, Misfit> {
    if fits { Ok(held) } else { Err(Misfit::new(code::RANGE, "this value is out of range")) }
}

fn within_span(span: SimDuration, shape: &Shape) -> Result<Held, Misfit> {
    let Shape::Duration(least, most) = shape else { unreachable!("asked for durations alone") };
    in_range((*least..=*most).contains(&span), Held::Duration(span))
}

/// A number in quotes is text; with a unit or percent sign the quotes make no difference.
fn unquoted(text: &str, plain: bool) -> Result<(), Misfit> {
    if plain || text.parse::<f64>().is_err() {
        return Ok(());
    }
    let mut misfit = Misfit::new(code::WRONG_TYPE, "this is text in quotes, not a number");
    misfit.help = text
        .parse::<f64>()
        .is_ok_and(f64::is_finite)
        .then(|| format!("write {text} without quotes"));
    Err(misfit)
}

fn amount(text: &str, plain: bool) -> Result<Held, Misfit> {
    unquoted(text, plain)?;
    if text.ends_with('%') {
        return Ok(Held::Amount(units::share(text)?, AmountUnit::Percent));
    }
    let unit = text.ends_with(char::is_alphabetic);
    if unit && text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(Held::Amount(units::duration(text)?.as_secs_f64(), AmountUnit::Seconds));
    }
    Ok(Held::Amount(units::number(text)?, AmountUnit::Plain))
}

/// A name; `shape` is what its letters are held against.
fn name(text: &str, shape: &str, plain: bool) -> Result<Held, Misfit> {
    if let Some(fault) = names::fault(shape) {
        return Err(Misfit::new(code::BAD_NAME, fault));
    }
    let reads_otherwise = text.parse::<f64>().is_ok() || matches!(text, "true" | "false");
    if plain && reads_otherwise {
        let mut misfit =
            Misfit::new(code::WRONG_TYPE, "this is a number or truth value, not a name");
        misfit.help = Some(format!("put it in quotes: \"{text}\""));
        return Err(misfit);
    }
    Ok(Held::Text(text.to_owned()))
}

fn word(text: &str, words: &'static [&'static str]) -> Result<Held, Misfit> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(Held::Word(word));
    }
    let mut misfit = Misfit::new(code::NOT_A_CHOICE, "this is not one of the words known here");
    misfit.help =
        names::nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    Err(misfit)
}
