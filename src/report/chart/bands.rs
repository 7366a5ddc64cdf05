//! Bands that stand on each other over time: outcomes, pods by state.

use super::axis::Axis;
use super::hatch::Hatch;
use super::palette::Ink;
use super::picture::{Picture, Point, Shape};

/// Stacked bands in the making.
pub struct Stack {
    /// From and to, in pixels; rising and without gaps.
    spans: Vec<(i32, i32)>,
    floor: Vec<f64>,
}

impl Stack {
    /// Nothing on these spans yet.
    #[must_use]
    pub fn new(spans: Vec<(i32, i32)>) -> Self {
        let floor = vec![0.0; spans.len()];
        Self { spans, floor }
    }

    /// Puts a band on what is there. What happened at all is at least one pixel high.
    pub fn add(
        &mut self,
        picture: &mut Picture,
        axis: &Axis,
        counts: &[f64],
        (ink, hatch): (Ink, Hatch),
    ) {
        let mut columns: Vec<Column> = Vec::new();
        for ((&(from, to), floor), &count) in self.spans.iter().zip(&mut self.floor).zip(counts) {
            let low = axis.place(*floor);
            *floor += count;
            if count > 0.0 {
                let high = axis.place(*floor).min(low - 1);
                match columns.last_mut() {
                    Some(last) if (last.to, last.low, last.high) == (from, low, high) => {
                        last.to = to;
                    }
                    _ => columns.push(Column { from, to, low, high }),
                }
            }
        }
        for piece in columns.chunk_by(|a, b| a.to == b.from) {
            let upper = piece.iter().flat_map(|c| [(c.from, c.high), (c.to, c.high)]);
            let lower = piece.iter().rev().flat_map(|c| [(c.to, c.low), (c.from, c.low)]);
            let points = plain(upper.chain(lower));
            picture.shapes.push(Shape::Area { points, ink });
        }
        for column in &columns {
            hatch.draw(picture, ((column.from, column.high), (column.to, column.low)), Ink::Paper);
        }
    }
}

/// A band of one height.
struct Column {
    from: i32,
    to: i32,
    low: i32,
    high: i32,
}

/// The points without those in the middle of a straight run along an axis.
pub fn plain(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if let [.., a, b] = kept[..] {
            let level = a.1 == b.1 && b.1 == point.1;
            let upright = a.0 == b.0 && b.0 == point.0;
            if level || upright {
                kept.pop();
            }
        }
        if kept.last() != Some(&point) {
            kept.push(point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::axis::Spread;

    #[test]
    fn points_on_a_straight_run_are_left_out() {
        let points = [(0, 5), (10, 5), (10, 5), (20, 5), (20, 9), (30, 9)];
        assert_eq!(plain(points.into_iter()), [(0, 5), (20, 5), (20, 9), (30, 9)]);
    }

    #[test]
    fn bands_stand_on_each_other() {
        let axis = Axis { spread: Spread::Linear, values: (0.0, 10.0), pixels: (100, 0) };
        let mut picture = Picture::new(100, 100, "");
        let mut stack = Stack::new(vec![(0, 10), (10, 20), (20, 30)]);
        stack.add(&mut picture, &axis, &[1.0, 1.0, 0.0], (Ink::Text, Hatch::Plain));
        stack.add(&mut picture, &axis, &[2.0, 0.0, 0.01], (Ink::Grid, Hatch::Plain));
        let areas: Vec<&Vec<Point>> = picture
            .shapes
            .iter()
            .map(|shape| match shape {
                Shape::Area { points, .. } => points,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(*areas[0], [(0, 90), (20, 90), (20, 100), (0, 100)]);
        assert_eq!(*areas[1], [(0, 70), (10, 70), (10, 90), (0, 90)]);
        assert_eq!(*areas[2], [(20, 99), (30, 99), (30, 100), (20, 100)]);
    }
}
