//! The answer as GitHub-flavoured Markdown, to paste into a pull request.

use crate::experiment::{StudyResult, Summary};

use super::answer::{Answer, Grid, Line};
use super::figure::Estimate;
use super::text::markdown as escaped;

/// What `cutover compare --format markdown` prints.
#[must_use]
pub fn compare(result: &StudyResult, summary: &Summary) -> String {
    let answer = Answer::new(result, summary);
    let mut text = format!("### {}\n\n{}.\n\n", escaped(&answer.scenario), escaped(&answer.scope));
    if let Some(ranking) = &answer.ranking {
        text.push_str(&format!("**{}**\n\n", escaped(ranking)));
    }
    for sentence in &answer.sentences {
        let release = match sentence.release.as_str() {
            "" => String::new(),
            release => format!("Release {}: ", escaped(release)),
        };
        text.push_str(&format!("- {release}{}\n", escaped(&sentence.text)));
    }
    for line in &answer.choices {
        text.push_str(&format!("- {}\n", escaped(line)));
    }
    if !answer.certainty.is_empty() {
        text.push_str(&format!("\n{}\n", escaped(&answer.certainty)));
    }
    text.push('\n');
    table(&mut text, &answer.table);
    text.push_str(&format!("\n{}\n", escaped(&answer.legend)));
    if let Some(hundred) = &answer.hundred {
        text.push_str("\n**Per 100 deployments**, releases in their shares:\n\n");
        table(&mut text, hundred);
    }
    for (title, grid) in [
        ("Latency of all requests together, ok only", &answer.latency),
        ("Failed requests by seed", &answer.spread),
    ] {
        let Some(grid) = grid else { continue };
        text.push_str(&format!("\n<details><summary>{title}</summary>\n\n"));
        table(&mut text, grid);
        text.push_str("\n</details>\n");
    }
    text.push_str("\n**Why requests failed**\n\n");
    for line in &answer.causes {
        let release = if line.release.is_empty() {
            String::new()
        } else {
            format!(", release {}", escaped(&line.release))
        };
        let (strategy, causes) = (escaped(&line.strategy), escaped(&line.text()));
        text.push_str(&format!("- {strategy}{release}: {causes}\n"));
    }
    if !answer.rests.is_empty() {
        text.push_str(&format!("\n{}\n", escaped(&answer.rests)));
    }
    details(&mut text, "Assumed, as the scenario does not say", &answer.defaults);
    details(&mut text, "Warnings", &answer.warnings);
    text.push_str(&format!("\n{}\n", escaped(&answer.caveat)));
    text
}

fn details(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let summary = format!("{title} ({})", items.len());
    text.push_str(&format!("\n<details><summary>{summary}</summary>\n\n"));
    for item in items {
        text.push_str(&format!("- {}\n", escaped(item)));
    }
    text.push_str("\n</details>\n");
}

/// A grid as a table.
pub(super) fn table(text: &mut String, grid: &Grid) {
    let titled = grid.sections.iter().any(|section| !section.title.is_empty());
    let mut head: Vec<String> = grid
        .headings
        .iter()
        .map(|heading| {
            let unit =
                if heading.unit.is_empty() { String::new() } else { format!(", {}", heading.unit) };
            escaped(&format!("{}{unit}", heading.name))
        })
        .collect();
    let mut rule: Vec<&str> =
        grid.headings.iter().map(|heading| if heading.words { "---" } else { "---:" }).collect();
    if titled {
        head.insert(1, "release".to_owned());
        rule.insert(1, "---");
    }
    text.push_str(&format!("| {} |\n| {} |\n", head.join(" | "), rule.join(" | ")));
    for section in &grid.sections {
        for line in &section.lines {
            let mut cells = cells(line);
            if titled {
                cells.insert(1, escaped(&section.title));
            }
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
}

fn cells(line: &Line) -> Vec<String> {
    line.cells.iter().map(Estimate::joined).map(|cell| escaped(&cell)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_answer_pastes_into_a_pull_request() {
        let result = fixture::result();
        insta::assert_snapshot!(compare(&result, &fixture::summary(&result)));
    }

    #[test]
    fn hostile_names_are_no_markup() {
        let result = fixture::hostile();
        let text = compare(&result, &fixture::summary(&result));
        assert!(!text.contains("<img") && !text.contains("<script"), "{text}");
        assert!(!text.contains(" @") && !text.contains('\u{1b}'));
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows[..9].iter().all(|row| columns(row) == columns(rows[0])), "{text}");
    }
}
