/**
 * Intervals against published ones: the mouse data, the law schools and the spatial test of Efron & Tibshirani, "An Introduction to the
 * Bootstrap" (1993), tables 2.1, 3.1 and 14.1.
 */
import test from 'ava';
import fc from 'fast-check';
import * as simple from 'simple-statistics';
import { geometricMean, mean, median, variance } from '../../../bench/statistics/averages.js';
import {
  bootstrapInterval,
  bootstrapPairedRatio,
  bootstrapRatio,
  fewestDrawn,
} from '../../../bench/statistics/bootstrap.js';
import { propertySeed } from './property.js';

const mouseTreatment = [94, 197, 16, 38, 99, 141, 23];
const mouseControl = [52, 104, 146, 10, 51, 30, 40, 27, 46];
const spatialTest = [
  48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
];
const lawSchools: readonly (readonly [number, number])[] = [
  [576, 3.39],
  [635, 3.3],
  [558, 2.81],
  [578, 3.03],
  [666, 3.44],
  [580, 3.07],
  [555, 3.0],
  [661, 3.43],
  [651, 3.36],
  [605, 3.13],
  [653, 3.12],
  [575, 2.74],
  [545, 2.76],
  [572, 2.88],
  [594, 2.96],
];

const plugInVariance = (values: readonly number[]): number =>
  (variance(values) * (values.length - 1)) / values.length;

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const [x, y] = [pairs.map((pair) => pair[0]), pairs.map((pair) => pair[1])];
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [a, b] of pairs) {
    xy += (a - meanX) * (b - meanY);
    xx += (a - meanX) ** 2;
    yy += (b - meanY) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

/** The standard deviation of the draws, from a plain interval of one standard error on both sides of a nearly normal figure. */
function standardError<T>(values: readonly T[], statistic: (values: readonly T[]) => number): number {
  const figures: number[] = [];
  bootstrapInterval(
    values,
    (drawn) => {
      const figure = statistic(drawn);
      figures.push(figure);
      return figure;
    },
    { seed: 1, resamples: 20_000, method: 'percentile' },
  );
  // The first call is that of the estimate.
  return Math.sqrt(variance(figures.slice(1)));
}

test('standard errors of mean and median of the mouse data are those of Efron and Tibshirani', (t) => {
  t.is(mean(mouseTreatment).toFixed(2), '86.86');
  t.is(mean(mouseControl).toFixed(2), '56.22');
  // Table 2.1, infinitely many draws.
  t.true(Math.abs(standardError(mouseTreatment, mean) - 23.36) < 0.4);
  t.true(Math.abs(standardError(mouseTreatment, median) - 37.83) < 0.6);
});

test('the correlation of the law schools has the published value and standard error', (t) => {
  t.is(correlation(lawSchools).toFixed(3), '0.776');
  // Table 6.1 has 0.132 for 3,200 draws.
  t.true(Math.abs(standardError(lawSchools, correlation) - 0.132) < 0.005);
});

test('percentile and BCa intervals of the spatial test are those of Efron and Tibshirani', (t) => {
  t.is(plugInVariance(spatialTest).toFixed(1), '171.5');
  const options = { seed: 14, resamples: 20_000, level: 0.9 };
  // Table 14.2: percentile (100.8, 233.9), BCa (115.8, 259.6), from 2,000 draws, so that their last figures are chance.
  const percentile = bootstrapInterval(spatialTest, plugInVariance, { ...options, method: 'percentile' });
  t.true(Math.abs((percentile.low ?? 0) - 100.8) < 5 && Math.abs((percentile.high ?? 0) - 233.9) < 5);
  const bca = bootstrapInterval(spatialTest, plugInVariance, { ...options, method: 'bca' });
  t.true(Math.abs((bca.low ?? 0) - 115.8) < 4 && Math.abs((bca.high ?? 0) - 259.6) < 4);
});

test('averages agree with simple-statistics', (t) => {
  const list = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });
  const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));
  fc.assert(
    fc.property(list, (values) => {
      t.true(isNear(mean(values), simple.mean(values)));
      t.true(isNear(median(values), simple.median(values)));
      t.true(isNear(variance(values), simple.sampleVariance(values)));
      t.true(isNear(geometricMean(values), simple.geometricMean(values)));
    }),
    propertySeed(t, 50),
  );
});

test('an interval is the same for the same seed, holds its estimate, and widens with its level', (t) => {
  const list = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(list, fc.integer(), (values, seed) => {
      const options = { seed, resamples: 500 };
      const interval = bootstrapInterval(values, geometricMean, options);
      t.deepEqual(interval, bootstrapInterval(values, geometricMean, options));
      const wider = bootstrapInterval(values, geometricMean, { ...options, level: 0.99 });
      const slack = 1e-9 * interval.estimate;
      t.true((wider.low ?? 0) <= (interval.low ?? 0) && (wider.high ?? 0) >= (interval.high ?? 0));
      t.true((interval.low ?? 0) <= interval.estimate + slack);
      t.true((interval.high ?? 0) >= interval.estimate - slack);
      // What is drawn lies between the values; Student's interval of few does not.
      if (values.length < fewestDrawn) return;
      t.true((interval.low ?? 0) >= Math.min(...values) - slack);
      t.true((interval.high ?? 0) <= Math.max(...values) + slack);
    }),
    propertySeed(t, 60),
  );
});

test('a ratio scales with its numerator, and its paired form has the same estimate', (t) => {
  const list = fc.array(fc.double({ min: 1, max: 1e3, noNaN: true }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(list, list, fc.double({ min: 0.1, max: 10, noNaN: true }), (over, under, factor) => {
      const options = { seed: 3, resamples: 300 };
      const plain = bootstrapRatio(over, under, options);
      const times = over.map((value) => value * factor);
      const scaled = bootstrapRatio(times, under, options);
      for (const key of ['estimate', 'low', 'high'] as const) {
        const expected = (plain[key] ?? 0) * factor;
        t.true(Math.abs((scaled[key] ?? 0) - expected) <= 1e-9 * expected);
      }
      const paired = bootstrapPairedRatio(over, under, options);
      t.true(Math.abs(paired.estimate - plain.estimate) <= 1e-9 * plain.estimate);
    }),
    propertySeed(t, 60),
  );
});

test('what hit both cells of a launch is not in the paired interval', (t) => {
  const noise = [1, 1.5, 0.8, 1.2, 2];
  const under = noise.map((factor) => 10 * factor);
  const over = noise.map((factor) => 21 * factor);
  const paired = bootstrapPairedRatio(over, under, { seed: 1 });
  t.true(Math.abs((paired.low ?? 0) - 2.1) < 1e-9 && Math.abs((paired.high ?? 0) - 2.1) < 1e-9);
  const independent = bootstrapRatio(over, under, { seed: 1 });
  t.true((independent.high ?? 0) > 2.5);
});

/** Student's quantiles at 97.5 %, as tables have them. */
const tableT: Readonly<Record<number, number>> = { 1: 12.7062, 2: 4.3027, 3: 3.1824 };

test("fewer than five values have Student's interval of their logarithms, by themselves and as ratios", (t) => {
  const isNear = (value: number | null, expected: number): boolean =>
    value !== null && Math.abs(value - expected) <= 1e-4 * expected;
  for (const values of [
    [80, 125],
    [80, 100, 125],
    [80, 100, 125, 130],
  ]) {
    const logs = values.map(Math.log);
    const half = (tableT[values.length - 1] ?? 0) * Math.sqrt(variance(logs) / values.length);
    const middle = Math.exp(mean(logs));
    const { estimate, low, high } = bootstrapInterval(values, geometricMean, { seed: 1 });
    t.true(isNear(estimate, middle));
    t.true(isNear(low, middle * Math.exp(-half)) && isNear(high, middle * Math.exp(half)));
    const ones = values.map(() => 1);
    const paired = bootstrapPairedRatio(values, ones, { seed: 1 });
    t.true(isNear(paired.low, middle * Math.exp(-half)) && isNear(paired.high, middle * Math.exp(half)));
    // Variances of independent samples are added; the freedom is that of the smaller one.
    const other = [90, 100, 110, 95, 105, 100];
    const error = Math.sqrt(variance(logs) / values.length + variance(other.map(Math.log)) / other.length);
    const ratio = bootstrapRatio(other, values, { seed: 1 });
    const wide = Math.exp((tableT[values.length - 1] ?? 0) * error);
    t.true(isNear(ratio.low, ratio.estimate / wide) && isNear(ratio.high, ratio.estimate * wide));
  }
});

test('of what is not above 0 there is no interval of logarithms, and a plain one where that is asked for', (t) => {
  t.deepEqual(bootstrapInterval([-3, 1, 2], mean, { seed: 1 }), { estimate: 0, low: null, high: null });
  t.deepEqual(bootstrapPairedRatio([0, 2], [1, 1], { seed: 1 }), { estimate: 0, low: null, high: null });
  t.is(bootstrapRatio([0, 2], [1, 1], { seed: 1 }).high, null);
  const plain = bootstrapInterval([0, 1, 2], mean, { seed: 1, scale: 'plain' });
  t.is(plain.estimate, 1);
  t.is(plain.low?.toFixed(3), (1 - 4.3027 / Math.sqrt(3)).toFixed(3));
  t.is(plain.high?.toFixed(3), (1 + 4.3027 / Math.sqrt(3)).toFixed(3));
});

test('one launch has an estimate and no interval; equal launches have an interval without width', (t) => {
  t.deepEqual(bootstrapInterval([7], mean, { seed: 1 }), { estimate: 7, low: null, high: null });
  t.deepEqual(bootstrapInterval([4, 4, 4], mean, { seed: 1 }), { estimate: 4, low: 4, high: 4 });
  t.throws(() => bootstrapInterval([1, 2], mean, { seed: 1, level: 1 }), { instanceOf: RangeError });
  t.throws(() => bootstrapPairedRatio([1, 2], [1], { seed: 1 }), { instanceOf: RangeError });
});
