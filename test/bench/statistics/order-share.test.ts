/** The share of runs with an inversion: intervals over launches, never narrower than runs alone would make them. */
import test from 'ava';
import { createPrng } from '../../../bench/latency/shuffle.js';
import { type LaunchCount, leastExcluded, shareInterval } from '../../../bench/statistics/order-share.js';

const of = (runs: number, ...inversions: number[]): LaunchCount[] =>
  inversions.map((some) => ({ runs, inversions: some }));

test('none in any launch bounds the share by the rule of three over runs, and all of them do the same from above', (t) => {
  t.deepEqual(shareInterval(of(40, 0, 0, 0, 0, 0), 1), { estimate: 0, low: 0, high: leastExcluded(200) });
  t.true(Math.abs(leastExcluded(200) - 3 / 200) < 0.0002);
  t.true(Math.abs(leastExcluded(5) - 0.4507) < 0.0001);
  t.is(leastExcluded(0), 1);
  const { low, high } = shareInterval(of(40, 40, 40, 40), 1);
  t.is(high, 1);
  t.is(low, 0.05 ** (1 / 120));
});

test('launches that agree to a hair are not surer than their runs are', (t) => {
  // Wilson's interval of 50 of 200, by his formula: 0.1952 to 0.3142.
  const { estimate, low, high } = shareInterval(of(40, 10, 10, 10, 10, 10), 1);
  t.is(estimate, 0.25);
  t.true(Math.abs((low ?? 0) - 0.1952) < 0.001);
  t.true(Math.abs((high ?? 0) - 0.3142) < 0.001);
});

test('launches that differ make the interval as wide as they are apart', (t) => {
  const { estimate, low, high } = shareInterval(of(40, 40, 0, 0, 40, 0), 1);
  t.is(estimate, 0.4);
  t.true((low ?? 1) < 0.1, `${low}`);
  t.true((high ?? 0) > 0.8, `${high}`);
});

test('few launches that differ leave every share open, and there is none below 0 or above 1', (t) => {
  t.deepEqual(shareInterval(of(40, 40, 0), 1), { estimate: 0.5, low: 0, high: 1 });
  // Student's quantile for three launches over √3: 0.5 ± 2.484 · 0.05.
  const { estimate, low, high } = shareInterval(of(400, 180, 200, 220), 1);
  t.is(estimate, 0.5);
  t.is(low?.toFixed(3), '0.376');
  t.is(high?.toFixed(3), '0.624');
});

test('one launch tells of no spread, launches without a run do not count, and without any there is no share', (t) => {
  t.deepEqual(shareInterval(of(40, 10), 1), { estimate: 0.25, low: null, high: null });
  t.deepEqual(shareInterval([...of(40, 10), ...of(0, 0)], 1), { estimate: 0.25, low: null, high: null });
  t.is(shareInterval([], 1).estimate, Number.NaN);
});

test('a launch with more runs counts for more', (t) => {
  t.is(shareInterval([...of(90, 9), ...of(10, 9)], 1).estimate, 0.18);
});

test('the interval holds the truth in nine of ten runs or more, whether or not the runs of a launch depend on each other', (t) => {
  const next = createPrng(20_261_122);
  const uniform = (): number => next() / 2 ** 32;
  const cases = [2, 3, 5].flatMap((count) => [0, 0.15, 0.3].map((spread) => [count, spread] as const));
  for (const [count, spread] of cases) {
    let held = 0;
    for (let trial = 0; trial < 200; trial++) {
      const launches = Array.from({ length: count }, () => {
        const share = 0.4 + spread * (2 * uniform() - 1);
        let inversions = 0;
        for (let run = 0; run < 40; run++) if (uniform() < share) inversions++;
        return { runs: 40, inversions };
      });
      const { low, high } = shareInterval(launches, trial);
      if ((low ?? 1) <= 0.4 && (high ?? 0) >= 0.4) held++;
    }
    t.log(`${count} launches ${spread} apart: ${held} of 200`);
    t.true(held >= 180, `${held} of 200 with ${count} launches and ${spread}`);
  }
});
