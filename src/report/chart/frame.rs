//! What all charts have in common: a title, a caption, a plot with grid and axes.

use super::axis::{Axis, tick_text};
use super::palette::Ink;
use super::picture::{Label, Picture, Point, Side};
use super::render::text_width;

/// Text sizes in pixels, for a sheet 1,600 wide seen on a wall.
pub const TITLE: u32 = 34;
/// Names and axis titles.
pub const BODY: u32 = 24;
/// Ticks and captions.
pub const SMALL: u32 = 21;
/// Width of a sheet.
pub const WIDTH: u32 = 1600;
/// Left and right margin.
pub const MARGIN: i32 = 40;

/// Where a plot stands on its sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Pixels.
    pub left: i32,
    /// Pixels.
    pub right: i32,
    /// Pixels.
    pub top: i32,
    /// Pixels.
    pub bottom: i32,
}

/// A sheet with a title above and a caption below.
#[must_use]
pub fn sheet(height: u32, title: &str, caption: &str) -> Picture {
    let mut picture = Picture::new(WIDTH, height, format!("{title}. {caption}"));
    picture.text(
        Label::new((MARGIN, 38), TITLE, fitted(title, TITLE, true, WIDTH as i32 - 80)).bold(),
    );
    let lines = folded(caption, SMALL, WIDTH as i32 - 2 * MARGIN);
    let first = height as i32 - 22 - 28 * (lines.len() as i32 - 1);
    for (index, line) in lines.into_iter().enumerate() {
        let at = (MARGIN, first + 28 * index as i32);
        picture.text(Label::new(at, SMALL, line).ink(Ink::Muted));
    }
    picture
}

/// A sheet as high as what stands above its caption needs, and no lower than usual.
#[must_use]
pub fn sheet_below(bottom: i32, usual: u32, title: &str, caption: &str) -> Picture {
    let lines = folded(caption, SMALL, WIDTH as i32 - 2 * MARGIN).len() as i32;
    sheet(usual.max((bottom + 44 + 28 * lines) as u32), title, caption)
}

/// The text, shortened with an ellipsis to a width in pixels.
#[must_use]
pub fn fitted(text: &str, size: u32, bold: bool, pixels: i32) -> String {
    // No letter is narrower than an eighth of its height, so a longer text cannot fit; a name
    // of megabytes is not measured again and again.
    let most = (pixels.max(0) as u32 * 8 / size.max(1)) as usize;
    let mut kept: String = text.chars().take(most).collect();
    if kept.len() == text.len() && text_width(text, size, bold) <= pixels {
        return kept;
    }
    while !kept.is_empty() && text_width(&format!("{kept}…"), size, bold) > pixels {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}

/// The text in lines of at most a width in pixels.
fn folded(text: &str, size: u32, pixels: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let last = lines.last_mut().expect("there is always a line");
        let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if last.is_empty() || text_width(&longer, size, false) <= pixels {
            *last = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

impl Plot {
    /// Horizontal grid lines with their values on the left, and the axis' title above them.
    pub fn left_axis(&self, picture: &mut Picture, axis: &Axis, ticks: &[f64], title: &str) {
        for &tick in ticks {
            let y = axis.place(tick);
            picture.line(vec![(self.left, y), (self.right, y)], Ink::Grid, 1);
            let label = Label::new((self.left - 12, y), SMALL, tick_text(tick));
            picture.text(label.side(Side::Right).ink(Ink::Muted));
        }
        let title = fitted(title, BODY, false, self.right - self.left);
        picture.text(Label::new((self.left, self.top - 20), BODY, title));
    }

    /// Vertical grid lines with texts below, and the axis' title under them.
    pub fn bottom_axis(&self, picture: &mut Picture, ticks: &[(i32, String)], title: &str) {
        for (x, text) in ticks {
            picture.line(vec![(*x, self.top), (*x, self.bottom)], Ink::Grid, 1);
            let label = Label::new((*x, self.bottom + 22), SMALL, text.clone());
            picture.text(label.side(Side::Middle).ink(Ink::Muted));
        }
        let at = (i32::midpoint(self.left, self.right), self.bottom + 56);
        picture.text(Label::new(at, BODY, title).side(Side::Middle));
    }

    /// The base line.
    pub fn base(&self, picture: &mut Picture) {
        picture.line(vec![(self.left, self.bottom), (self.right, self.bottom)], Ink::Text, 2);
    }
}

/// Draws a mark of the strategy at this place: no two of six have the same outline.
pub fn mark(picture: &mut Picture, (x, y): Point, place: usize, ink: Ink, radius: i32) {
    use super::picture::Shape;
    let area = |points: Vec<Point>| Shape::Area { points, ink };
    let r = radius;
    let shape = match place % 6 {
        0 => Shape::Dot { at: (x, y), radius: r as u32, ink },
        1 => Shape::Box { from: (x - r, y - r), to: (x + r, y + r), ink },
        2 => area(vec![(x, y - r - 2), (x + r + 2, y + r), (x - r - 2, y + r)]),
        3 => area(vec![(x, y - r - 3), (x + r + 3, y), (x, y + r + 3), (x - r - 3, y)]),
        4 => area(vec![(x, y + r + 2), (x + r + 2, y - r), (x - r - 2, y - r)]),
        _ => {
            let t = r / 3 + 1;
            area(vec![
                (x - t, y - r - 2),
                (x + t, y - r - 2),
                (x + t, y - t),
                (x + r + 2, y - t),
                (x + r + 2, y + t),
                (x + t, y + t),
                (x + t, y + r + 2),
                (x - t, y + r + 2),
                (x - t, y + t),
                (x - r - 2, y + t),
                (x - r - 2, y - t),
                (x - t, y - t),
            ])
        }
    };
    picture.shapes.push(shape);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_titles_are_shortened_and_captions_folded() {
        let long = "a very long name ".repeat(20);
        let endless = "x".repeat(1_000_000);
        assert!(text_width(&fitted(&endless, TITLE, true, 400), TITLE, true) <= 400);
        let title = fitted(&long, TITLE, true, 400);
        assert!(title.ends_with('…') && text_width(&title, TITLE, true) <= 400);
        let lines = folded(&long, SMALL, 300);
        assert!(lines.len() > 5 && lines.iter().all(|line| text_width(line, SMALL, false) <= 300));
    }
}
