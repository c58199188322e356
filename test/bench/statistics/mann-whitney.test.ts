/** The test, its effect sizes and its interval against published tables and examples. */
import test from 'ava';
import fc from 'fast-check';
import * as simple from 'simple-statistics';
import {
  cliffsDelta,
  effectName,
  hodgesLehmann,
  leastP,
  mannWhitney,
  uDistribution,
  vargha,
} from '../../../bench/statistics/mann-whitney.js';
import { propertySeed } from './property.js';

/** P(U ≤ u) for u = 0, 1, …, to three digits. */
function cumulative(n: number, m: number): string[] {
  let sum = 0;
  return [...uDistribution(n, m)].map((p) => {
    sum += p;
    return sum.toFixed(3);
  });
}

test('the distribution of U is that of the table of Mann and Whitney', (t) => {
  // "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other" (1947), table I.
  t.deepEqual(cumulative(3, 3).slice(0, 5), ['0.050', '0.100', '0.200', '0.350', '0.500']);
  t.deepEqual(cumulative(4, 4).slice(0, 6), ['0.014', '0.029', '0.057', '0.100', '0.171', '0.243']);
  t.deepEqual(cumulative(5, 5).slice(0, 6), ['0.004', '0.008', '0.016', '0.028', '0.048', '0.075']);
  t.deepEqual(cumulative(4, 6).slice(0, 6), ['0.005', '0.010', '0.019', '0.033', '0.057', '0.086']);
  // The critical value of eight against eight at 5 %, two-sided, is 13 in every textbook.
  t.is(cumulative(8, 8)[13], '0.025');
});

test('permeability of membranes, Hollander and Wolfe: W 35, p 0.127 one-sided, shift 0.305', (t) => {
  // Nonparametric Statistical Methods (1973), p. 69, term and earlier pregnancies.
  const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const earlier = [1.15, 0.88, 0.9, 0.74, 1.21];
  const { u, p, isExact } = mannWhitney(earlier, term);
  t.is(u, 35);
  t.true(isExact);
  t.is((p / 2).toFixed(4), '0.1272');
  t.is(hodgesLehmann(earlier, term).estimate.toFixed(3), '0.305');
});

test('with ties or many values the normal distribution is used, corrected for ties and continuity', (t) => {
  const a = [1, 2, 2, 3, 3, 3, 4, 5, 9, 9];
  const b = [3, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11];
  const { u, p, isExact } = mannWhitney(a, b);
  t.false(isExact);
  // SciPy 1.17, mannwhitneyu(method="asymptotic"): U of a is 24.
  t.is(a.length * b.length - u, 24);
  t.is(p.toFixed(10), '0.0305765376');
  t.is(mannWhitney([3, 3], [3, 3, 3]).p, 1);
  const many = Array.from({ length: 60 }, (_, at) => at * 2);
  t.false(
    mannWhitney(
      many,
      many.map((value) => value + 1),
    ).isExact,
  );
});

test('the least p of the exact test is reached where the samples do not overlap', (t) => {
  for (const count of [2, 3, 4, 5, 7]) {
    const a = Array.from({ length: count }, (_, at) => at);
    const { p } = mannWhitney(
      a,
      a.map((value) => value + 100),
    );
    t.true(Math.abs(p - leastP(count, count)) < 1e-12);
  }
  t.is(leastP(5, 5).toFixed(4), '0.0079');
});

test('exact and normal p are near each other where both hold', (t) => {
  const a = Array.from({ length: 20 }, (_, at) => at * 1.01);
  const b = Array.from({ length: 20 }, (_, at) => at * 1.01 + 4.3);
  const exact = mannWhitney(a, b);
  // One tie changes next to nothing but the way.
  const normal = mannWhitney([...a.slice(1), b[3] ?? 0], b);
  t.true(exact.isExact && !normal.isExact);
  t.true(Math.abs(exact.p - normal.p) < 0.03);
});

const list = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 });

test('U, effect and p do not depend on scale, and turn about with the samples', (t) => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const there = mannWhitney(a, b);
      const back = mannWhitney(b, a);
      t.is(there.u + back.u, a.length * b.length);
      t.true(Math.abs(there.p - back.p) < 1e-12);
      t.true(Math.abs(cliffsDelta(a, b) + cliffsDelta(b, a)) < 1e-12);
      const grow = (values: readonly number[]): number[] => values.map((value) => Math.exp(value / 10) * 3);
      t.deepEqual(mannWhitney(grow(a), grow(b)), there);
      t.true(there.p > 0 && there.p <= 1);
    }),
    propertySeed(t, 200),
  );
});

test('the rank sum of simple-statistics is U and its offset', (t) => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const rankSum = simple.wilcoxonRankSum(b, a);
      t.true(Math.abs(rankSum - (b.length * (b.length + 1)) / 2 - mannWhitney(a, b).u) < 1e-9);
    }),
    propertySeed(t, 200),
  );
});

test('the permutation test of simple-statistics comes to the same where one sample is above the other', (t) => {
  const [a, b] = [
    [1, 2, 3, 4, 5],
    [11, 12, 13, 14, 15],
  ];
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const p = simple.permutationTest(a ?? [], b ?? [], 'two_side', 20_000, random);
  t.true(Math.abs(p - mannWhitney(a ?? [], b ?? []).p) < 0.004);
});

test('the shift follows a shift, and its interval holds 0 exactly where the test does not reject', (t) => {
  const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 12, maxLength: 16 });
  fc.assert(
    fc.property(
      distinct,
      fc.integer({ min: 4, max: 8 }),
      fc.integer({ min: -500, max: 500 }),
      (all, n, by) => {
        const [a, b] = [all.slice(0, n), all.slice(n)];
        const shift = hodgesLehmann(a, b);
        const { p, isExact } = mannWhitney(a, b);
        t.true(isExact);
        if (shift.low === null || shift.high === null) {
          t.true(leastP(a.length, b.length) > 0.05);
          return;
        }
        t.is(shift.low > 0 || shift.high < 0, p <= 0.05);
        const moved = hodgesLehmann(
          a,
          b.map((value) => value + by),
        );
        t.is(moved.estimate, shift.estimate + by);
        t.is(moved.low, shift.low + by);
        t.is(moved.high, shift.high + by);
      },
    ),
    propertySeed(t, 200),
  );
  t.is(hodgesLehmann([1, 2], [3, 4]).low, null);
});

test('effects have the names and bounds of Vargha and Delaney', (t) => {
  t.is(vargha([1, 2, 3], [2, 3, 4]).toFixed(3), '0.778');
  t.is(cliffsDelta([1, 2, 3], [4, 5, 6]), 1);
  t.deepEqual([0.5, 0.57, 0.36, 0.29, 1].map(effectName), ['none', 'small', 'medium', 'large', 'large']);
});
