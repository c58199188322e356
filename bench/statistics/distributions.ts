/**
 * The normal and Student's distribution, as far as intervals and tests need them.
 *
 * Quantiles are found by halving an interval of the distribution function: slower than a fitted formula, right to the last digits wherever
 * the function is, and with nothing to mistype. They are wanted once an interval, not once a resample.
 */

const halvings = 100;

/** From here on the tail is a continued fraction; before, the series about 0 has more digits. */
const tailFrom = 4;

/** The probability that a standard normal value is at most `z`. */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(z) > tailFrom) {
    const tail = density / millsDenominator(Math.abs(z));
    return z < 0 ? tail : 1 - tail;
  }
  // 1/2 + density(z) (z + z³/3 + z⁵/(3·5) + …): Marsaglia, "Evaluating the Normal Distribution" (2004).
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + density * sum;
}

/** Density over tail (the inverse of Mills' ratio), by Laplace's continued fraction z + 1/(z + 2/(z + 3/…)). */
function millsDenominator(z: number): number {
  let value = z;
  for (let depth = 120; depth > 0; depth--) value = z + depth / value;
  return value;
}

/** The value below which a standard normal one is with probability `p`. */
export function normalQuantile(p: number): number {
  return quantile(normalCdf, p);
}

/** The probability that a value of Student's distribution is at most `t`; `freedom` may be a fraction (Welch). */
export function studentCdf(t: number, freedom: number): number {
  if (t === 0) return 0.5;
  const tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
  return t < 0 ? tail : 1 - tail;
}

/** The value below which one of Student's distribution is with probability `p`. */
export function studentQuantile(p: number, freedom: number): number {
  return quantile((t) => studentCdf(t, freedom), p);
}

function quantile(cdf: (value: number) => number, p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : Number.NaN;
  let low = -1;
  let high = 1;
  while (cdf(low) > p) low *= 2;
  while (cdf(high) < p) high *= 2;
  for (let step = 0; step < halvings; step++) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// Lanczos' approximation of the logarithm of Γ (g = 7, nine terms): 15 digits.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x), for x ≥ 0.5. */
function logGamma(x: number): number {
  const base = x + 6.5;
  const sum = lanczos.reduce((total, term, at) => total + (at === 0 ? term : term / (x - 1 + at)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

/** The regularised incomplete beta function I(x; a, b), by its continued fraction (modified Lentz). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast only on this side; the other one follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let c = 1;
  let fraction = d;
  for (let m = 1; m < 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return (front * fraction) / a;
}
