/**
 * The test of Mann and Whitney (1947): does one of two samples tend to be above the other? It asks only for the order of the values, so that
 * one wild launch counts as one.
 *
 * U counts the pairs in which the second sample's value is above the first one's; equal ones count half. Without equal values and with few
 * launches the distribution of U is counted out exactly. Else it is taken for normal, with the variance corrected for ties and half a step
 * for continuity.
 *
 * The least p that it can give is 2 / C(n+m, n): 0.1 with three launches on both sides, 0.029 with four, 0.0079 with five. How a comparison
 * of many cells lives with that: step-down.ts.
 */
import { normalCdf, normalQuantile } from './distributions.js';

/** Up to this many values on each side the distribution is counted out. */
const exactMax = 50;

export interface MannWhitney {
  /** Pairs in which b is above a, equal ones half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
  readonly isExact: boolean;
}

/** NaN for p if one of the samples is empty. */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const u = pairsAbove(a, b);
  if (a.length === 0 || b.length === 0) return { u, p: Number.NaN, isExact: false };
  const ties = tieSizes([...a, ...b]);
  const isExact = ties.length === 0 && a.length <= exactMax && b.length <= exactMax;
  return { u, p: isExact ? exactP(u, a.length, b.length) : normalP(u, a.length, b.length, ties), isExact };
}

function pairsAbove(a: readonly number[], b: readonly number[]): number {
  let u = 0;
  for (const x of a) for (const y of b) u += y > x ? 1 : y === x ? 0.5 : 0;
  return u;
}

/** How often each value stands there that does so more than once. */
function tieSizes(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1);
}

/**
 * The probabilities of U = 0, 1, … n·m if nothing differs. The arrangements are counted by the recurrence of Mann and Whitney: the greatest
 * value is either one of b, above all of a, or one of a.
 */
export function uDistribution(n: number, m: number): Float64Array {
  // rows[i] are the counts for i values of a and as many of b as the loop has come to.
  let rows = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1));
  for (const row of rows) row[0] = 1;
  for (let j = 1; j <= m; j++) {
    const next = [new Float64Array(n * m + 1)];
    (next[0] as Float64Array)[0] = 1;
    for (let i = 1; i <= n; i++) {
      const row = new Float64Array(n * m + 1);
      for (let u = 0; u <= i * j; u++) row[u] = (rows[i]?.[u - i] ?? 0) + (next[i - 1]?.[u] ?? 0);
      next.push(row);
    }
    rows = next;
  }
  const counts = rows[n] ?? new Float64Array(1);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / all);
}

function exactP(u: number, n: number, m: number): number {
  const least = Math.min(u, n * m - u);
  const distribution = uDistribution(n, m);
  let tail = 0;
  for (let at = 0; at <= least; at++) tail += distribution[at] ?? 0;
  return Math.min(1, 2 * tail);
}

function normalP(u: number, n: number, m: number, ties: readonly number[]): number {
  const all = n + m;
  const correction = ties.reduce((sum, t) => sum + t ** 3 - t, 0) / (all * (all - 1));
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - correction));
  if (!(deviation > 0)) return 1;
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5);
  return Math.min(1, 2 * normalCdf(-distance / deviation));
}

/** The least p that the exact test can give for these numbers of launches. */
export function leastP(n: number, m: number): number {
  return Math.min(1, 2 / arrangements(n, m));
}

/** In how many ways n of n + m can be chosen. */
export function arrangements(n: number, m: number): number {
  let ways = 1;
  for (let at = 1; at <= n; at++) ways = (ways * (m + at)) / at;
  return Math.round(ways);
}

/** How often b is above a, of all pairs, less how often it is below: −1 to 1 (Cliff 1993). */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  return 2 * vargha(a, b) - 1;
}

/** The probability that a value of b is above one of a, equal ones half: A12 of Vargha and Delaney (2000). */
export function vargha(a: readonly number[], b: readonly number[]): number {
  return pairsAbove(a, b) / (a.length * b.length);
}

/** How large an effect is called, by Vargha and Delaney's bounds of A12: 0.56, 0.64, 0.71, on either side of a half. */
export function effectName(a12: number): 'none' | 'small' | 'medium' | 'large' {
  const distance = Math.abs(a12 - 0.5);
  if (distance < 0.06) return 'none';
  if (distance < 0.14) return 'small';
  return distance < 0.21 ? 'medium' : 'large';
}

export interface Shift {
  readonly estimate: number;
  /** Null where there are too few values for the level. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * By how much b is above a: the median of all differences (Hodges and Lehmann 1963), with the interval that belongs to the test above: it
 * holds 0 exactly if the test does not reject at 1 − level. Of the logarithms it is the logarithm of a ratio.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[], level = 0.95): Shift {
  const differences = b.flatMap((y) => a.map((x) => y - x)).sort((x, y) => x - y);
  const half = differences.length >> 1;
  const upper = differences[half] ?? Number.NaN;
  const estimate = differences.length % 2 === 1 ? upper : ((differences[half - 1] ?? Number.NaN) + upper) / 2;
  const cut = differencesCut(a.length, b.length, (1 - level) / 2);
  if (cut < 1) return { estimate, low: null, high: null };
  return {
    estimate,
    low: differences[cut - 1] ?? null,
    high: differences[differences.length - cut] ?? null,
  };
}

/** Which difference from either end bounds the interval: the greatest k with P(U ≤ k − 1) ≤ tail. */
function differencesCut(n: number, m: number, tail: number): number {
  if (n > exactMax || m > exactMax) {
    return Math.floor((n * m) / 2 + normalQuantile(tail) * Math.sqrt((n * m * (n + m + 1)) / 12));
  }
  const distribution = uDistribution(n, m);
  let sum = 0;
  for (let k = 0; k < distribution.length; k++) {
    sum += distribution[k] ?? 0;
    // A hair of slack: the tail of five against five at 0.0079 is two arrangements of 252 and not a rounding error more.
    if (sum > tail * (1 + 1e-12)) return k;
  }
  return 0;
}
