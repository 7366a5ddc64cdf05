//! Names of things: what they may look like, and which known one was probably meant.

/// The known name nearest to what was written, if it is near enough to be a slip.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.is_empty() || written.len() > 64 {
        return None;
    }
    let folded = fold(written);
    known
        .into_iter()
        .map(|name| (distance(&folded, &fold(name)), name))
        .filter(|(distance, name)| *distance <= name.len().max(written.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Lower case without separators, so that `maxSurge`, `max-surge` and `max_surge` are alike.
fn fold(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Edits between two names: insertions, deletions, changes, and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

/// What is wrong with a name, if anything is.
#[must_use]
pub fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a name must not be empty");
    }
    if name.len() > 63 {
        return Some("a name has at most 63 characters");
    }
    let mut bytes = name.bytes();
    if !bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Some("a name begins with a letter or digit");
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!bytes.all(good)).then_some("a name holds a character that it must not")
}

/// What names may look like, for messages.
pub const ALLOWED_NAME: &str =
    "1 to 63 letters, digits, `-`, `_` and `.`, beginning with a letter or digit";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_what_was_meant() {
        let known = ["max_surge", "max_unavailable", "min_ready"];
        assert_eq!(nearest("maxSurge", known), Some("max_surge"));
        assert_eq!(nearest("max_sugre", known), Some("max_surge"));
        assert_eq!(nearest("min_redy", known), Some("min_ready"));
        assert_eq!(nearest("zzz", known), None);
    }

    #[test]
    fn names_are_safe_in_file_names_and_reports() {
        for name in ["canary", "blue-green", "v1.2", "A_b", "9"] {
            assert_eq!(fault(name), None, "{name}");
        }
        for name in
            ["", " ", "a/b", "../x", "=x", "+1", "@x", "<img>", "\u{202e}gnp", "café", "-a", ".a"]
        {
            assert!(fault(name).is_some(), "{name}");
        }
        assert!(fault(&"x".repeat(64)).is_some());
    }
}
