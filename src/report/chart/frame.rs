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
        let mut last = i32::MIN;
        for (x, text) in ticks {
            picture.line(vec![(*x, self.top), (*x, self.bottom)], Ink::Grid, 1);
            // A text that would touch the one before it is left out; its line stays.
            let half = text_width(text, SMALL, false) / 2;
            if x - half < last.saturating_add(8) {
                continue;
            }
            last = x + half;
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

/// How many outlines of marks there are. Colours come in sixes, so that no two of the first
/// thirty strategies share both.
pub const OUTLINES: usize = 10;

/// Draws a mark of the strategy at this place: no two of ten have the same outline.
pub fn mark(picture: &mut Picture, (x, y): Point, place: usize, ink: Ink, radius: i32) {
    use super::picture::Shape;
    let r = radius;
    let corners = match place % OUTLINES {
        0 => {
            picture.shapes.push(Shape::Dot { at: (x, y), radius: r as u32, ink });
            return;
        }
        1 => {
            picture.shapes.push(Shape::Box { from: (x - r, y - r), to: (x + r, y + r), ink });
            return;
        }
        2 => vec![(0, -r - 2), (r + 2, r), (-r - 2, r)],
        3 => vec![(0, -r - 3), (r + 3, 0), (0, r + 3), (-r - 3, 0)],
        4 => vec![(0, r + 2), (r + 2, -r), (-r - 2, -r)],
        5 => {
            let (t, r) = (r / 3 + 1, r + 2);
            turned([(t, -r), (t, -t), (r, -t), (r, t), (t, t), (t, r)])
        }
        // The same on its side.
        6 => {
            let (t, r) = (r / 3 + 1, r + 1);
            turned([(0, -t), (r - t, -r), (r, t - r), (t, 0), (r, r - t), (r - t, r)])
        }
        // An hourglass.
        7 => {
            vec![(-r, -r - 2), (r, -r - 2), (2, 0), (r, r + 2), (-r, r + 2), (-2, 0)]
        }
        // Pointing to the left, and to the right.
        8 => vec![(r, -r - 2), (-r - 2, 0), (r, r + 2)],
        _ => vec![(-r, -r - 2), (r + 2, 0), (-r, r + 2)],
    };
    let points = corners.into_iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    picture.shapes.push(Shape::Area { points, ink });
}

/// Half of an outline, and the same turned by half.
fn turned(half: [Point; 6]) -> Vec<Point> {
    half.into_iter().chain(half.map(|(x, y)| (-x, -y))).collect()
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

    #[test]
    fn texts_of_ticks_do_not_touch_each_other() {
        let plot = Plot { left: 100, right: 500, top: 50, bottom: 200 };
        let texts = |apart: i32| {
            let mut picture = Picture::new(600, 300, "");
            let ticks: Vec<(i32, String)> =
                (0..5).map(|n| (150 + apart * n, "-100,000".to_owned())).collect();
            plot.bottom_axis(&mut picture, &ticks, "");
            picture.shapes.len() - ticks.len()
        };
        assert_eq!((texts(130), texts(70)), (5, 3));
    }

    #[test]
    fn marks_stand_around_their_place() {
        for place in 0..OUTLINES {
            let mut picture = Picture::new(100, 100, "");
            mark(&mut picture, (50, 50), place, Ink::Text, 9);
            let (top, bottom) = picture.shapes[0].rows();
            assert!((48..=52).contains(&i32::midpoint(top, bottom)), "{place}: {top} {bottom}");
        }
    }
}
