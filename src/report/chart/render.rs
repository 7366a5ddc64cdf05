//! The one place that meets the drawing library: a picture as PNG.
//!
//! It is drawn at twice its size and averaged down, because the library paints thick lines
//! without smoothing. Text is set in a subset of DejaVu Sans that is part of the program
//! (licence beside it): no font of the machine's.

use std::io;
use std::sync::Once;

use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font};

use super::band::Band;
use super::palette::{Ink, Theme};
use super::picture::{Label, Picture, Point, Shape, Side};
use super::raster;

const REGULAR: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");
const BOLD: &[u8] = include_bytes!("../assets/DejaVuSans-Bold-subset.ttf");
const FAMILY: &str = "sans-serif";
/// PNG is drawn this many times larger first.
const FINENESS: u32 = 2;
/// Rows that are drawn at once: a large picture as a whole takes tens of megabytes.
const BAND: u32 = 64;

/// Registers the fonts; every function here that sets text calls it.
fn prepare_fonts() {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded fonts are fonts");
        }
    });
}

/// Width of a text in pixels, as PNG sets it; browsers' fonts are not much wider.
#[must_use]
pub fn text_width(text: &str, size: u32, bold: bool) -> i32 {
    prepare_fonts();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = (FAMILY, f64::from(size), style).into_font();
    font.box_size(text).map_or(0, |(width, _)| i32::try_from(width).unwrap_or(0))
}

/// The picture as PNG.
///
/// # Panics
/// Never: the library writes to memory.
#[must_use]
pub fn png(picture: &Picture, theme: Theme) -> Vec<u8> {
    prepare_fonts();
    let inks: Vec<[u8; 3]> = inks(picture).into_iter().map(|ink| ink.rgb(theme).into()).collect();
    raster::png(&pixels(picture, theme, BAND), &inks, picture.width, picture.height)
}

/// The picture's pixels, drawn in bands of so many rows.
fn pixels(picture: &Picture, theme: Theme, rows: u32) -> Vec<raster::Run> {
    let never = "drawing to memory does not fail";
    let whole = (picture.width * FINENESS, picture.height * FINENESS);
    let mut fine = vec![0; (whole.0 * rows * FINENESS * 3) as usize];
    let mut pixels = Vec::new();
    for top in (0..picture.height).step_by(rows as usize) {
        {
            let mut band = Band::new(&mut fine, whole, top * FINENESS, rows * FINENESS);
            draw(&mut band, picture, theme, (top as i32, (top + rows) as i32)).expect(never);
            band.present().expect(never);
        }
        let height = rows.min(picture.height - top) as usize;
        let width = picture.width as usize;
        let band = raster::averaged(&fine, width, height, FINENESS as usize);
        raster::add(&mut pixels, &band);
    }
    pixels
}

/// The inks of a picture, each once.
fn inks(picture: &Picture) -> Vec<Ink> {
    let mut inks = vec![Ink::Paper];
    for shape in &picture.shapes {
        let ink = match shape {
            Shape::Line { ink, .. }
            | Shape::Area { ink, .. }
            | Shape::Box { ink, .. }
            | Shape::Dot { ink, .. } => *ink,
            Shape::Text(label) => label.ink,
        };
        if !inks.contains(&ink) {
            inks.push(ink);
        }
    }
    inks
}

/// The library's errors differ by format; what they say is kept.
fn told(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

/// Draws what touches rows of the picture: the first, and the one after the last.
fn draw<B: DrawingBackend>(
    backend: &mut B,
    picture: &Picture,
    theme: Theme,
    rows: (i32, i32),
) -> io::Result<()> {
    let scale = FINENESS as i32;
    let filled = |ink: Ink| color(ink, theme).filled();
    let scaled = |(x, y): Point| (x * scale, y * scale);
    let corner = scaled((picture.width as i32, picture.height as i32));
    backend.draw_rect((0, 0), corner, &filled(Ink::Paper), true).map_err(told)?;
    let touching = picture.shapes.iter().filter(|shape| {
        let (first, after) = shape.rows();
        first < rows.1 && after > rows.0
    });
    for shape in touching {
        match shape {
            Shape::Line { points, ink, width } => {
                let points: Vec<Point> = points.iter().copied().map(scaled).collect();
                line(backend, &points, filled(*ink), width * FINENESS)?;
            }
            Shape::Area { points, ink } => {
                let points: Vec<Point> = points.iter().copied().map(scaled).collect();
                backend.fill_polygon(points, &filled(*ink)).map_err(told)?;
            }
            Shape::Box { from, to, ink } => {
                backend.draw_rect(scaled(*from), scaled(*to), &filled(*ink), true).map_err(told)?;
            }
            Shape::Dot { at, radius, ink } => {
                backend
                    .draw_circle(scaled(*at), radius * FINENESS, &filled(*ink), true)
                    .map_err(told)?;
            }
            Shape::Text(label) => text(backend, label, theme)?,
        }
    }
    Ok(())
}

/// A line; thick ones segment by segment with round joints.
fn line<B: DrawingBackend>(
    backend: &mut B,
    points: &[Point],
    filled: ShapeStyle,
    width: u32,
) -> io::Result<()> {
    let style = ShapeStyle { stroke_width: width, filled: false, ..filled };
    for pair in points.windows(2) {
        backend.draw_line(pair[0], pair[1], &style).map_err(told)?;
    }
    if points.len() > 2 && width > 2 {
        for &joint in &points[1..points.len() - 1] {
            backend.draw_circle(joint, width / 2, &filled, true).map_err(told)?;
        }
    }
    Ok(())
}

fn text<B: DrawingBackend>(backend: &mut B, label: &Label, theme: Theme) -> io::Result<()> {
    let style = if label.bold { FontStyle::Bold } else { FontStyle::Normal };
    let size = label.size * FINENESS;
    let side = match label.side {
        Side::Left => HPos::Left,
        Side::Middle => HPos::Center,
        Side::Right => HPos::Right,
    };
    let ink = color(label.ink, theme);
    let style = TextStyle::from((FAMILY, f64::from(size), style).into_font())
        .color(&ink)
        .pos(Pos::new(side, VPos::Center));
    // The library centres a line's whole height; this brings the middle of capitals and small
    // letters to the place, as measured.
    let lower = size as i32 * 18 / 100;
    let scale = FINENESS as i32;
    let at = (label.at.0 * scale, label.at.1 * scale + lower);
    backend.draw_text(&label.text, &style, at).map_err(told)
}

fn color(ink: Ink, theme: Theme) -> RGBColor {
    let (red, green, blue) = ink.rgb(theme);
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{chart::charts, fixture};

    #[test]
    fn bands_meet_without_a_seam() {
        let result = fixture::one_release();
        let summary = fixture::summary(&result);
        for chart in charts(&result, &summary, &fixture::shown()) {
            let whole = pixels(&chart.picture, Theme::Light, chart.picture.height);
            assert!(pixels(&chart.picture, Theme::Light, BAND) == whole, "{}", chart.name);
        }
    }
}
