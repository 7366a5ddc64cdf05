//! The ziggurat under a magnifying glass: a thousand equally likely cells, the seams between
//! its 256 layers, and the tails beyond the outermost layer.

use cutover::engine::maths::{exp, ln};
use cutover::engine::{Distribution, Sampler};

use super::distribution_functions as cdf;
use super::stream;

const DRAWS: u32 = 6_000_000;
const CELLS: usize = 1024;

/// Where the tails of the two laws begin (Marsaglia and Tsang 2000, 256 layers).
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

/// Upper limit of chi-square for a false-alarm chance of 1e-9 (Wilson and Hilferty 1931).
fn chi_square_limit(freedom: f64) -> f64 {
    let term = 2.0 / (9.0 * freedom);
    let root = 1.0 - term + 5.998 * term.sqrt();
    freedom * root * root * root
}

fn normal_draw(sampler: &Sampler, rng: &mut cutover::engine::Xoshiro) -> f64 {
    // The logarithm of a lognormal of median 1 and sigma 1 gives the normal back.
    ln(sampler.draw(rng, 0))
}

#[test]
fn a_thousand_equally_likely_cells_are_hit_equally_often() {
    let exponential = Sampler::new(&Distribution::Exponential { mean: 1.0 });
    let lognormal = Sampler::new(&Distribution::Lognormal { median: 1.0, sigma: 1.0 });
    let mut counts = [[0u64; CELLS]; 2];
    let mut rng = stream(501);
    for _ in 0..DRAWS {
        let levels = [
            cdf::exponential(1.0, exponential.draw(&mut rng, 0)),
            cdf::normal(normal_draw(&lognormal, &mut rng)),
        ];
        for (cells, level) in counts.iter_mut().zip(levels) {
            cells[((level * CELLS as f64) as usize).min(CELLS - 1)] += 1;
        }
    }
    let expected = f64::from(DRAWS) / CELLS as f64;
    for (name, cells) in ["exponential", "normal"].iter().zip(counts) {
        let square = |&count: &u64| {
            let off = count as f64 - expected;
            off * off / expected
        };
        let chi: f64 = cells.iter().map(square).sum();
        let limit = chi_square_limit((CELLS - 1) as f64);
        assert!(chi < limit, "{name}: chi-square {chi}, limit {limit}");
    }
}

#[test]
fn tails_beyond_the_outermost_layer_have_the_right_weight_and_shape() {
    let exponential = Sampler::new(&Distribution::Exponential { mean: 1.0 });
    let lognormal = Sampler::new(&Distribution::Lognormal { median: 1.0, sigma: 1.0 });
    let mut rng = stream(502);
    let (mut far, mut upper, mut lower) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..4 * DRAWS {
        let x = exponential.draw(&mut rng, 0);
        if x > EXPONENTIAL_TAIL {
            far.push(x);
        }
        let z = normal_draw(&lognormal, &mut rng);
        if z > NORMAL_TAIL {
            upper.push(z);
        } else if z < -NORMAL_TAIL {
            lower.push(-z);
        }
    }
    let normal_weight = cdf::normal(-NORMAL_TAIL);
    let tails: [(_, _, _, &dyn Fn(f64) -> f64); 3] = [
        ("exponential", far, exp(-EXPONENTIAL_TAIL), &|x| {
            cdf::exponential(1.0, x - EXPONENTIAL_TAIL)
        }),
        ("upper normal", upper, normal_weight, &|z| 1.0 - cdf::normal(-z) / normal_weight),
        ("lower normal", lower, normal_weight, &|z| 1.0 - cdf::normal(-z) / normal_weight),
    ];
    for (name, mut values, weight, conditional) in tails {
        let expected = 4.0 * f64::from(DRAWS) * weight;
        let count = values.len() as f64;
        assert!(
            (count - expected).abs() < 5.5 * expected.sqrt(),
            "{name}: {count} draws in the tail, {expected} expected"
        );
        values.sort_unstable_by(f64::total_cmp);
        let distance = super::laws::kolmogorov(&values, conditional);
        assert!(distance < super::laws::KOLMOGOROV, "{name}: {distance}");
    }
}
