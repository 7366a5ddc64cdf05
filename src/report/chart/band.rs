//! A band of a picture's rows to draw on: shapes come with their places in the whole picture, and
//! only what falls into the band is kept. Geometry is never shifted, so that bands put together
//! are, pixel by pixel, the picture drawn as a whole.

use plotters::backend::BitMapBackend;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind, rasterizer,
};

/// Some rows of a picture.
pub struct Band<'a> {
    rows: BitMapBackend<'a>,
    whole: (u32, u32),
    top: i32,
}

impl<'a> Band<'a> {
    /// The rows from `top` on of a picture of a size, painted into a buffer of three bytes a pixel.
    pub fn new(buffer: &'a mut [u8], whole: (u32, u32), top: u32, rows: u32) -> Self {
        let rows = BitMapBackend::with_buffer(buffer, (whole.0, rows));
        Self { rows, whole, top: top as i32 }
    }

    fn place(&self, (x, y): BackendCoord) -> BackendCoord {
        (x, y - self.top)
    }
}

type Outcome<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

impl<'a> DrawingBackend for Band<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.whole
    }

    fn ensure_prepared(&mut self) -> Outcome<Self> {
        self.rows.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<Self> {
        self.rows.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<Self> {
        self.rows.draw_pixel(self.place(point), color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome<Self> {
        // Straight thin lines have a short way of their own in the bitmap.
        if style.stroke_width() == 1 && (from.0 == to.0 || from.1 == to.1) {
            return self.rows.draw_line(self.place(from), self.place(to), style);
        }
        rasterizer::draw_line(self, from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<Self> {
        if fill {
            let (from, to) = (self.place(upper_left), self.place(bottom_right));
            return self.rows.draw_rect(from, to, style, fill);
        }
        rasterizer::draw_rect(self, upper_left, bottom_right, style, fill)
    }
}
