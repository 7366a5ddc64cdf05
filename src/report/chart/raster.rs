//! Pixels to a PNG file: averaged down, brought to at most 256 colours, compressed.
//!
//! A chart has a handful of inks and their smoothed edges. With a palette its file is a
//! quarter of what full colours take, and nobody sees the difference.

use std::collections::BTreeMap;

type Rgb = [u8; 3];
const COLOURS: usize = 256;

/// Each pixel is the mean of the `step` x `step` fine ones it covers.
pub fn averaged(fine: &[u8], width: usize, height: usize, step: usize) -> Vec<Rgb> {
    let mut small = Vec::with_capacity(width * height);
    let mut sums = vec![[0u32; 3]; width];
    for y in 0..height {
        sums.fill([0; 3]);
        for row in fine[y * step * step * width * 3..].chunks_exact(step * width * 3).take(step) {
            for (sum, pixels) in sums.iter_mut().zip(row.chunks_exact(step * 3)) {
                for pixel in pixels.chunks_exact(3) {
                    sum[0] += u32::from(pixel[0]);
                    sum[1] += u32::from(pixel[1]);
                    sum[2] += u32::from(pixel[2]);
                }
            }
        }
        small.extend(sums.iter().map(|sum| sum.map(|sum| (sum / (step * step) as u32) as u8)));
    }
    small
}

/// The file.
///
/// # Panics
/// Never: memory takes every write.
pub fn png(pixels: &[Rgb], width: u32, height: u32) -> Vec<u8> {
    let never = "a picture is written to memory";
    let (palette, indices) = indexed(pixels);
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, width, height);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_deflate_compression(::png::DeflateCompression::Level(7));
    encoder.set_filter(::png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect(never);
    writer.write_image_data(&indices).expect(never);
    writer.finish().expect(never);
    file
}

/// The most frequent colours, and for each pixel the nearest of them.
fn indexed(pixels: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut counts: BTreeMap<Rgb, usize> = BTreeMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len();
    }
    let mut colours: Vec<(Rgb, usize)> = counts.into_iter().collect();
    colours.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let palette: Vec<Rgb> = colours.iter().take(COLOURS).map(|&(colour, _)| colour).collect();
    let nearest: BTreeMap<Rgb, u8> =
        colours.iter().map(|&(colour, _)| (colour, nearest(&palette, colour))).collect();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        indices.extend(std::iter::repeat_n(nearest[&run[0]], run.len()));
    }
    (palette, indices)
}

fn nearest(palette: &[Rgb], colour: Rgb) -> u8 {
    let distance = |other: &Rgb| -> u32 {
        other.iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let found = palette.iter().enumerate().min_by_key(|(_, other)| distance(other));
    found.map_or(0, |(index, _)| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_those_it_covers() {
        let mut fine = vec![0; 4 * 2 * 3];
        fine[0..3].copy_from_slice(&[255, 100, 8]);
        assert_eq!(averaged(&fine, 2, 1, 2), [[63, 25, 2], [0, 0, 0]]);
    }

    #[test]
    fn few_colours_are_kept_exactly_and_many_nearly() {
        let few = [[1, 2, 3], [1, 2, 3], [200, 0, 7]];
        let (palette, indices) = indexed(&few);
        let back: Vec<Rgb> = indices.iter().map(|&index| palette[usize::from(index)]).collect();
        assert_eq!(back, few);
        let many: Vec<Rgb> = (0..=255).flat_map(|a| [[a, a, 0], [a, a, 3]]).collect();
        let (palette, indices) = indexed(&many);
        assert_eq!(palette.len(), COLOURS);
        for (colour, index) in many.iter().zip(indices) {
            let kept = palette[usize::from(index)];
            assert!(colour.iter().zip(kept).all(|(a, b)| a.abs_diff(b) <= 130), "{colour:?}");
        }
    }

    #[test]
    fn a_file_reads_back_as_it_was() {
        let pixels: Vec<Rgb> = (0..12).map(|n| [n * 20, 255 - n, 7]).collect();
        let file = png(&pixels, 4, 3);
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height), (4, 3));
        let palette = reader.info().palette.clone().unwrap();
        let colour = |index: u8| &palette[usize::from(index) * 3..][..3];
        assert!(bytes.iter().zip(&pixels).all(|(&index, pixel)| colour(index) == pixel));
    }
}
