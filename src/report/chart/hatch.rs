//! Hatching: what tells areas apart where colours do not, in black and white or to an eye that
//! sees fewer of them. The lines of all areas of a sheet are in phase, so that narrow columns
//! side by side read as one area.

use super::palette::Ink;
use super::picture::{Picture, Point};

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hatch {
    /// No lines.
    Plain,
    /// Rising to the right.
    Rising,
    /// Falling to the right.
    Falling,
    /// Level.
    Level,
    /// Upright.
    Upright,
    /// Both level and upright.
    Grid,
}

const PATTERNS: [Hatch; 6] =
    [Hatch::Plain, Hatch::Rising, Hatch::Level, Hatch::Falling, Hatch::Upright, Hatch::Grid];
/// Pixels from line to line.
const STEP: i32 = 14;
const WIDTH: u32 = 3;

impl Hatch {
    /// The pattern of the kind at this place; no two of six are alike.
    #[must_use]
    pub fn of(place: usize) -> Self {
        PATTERNS[place % PATTERNS.len()]
    }

    /// Draws the pattern's lines in a rectangle.
    pub fn draw(self, picture: &mut Picture, (from, to): (Point, Point), ink: Ink) {
        let mut line = |a: Point, b: Point| picture.line(vec![a, b], ink, WIDTH);
        if matches!(self, Self::Level | Self::Grid) {
            for y in lines(from.1, to.1) {
                line((from.0, y), (to.0, y));
            }
        }
        if matches!(self, Self::Upright | Self::Grid) {
            for x in lines(from.0, to.0) {
                line((x, from.1), (x, to.1));
            }
        }
        // Along a rising line x + y is constant, along a falling one x - y.
        if self == Self::Rising {
            for sum in lines(from.0 + from.1, to.0 + to.1) {
                let (left, right) = (from.0.max(sum - to.1), to.0.min(sum - from.1));
                if left < right {
                    line((left, sum - left), (right, sum - right));
                }
            }
        }
        if self == Self::Falling {
            for difference in lines(from.0 - to.1, to.0 - from.1) {
                let (left, right) = (from.0.max(difference + from.1), to.0.min(difference + to.1));
                if left < right {
                    line((left, left - difference), (right, right - difference));
                }
            }
        }
    }
}

/// The multiples of the step strictly between two values.
fn lines(from: i32, to: i32) -> impl Iterator<Item = i32> {
    let first = from.div_euclid(STEP) + 1;
    (first..).map(|count| count * STEP).take_while(move |&place| place < to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::picture::Shape;

    #[test]
    fn lines_stay_within_their_rectangle() {
        for place in 0..6 {
            let mut picture = Picture::new(200, 100, "");
            Hatch::of(place).draw(&mut picture, ((33, 20), (120, 81)), Ink::Paper);
            assert_eq!(picture.shapes.is_empty(), place == 0);
            for shape in &picture.shapes {
                let Shape::Line { points, .. } = shape else { panic!("{shape:?}") };
                assert!(
                    points.iter().all(|(x, y)| (33..=120).contains(x) && (20..=81).contains(y)),
                    "{place}: {points:?}"
                );
            }
        }
    }

    #[test]
    fn neighbours_continue_each_others_lines() {
        let (mut whole, mut halves) = (Picture::new(99, 99, ""), Picture::new(99, 99, ""));
        Hatch::Level.draw(&mut whole, ((0, 0), (40, 60)), Ink::Paper);
        Hatch::Level.draw(&mut halves, ((0, 0), (20, 60)), Ink::Paper);
        Hatch::Level.draw(&mut halves, ((20, 0), (40, 60)), Ink::Paper);
        assert_eq!(halves.shapes.len(), 2 * whole.shapes.len());
    }
}
