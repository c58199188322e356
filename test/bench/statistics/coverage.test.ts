/** How often an interval of 95 % holds the truth, where the truth is known: the figure that says whether it is one of 95 %. */
import test from 'ava';
import { geometricMean } from '../../../bench/statistics/averages.js';
import {
  type BootstrapMethod,
  bootstrapInterval,
  bootstrapPairedRatio,
  bootstrapRatio,
} from '../../../bench/statistics/bootstrap.js';
import { createNoise, type Noise } from './noise.js';

const trials = 500;
const resamples = 500;
const seed = 20_151;

/** Launches of a cell of 100 µs: log-normal with 4 % spread. */
function launches(noise: Noise, count: number, centre = 100): number[] {
  return Array.from({ length: count }, () => centre * noise.factor(0.04));
}

/** Share of the trials in which the interval holds the truth. */
function coverage(trial: (noise: Noise, at: number) => boolean): number {
  const noise = createNoise(seed);
  let held = 0;
  for (let at = 0; at < trials; at++) if (trial(noise, at)) held++;
  return held / trials;
}

function holds(truth: number, { low, high }: { low: number | null; high: number | null }): boolean {
  return low !== null && high !== null && low <= truth && truth <= high;
}

function meanCoverage(count: number, method: BootstrapMethod): number {
  return coverage((noise, at) =>
    holds(100, bootstrapInterval(launches(noise, count), geometricMean, { seed: at, resamples, method })),
  );
}

test('an interval of few launches holds the truth about as often as it says', (t) => {
  t.log(`seed ${seed}`);
  for (const count of [2, 3, 4, 5, 7, 10, 20]) {
    const share = meanCoverage(count, 'expanded');
    t.log(`${count} launches: ${share}`);
    // 500 trials at 95 % have a standard error of 1 %.
    t.true(share > 0.915 && share < 0.985, `${count} launches: ${share}`);
  }
});

test('what lies between the least and the greatest of few launches holds the truth far too seldom, which is why nothing is drawn from them', (t) => {
  for (const [count, most] of [
    [2, 0.6],
    [3, 0.82],
    [4, 0.93],
  ] as const) {
    const share = coverage((noise) => {
      const values = launches(noise, count);
      return holds(100, { low: Math.min(...values), high: Math.max(...values) });
    });
    t.log(`${count} launches: ${share}`);
    t.true(share < most, `${count} launches: ${share}`);
  }
});

test('the plain percentile and BCa intervals of five launches are too narrow, which is why they are not used', (t) => {
  for (const method of ['percentile', 'bca'] as const) {
    const share = meanCoverage(5, method);
    t.log(`${method}: ${share}`);
    t.true(share < 0.9);
  }
});

test('a ratio of two cells that are equal is called surely another one in no more than one of twenty runs of few launches', (t) => {
  t.log(`seed ${seed}`);
  for (const count of [2, 3, 4]) {
    const share = coverage((noise, at) => {
      const [a, b] = [launches(noise, count), launches(noise, count)];
      return holds(1, bootstrapPairedRatio(a, b, { seed: at, resamples }));
    });
    t.log(`${count} launches: ${share}`);
    t.true(share > 0.915 && share < 0.985, `${count} launches: ${share}`);
  }
});

test('an interval of a ratio of two runs of which one has few launches holds the truth as often as it says, or more', (t) => {
  t.log(`seed ${seed}`);
  for (const [over, under] of [
    [2, 2],
    [2, 5],
    [10, 2],
    [3, 4],
    [4, 4],
  ] as const) {
    const share = coverage((noise, at) => {
      const [a, b] = [launches(noise, over, 110), launches(noise, under, 100)];
      return holds(1.1, bootstrapRatio(a, b, { seed: at, resamples }));
    });
    t.log(`${over} to ${under} launches: ${share}`);
    t.true(share > 0.915, `${over} to ${under} launches: ${share}`);
  }
});

test('an interval of a ratio of two runs holds the truth about as often as it says', (t) => {
  for (const [over, under] of [
    [5, 5],
    [5, 10],
    [10, 10],
  ] as const) {
    const share = coverage((noise, at) => {
      const [a, b] = [launches(noise, over, 110), launches(noise, under, 100)];
      return holds(1.1, bootstrapRatio(a, b, { seed: at, resamples }));
    });
    t.log(`${over} to ${under} launches: ${share}`);
    t.true(share > 0.915 && share < 0.985, `${over} to ${under} launches: ${share}`);
  }
});
