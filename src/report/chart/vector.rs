//! A picture as SVG.
//!
//! Shapes that follow each other in one ink become one path with whole numbers: a quarter of
//! what the drawing library writes, which repeats every attribute for each of hundreds of
//! grid lines and dashes. No style sheet, no `dy`, no dash arrays: slide programs and
//! document converters understand all of it.

use std::collections::BTreeMap;

use super::palette::{Ink, Theme};
use super::picture::{Label, Picture, Point, Shape, Side};

/// How the pieces of one path are painted.
#[derive(Clone, Copy, PartialEq)]
enum Paint {
    Fill(Ink),
    Stroke(Ink, u32),
}

/// The path that is being written.
struct Path {
    paint: Paint,
    commands: String,
    /// Straight lines, which others may prolong.
    lines: Vec<(Point, Point)>,
    /// The line that ends at a point, by its direction.
    ends: BTreeMap<(Point, Point), usize>,
}

/// SVG in the making.
struct Writer {
    theme: Theme,
    out: String,
    open: Option<Path>,
    /// Of text where nothing else is said.
    usual: (u32, Ink),
}

/// The picture as SVG, with its description as title.
#[must_use]
pub fn svg(picture: &Picture, theme: Theme) -> String {
    let (width, height) = (picture.width, picture.height);
    let usual = usual(picture);
    let out = format!(
        "<svg role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\" \
         font-family=\"'DejaVu Sans', Verdana, sans-serif\" font-size=\"{}\" fill=\"#{:06x}\">\n\
         <title>{}</title>\n",
        usual.0,
        usual.1.colour(theme),
        escaped(&picture.description)
    );
    let mut writer = Writer { theme, out, open: None, usual };
    let corner = (width as i32, height as i32);
    writer.piece(Paint::Fill(Ink::Paper), &rectangle((0, 0), corner));
    for shape in &picture.shapes {
        writer.shape(shape);
    }
    writer.close();
    writer.out.push_str("</svg>\n");
    writer.out
}

impl Writer {
    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { points, ink, width } if points.len() == 2 => {
                self.path(Paint::Stroke(*ink, *width)).straight(points[0], points[1]);
            }
            Shape::Line { points, ink, width } => {
                self.piece(Paint::Stroke(*ink, *width), &trail(points));
            }
            Shape::Area { points, ink } => {
                self.piece(Paint::Fill(*ink), &format!("{}z", trail(points)));
            }
            Shape::Box { from, to, ink } => {
                self.piece(Paint::Fill(*ink), &rectangle(*from, *to));
            }
            Shape::Dot { at, radius, ink } => {
                let (x, y) = *at;
                let r = *radius as i32;
                let circle =
                    format!("M{} {y}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0z", x - r, 2 * r, -2 * r);
                self.piece(Paint::Fill(*ink), &circle);
            }
            Shape::Text(label) => self.text(label),
        }
    }

    /// Adds commands to the open path, or begins another.
    fn piece(&mut self, paint: Paint, commands: &str) {
        self.path(paint).commands.push_str(commands);
    }

    /// The open path, if it is of this paint, or else another.
    fn path(&mut self, paint: Paint) -> &mut Path {
        if self.open.as_ref().is_some_and(|path| path.paint != paint) {
            self.close();
        }
        self.open.get_or_insert_with(|| Path {
            paint,
            commands: String::new(),
            lines: Vec::new(),
            ends: BTreeMap::new(),
        })
    }

    fn close(&mut self) {
        let Some(Path { paint, commands: mut path, lines, .. }) = self.open.take() else { return };
        lines.iter().for_each(|(from, to)| path.push_str(&trail(&[*from, *to])));
        let attributes = match paint {
            Paint::Fill(ink) => format!("fill=\"{}\"", self.colour(ink)),
            Paint::Stroke(ink, width) => {
                let colour = self.colour(ink);
                format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"")
            }
        };
        self.out.push_str(&format!("<path {attributes} d=\"{path}\"/>\n"));
    }

    fn text(&mut self, label: &Label) {
        self.close();
        let anchor = match label.side {
            Side::Left => "",
            Side::Middle => " text-anchor=\"middle\"",
            Side::Right => " text-anchor=\"end\"",
        };
        let weight = if label.bold { " font-weight=\"bold\"" } else { "" };
        // Letters stand on a line a third of the em below their middle.
        let em = em(label);
        let size = if em == self.usual.0 { String::new() } else { format!(" font-size=\"{em}\"") };
        let fill = if label.ink == self.usual.1 {
            String::new()
        } else {
            format!(" fill=\"{}\"", self.colour(label.ink))
        };
        let (x, y) = (label.at.0, label.at.1 + (em * 36 / 100) as i32);
        let text = escaped(&label.text);
        self.out.push_str(&format!(
            "<text x=\"{x}\" y=\"{y}\"{size}{fill}{anchor}{weight}>{text}</text>\n"
        ));
    }

    fn colour(&self, ink: Ink) -> String {
        format!("#{:06x}", ink.colour(self.theme))
    }
}

impl Path {
    /// Adds a line, to the one that it prolongs if there is one: hatching is made of columns.
    fn straight(&mut self, from: Point, to: Point) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let longest = dx.abs().max(dy.abs()).max(1);
        let direction = (dx / longest, dy / longest);
        // A direction is whole for the lines that matter: level, upright, diagonal.
        let whole = (direction.0 * longest, direction.1 * longest) == (dx, dy);
        let before = if whole { self.ends.remove(&(from, direction)) } else { None };
        let line = before.unwrap_or(self.lines.len());
        match before {
            Some(line) => self.lines[line].1 = to,
            None => self.lines.push((from, to)),
        }
        if whole {
            self.ends.insert((to, direction), line);
        }
    }
}

/// The size of a font as PNG sets it is its height over all, not its em.
fn em(label: &Label) -> u32 {
    label.size * 100 / 124
}

/// The size and the ink that most of a picture's texts have.
fn usual(picture: &Picture) -> (u32, Ink) {
    let mut looks: Vec<((u32, Ink), usize)> = Vec::new();
    for shape in &picture.shapes {
        let Shape::Text(label) = shape else { continue };
        let look = (em(label), label.ink);
        match looks.iter_mut().find(|(known, _)| *known == look) {
            Some((_, count)) => *count += 1,
            None => looks.push((look, 1)),
        }
    }
    looks.into_iter().max_by_key(|&(_, count)| count).map_or((16, Ink::Text), |(look, _)| look)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(|character: char| character.is_control(), " ")
}

fn rectangle(from: Point, to: Point) -> String {
    let (width, height) = (to.0 - from.0, to.1 - from.1);
    format!("M{} {}h{width}v{height}h{}z", from.0, from.1, -width)
}

/// A move to the first point, and shortest steps to the others.
fn trail(points: &[Point]) -> String {
    let Some(&first) = points.first() else { return String::new() };
    let mut text = format!("M{} {}", first.0, first.1);
    for pair in points.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        if dy == 0 {
            text.push_str(&format!("h{dx}"));
        } else if dx == 0 {
            text.push_str(&format!("v{dy}"));
        } else {
            text.push_str(&format!("l{dx} {dy}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_one_ink_in_a_row_are_one_path() {
        let mut picture = Picture::new(100, 50, "a & b <c>");
        picture.line(vec![(1, 2), (9, 2), (9, 7), (4, 3)], Ink::Grid, 1);
        picture.line(vec![(0, 0), (0, 5)], Ink::Grid, 1);
        picture.rect((10, 10), (14, 13), Ink::Text);
        picture.text(Label::new((5, 5), 31, "x<y & z"));
        let text = svg(&picture, Theme::Light);
        assert!(text.contains("d=\"M1 2h8v5l-5 -4M0 0v5\"/>"), "{text}");
        assert!(text.contains("<path fill=\"#1b1d1f\" d=\"M10 10h4v3h-4z\"/>"), "{text}");
        assert!(text.contains("<title>a &amp; b &lt;c&gt;</title>"));
        assert!(
            text.contains("<text x=\"5\" y=\"14\">x&lt;y &amp; z</text>")
                && text.contains("sans-serif\" font-size=\"25\" fill=\"#1b1d1f\">"),
            "{text}"
        );
    }

    #[test]
    fn a_line_that_goes_on_is_one_line() {
        let mut picture = Picture::new(100, 50, "");
        for x in 0..9 {
            picture.line(vec![(x * 10, 20), (x * 10 + 10, 20)], Ink::Grid, 1);
            picture.line(vec![(x * 10, x * 5), (x * 10 + 5, x * 5 + 5)], Ink::Grid, 1);
        }
        picture.line(vec![(90, 20), (90, 40)], Ink::Grid, 1);
        let text = svg(&picture, Theme::Light);
        assert_eq!(text.matches("h90").count(), 1, "{text}");
        assert_eq!(text.matches("l5 5").count(), 9, "{text}");
        assert!(text.contains("M90 20v20"), "{text}");
    }

    #[test]
    fn dark_paper_is_dark() {
        let picture = Picture::new(10, 10, "");
        assert!(svg(&picture, Theme::Dark).contains("fill=\"#15181b\" d=\"M0 0h10v10h-10z\""));
    }
}
