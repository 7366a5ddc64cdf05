//! Plain tables of short texts: columns padded to their widest cell.

use crate::report::text::{visible, width};

/// Lines of cells under a heading, two spaces between columns. Cells are made safe to show.
#[must_use]
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(&head)
        .chain(rows)
        .map(|row| row.iter().map(|cell| visible(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, widest) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(widest - width(cell) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [vec!["a".to_owned(), "long one".to_owned()], vec!["ccc".to_owned(), String::new()]];
        assert_eq!(table(&["x", "y"], &rows), "x    y\na    long one\nccc\n");
    }

    #[test]
    fn cells_cannot_steer_the_terminal() {
        assert!(!table(&["x"], &[vec!["\u{1b}[2J".to_owned()]]).contains('\u{1b}'));
    }
}
