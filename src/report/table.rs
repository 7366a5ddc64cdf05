//! Paints a table of text for a terminal: columns that do not fit the width move to a panel
//! below, which names its rows again.

use super::answer::{Grid, Heading, Line};
use super::figure::Estimate;
use super::paint::Paint;
use super::text::width;

const GAP: usize = 2;

/// Widths of a column: of the means, of the intervals, of all.
struct Widths {
    mean: usize,
    whole: usize,
}

/// The table in at most `columns` columns where that is possible.
#[must_use]
pub fn paint(grid: &Grid, columns: usize, paint: Paint) -> String {
    let widths: Vec<Widths> = (0..grid.headings.len()).map(|index| measure(grid, index)).collect();
    let mut text = String::new();
    for (number, panel) in panels(&widths, columns).iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        paint_panel(&mut text, grid, &widths, panel, paint);
    }
    text
}

fn measure(grid: &Grid, index: usize) -> Widths {
    let heading = &grid.headings[index];
    let cells = || grid.sections.iter().flat_map(|section| &section.lines).map(|l| &l.cells[index]);
    let mean = cells().map(|cell| width(&cell.mean)).max().unwrap_or(0);
    let interval = cells().map(|cell| width(&cell.interval)).max().unwrap_or(0);
    let both = if interval > 0 { mean + 1 + interval } else { mean };
    let head = width(&heading.name).max(width(&heading.unit));
    // Numbers stand under the right end of a wider heading.
    let mean = if heading.words { mean } else { mean + head.saturating_sub(both) };
    Widths { mean, whole: both.max(head) }
}

/// Which columns stand in which panel: the first in all of them.
fn panels(widths: &[Widths], columns: usize) -> Vec<Vec<usize>> {
    let first = widths.first().map_or(0, |first| first.whole);
    let mut panels: Vec<Vec<usize>> = Vec::new();
    let mut used = usize::MAX;
    for (index, column) in widths.iter().enumerate().skip(1) {
        let more = GAP + column.whole;
        if used.saturating_add(more) > columns {
            panels.push(vec![0]);
            used = first;
        }
        panels.last_mut().expect("just pushed").push(index);
        used += more;
    }
    panels
}

fn paint_panel(text: &mut String, grid: &Grid, widths: &[Widths], panel: &[usize], paint: Paint) {
    let heads: [fn(&Heading) -> &str; 2] = [|heading| &heading.name, |heading| &heading.unit];
    for head in heads {
        let mut row = String::new();
        for &index in panel {
            let heading = &grid.headings[index];
            pad(&mut row, head(heading), widths[index].whole, heading.words);
        }
        if !row.trim().is_empty() {
            text.push_str(&paint.strong(row.trim_end()));
            text.push('\n');
        }
    }
    for section in &grid.sections {
        let has_cells = |line: &&Line| {
            !line.aside || panel[1..].iter().any(|&index| !line.cells[index].mean.is_empty())
        };
        let lines: Vec<&Line> = section.lines.iter().filter(has_cells).collect();
        if !section.title.is_empty() && !lines.is_empty() {
            text.push_str(&paint.faint(&section.title));
            text.push('\n');
        }
        for line in lines {
            let row = row(grid, line, widths, panel);
            let row = row.trim_end();
            text.push_str(&if line.aside { paint.faint(row) } else { row.to_owned() });
            text.push('\n');
        }
    }
}

fn row(grid: &Grid, line: &Line, widths: &[Widths], panel: &[usize]) -> String {
    let mut row = String::new();
    for &index in panel {
        let column = &widths[index];
        let cell = laid_out(&line.cells[index], column, grid.headings[index].words);
        pad(&mut row, &cell, column.whole, true);
    }
    row
}

fn laid_out(cell: &Estimate, column: &Widths, words: bool) -> String {
    if words {
        return cell.mean.clone();
    }
    let mean = if cell.mean.is_empty() { "-" } else { &cell.mean };
    let space = " ".repeat(column.mean.saturating_sub(width(mean)));
    if cell.interval.is_empty() {
        format!("{space}{mean}")
    } else {
        format!("{space}{mean} {}", cell.interval)
    }
}

fn pad(row: &mut String, cell: &str, columns: usize, left: bool) {
    let space = " ".repeat(columns.saturating_sub(width(cell)));
    if !row.is_empty() {
        row.push_str(&" ".repeat(GAP));
    }
    if left {
        row.push_str(cell);
        row.push_str(&space);
    } else {
        row.push_str(&space);
        row.push_str(cell);
    }
}
