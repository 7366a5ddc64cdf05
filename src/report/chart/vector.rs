//! A picture as SVG.
//!
//! Shapes that follow each other in one ink become one path with whole numbers: a quarter of
//! what the drawing library writes, which repeats every attribute for each of hundreds of
//! grid lines and dashes. No style sheet, no `dy`, no dash arrays: slide programs and
//! document converters understand all of it.

use super::palette::{Ink, Theme};
use super::picture::{Label, Picture, Point, Shape, Side};

/// How the pieces of one path are painted.
#[derive(Clone, Copy, PartialEq)]
enum Paint {
    Fill(Ink),
    Stroke(Ink, u32),
}

/// SVG in the making.
struct Writer {
    theme: Theme,
    out: String,
    /// The path that is being written: its paint, and its commands so far.
    open: Option<(Paint, String)>,
}

/// The picture as SVG, with its description as title.
#[must_use]
pub fn svg(picture: &Picture, theme: Theme) -> String {
    let (width, height) = (picture.width, picture.height);
    let out = format!(
        "<svg role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\" \
         font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n<title>{}</title>\n",
        escaped(&picture.description)
    );
    let mut writer = Writer { theme, out, open: None };
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
        match &mut self.open {
            Some((open, path)) if *open == paint => path.push_str(commands),
            _ => {
                self.close();
                self.open = Some((paint, commands.to_owned()));
            }
        }
    }

    fn close(&mut self) {
        let Some((paint, path)) = self.open.take() else { return };
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
        // The size of a font as PNG sets it: its height over all, not its em. Letters stand on
        // a line a third of the em below their middle.
        let em = label.size * 100 / 124;
        let (x, y) = (label.at.0, label.at.1 + (em * 36 / 100) as i32);
        self.out.push_str(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{em}\" fill=\"{}\"{anchor}{weight}>{}</text>\n",
            self.colour(label.ink),
            escaped(&label.text)
        ));
    }

    fn colour(&self, ink: Ink) -> String {
        format!("#{:06x}", ink.colour(self.theme))
    }
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
            text.contains("y=\"14\" font-size=\"25\" fill=\"#1b1d1f\">x&lt;y &amp; z</text>"),
            "{text}"
        );
    }

    #[test]
    fn dark_paper_is_dark() {
        let picture = Picture::new(10, 10, "");
        assert!(svg(&picture, Theme::Dark).contains("fill=\"#15181b\" d=\"M0 0h10v10h-10z\""));
    }
}
