//! Names of points in a plot: beside their point where it is clear whose they are, or else further
//! away with a line that leads to it. Points that cover each other have one name together.
//!
//! Names are placed one after the other, from the top down, each at the cheapest place that is
//! free. That need not be the best arrangement of all; it is always the same.

use super::frame::{BODY, fitted};
use super::palette::Ink;
use super::picture::{Label, Picture, Point};
use super::render::text_width;

/// A rectangle: upper left and lower right corner.
type Rect = (Point, Point);

/// Points nearer to each other than this are one to the eye.
const TOGETHER: i32 = 9;
/// Half of what a mark takes.
const MARK: i32 = 16;
/// Half of the height of a name.
const HALF: i32 = 15;
/// Steps upwards and downwards in which a name moves away.
const STEP: i32 = 10;

/// A name and the point (or points) it belongs to.
#[derive(Debug, PartialEq)]
pub struct Callout {
    point: Point,
    /// Left end and middle of the height.
    at: Point,
    width: i32,
    text: String,
    ink: Ink,
    led: bool,
}

impl Callout {
    /// Draws the line that leads to the point, where one is needed; marks are drawn over it.
    pub fn lead(&self, picture: &mut Picture) {
        if self.led {
            picture.line(self.leader().to_vec(), Ink::Muted, 2);
        }
    }

    /// Writes the name.
    pub fn write(self, picture: &mut Picture) {
        picture.text(Label::new(self.at, BODY, self.text).bold().ink(self.ink));
    }

    fn leader(&self) -> [Point; 2] {
        let (from, to) = self.place();
        let end = if from.0 > self.point.0 {
            (from.0 - 6, self.at.1)
        } else if to.0 < self.point.0 {
            (to.0 + 6, self.at.1)
        } else if to.1 < self.point.1 {
            (self.point.0, to.1)
        } else {
            (self.point.0, from.1)
        };
        [self.point, end]
    }

    fn place(&self) -> Rect {
        ((self.at.0, self.at.1 - HALF), (self.at.0 + self.width, self.at.1 + HALF))
    }
}

/// Names for all points, within the room; `taken` is where other things are drawn.
#[must_use]
pub fn placed(points: &[(Point, &str, Ink)], taken: &[Rect], room: Rect) -> Vec<Callout> {
    let mut groups = groups(points);
    groups.sort_by_key(|group| (points[group[0]].0.1, points[group[0]].0.0));
    let marks: Vec<Point> = groups.iter().map(|group| points[group[0]].0).collect();
    let mut placed: Vec<Callout> = Vec::new();
    for group in &groups {
        let (point, name, ink) = points[group[0]];
        let names: Vec<&str> = group.iter().map(|&index| points[index].1).collect();
        let (text, ink) =
            if group.len() > 1 { (names.join(", "), Ink::Text) } else { (name.into(), ink) };
        let text = fitted(&text, BODY, true, room.1.0 - room.0.0 - 60);
        let width = text_width(&text, BODY, true);
        let candidates = candidates(point, width).map(|(at, led)| {
            let text = text.clone();
            Callout { point, at, width, text, ink, led }
        });
        let cost = |callout: &Callout| cost(callout, &marks, &placed, taken, room);
        let best =
            candidates.map(|callout| (cost(&callout), callout)).min_by_key(|(cost, _)| *cost);
        placed.extend(best.map(|(_, callout)| callout));
    }
    placed
}

/// Points by place, those that cover each other together; each point is in one group.
fn groups(points: &[(Point, &str, Ink)]) -> Vec<Vec<usize>> {
    let near = |a: usize, b: usize| {
        let (a, b) = (points[a].0, points[b].0);
        (a.0 - b.0).abs().max((a.1 - b.1).abs()) < TOGETHER
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in 0..points.len() {
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut groups)
            .into_iter()
            .partition(|group: &Vec<usize>| group.iter().any(|&other| near(index, other)));
        groups = others;
        groups.push(mine.into_iter().flatten().chain([index]).collect());
    }
    groups
}

/// Where a name may stand, and whether a line has to lead to its point from there.
fn candidates(point: Point, width: i32) -> impl Iterator<Item = (Point, bool)> {
    let sides = move |gap: i32| [point.0 + gap, point.0 - gap - width];
    let middle = point.0 - width / 2;
    let [right, left] = sides(24);
    let near = [(right, 0), (left, 0), (middle, -34), (middle, 34)];
    let near = near.map(|(x, far)| ((x, point.1 + far), false));
    let led = (0..60).flat_map(move |step| {
        let far = step * STEP;
        [44, 90].into_iter().flat_map(move |gap| {
            let heights = [point.1 - far, point.1 + far];
            sides(gap).into_iter().flat_map(move |x| heights.map(|y| ((x, y), true)))
        })
    });
    let above = (6..60).map(move |step| ((middle, point.1 - step * STEP), true));
    near.into_iter().chain(led).chain(above)
}

/// What is wrong with a place: the lower the better.
fn cost(callout: &Callout, marks: &[Point], placed: &[Callout], taken: &[Rect], room: Rect) -> i32 {
    let (from, to) = callout.place();
    let overlaps = |(a, b): Rect| to.0 >= a.0 && from.0 <= b.0 && to.1 >= a.1 && from.1 <= b.1;
    let outside = from.0 < room.0.0 || from.1 < room.0.1 || to.0 > room.1.0 || to.1 > room.1.1;
    let others = || marks.iter().filter(|&&mark| mark != callout.point);
    let around = |&(x, y): &Point| ((x - MARK, y - MARK), (x + MARK, y + MARK));
    let mut cost = (callout.at.1 - callout.point.1).abs();
    cost += 10_000 * i32::from(outside);
    cost += 2_000 * placed.iter().filter(|other| overlaps(other.place())).count() as i32;
    cost += 1_000 * others().filter(|mark| overlaps(around(mark))).count() as i32;
    let lines = placed.iter().filter(|other| other.led).map(Callout::leader);
    let crossed = lines.filter(|&[start, end]| along(start, end).any(|at| within(at, (from, to))));
    cost += 1_000 * crossed.count() as i32;
    cost += 300 * taken.iter().filter(|&&rect| overlaps(rect)).count() as i32;
    if callout.led {
        let [start, end] = callout.leader();
        // Where it leaves its own mark, others may be near.
        let away = |point: &Point| !within(*point, around(&start));
        let crosses = |rect: Rect| along(start, end).filter(away).any(|point| within(point, rect));
        cost += 30 + (callout.at.0 - callout.point.0).abs() / 100;
        cost += 1_000 * placed.iter().filter(|other| crosses(other.place())).count() as i32;
        cost += 200 * others().filter(|mark| crosses(around(mark))).count() as i32;
        // Two lines that cross lead to the wrong names.
        let lines = placed.iter().filter(|other| other.led).map(Callout::leader);
        cost += 400 * lines.filter(|&other| cross((start, end), other.into())).count() as i32;
    } else {
        // Beside another point too, it might be that one's name.
        let distance = |&(x, y): &Point| {
            let (dx, dy) = ((from.0 - x).max(x - to.0).max(0), (from.1 - y).max(y - to.1).max(0));
            dx.max(dy)
        };
        cost += 900 * i32::from(others().any(|mark| distance(mark) < 40));
    }
    cost
}

fn within((x, y): Point, (from, to): Rect) -> bool {
    (from.0..=to.0).contains(&x) && (from.1..=to.1).contains(&y)
}

/// Points along a line, a few pixels apart.
fn along(from: Point, to: Point) -> impl Iterator<Item = Point> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let count = (dx.abs().max(dy.abs()) / 4).max(1);
    (0..=count).map(move |n| (from.0 + dx * n / count, from.1 + dy * n / count))
}

/// Whether two lines cross.
fn cross(one: (Point, Point), other: (Point, Point)) -> bool {
    let side = |(a, b): (Point, Point), p: Point| {
        ((b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)).signum()
    };
    side(one, other.0) * side(one, other.1) < 0 && side(other, one.0) * side(other, one.1) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Rect = ((100, 100), (700, 700));

    fn names(points: &[(Point, &str)]) -> Vec<Callout> {
        let points: Vec<_> = points.iter().map(|&(at, name)| (at, name, Ink::Text)).collect();
        placed(&points, &[], ROOM)
    }

    #[test]
    fn a_lonely_points_name_stands_beside_it() {
        let found = names(&[((300, 300), "rolling"), ((690, 500), "canary")]);
        assert_eq!((found[0].at, found[0].led), ((324, 300), false));
        assert!(found[1].at.0 + found[1].width < 690 && !found[1].led);
    }

    #[test]
    fn points_that_cover_each_other_are_named_together() {
        let found =
            names(&[((300, 300), "freeze"), ((500, 300), "by-day"), ((303, 301), "canary")]);
        let texts: Vec<&str> = found.iter().map(|callout| callout.text.as_str()).collect();
        assert_eq!(texts, ["freeze, canary", "by-day"]);
    }

    #[test]
    fn in_a_crowd_every_point_has_a_name_and_a_line_to_it() {
        let crowd: Vec<(Point, &str)> = ["one", "two", "three", "four", "five", "six", "seven"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| ((104, 300 + 11 * index as i32), name))
            .collect();
        let found = names(&crowd);
        assert_eq!(found.len(), crowd.len());
        for (index, callout) in found.iter().enumerate() {
            assert!(callout.led, "{callout:?}");
            for other in &found[..index] {
                let ((a, b), (c, d)) = (callout.place(), other.place());
                let apart = b.1 < c.1 || d.1 < a.1 || b.0 < c.0 || d.0 < a.0;
                assert!(apart, "{callout:?} {other:?}");
                let lines = (callout.leader().into(), other.leader().into());
                assert!(!cross(lines.0, lines.1), "{callout:?} {other:?}");
            }
        }
    }
}
