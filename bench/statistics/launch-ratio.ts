/**
 * A ratio of two cells that ran interleaved, and whether it keeps a bound: launches are compared with those of equal number, so that what
 * hit a whole launch is in neither, and the answer comes from the interval over launches, not from the figure (benchmark method, points 6
 * and 16).
 */
import type { LaunchFigures } from '../results/line.js';
import { bootstrapPairedRatio, type Interval } from './bootstrap.js';

/** What of a launch is compared; null where it was not measured. */
export type LaunchValue = (launch: LaunchFigures) => number | null;

/** A ratio, and of how many launches it is: those in which one of the two has no value are left out. */
export interface LaunchRatio extends Interval {
  readonly launches: number;
}

/**
 * Ours over theirs: the geometric mean of the ratios within launches, with its 95 % interval. Null where no launch has both values; without
 * low and high where only one has.
 */
export function launchRatio(
  ours: readonly LaunchFigures[],
  theirs: readonly LaunchFigures[],
  value: LaunchValue,
  seed: number,
): LaunchRatio | null {
  const over: number[] = [];
  const under: number[] = [];
  for (const figures of ours) {
    const other = theirs.find(({ launch }) => launch === figures.launch);
    const numerator = value(figures) ?? 0;
    const denominator = other === undefined ? 0 : (value(other) ?? 0);
    if (numerator <= 0 || denominator <= 0) continue;
    over.push(numerator);
    under.push(denominator);
  }
  if (over.length === 0) return null;
  return { ...bootstrapPairedRatio(over, under, { seed }), launches: over.length };
}

/** Whether a ratio may not be above its bound, or not below it. */
export type Bound = 'most' | 'least';

/** `unclear` where the bound is inside of the interval, or where there is none. */
export type Reached = 'yes' | 'no' | 'unclear';

/** A figure that is the bound has kept it. */
export function reachedBy({ low, high }: Interval, bound: Bound, must: number): Reached {
  if (low === null || high === null) return 'unclear';
  if (bound === 'most') return high <= must ? 'yes' : low > must ? 'no' : 'unclear';
  return low >= must ? 'yes' : high < must ? 'no' : 'unclear';
}
