//! Tables of the real controllers' own answers: one function a file, one case a row.
//!
//! A row has `id`, `function`, `input`, `expected` and sometimes `tolerance`. Only the fields
//! in `expected` are held against ours. A function that nothing here answers is "not
//! modelled", whatever file it comes from.

mod kubernetes;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Check, Verdict};

/// A row of a table.
#[derive(Debug, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// What is asked.
    pub function: String,
    /// The question.
    pub input: Value,
    /// The real controller's answer.
    pub expected: Map<String, Value>,
    /// How far numbers may lie apart; exactly equal if left out.
    pub tolerance: Option<f64>,
}

/// Our answer to a row.
type Answer = Map<String, Value>;

/// Reads a table.
///
/// # Errors
/// If it is not an array of rows; the text says where.
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a table of cases: {error}"))
}

/// Holds each row against our answer.
#[must_use]
pub fn check(rows: &[Row]) -> Vec<Check> {
    rows.iter().map(check_row).collect()
}

/// Holds one row against our answer.
#[must_use]
pub fn check_row(row: &Row) -> Check {
    let expected = Value::Object(row.expected.clone()).to_string();
    let (got, verdict) = match kubernetes::answer(&row.function, &row.input) {
        None => (String::new(), Verdict::NotModelled),
        Some(Err(why)) => (why, Verdict::NotModelled),
        Some(Ok(answer)) => {
            let fits = row.expected.iter().all(|(field, value)| {
                answer.get(field).is_some_and(|ours| same(value, ours, row.tolerance))
            });
            let shown: Answer =
                answer.into_iter().filter(|(field, _)| row.expected.contains_key(field)).collect();
            (Value::Object(shown).to_string(), if fits { Verdict::Ok } else { Verdict::Off })
        }
    };
    Check {
        case: row.id.clone(),
        metric: row.function.clone(),
        expected,
        got,
        tolerance: row.tolerance.map_or("equal".to_owned(), |width| format!("±{width}")),
        verdict,
    }
}

fn same(expected: &Value, ours: &Value, tolerance: Option<f64>) -> bool {
    match (expected.as_f64(), ours.as_f64()) {
        (Some(expected), Some(ours)) => (expected - ours).abs() <= tolerance.unwrap_or(0.0),
        _ => expected == ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_nothing_answers_is_not_modelled() {
        let text = r#"[{"id": "x-1", "function": "x", "input": {}, "expected": {"y": 1}}]"#;
        let checks = check(&read(text).expect("a table"));
        assert_eq!(checks[0].verdict, Verdict::NotModelled);
    }

    #[test]
    fn a_wrong_expectation_is_off() {
        let text = r#"[{"id": "a", "function": "k8s_resolve_fenceposts",
            "input": {"max_surge": "25%", "max_unavailable": "25%", "desired": 10},
            "expected": {"surge": 2, "unavailable": 2}}]"#;
        let checks = check(&read(text).expect("a table"));
        assert_eq!(checks[0].verdict, Verdict::Off);
        assert_eq!(checks[0].got, r#"{"surge":3,"unavailable":2}"#);
    }
}
