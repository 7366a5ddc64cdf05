//! Exact distribution functions, by formulas that share nothing with the samplers.

use cutover::engine::maths::{exp, gamma, ln, pow};

/// Standard normal.
pub fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Exponential.
pub fn exponential(mean: f64, x: f64) -> f64 {
    -libm::expm1(-x / mean)
}

/// Lognormal.
pub fn lognormal(median: f64, sigma: f64, x: f64) -> f64 {
    normal(ln(x / median) / sigma)
}

/// Gamma: the regularised lower incomplete gamma function, by its power series left of the
/// mean and by Lentz's continued fraction right of it (Numerical Recipes, section 6.2).
pub fn gamma_law(shape: f64, scale: f64, x: f64) -> f64 {
    let z = x / scale;
    if z <= 0.0 {
        return 0.0;
    }
    let front = exp(shape * ln(z) - z - libm::lgamma(shape));
    if z < shape + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-16 {
            k += 1.0;
            term *= z / k;
            sum += term;
        }
        sum * front
    } else {
        let mut b = z + 1.0 - shape;
        let mut c = 1e300;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for i in 1..500 {
            let a = -f64::from(i) * (f64::from(i) - shape);
            b += 2.0;
            d = 1.0 / (a * d + b);
            c = b + a / c;
            fraction *= d * c;
            if (d * c - 1.0).abs() < 1e-15 {
                break;
            }
        }
        1.0 - front * fraction
    }
}

/// Uniform.
pub fn uniform(min: f64, max: f64, x: f64) -> f64 {
    ((x - min) / (max - min)).clamp(0.0, 1.0)
}

/// Weibull.
pub fn weibull(scale: f64, shape: f64, x: f64) -> f64 {
    -libm::expm1(-pow(x / scale, shape))
}

/// Pareto, conditioned on being at most `cap`.
pub fn pareto(scale: f64, shape: f64, cap: f64, x: f64) -> f64 {
    (1.0 - pow(scale / x, shape)) / (1.0 - pow(scale / cap, shape))
}

/// Variance of a Weibull law.
pub fn weibull_variance(scale: f64, shape: f64) -> f64 {
    let mean = gamma(1.0 + 1.0 / shape);
    scale * scale * (gamma(1.0 + 2.0 / shape) - mean * mean)
}

/// Second moment of a Pareto law of shape other than 2, conditioned on being at most `cap`.
pub fn pareto_second_moment(scale: f64, shape: f64, cap: f64) -> f64 {
    let ratio = scale / cap;
    scale * scale * shape / (shape - 2.0) * (1.0 - pow(ratio, shape - 2.0))
        / (1.0 - pow(ratio, shape))
}

#[test]
fn the_incomplete_gamma_function_meets_its_closed_forms() {
    for x in [0.01, 0.5, 1.0, 3.0, 10.0, 40.0] {
        // Shape 1 is the exponential, shape 1/2 the square of a normal, shape 2 an Erlang.
        assert!((gamma_law(1.0, 1.0, x) - exponential(1.0, x)).abs() < 1e-12);
        let chi = 1.0 - 2.0 * normal(-(2.0 * x).sqrt());
        assert!((gamma_law(0.5, 1.0, x) - chi).abs() < 1e-12);
        let erlang = 1.0 - exp(-x) * (1.0 + x);
        assert!((gamma_law(2.0, 1.0, x) - erlang).abs() < 1e-12);
    }
}
