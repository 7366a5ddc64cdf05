//! Medians and verdicts in Markdown.

/// The middle value; of an even number of values the mean of the middle two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// What a figure is held against.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// The target and whether a figure meets it, as two cells.
    pub fn cells(self, figure: f64) -> String {
        let (text, holds) = match self {
            Self::AtLeast(bound) => (format!("≥ {bound}"), figure >= bound),
            Self::AtMost(bound) => (format!("≤ {bound}"), figure <= bound),
        };
        format!("{text} | {}", if holds { "holds" } else { "**falls short**" })
    }
}
