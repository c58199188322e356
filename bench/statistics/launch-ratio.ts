/**
 * A ratio of two cells that ran interleaved, and whether it keeps a bound: launches are compared with those of equal number, so that what
 * hit a whole launch is in neither, and the answer comes from the interval over launches, not from the figure (benchmark method, points 6
 * and 16).
 */
import type { LaunchFigures } from '../results/line.js';
import { mean, variance } from './averages.js';
import { bootstrapPairedRatio, type Interval } from './bootstrap.js';
import { studentCdf } from './distributions.js';

/** What of a launch is compared; null where it was not measured. */
export type LaunchValue = (launch: LaunchFigures) => number | null;

/** A ratio, and of how many launches it is: those in which one of the two has no value are left out. */
export interface LaunchRatio extends Interval {
  readonly launches: number;
  /** Student's paired test on the logarithms, two-sided, of this ratio alone; null where only one launch has both values. */
  readonly p: number | null;
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
  return { ...bootstrapPairedRatio(over, under, { seed }), launches: over.length, p: pairedP(over, under) };
}

/** Logarithms that differ by less do so by the arithmetic. */
const hair = 1e-12;

/** The probability of such a difference if there is none: Student's paired test ("The Probable Error of a Mean", 1908), on the logarithms. */
function pairedP(over: readonly number[], under: readonly number[]): number | null {
  if (over.length < 2) return null;
  const logs = over.map((value, at) => Math.log(value / (under[at] ?? Number.NaN)));
  const distance = Math.abs(mean(logs));
  const error = Math.sqrt(variance(logs) / logs.length);
  if (error < hair) return distance < hair ? 1 : 0;
  return 2 * studentCdf(-distance / error, logs.length - 1);
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
