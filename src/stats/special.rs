//! Distribution functions and their inverses: normal, Student's t, beta, binomial, Poisson.
//!
//! The incomplete beta function is evaluated by its continued fraction (DLMF 8.17.22) with
//! the modified Lentz method; inverses by bisection down to neighbouring doubles, which is
//! slow (microseconds) and cannot fail. All transcendental functions come from
//! [`crate::engine::maths`].

use crate::engine::maths::{erfc, exp, ln, ln_1p, ln_gamma};

/// P(Z ≤ z) of a standard normal Z.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The z with P(Z ≤ z) = `p`.
///
/// # Panics
/// If `p` is not inside (0, 1).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a normal quantile needs a probability inside (0, 1), not {p}");
    // The upper tail by symmetry, where erfc keeps its relative precision.
    if p > 0.5 {
        return -bisect(-40.0, 0.0, |z| normal_cdf(z) < 1.0 - p);
    }
    bisect(-40.0, 0.0, |z| normal_cdf(z) < p)
}

/// P(T ≤ t) of Student's t with `freedom` degrees of freedom.
#[must_use]
pub fn student_cdf(t: f64, freedom: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The t that |T| exceeds with probability `outside`, for `freedom` degrees of freedom: the
/// factor of a two-sided interval of level 1 − `outside`.
///
/// # Panics
/// If `outside` is not inside (0, 1).
#[must_use]
pub fn student_two_sided(outside: f64, freedom: f64) -> f64 {
    assert!(outside > 0.0 && outside < 1.0, "a level inside (0, 1), not 1 - {outside}");
    // y = t² / (ν + t²) follows beta(1/2, ν/2); solved in y, which stays precise for large ν.
    let y = beta_quantile(1.0 - outside, 0.5, freedom / 2.0);
    (freedom * y / (1.0 - y)).sqrt()
}

/// The regularised incomplete beta function I_x(a, b).
///
/// # Panics
/// If `x` lies outside [0, 1] or a parameter is not positive.
#[must_use]
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    assert!((0.0..=1.0).contains(&x) && a > 0.0 && b > 0.0, "I_{x}({a}, {b}) is not defined");
    if x == 0.0 || x == 1.0 {
        return x;
    }
    // The fraction converges fast below the mean; above it the symmetry helps.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta_below_mean(1.0 - x, b, a);
    }
    incomplete_beta_below_mean(x, a, b)
}

fn incomplete_beta_below_mean(x: f64, a: f64, b: f64) -> f64 {
    let log_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln(x) + b * ln_1p(-x) - ln(a);
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = denominator;
    for step in 1..200_000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = 1.0 / tiny(1.0 + coefficient * denominator);
            numerator = tiny(1.0 + coefficient / numerator);
            change = numerator * denominator;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            return (exp(log_front) * fraction).clamp(0.0, 1.0);
        }
    }
    panic!("the continued fraction of I_{x}({a}, {b}) does not converge")
}

/// The x with I_x(a, b) = `p`.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    bisect(0.0, 1.0, |x| incomplete_beta(x, a, b) < p)
}

/// P(X ≤ `k`) of the number of hits among `n` trials of chance `p`.
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    incomplete_beta(1.0 - p, (n - k) as f64, (k + 1) as f64)
}

/// P(X ≥ `k`) of a Poisson number X of mean `mean`.
///
/// Summed from the smaller end, so that a small tail keeps its relative precision.
#[must_use]
pub fn poisson_tail(k: u64, mean: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if mean <= 0.0 {
        return 0.0;
    }
    let term = |i: u64| exp(i as f64 * ln(mean) - mean - ln_gamma(i as f64 + 1.0));
    if (k as f64) > mean {
        let (mut sum, mut last, mut i) = (0.0, term(k), k);
        while last > sum * 1e-17 {
            sum += last;
            i += 1;
            last *= mean / i as f64;
        }
        return sum;
    }
    let (mut sum, mut last, mut i) = (0.0, term(k - 1), k - 1);
    while last > sum * 1e-17 {
        sum += last;
        if i == 0 {
            break;
        }
        last *= i as f64 / mean;
        i -= 1;
    }
    (1.0 - sum).max(0.0)
}

/// The point of [low, high] where a monotone condition turns from true to false.
fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    // Reference values of this file: SciPy 1.17.1; t and z agree with the printed tables of
    // Fisher and Yates (1963) to all of their digits.

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (upper, freedom, expected) in [
            (0.975, 1.0, 12.706_204_736_174_694),
            (0.975, 2.0, 4.302_652_729_749_462),
            (0.975, 10.0, 2.228_138_851_986_274),
            (0.975, 99.0, 1.984_216_951_586_417_4),
            (0.995, 5.0, 4.032_142_983_555_228),
            (0.9995, 30.0, 3.645_958_635_042_062_7),
            (0.6, 3.0, 0.276_670_662_332_689_8),
            (1.0 - 0.025 / 300.0, 19.0, 4.670_485_358_592_225),
        ] {
            let t = student_two_sided(2.0 * (1.0 - upper), freedom);
            close(t, expected, 1e-11);
            close(student_cdf(t, freedom), upper, 1e-12);
            close(student_cdf(-t, freedom), 1.0 - upper, 1e-9);
        }
        // ln Γ near 10^6 has an absolute error of 1e-9: enough for any interval.
        close(student_two_sided(0.05, 1e6), 1.959_966_356_814_107, 1e-8);
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, expected) in [
            (0.975, 1.959_963_984_540_054),
            (0.995, 2.575_829_303_548_900_4),
            (1e-10, -6.361_340_902_404_056),
            (0.3, -0.524_400_512_708_040_9),
            (1.0 - 1e-6, 4.753_424_308_817_087),
        ] {
            close(normal_quantile(p), expected, 1e-10);
        }
        assert!(normal_quantile(0.5).abs() < 1e-15);
    }

    #[test]
    fn the_incomplete_beta_function_is_that_of_the_tables() {
        for (x, a, b, expected) in [
            (0.5, 0.5, 0.5, 0.5),
            (0.1, 2.0, 3.0, 0.0523),
            (0.999, 50.0, 0.5, 0.752_369_019_965_376_6),
            (1e-6, 0.5, 1e6, 0.842_700_844_838_196_4),
            (0.25, 10.0, 30.0, 0.524_369_181_738_402_9),
        ] {
            close(incomplete_beta(x, a, b), expected, 1e-8);
        }
    }

    #[test]
    fn binomial_and_poisson_tails_are_their_sums() {
        close(binomial_cdf(0, 10, 0.2), 0.107_374_182_4, 1e-12);
        close(binomial_cdf(2, 3, 0.5), 0.875, 1e-12);
        close(poisson_tail(1, 0.1), 1.0 - exp(-0.1), 1e-12);
        close(poisson_tail(2, 0.001), 4.996_667_916_583_4e-7, 1e-9);
        close(poisson_tail(3, 5.0), 1.0 - exp(-5.0) * (1.0 + 5.0 + 12.5), 1e-12);
        assert_eq!((poisson_tail(0, 3.0), poisson_tail(4, 0.0)), (1.0, 0.0));
    }
}
