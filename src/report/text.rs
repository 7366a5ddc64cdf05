//! Names from a scenario, made safe for each place they are printed in, and lines wrapped to a
//! width.
//!
//! A name is the user's, or that of whoever wrote the scenario they were sent: it may hold
//! control characters, text that turns the reading direction, formulas, path separators.

/// The name with everything that a terminal or a browser would act on spelt out: control
/// characters, zero-width and direction-changing ones as `\u{…}`.
#[must_use]
pub fn visible(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for character in name.chars() {
        if acts(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A cell of text for a CSV file. Spreadsheets run a cell that begins like a formula, so those
/// get an apostrophe in front (OWASP's advice); numbers never come through here.
#[must_use]
pub fn csv_cell(name: &str) -> String {
    let shown = visible(name);
    if shown
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\\', '\u{ff1d}', '\u{ff0b}', '\u{ff20}'])
    {
        format!("'{shown}")
    } else {
        shown
    }
}

/// Text in a Markdown paragraph or table cell: nothing in it is markup, and nobody is
/// mentioned.
#[must_use]
pub fn markdown(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for character in visible(name).chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// File names for the given names: plain ASCII, no path, no device, each different from the
/// others even where case does not count. A name that is fine stays as it is.
#[must_use]
pub fn file_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    names
        .into_iter()
        .map(|name| {
            let stem = file_name(name);
            let free = (1..)
                .map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") })
                .find(|name| !taken.contains(&name.to_lowercase()))
                .expect("numbers do not run out");
            taken.push(free.to_lowercase());
            free
        })
        .collect()
}

fn file_name(name: &str) -> String {
    let mut safe = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '_') {
            safe.push(character);
        } else if !safe.ends_with('-') {
            safe.push('-');
        }
    }
    safe.truncate(80);
    let safe = safe.trim_matches(['-', '.']);
    let stem = safe.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str());
    if safe.is_empty() {
        "unnamed".to_owned()
    } else if device || numbered("COM") || numbered("LPT") {
        format!("{safe}_")
    } else {
        safe.to_owned()
    }
}

/// Columns of a terminal that a text takes (combining marks and wide scripts are not looked
/// at: names in them only cost some alignment).
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text in lines of at most `width` columns; later lines are indented by `hang`. A word
/// longer than a line stands alone on its own; a number keeps its `±` and `%`.
#[must_use]
pub fn wrap(text: &str, columns: usize, hang: usize) -> String {
    let text = text.replace(" ± ", "\u{a0}±\u{a0}").replace(" %", "\u{a0}%");
    let words = text.trim_start_matches(' ');
    let mut lines = " ".repeat(text.len() - words.len());
    let mut used = lines.len();
    let mut fresh = true;
    for word in words.split(' ') {
        let length = width(word);
        if !fresh && used + 1 + length > columns {
            lines.push('\n');
            lines.push_str(&" ".repeat(hang));
            used = hang;
        } else if !fresh {
            lines.push(' ');
            used += 1;
        }
        fresh = false;
        lines.push_str(word);
        used += length;
    }
    lines.replace('\u{a0}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
        assert_eq!(visible("\u{202e}gnp"), "\\u{202e}gnp");
        assert_eq!(visible("naïve Ünïcode 東京"), "naïve Ünïcode 東京");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for (name, cell) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("@x", "'@x"),
            ("-x", "'-x"),
            ("  =1", "'  =1"),
            ("blue-green", "blue-green"),
            ("(no deploy)", "(no deploy)"),
        ] {
            assert_eq!(csv_cell(name), cell);
        }
    }

    #[test]
    fn file_names_are_plain_and_different() {
        let names = [
            "rolling",
            "../../x",
            "CON",
            "a/b",
            "a b",
            "A-B",
            "\u{202e}gnp",
            "",
            "com1.txt",
            "v1.2",
        ];
        assert_eq!(
            file_names(names),
            [
                "rolling",
                "x",
                "CON_",
                "a-b",
                "a-b-2",
                "A-B-3",
                "gnp",
                "unnamed",
                "com1.txt_",
                "v1.2"
            ]
        );
    }

    #[test]
    fn markdown_shows_markup_as_text() {
        assert_eq!(markdown("<b>|`@me`"), "&lt;b&gt;\\|\\`&#64;me\\`");
    }

    #[test]
    fn lines_break_between_words_and_hang() {
        assert_eq!(wrap("one two three four", 9, 2), "one two\n  three\n  four");
        assert_eq!(wrap("extraordinarily long", 5, 1), "extraordinarily\n long");
        assert_eq!(wrap("  indented text", 40, 4), "  indented text");
    }
}
