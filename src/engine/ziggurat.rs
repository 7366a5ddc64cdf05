//! Standard exponential and normal draws by the ziggurat method.
//!
//! Marsaglia and Tsang (2000), with 256 layers and full 53-bit uniforms (the layer number
//! comes from other bits of the draw, after Doornik 2005). About four times cheaper than a
//! logarithm a draw.

use std::sync::LazyLock;

use rand::Rng;

use super::maths::{exp, ln};
use super::rng::unit;

const LAYERS: usize = 256;
/// Where the tail of the exponential begins, and the area of a layer.
const EXP_TAIL: f64 = 7.697_117_470_131_05;
const EXP_AREA: f64 = 0.003_949_659_822_581_557;
/// Where the tail of the normal begins, and the area of a layer.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_AREA: f64 = 0.004_928_673_233_99;

/// Edges of the layers: abscissa and density, outermost first.
struct Layers {
    x: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

/// The tables of both laws.
pub struct Ziggurat {
    exponential: Layers,
    normal: Layers,
}

static TABLES: LazyLock<Ziggurat> = LazyLock::new(Ziggurat::build);

impl Ziggurat {
    /// The tables, built once in a process; the same bits everywhere.
    #[must_use]
    pub fn tables() -> &'static Self {
        &TABLES
    }

    fn build() -> Self {
        let exponential_density = |x: f64| exp(-x);
        let normal_density = |x: f64| exp(-0.5 * x * x);
        let mut tables = Self {
            exponential: Layers { x: [0.0; LAYERS + 1], density: [0.0; LAYERS + 1] },
            normal: Layers { x: [0.0; LAYERS + 1], density: [0.0; LAYERS + 1] },
        };
        let e = &mut tables.exponential;
        e.x[0] = EXP_AREA / exponential_density(EXP_TAIL);
        e.x[1] = EXP_TAIL;
        for i in 2..LAYERS {
            e.x[i] = -ln(EXP_AREA / e.x[i - 1] + exponential_density(e.x[i - 1]));
        }
        let n = &mut tables.normal;
        n.x[0] = NORMAL_AREA / normal_density(NORMAL_TAIL);
        n.x[1] = NORMAL_TAIL;
        for i in 2..LAYERS {
            n.x[i] = (-2.0 * ln(NORMAL_AREA / n.x[i - 1] + normal_density(n.x[i - 1]))).sqrt();
        }
        for i in 0..=LAYERS {
            e.density[i] = exponential_density(e.x[i]);
            n.density[i] = normal_density(n.x[i]);
        }
        tables
    }

    /// An exponential draw of mean 1.
    #[inline]
    pub fn exponential<R: Rng>(&self, rng: &mut R) -> f64 {
        let bits = rng.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = unit(bits) * self.exponential.x[layer];
        if x < self.exponential.x[layer + 1] { x } else { self.exponential_edge(rng, layer, x) }
    }

    #[cold]
    #[inline(never)]
    fn exponential_edge<R: Rng>(&self, rng: &mut R, mut layer: usize, mut x: f64) -> f64 {
        let table = &self.exponential;
        // The tail of an exponential is an exponential again, shifted.
        let mut shift = 0.0;
        loop {
            if layer == 0 {
                shift += EXP_TAIL;
            } else {
                let (low, high) = (table.density[layer], table.density[layer + 1]);
                if low + (high - low) * unit(rng.next_u64()) < exp(-x) {
                    return shift + x;
                }
            }
            let bits = rng.next_u64();
            layer = (bits & 0xff) as usize;
            x = unit(bits) * table.x[layer];
            if x < table.x[layer + 1] {
                return shift + x;
            }
        }
    }

    /// A normal draw of mean 0 and variance 1.
    #[inline]
    pub fn normal<R: Rng>(&self, rng: &mut R) -> f64 {
        let bits = rng.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = signed_unit(bits) * self.normal.x[layer];
        if x.abs() < self.normal.x[layer + 1] { x } else { self.normal_edge(rng, layer, x) }
    }

    #[cold]
    #[inline(never)]
    fn normal_edge<R: Rng>(&self, rng: &mut R, mut layer: usize, mut x: f64) -> f64 {
        let table = &self.normal;
        loop {
            if layer == 0 {
                // Marsaglia's tail method: exact beyond NORMAL_TAIL.
                loop {
                    let a = -ln(open_unit(rng.next_u64())) / NORMAL_TAIL;
                    let b = -ln(open_unit(rng.next_u64()));
                    if b + b >= a * a {
                        return if x < 0.0 { -(NORMAL_TAIL + a) } else { NORMAL_TAIL + a };
                    }
                }
            }
            let (low, high) = (table.density[layer], table.density[layer + 1]);
            if low + (high - low) * unit(rng.next_u64()) < exp(-0.5 * x * x) {
                return x;
            }
            let bits = rng.next_u64();
            layer = (bits & 0xff) as usize;
            x = signed_unit(bits) * table.x[layer];
            if x.abs() < table.x[layer + 1] {
                return x;
            }
        }
    }
}

/// Uniform in [-1, 1).
#[inline]
fn signed_unit(bits: u64) -> f64 {
    ((bits as i64) >> 11) as f64 * (1.0 / (1u64 << 52) as f64)
}

/// Uniform in (0, 1).
#[inline]
fn open_unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_of_both_laws_close_at_the_top_and_have_equal_areas() {
        for (layers, area) in
            [(&Ziggurat::tables().exponential, EXP_AREA), (&Ziggurat::tables().normal, NORMAL_AREA)]
        {
            assert_eq!((layers.x[LAYERS], layers.density[LAYERS]), (0.0, 1.0));
            for i in 1..LAYERS {
                let height = layers.density[i + 1] - layers.density[i];
                let error = (layers.x[i] * height / area - 1.0).abs();
                assert!(error < 1e-9, "layer {i} is off by {error}");
                assert!(layers.x[i] < layers.x[i - 1]);
            }
        }
    }

    #[test]
    fn the_lowest_layer_holds_its_rectangle_and_the_whole_tail() {
        let exponential_tail = exp(-EXP_TAIL);
        let rectangle = EXP_TAIL * exp(-EXP_TAIL);
        assert!(((rectangle + exponential_tail) / EXP_AREA - 1.0).abs() < 1e-12);
        let half_root_of_two_pi = (std::f64::consts::PI / 2.0).sqrt();
        let normal_tail =
            half_root_of_two_pi * libm::erfc(NORMAL_TAIL * std::f64::consts::FRAC_1_SQRT_2);
        let rectangle = NORMAL_TAIL * exp(-0.5 * NORMAL_TAIL * NORMAL_TAIL);
        assert!(((rectangle + normal_tail) / NORMAL_AREA - 1.0).abs() < 1e-11);
    }
}
