//! The answer on a terminal.

use crate::experiment::{StudyResult, Summary};

use super::answer::Answer;
use super::paint::Paint;
use super::table;
use super::text::{width, wrap};

/// The terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its width in columns.
    pub columns: usize,
    /// Whether colours are shown.
    pub color: bool,
}

/// Lists of defaults up to this long are shown whole.
const SHOWN_DEFAULTS: usize = 8;
/// The title of the table of pooled latencies.
const LATENCY: &str = "Latency of all requests together, ok only";
/// Running text is not set wider than this, however wide the screen.
const READABLE: usize = 110;

/// What `cutover compare` prints.
#[must_use]
pub fn compare(result: &StudyResult, summary: &Summary, screen: Screen) -> String {
    let answer = Answer::new(result, summary);
    let paint = Paint { color: screen.color };
    let columns = screen.columns.max(40);
    let prose = columns.min(READABLE);
    let mut parts =
        vec![format!("{}\n{}", paint.strong(&answer.scenario), wrap(&answer.scope, prose, 0))];
    let legend = wrap(&answer.legend, prose, 0);
    parts.push(format!("{}{}", table::paint(&answer.table, columns, paint), paint.faint(&legend)));
    if let Some(hundred) = &answer.hundred {
        let title = paint.strong("Per 100 deployments, releases in their shares");
        parts.push(format!("{title}\n{}", table::paint(hundred, columns, paint).trim_end()));
    }
    for (grid, title) in [(&answer.latency, LATENCY), (&answer.spread, "Failed requests by seed")] {
        let Some(grid) = grid else { continue };
        let table = table::paint(grid, columns, paint);
        parts.push(format!("{}\n{}", paint.strong(title), table.trim_end()));
    }
    parts.push(causes(&answer, prose, paint));
    parts.push(words(&answer, prose, paint));
    if !answer.defaults.is_empty() {
        parts.push(wrap(&defaults(&answer), prose, 2));
    }
    parts.push(wrap(&answer.caveat, prose, 0));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn causes(answer: &Answer, columns: usize, paint: Paint) -> String {
    let mut text = paint.strong("Why requests failed");
    let names = answer.causes.iter().map(|line| width(&line.strategy)).max().unwrap_or(0);
    let mut release = "";
    for line in &answer.causes {
        if line.release != release {
            release = &line.release;
            text.push_str(&format!("\n{}", paint.faint(&format!("release {release}"))));
        }
        let space = " ".repeat(names - width(&line.strategy));
        let entry = format!("{}{space}  {}", line.strategy, line.text());
        text.push('\n');
        text.push_str(&wrap(&entry, columns, names + 2));
    }
    if !answer.rests.is_empty() {
        text.push('\n');
        text.push_str(&paint.faint(&wrap(&answer.rests, columns, 2)));
    }
    text
}

fn words(answer: &Answer, columns: usize, paint: Paint) -> String {
    let mut text = String::new();
    let told = [&answer.certainty].into_iter().chain(&answer.ranking).chain(&answer.choices);
    if answer.sentences.is_empty() && told.into_iter().all(String::is_empty) {
        return text;
    }
    text.push_str(&paint.strong("In words"));
    if let Some(ranking) = &answer.ranking {
        text.push('\n');
        text.push_str(&wrap(ranking, columns, 2));
    }
    for sentence in &answer.sentences {
        let release = &sentence.release;
        let start = if release.is_empty() { String::new() } else { format!("Release {release}: ") };
        let entry = wrap(&format!("{start}{}", sentence.text), columns, 2);
        text.push('\n');
        text.push_str(&paint.verdict(sentence.verdict, &entry));
    }
    for line in &answer.choices {
        text.push('\n');
        text.push_str(&wrap(line, columns, 2));
    }
    if !answer.certainty.is_empty() {
        text.push('\n');
        text.push_str(&paint.faint(&wrap(&answer.certainty, columns, 2)));
    }
    text
}

fn defaults(answer: &Answer) -> String {
    let count = answer.defaults.len();
    let list = |shown: usize| answer.defaults[..shown].join(", ");
    if count <= SHOWN_DEFAULTS {
        format!("Assumed, as the scenario does not say: {}.", list(count))
    } else {
        format!(
            "Assumed, as the scenario does not say: {} and {} more (`cutover validate` lists \
             them all).",
            list(SHOWN_DEFAULTS - 2),
            count + 2 - SHOWN_DEFAULTS
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn screen(columns: usize) -> Screen {
        Screen { columns, color: false }
    }

    fn shown(result: &StudyResult, columns: usize) -> String {
        compare(result, &fixture::summary(result), screen(columns))
    }

    #[test]
    fn the_answer_fits_80_columns() {
        let text = shown(&fixture::result(), 80);
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_answer_uses_200_columns() {
        let text = shown(&fixture::result(), 200);
        assert!(text.lines().all(|line| width(line) <= 200), "{text}");
        assert!(text.lines().any(|line| width(line) > 120), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn one_release_needs_no_sections() {
        insta::assert_snapshot!(shown(&fixture::one_release(), 100));
    }

    #[test]
    fn colour_changes_no_text() {
        let result = fixture::result();
        let summary = fixture::summary(&result);
        let coloured = compare(&result, &summary, Screen { columns: 80, color: true });
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert!(coloured.contains("\u{1b}[31m"));
        assert_eq!(plain, compare(&result, &summary, screen(80)));
    }

    #[test]
    fn hostile_names_cannot_steer_the_terminal() {
        let text = shown(&fixture::hostile(), 120);
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn a_single_seed_claims_nothing() {
        let mut result = fixture::one_release();
        result.study.seeds = 1;
        for group in &mut result.groups {
            group.rows.truncate(1);
        }
        let summary = fixture::summary(&result);
        let text = compare(&result, &summary, screen(100));
        assert!(text.contains("One seed shows an example"), "{text}");
    }
}
