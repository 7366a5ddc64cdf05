//! Every continuous law, over ordinary and extreme parameters.

use cutover::engine::maths::{exp, ln};
use cutover::engine::{Distribution, Sampler, Xoshiro};
use rand_distr::Distribution as _;

use super::distribution_functions as cdf;
use super::{draws, stream};

const DRAWS: usize = 400_000;
/// Kolmogorov's limit for a false-alarm chance of 1e-9: √(ln(2·10⁹) / 2).
pub const KOLMOGOROV: f64 = 3.273;
/// Limit of a sample moment in standard errors.
const ERRORS: f64 = 5.5;

type Oracle = Box<dyn Fn(&mut Xoshiro) -> f64>;

struct Case {
    name: String,
    law: Distribution,
    cdf: Box<dyn Fn(f64) -> f64>,
    variance: f64,
    oracle: Option<Oracle>,
}

fn oracle<D: rand_distr::Distribution<f64> + 'static>(law: D) -> Option<Oracle> {
    Some(Box::new(move |rng| law.sample(rng)))
}

fn case(
    law: Distribution,
    cdf: impl Fn(f64) -> f64 + 'static,
    variance: f64,
    oracle: Option<Oracle>,
) -> Case {
    Case { name: format!("{law:?}"), law, cdf: Box::new(cdf), variance, oracle }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(
            Distribution::Exponential { mean: 2.5 },
            |x| cdf::exponential(2.5, x),
            6.25,
            oracle(rand_distr::Exp::new(1.0 / 2.5).unwrap()),
        ),
        case(
            Distribution::Uniform { min: 3.0, max: 7.0 },
            |x| cdf::uniform(3.0, 7.0, x),
            16.0 / 12.0,
            oracle(rand_distr::Uniform::new(3.0, 7.0).unwrap()),
        ),
    ];
    for sigma in [0.05, 0.8, 1.2] {
        let mean = 18.0 * exp(sigma * sigma / 2.0);
        cases.push(case(
            Distribution::Lognormal { median: 18.0, sigma },
            move |x| cdf::lognormal(18.0, sigma, x),
            mean * mean * (exp(sigma * sigma) - 1.0),
            oracle(rand_distr::LogNormal::new(ln(18.0), sigma).unwrap()),
        ));
    }
    for shape in [0.08, 0.5, 0.999, 1.0, 1.001, 2.0, 17.0, 2500.0] {
        cases.push(case(
            Distribution::Gamma { shape, scale: 0.7 },
            move |x| cdf::gamma_law(shape, 0.7, x),
            shape * 0.49,
            oracle(rand_distr::Gamma::new(shape, 0.7).unwrap()),
        ));
    }
    for shape in [0.6, 1.0, 3.5] {
        cases.push(case(
            Distribution::Weibull { scale: 4.0, shape },
            move |x| cdf::weibull(4.0, shape, x),
            cdf::weibull_variance(4.0, shape),
            oracle(rand_distr::Weibull::new(4.0, shape).unwrap()),
        ));
    }
    cases.extend(pareto_cases());
    cases.extend(hyperexponential_cases());
    cases
}

fn pareto_cases() -> Vec<Case> {
    let capped = |shape: f64, cap: f64| {
        let law = Distribution::Pareto { scale: 2.0, shape, cap: Some(cap) };
        let mean = law.mean();
        let variance = cdf::pareto_second_moment(2.0, shape, cap) - mean * mean;
        // A draw of the law without a cap, repeated until it lies below it.
        let free = rand_distr::Pareto::new(2.0, shape).unwrap();
        let oracle: Oracle = Box::new(move |rng| {
            loop {
                let value = free.sample(rng);
                if value <= cap {
                    return value;
                }
            }
        });
        case(law, move |x| cdf::pareto(2.0, shape, cap, x), variance, Some(oracle))
    };
    let shape = 4.5;
    let law = Distribution::Pareto { scale: 2.0, shape, cap: None };
    let variance = cdf::pareto_second_moment(2.0, shape, f64::INFINITY) - law.mean() * law.mean();
    vec![
        case(
            law,
            move |x| cdf::pareto(2.0, shape, f64::INFINITY, x),
            variance,
            oracle(rand_distr::Pareto::new(2.0, shape).unwrap()),
        ),
        capped(1.5, 50.0),
        capped(1.0, 20.0),
        capped(0.7, 11.0),
        capped(3.0, 2.1),
    ]
}

fn hyperexponential_cases() -> Vec<Case> {
    let two = (vec![0.5, 9.0], vec![0.9, 0.1]);
    let three = (vec![1.0, 2.0, 30.0], vec![0.25, 0.7, 0.05]);
    [two, three]
        .into_iter()
        .map(|(means, weights)| {
            let law =
                Distribution::Hyperexponential { means: means.clone(), weights: weights.clone() };
            let pairs: Vec<(f64, f64)> = means.into_iter().zip(weights).collect();
            let mean: f64 = pairs.iter().map(|(m, w)| m * w).sum();
            let second: f64 = pairs.iter().map(|(m, w)| 2.0 * w * m * m).sum();
            case(
                law,
                move |x| pairs.iter().map(|&(m, w)| w * cdf::exponential(m, x)).sum(),
                second - mean * mean,
                None,
            )
        })
        .collect()
}

/// Largest distance between the sample's and the exact distribution function, times √n.
pub fn kolmogorov(sorted: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let distance = sorted.iter().enumerate().map(|(i, &x)| {
        let exact = cdf(x);
        (exact - i as f64 / n).max((i + 1) as f64 / n - exact)
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// The same between two sorted samples, times √(nm / (n + m)).
fn smirnov(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut i, mut j, mut distance) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        while i < a.len() && a[i] <= value {
            i += 1;
        }
        while j < b.len() && b[j] <= value {
            j += 1;
        }
        distance = distance.max((i as f64 / n - j as f64 / m).abs());
    }
    distance * (n * m / (n + m)).sqrt()
}

#[test]
fn sample_means_and_variances_are_those_of_the_law() {
    for (number, case) in cases().into_iter().enumerate() {
        let values = draws(&Sampler::new(&case.law), DRAWS, 100 + number as u64);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let exact = case.law.mean();
        let error = (case.variance / n).sqrt();
        assert!(
            (mean - exact).abs() < ERRORS * error,
            "{}: mean {mean}, exactly {exact}, standard error {error}",
            case.name
        );
        let central = |power: i32| {
            let term = |x: &f64| (0..power).fold(1.0, |product, _| product * (x - mean));
            values.iter().map(term).sum::<f64>() / n
        };
        let (second, fourth) = (central(2), central(4));
        let error = ((fourth - second * second) / n).sqrt();
        assert!(
            (second - case.variance).abs() < ERRORS * error,
            "{}: variance {second}, exactly {}, standard error {error}",
            case.name,
            case.variance
        );
    }
}

#[test]
fn samples_follow_the_exact_distribution_function() {
    for (number, case) in cases().into_iter().enumerate() {
        let mut values = draws(&Sampler::new(&case.law), DRAWS, 200 + number as u64);
        values.sort_unstable_by(f64::total_cmp);
        let distance = kolmogorov(&values, &case.cdf);
        assert!(distance < KOLMOGOROV, "{}: {distance}", case.name);
    }
}

#[test]
fn samples_are_distributed_as_those_of_an_independent_library() {
    let mut compared = 0;
    for (number, case) in cases().into_iter().enumerate() {
        let Some(oracle) = case.oracle else { continue };
        let mut ours = draws(&Sampler::new(&case.law), DRAWS, 300 + number as u64);
        let mut rng = stream(400 + number as u64);
        let mut theirs: Vec<f64> = (0..DRAWS).map(|_| oracle(&mut rng)).collect();
        ours.sort_unstable_by(f64::total_cmp);
        theirs.sort_unstable_by(f64::total_cmp);
        let distance = smirnov(&ours, &theirs);
        assert!(distance < KOLMOGOROV, "{}: {distance}", case.name);
        compared += 1;
    }
    assert_eq!(compared, 21, "every law that the library has was compared");
}

#[test]
fn the_check_sees_a_law_that_is_off_by_two_percent() {
    let mut values = draws(&Sampler::new(&Distribution::Exponential { mean: 1.02 }), DRAWS, 1);
    values.sort_unstable_by(f64::total_cmp);
    assert!(kolmogorov(&values, |x| cdf::exponential(1.0, x)) > KOLMOGOROV);
}
