//! A chart before it is drawn: shapes at whole pixels, in named inks.
//!
//! All arithmetic that decides where something stands happens before it gets here, so both
//! files of a chart show the same thing, on every machine.

use super::palette::Ink;

/// A point: pixels from the left and from the top.
pub type Point = (i32, i32);

/// A drawing of fixed size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Painted in order, on paper.
    pub shapes: Vec<Shape>,
    /// What it shows, for those who cannot see it.
    pub description: String,
}

/// One thing to paint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// At least two.
        points: Vec<Point>,
        /// Colour.
        ink: Ink,
        /// Pixels.
        width: u32,
    },
    /// A filled outline.
    Area {
        /// Corners.
        points: Vec<Point>,
        /// Colour.
        ink: Ink,
    },
    /// A filled rectangle.
    Box {
        /// Upper left corner.
        from: Point,
        /// Lower right corner, excluded.
        to: Point,
        /// Colour.
        ink: Ink,
    },
    /// A circle.
    Dot {
        /// Its middle.
        at: Point,
        /// Pixels.
        radius: u32,
        /// Colour.
        ink: Ink,
    },
    /// Text.
    Text(Label),
}

impl Shape {
    /// The rows that it may touch: the first, and the one after the last.
    #[must_use]
    pub fn rows(&self) -> (i32, i32) {
        let (top, bottom, margin) = match self {
            Self::Line { points, width, .. } => {
                let (top, bottom) = span(points);
                (top, bottom, *width)
            }
            Self::Area { points, .. } => {
                let (top, bottom) = span(points);
                (top, bottom, 1)
            }
            Self::Box { from, to, .. } => (from.1, to.1, 1),
            Self::Dot { at, radius, .. } => (at.1, at.1, *radius),
            Self::Text(label) => (label.at.1, label.at.1, label.size),
        };
        (top - margin as i32 - 1, bottom + margin as i32 + 2)
    }
}

fn span(points: &[Point]) -> (i32, i32) {
    let rows = points.iter().map(|point| point.1);
    (rows.clone().min().unwrap_or(0), rows.max().unwrap_or(0))
}

/// Text at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What the anchor says.
    pub at: Point,
    /// The text.
    pub text: String,
    /// Height in pixels.
    pub size: u32,
    /// Colour.
    pub ink: Ink,
    /// Heavier.
    pub bold: bool,
    /// Which part of the text stands at the place.
    pub side: Side,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

impl Label {
    /// Plain text that begins at a place (vertically centred on it).
    #[must_use]
    pub fn new(at: Point, size: u32, text: impl Into<String>) -> Self {
        let ink = Ink::Text;
        Self { at, text: text.into(), size, ink, bold: false, side: Side::Left }
    }

    /// In another ink.
    #[must_use]
    pub fn ink(mut self, ink: Ink) -> Self {
        self.ink = ink;
        self
    }

    /// Heavier.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// With another part at its place.
    #[must_use]
    pub fn side(mut self, side: Side) -> Self {
        self.side = side;
        self
    }
}

/// Lengths of drawn and blank pieces of a line, in pixels; empty for a full line.
pub type Dash = &'static [u32];

impl Picture {
    /// An empty sheet.
    #[must_use]
    pub fn new(width: u32, height: u32, description: impl Into<String>) -> Self {
        Self { width, height, shapes: Vec::new(), description: description.into() }
    }

    /// Adds a line.
    pub fn line(&mut self, points: Vec<Point>, ink: Ink, width: u32) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, ink, width });
        }
    }

    /// Adds a rectangle, if it has an area.
    pub fn rect(&mut self, from: Point, to: Point, ink: Ink) {
        if from.0 < to.0 && from.1 < to.1 {
            self.shapes.push(Shape::Box { from, to, ink });
        }
    }

    /// Adds text.
    pub fn text(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.shapes.push(Shape::Text(label));
        }
    }

    /// Adds a dashed line.
    pub fn dashed(&mut self, points: &[Point], dash: Dash, ink: Ink, width: u32) {
        if dash.is_empty() {
            self.line(points.to_vec(), ink, width);
            return;
        }
        for piece in pieces(points, dash) {
            self.line(piece, ink, width);
        }
    }
}

/// The drawn pieces of a dashed line.
fn pieces(points: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = Vec::new();
    let (mut index, mut left) = (0, f64::from(dash[0]));
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        let mut done = 0.0;
        if index % 2 == 0 && piece.is_empty() {
            piece.push(from);
        }
        while length - done > left {
            done += left;
            let along = done / length;
            let x = f64::from(from.0) + dx * along;
            let y = f64::from(from.1) + dy * along;
            let here = (x.round() as i32, y.round() as i32);
            if index % 2 == 0 {
                piece.push(here);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(here);
            }
            index += 1;
            left = f64::from(dash[index % dash.len()]);
        }
        left -= length - done;
        if index % 2 == 0 {
            piece.push(to);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashed_line_goes_on_around_corners() {
        let drawn = pieces(&[(0, 0), (15, 0), (15, 20)], &[10, 10]);
        assert_eq!(drawn, [vec![(0, 0), (10, 0)], vec![(15, 5), (15, 15)]]);
    }

    #[test]
    fn a_full_line_is_one_piece() {
        let mut picture = Picture::new(10, 10, "");
        picture.dashed(&[(0, 0), (5, 5)], &[], Ink::Text, 1);
        assert_eq!(picture.shapes.len(), 1);
    }
}
