//! Reads the tables in `tests/data/conformance`: what the real controllers answer.

use serde_json::Value;

/// One case of a table.
pub struct Row {
    pub id: String,
    pub input: Value,
    pub expected: Value,
}

impl Row {
    /// A number that every row has.
    pub fn count(&self, field: &str) -> u32 {
        number(&self.input[field])
    }

    pub fn flag(&self, field: &str) -> bool {
        self.input[field].as_bool().unwrap_or_else(|| panic!("{}: no {field}", self.id))
    }
}

pub fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or_else(|| panic!("{value}"))
}

/// The cases of a table.
pub fn rows(table: &str) -> Vec<Row> {
    let path = format!("{}/tests/data/conformance/{table}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let cases: Vec<Value> = serde_json::from_str(&text).expect("a table is an array");
    let row = |case: &Value| Row {
        id: case["id"].as_str().expect("every case has an id").to_owned(),
        input: case["input"].clone(),
        expected: case["expected"].clone(),
    };
    cases.iter().map(row).collect()
}

/// Holds every case that `model` does not decline against its expected answer, and wants
/// `modelled` of them to have been answered.
pub fn check(table: &str, modelled: usize, model: impl Fn(&Row) -> Option<Value>) {
    let mut answered = 0;
    for row in rows(table) {
        let Some(answer) = model(&row) else { continue };
        for (field, expected) in row.expected.as_object().expect("answers are objects") {
            assert_eq!(&answer[field], expected, "{} {field}: {}", row.id, row.input);
        }
        answered += 1;
    }
    assert_eq!(answered, modelled, "cases of {table} that the model answers");
}
