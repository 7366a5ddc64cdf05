//! The colours of charts: Okabe and Ito's palette, which people with any colour vision can
//! tell apart, on light and on dark paper. Dashes, marks and direct labels say the same in
//! black and white.

use crate::record::{Cause, Outcome};

use super::picture::Dash;

/// What a shape is painted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The background.
    Paper,
    /// Text and axes.
    Text,
    /// Less important text.
    Muted,
    /// Grid lines.
    Grid,
    /// A shaded span.
    Band,
    /// A line or bar of the strategy at this place of the study.
    Series(usize),
    /// The span between quantiles of a strategy.
    Pale(usize),
    /// The control.
    Control,
    /// Requests of an outcome.
    Outcome(Outcome),
    /// Requests of a cause.
    Cause(Cause),
    /// A share of requests on a heat map, from 0 (few) to `HEATS` - 1 (most).
    Heat(usize),
}

/// What a chart is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// White paper.
    Light,
    /// A dark slide or screen.
    Dark,
}

/// Shades of a heat map.
pub const HEATS: usize = 8;

/// A colour on light and on dark paper.
pub struct Pair {
    /// On light paper.
    pub light: u32,
    /// On dark paper.
    pub dark: u32,
}

const fn pair(light: u32, dark: u32) -> Pair {
    Pair { light, dark }
}

/// Strategies, in the study's order; they repeat with other dashes and marks.
const SERIES: [Pair; 6] = [
    pair(0x0072b2, 0x58b0ec),
    pair(0xd55e00, 0xff8c42),
    pair(0x009e73, 0x2fd0a0),
    pair(0xb5558c, 0xe9a0cb),
    pair(0xe69f00, 0xf4bd45),
    pair(0x56b4e9, 0x9bd8ff),
];

/// The same, washed out.
const PALE: [Pair; 6] = [
    pair(0xb8d8ea, 0x23465c),
    pair(0xf5d2b8, 0x61371a),
    pair(0xb8e3d7, 0x14503f),
    pair(0xead0df, 0x573c4d),
    pair(0xf9e5b8, 0x5e4a1c),
    pair(0xd2eaf9, 0x395261),
];

/// Outcomes but ok, then causes that need more colours.
const KINDS: [Pair; Cause::ALL.len()] = [
    pair(0xd55e01, 0xff8c43),
    pair(0xe69f01, 0xf4bd46),
    pair(0x7b3f99, 0xb78ad0),
    pair(0x0072b3, 0x58b0ed),
    pair(0x56b4ea, 0x9bd8fe),
    pair(0xc9b800, 0xf6ee85),
    pair(0x009e74, 0x2fd0a1),
    pair(0xcc79a8, 0xe9a0cc),
    pair(0x8a8a8a, 0xb0b0b0),
    pair(0x5c3a1e, 0xc9a27c),
];

/// One hue; the more, the further from the paper, so that it reads without colours too.
const HEAT: [Pair; HEATS] = [
    pair(0xe6f0f8, 0x1d2c38),
    pair(0xc6ddef, 0x203f58),
    pair(0x9dc5e3, 0x24587b),
    pair(0x6ca6d2, 0x2e75a1),
    pair(0x4186bc, 0x4494c4),
    pair(0x22659e, 0x70b4dd),
    pair(0x0d467a, 0xa7d4f0),
    pair(0x062951, 0xe4f4ff),
];

const PAPER: Pair = pair(0xffffff, 0x15181b);
const TEXT: Pair = pair(0x1b1d1f, 0xe9ebee);
const MUTED: Pair = pair(0x5a5f66, 0xa3a9b0);
const GRID: Pair = pair(0xdcdfe3, 0x363b41);
const BAND: Pair = pair(0xf0f2f4, 0x22272c);
const CONTROL: Pair = pair(0x707479, 0x9aa0a7);
const OK: Pair = pair(0xc4ced6, 0x47525b);

impl Ink {
    /// Its colours.
    #[must_use]
    pub fn pair(self) -> &'static Pair {
        match self {
            Self::Paper => &PAPER,
            Self::Text => &TEXT,
            Self::Muted => &MUTED,
            Self::Grid => &GRID,
            Self::Band => &BAND,
            Self::Control => &CONTROL,
            Self::Series(place) => &SERIES[place % SERIES.len()],
            Self::Pale(place) => &PALE[place % PALE.len()],
            Self::Outcome(Outcome::Ok) => &OK,
            Self::Outcome(outcome) => &KINDS[outcome as usize - 1],
            Self::Cause(cause) => &KINDS[cause as usize],
            Self::Heat(shade) => &HEAT[shade.min(HEATS - 1)],
        }
    }

    /// Its colour as one number.
    #[must_use]
    pub fn colour(self, theme: Theme) -> u32 {
        match theme {
            Theme::Light => self.pair().light,
            Theme::Dark => self.pair().dark,
        }
    }

    /// Red, green and blue.
    #[must_use]
    pub fn rgb(self, theme: Theme) -> (u8, u8, u8) {
        let [_, red, green, blue] = self.colour(theme).to_be_bytes();
        (red, green, blue)
    }
}

/// Every pair there is, for a page that has to darken drawn charts.
pub fn pairs() -> impl Iterator<Item = &'static Pair> {
    [&PAPER, &TEXT, &MUTED, &GRID, &BAND, &CONTROL, &OK]
        .into_iter()
        .chain(&SERIES)
        .chain(&PALE)
        .chain(&KINDS)
        .chain(&HEAT)
}

const DASHES: [Dash; 6] = [&[], &[18, 8], &[6, 6], &[22, 6, 5, 6], &[12, 5, 4, 5, 4, 5], &[30, 10]];

/// The dash of the strategy at this place: no two of the first 36 share colour and dash.
#[must_use]
pub fn dash(place: usize) -> Dash {
    DASHES[(place + place / SERIES.len()) % DASHES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::frame::{OUTLINES, mark};
    use crate::report::chart::picture::Picture;

    #[test]
    fn light_colours_are_different_so_that_each_has_one_dark_counterpart() {
        let mut light: Vec<u32> = pairs().map(|pair| pair.light).collect();
        let count = light.len();
        light.sort_unstable();
        light.dedup();
        assert_eq!(light.len(), count);
    }

    #[test]
    fn shades_of_heat_leave_the_paper_step_by_step() {
        let grey = |colour: u32| {
            let [_, red, green, blue] = colour.to_be_bytes().map(f64::from);
            0.299 * red + 0.587 * green + 0.114 * blue
        };
        for pairs in HEAT.windows(2) {
            assert!(grey(pairs[0].light) > grey(pairs[1].light) + 12.0);
            assert!(grey(pairs[0].dark) + 12.0 < grey(pairs[1].dark));
        }
    }

    #[test]
    fn no_two_strategies_of_a_study_look_alike() {
        let outline = |place| {
            let mut picture = Picture::new(100, 100, "");
            mark(&mut picture, (50, 50), place, Ink::Text, 9);
            picture.shapes
        };
        let looks: Vec<_> = (0..30)
            .map(|place| (Ink::Series(place).pair().light, dash(place), outline(place)))
            .collect();
        for (index, look) in looks.iter().enumerate() {
            let others = &looks[..index];
            assert!(!others.iter().any(|it| (it.0, it.1) == (look.0, look.1)), "{index}");
            assert!(!others.iter().any(|it| (it.0, &it.2) == (look.0, &look.2)), "{index}");
        }
        // In black and white too, as far as there are outlines.
        for (index, look) in looks[..OUTLINES].iter().enumerate() {
            assert!(!looks[..index].iter().any(|other| other.2 == look.2), "{index}");
        }
    }
}
