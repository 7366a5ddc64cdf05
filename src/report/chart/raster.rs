//! Pixels to a PNG file: averaged down, brought to few colours, compressed.
//!
//! A chart has a handful of inks and their smoothed edges. With a palette of its inks and the
//! few shades between them that cover most, its file is an eighth of what full colours take,
//! and nobody sees the difference.

use std::collections::BTreeMap;

type Rgb = [u8; 3];
/// Pixels of one colour that follow each other, also from row to row.
pub type Run = (Rgb, u32);
/// Colours of a small palette: two pixels a byte.
const FEW: usize = 16;
/// Colours where the inks alone nearly fill a small palette.
const MORE: usize = 32;
/// A small palette has room for at least so many shades between the inks.
const SHADES: usize = 2;

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

/// Adds pixels to what comes before them. As a list of pixels a chart takes megabytes.
pub fn add(runs: &mut Vec<Run>, pixels: &[Rgb]) {
    for same in pixels.chunk_by(|a, b| a == b) {
        let length = same.len() as u32;
        match runs.last_mut() {
            Some((colour, before)) if *colour == same[0] => *before += length,
            _ => runs.push((same[0], length)),
        }
    }
}

/// The file. `inks` are kept as they are, other colours nearly.
///
/// # Panics
/// Never: memory takes every write.
pub fn png(pixels: &[Run], inks: &[Rgb], width: u32, height: u32) -> Vec<u8> {
    let never = "a picture is written to memory";
    let (palette, mut bytes) = indexed(pixels, inks);
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, width, height);
    encoder.set_color(::png::ColorType::Indexed);
    if palette.len() <= FEW {
        encoder.set_depth(::png::BitDepth::Four);
        let rows = bytes.chunks(width as usize);
        bytes = rows
            .flat_map(|row| row.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)))
            .collect();
    } else {
        encoder.set_depth(::png::BitDepth::Eight);
    }
    encoder.set_palette(palette.concat());
    encoder.set_deflate_compression(::png::DeflateCompression::Level(9));
    encoder.set_filter(::png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect(never);
    writer.write_image_data(&bytes).expect(never);
    writer.finish().expect(never);
    file
}

/// A palette, and for each pixel the nearest colour of it.
fn indexed(pixels: &[Run], inks: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut counts: BTreeMap<Rgb, u64> = BTreeMap::new();
    for &(colour, length) in pixels {
        *counts.entry(colour).or_default() += u64::from(length);
    }
    let palette = palette(&counts, inks);
    let nearest: BTreeMap<Rgb, u8> =
        counts.keys().map(|&colour| (colour, nearest(&palette, colour))).collect();
    let mut indices = Vec::with_capacity(counts.values().sum::<u64>() as usize);
    for (colour, length) in pixels {
        indices.extend(std::iter::repeat_n(nearest[colour], *length as usize));
    }
    (palette, indices)
}

/// The inks, then again and again the colour that is worst off with what is there.
fn palette(counts: &BTreeMap<Rgb, u64>, inks: &[Rgb]) -> Vec<Rgb> {
    let mut palette: Vec<Rgb> = Vec::new();
    for &ink in inks {
        if counts.contains_key(&ink) && !palette.contains(&ink) {
            palette.push(ink);
        }
    }
    let most = if palette.len() + SHADES <= FEW { FEW } else { MORE.max(palette.len()) };
    let far = |palette: &[Rgb], colour: Rgb| {
        palette.iter().map(|&other| distance(other, colour)).min().unwrap_or(u32::MAX)
    };
    let mut off: Vec<(Rgb, u64, u32)> =
        counts.iter().map(|(&colour, &count)| (colour, count, far(&palette, colour))).collect();
    while palette.len() < most {
        let worst = off.iter().max_by_key(|(_, count, far)| count * u64::from(*far));
        let Some(&(colour, _, 1..)) = worst else { break };
        palette.push(colour);
        off.iter_mut().for_each(|other| other.2 = other.2.min(distance(other.0, colour)));
    }
    palette
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

fn nearest(palette: &[Rgb], colour: Rgb) -> u8 {
    let found = palette.iter().enumerate().min_by_key(|(_, other)| distance(**other, colour));
    found.map_or(0, |(index, _)| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(pixels: &[Rgb]) -> Vec<Run> {
        let mut runs = Vec::new();
        pixels.iter().for_each(|&pixel| add(&mut runs, &[pixel]));
        runs
    }

    #[test]
    fn pixels_of_one_colour_are_one_run_across_additions() {
        let (a, b) = ([1, 1, 1], [2, 2, 2]);
        let mut runs = Vec::new();
        add(&mut runs, &[a, a, b]);
        add(&mut runs, &[b, b, a]);
        assert_eq!(runs, [(a, 2), (b, 3), (a, 1)]);
    }

    #[test]
    fn a_pixel_is_the_mean_of_those_it_covers() {
        let mut fine = vec![0; 4 * 2 * 3];
        fine[0..3].copy_from_slice(&[255, 100, 8]);
        assert_eq!(averaged(&fine, 2, 1, 2), [[63, 25, 2], [0, 0, 0]]);
    }

    #[test]
    fn inks_are_kept_exactly_and_shades_nearly() {
        let many: Vec<Rgb> = (0..=255).flat_map(|a| [[a, a, 0], [a, a, 3]]).collect();
        let inks = [[7, 7, 0], [9, 9, 3], [1, 2, 3]];
        let (palette, indices) = indexed(&runs(&many), &inks);
        assert_eq!(palette.len(), FEW);
        for (colour, index) in many.iter().zip(indices) {
            let kept = palette[usize::from(index)];
            assert!(!inks.contains(colour) || kept == *colour, "{colour:?}");
            assert!(distance(kept, *colour) < 1000, "{colour:?} as {kept:?}");
        }
    }

    #[test]
    fn a_picture_of_many_inks_keeps_them_all() {
        let inks: Vec<Rgb> = (0..20).map(|n| [n * 10, 0, 9]).collect();
        let (palette, _) = indexed(&runs(&inks), &inks);
        assert_eq!(palette, inks);
    }

    #[test]
    fn a_file_reads_back_as_it_was() {
        let pixels: Vec<Rgb> = (0..15).map(|n| [n * 16, 255 - n, 7]).collect();
        let file = png(&runs(&pixels), &pixels, 5, 3);
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let palette = reader.info().palette.clone().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height), (5, 3));
        let colour = |index: u8| &palette[usize::from(index) * 3..][..3];
        let wide = info.bit_depth == ::png::BitDepth::Eight;
        for (place, pixel) in pixels.iter().enumerate() {
            let (x, y) = (place % 5, place / 5);
            let index =
                if wide { bytes[place] } else { bytes[y * 3 + x / 2] >> (4 * (1 - x % 2)) & 15 };
            assert_eq!(colour(index), pixel);
        }
    }
}
