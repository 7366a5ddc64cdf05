//! Hostile variants of a valid scenario, by class: a port of the generator of the contract for
//! bad input. It knows nothing of the grammar but the list of fields made from the field table.

use cutover::scenario::FieldKind;
use cutover::scenario::source::Sources;
use cutover::scenario::yaml::{self, Node, Value};

/// One hostile input.
pub struct Case {
    /// Its class.
    pub class: &'static str,
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// What was done, for messages.
    pub what: String,
    /// Exit codes that are right; 0: the scenario is taken.
    pub exits: &'static [u8],
}

/// All cases for a scenario and its fields.
pub fn cases(text: &str, fields: &[FieldKind]) -> Vec<Case> {
    let mut sources = Sources::default();
    let (id, normal) = yaml::decode("valid", text.as_bytes(), &mut sources).unwrap();
    let tree = yaml::parse(id, &normal).unwrap().documents.remove(0);
    let mut cases = of_the_text(text);
    for field in fields {
        of_a_field(&tree, field, &mut cases);
    }
    cases
}

fn case(
    class: &'static str,
    bytes: impl Into<Vec<u8>>,
    what: impl Into<String>,
    exits: &'static [u8],
) -> Case {
    Case { class, bytes: bytes.into(), what: what.into(), exits }
}

fn of_the_text(text: &str) -> Vec<Case> {
    let with = |more: &str| format!("{text}\n{more}\n");
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let keys: String = (0..500_000).map(|index| format!("k{index}: 1\n")).collect();
    let mut cases = vec![
        case("A01", "", "empty", &[2]),
        case("A01", "\n\n", "blank", &[2]),
        case("A01", "# only a comment\n", "comment", &[2]),
        case("A02", [text.as_bytes(), b"\n# \xff\n"].concat(), "a lone 0xFF", &[2]),
        case("A02", utf16, "UTF-16", &[2]),
        case("A02", [b"\xef\xbb\xbf", text.as_bytes()].concat(), "byte order mark", &[0]),
        case("A03", with("x: a\0b"), "NUL", &[2]),
        case("A03", with("# \u{85}"), "U+0085", &[2]),
        case("A04", text.replace('\n', "\r\n"), "CRLF", &[0]),
        case("A04", text.replace('\n', "\r"), "lone CR", &[0]),
        case("A04", text.trim_end(), "no last newline", &[0]),
        case("A05", with("zzz_unknown: 1"), "unknown key", &[2]),
        case("A06", with("name: again"), "duplicate key", &[2]),
        case("A06", with("\"name\": again"), "duplicate key, quoted", &[2]),
        case("A08", format!("{text}\n---\n{text}"), "two documents", &[2]),
        case("A08", with("---"), "an empty last document", &[0]),
        case("A11", format!("{bomb}{text}"), "alias bomb", &[2]),
        case("A12", with("x: &x [*x]"), "self-reference", &[2]),
        case("A12", with("x: *nowhere"), "undefined alias", &[2]),
        case("A14", with(&format!("#{}", "x".repeat(1 << 20))), "1 MiB", &[2]),
        case("A14", format!("{text}{keys}"), "500,000 keys", &[2]),
        case("A16", with("<<: {name: x}"), "merge key", &[2]),
    ];
    for depth in [65, 1_000, 100_000] {
        let nested = format!("x: {}{}", "[".repeat(depth), "]".repeat(depth));
        cases.push(case("A13", with(&nested), format!("nesting {depth}"), &[2]));
    }
    for tag in ["!!python/object:os.system x", "!!binary aGk=", "!foo 1"] {
        cases.push(case("A15", with(&format!("x: {tag}")), tag, &[2]));
    }
    cases
}

const NUMERIC: [&str; 7] =
    ["rate", "duration", "prob", "count", "number", "amount", "int-or-percent"];

fn of_a_field(tree: &Node, field: &FieldKind, cases: &mut Vec<Case>) {
    let mut put = |class: &'static str, raw: &str, exits: &'static [u8]| {
        let bytes = replaced(tree, &field.path, raw);
        let what = format!("{} = {}", field.path, raw.escape_debug());
        cases.push(case(class, bytes, what, exits));
    };
    for raw in ["{}", "[]", "[1]", "null"] {
        put("A07", raw, &[2]);
    }
    let unit = if field.kind == "duration" { "s" } else { "" };
    if NUMERIC.contains(&field.kind) {
        for raw in [".nan", ".inf", "-.inf", "\"NaN\""] {
            put("B01", raw, &[2]);
        }
        put("B02", &format!("1e400{unit}"), &[2]);
        put("B02", &format!("{}{unit}", "9".repeat(39)), &[2]);
        put("B02", &format!("18446744073709551616{unit}"), &[2]);
        put("B03", &format!("-1{unit}"), &[2]);
        for raw in ["010", "0x1F", "1:30", "1_000", "1,000", "one"] {
            put("A10", raw, &[2]);
        }
    }
    if let Some(min) = field.min {
        put("BND", &min.to_string(), &[0, 2]);
        if min > 0 {
            put("BND", &(min - 1).to_string(), &[2]);
        }
    }
    let (class, raws) = of_a_kind(field.kind);
    for raw in raws {
        put(class, raw, &[2]);
    }
    if matches!(field.kind, "name" | "label") {
        let long = "x".repeat(257);
        for raw in [
            &long,
            "\"<img src=x onerror=alert(1)>\"",
            "\"</script><script>alert(1)</script>\"",
            "'=HYPERLINK(\"http://x\")'",
            "\"+1\"",
            "\"@x\"",
            "../../x",
            "a/b",
            "\"\\u202egnp\"",
            "12",
            "true",
        ] {
            put("E04", raw, &[2]);
        }
    }
}

/// What is wrong for fields of one kind alone.
fn of_a_kind(kind: &str) -> (&'static str, &'static [&'static str]) {
    match kind {
        "count" => ("B09", &["2.5", "1e1", "\"3\""]),
        "prob" => ("B05", &["-0.1", "1.0000001", "50", "101%"]),
        "duration" => {
            ("B06", &["5", "1.5.0s", "10m30", "1y", "\"\"", "+5s", "9300000000000s", "0.4ns"])
        }
        "bool" => ("A09", &["no", "off", "Y", "\"true\"", "1"]),
        "name" => ("A03", &["\"a\\0b\"", "\"\\e[2J\"", "\"\"", "\" \""]),
        "path" => (
            "D01",
            &[
                "../../etc/passwd",
                "/etc/passwd",
                "a/../../b",
                "/dev/zero",
                "/proc/self/environ",
                ".",
                "\"\"",
                "nope",
            ],
        ),
        "enum" => ("C01", &["\"\"", "nope", "\"ROLLING \"", "1"]),
        "instant" => {
            ("B06", &["2025-06-27", "2025-06-27T17:00:00", "2025-02-30T00:00:00Z", "now", "0"])
        }
        _ => ("", &[]),
    }
}

/// The tree as a text in block style, with the scalar at a path written as `raw`.
fn replaced(tree: &Node, path: &str, raw: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let mut text = String::new();
    block(tree, Some((&parts, raw)), 0, &mut text);
    text
}

type Change<'a> = Option<(&'a [&'a str], &'a str)>;

fn block(node: &Node, change: Change<'_>, indent: usize, text: &mut String) {
    let margin = "  ".repeat(indent);
    let down = |key: &str| match change {
        Some((parts, raw)) if parts.first() == Some(&key) => Some((&parts[1..], raw)),
        _ => None,
    };
    match (&node.value, change) {
        (_, Some(([], raw))) => *text += &format!(" {raw}\n"),
        (Value::Map(entries), _) if !entries.is_empty() => {
            *text += "\n";
            for entry in entries {
                *text += &format!("{margin}{}:", entry.key);
                block(&entry.value, down(&entry.key), indent + 1, text);
            }
        }
        (Value::List(items), _) if !items.is_empty() => {
            *text += "\n";
            for (index, item) in items.iter().enumerate() {
                *text += &format!("{margin}-");
                block(item, down(&index.to_string()), indent + 1, text);
            }
        }
        (Value::Map(_), _) => *text += " {}\n",
        (Value::List(_), _) => *text += " []\n",
        (Value::Null, _) => *text += " null\n",
        (Value::Scalar { text: scalar, plain: true }, _) => *text += &format!(" {scalar}\n"),
        (Value::Scalar { text: scalar, plain: false }, _) => *text += &format!(" {scalar:?}\n"),
    }
}
