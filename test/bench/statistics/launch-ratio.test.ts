/** Ratios of cells that ran interleaved, and the answer that their intervals give: known numbers. */
import test from 'ava';
import type { LaunchFigures } from '../../../bench/results/line.js';
import type { Interval } from '../../../bench/statistics/bootstrap.js';
import { launchRatio, reachedBy } from '../../../bench/statistics/launch-ratio.js';
import { launchesOf } from '../support/launches.js';

function launchesWith(p50s: readonly (number | null)[], from = 0): LaunchFigures[] {
  return launchesOf(p50s.map((p50_us, at) => ({ launch: from + at, p50_us })));
}

const p50 = ({ p50_us }: { readonly p50_us: number | null }): number | null => p50_us;

test('6, 16: what hits a whole launch is in neither the ratio nor its interval', (t) => {
  // The third launch was three times slower for both, as where the kernel spreads the processes over the cores.
  const ratio = launchRatio(launchesWith([20, 21, 60]), launchesWith([40, 42, 120]), p50, 1);
  t.is(ratio?.estimate.toFixed(6), '0.500000');
  t.is(ratio?.low?.toFixed(6), '0.500000');
  t.is(ratio?.high?.toFixed(6), '0.500000');
});

test('16: the estimate is the geometric mean of the ratios within launches, and inside of its interval', (t) => {
  const ratio = launchRatio(launchesWith([10, 20, 40]), launchesWith([10, 10, 10]), p50, 1);
  t.is(ratio?.estimate.toFixed(6), '2.000000');
  // Student's quantile for three launches is 4.3027, and the logarithms are ln 2 apart: the interval is wider than the values.
  const half = (4.3027 * Math.LN2) / Math.sqrt(3);
  t.is(ratio?.low?.toFixed(3), (2 * Math.exp(-half)).toFixed(3));
  t.is(ratio?.high?.toFixed(2), (2 * Math.exp(half)).toFixed(2));
});

test('6: launches are compared with those of equal number, and what one of both does not have is left out', (t) => {
  const ours = launchesWith([null, 20, 30, 40]);
  const theirs = launchesWith([20, 30, 40], 1);
  const ratio = launchRatio(ours, theirs, p50, 1);
  t.is(ratio?.estimate, 1);
  t.is(ratio?.launches, 3, 'and it is said how many are left');
  t.is(launchRatio(launchesWith([null]), launchesWith([1]), p50, 1), null);
  t.is(launchRatio([], launchesWith([1]), p50, 1), null);
});

test('6: one launch has a ratio and no interval', (t) => {
  t.deepEqual(launchRatio(launchesWith([3]), launchesWith([2]), p50, 1), {
    estimate: 1.5,
    low: null,
    high: null,
    launches: 1,
    p: null,
  });
});

test('16: yes and no are said where the whole interval is on one side of the bound, else unclear', (t) => {
  const interval = (low: number | null, high: number | null): Interval => ({ estimate: 1, low, high });
  t.is(reachedBy(interval(0.6, 0.79), 'most', 0.8), 'yes');
  t.is(reachedBy(interval(0.6, 0.8), 'most', 0.8), 'yes');
  t.is(reachedBy(interval(0.6, 0.81), 'most', 0.8), 'unclear');
  t.is(reachedBy(interval(0.8, 0.9), 'most', 0.8), 'unclear');
  t.is(reachedBy(interval(0.81, 0.9), 'most', 0.8), 'no');
  t.is(reachedBy(interval(3, 4), 'least', 3), 'yes');
  t.is(reachedBy(interval(2.9, 4), 'least', 3), 'unclear');
  t.is(reachedBy(interval(2, 3), 'least', 3), 'unclear');
  t.is(reachedBy(interval(2, 2.9), 'least', 3), 'no');
  t.is(reachedBy(interval(null, null), 'most', 100), 'unclear');
});
