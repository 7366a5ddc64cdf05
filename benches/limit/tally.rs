//! A plain histogram: 128 linear buckets for each power of two.

const SUB_BITS: u32 = 7;
const BUCKETS: usize = 1 << 13;

/// Counts of latencies.
pub struct Tally {
    counts: Box<[u32; BUCKETS]>,
    /// How many.
    pub count: u64,
    sum: u128,
}

impl Tally {
    pub fn new() -> Self {
        Self { counts: super::table(0), count: 0, sum: 0 }
    }

    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        let exponent = 63 - (value | (1 << SUB_BITS)).leading_zeros();
        let shift = exponent - SUB_BITS;
        let index = ((shift as usize) << SUB_BITS) + (value >> shift) as usize;
        self.counts[index & (BUCKETS - 1)] += 1;
        self.count += 1;
        self.sum += u128::from(value);
    }

    /// The mean in seconds.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64 / 1e9
    }

    /// The middle of the bucket that holds a quantile, in seconds.
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.count as f64).ceil() as u64;
        let mut seen = 0;
        let index = self.counts.iter().position(|&count| {
            seen += u64::from(count);
            seen >= rank
        });
        let index = index.expect("the counts add up") as u64;
        let shift = (index >> SUB_BITS).saturating_sub(1);
        let low = (index - (shift << SUB_BITS)) << shift;
        (low as f64 + (1u64 << shift) as f64 / 2.0) / 1e9
    }
}
