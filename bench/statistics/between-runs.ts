/**
 * What two runs differ by although nothing was changed.
 *
 * Launches tell how much launches of one run differ. Two runs differ by more: memory lies elsewhere, the host has other guests, it is an hour
 * later. No number of launches shows that, and a test that knows only launches calls it a change. But the cells show it: most of them are
 * unchanged between two runs that somebody compares, so that the middle of all differences, less what the launches explain, is the
 * deviation between runs (an empirical null: Efron, "Large-Scale Simultaneous Hypothesis Testing", 2004, with a robust estimate).
 *
 * It is never taken to be more than 3 %: where a change moved most of the cells it would hide itself otherwise. With few cells it cannot
 * be seen, and is taken to be 1 %.
 */
import { median } from './averages.js';
import { normalCdf } from './distributions.js';
import { holm } from './holm.js';

/** A cell's difference of mean logarithms, B less A, and its standard error over launches. */
export interface Difference {
  readonly difference: number;
  readonly error: number;
}

export interface BetweenRuns {
  /** Of a cell's difference, beyond what its launches explain; relative. */
  readonly deviation: number;
  /** The probability of each difference with that, by Holm for all; NaN for a cell without. */
  readonly p: readonly number[];
}

/** Fewer cells than this do not show how runs differ. */
const cellsNeeded = 8;
const usualDeviation = 0.01;
const greatestDeviation = 0.03;
/** The median of a normal variable's distance from its centre, as a share of its deviation. */
const medianDistance = 0.6745;

export function betweenRuns(cells: readonly Difference[]): BetweenRuns {
  const known = cells.filter(
    ({ difference, error }) => Number.isFinite(difference) && Number.isFinite(error),
  );
  const deviation = known.length < cellsNeeded ? usualDeviation : deviationOf(known);
  const p = cells.map(({ difference, error }) => {
    const whole = Math.sqrt(error ** 2 + deviation ** 2);
    return difference === 0 ? 1 : 2 * normalCdf(-Math.abs(difference) / whole);
  });
  return { deviation, p: holm(p) };
}

function deviationOf(cells: readonly Difference[]): number {
  const all = median(cells.map(({ difference }) => Math.abs(difference))) / medianDistance;
  const explained = median(cells.map(({ error }) => error));
  return Math.min(greatestDeviation, Math.sqrt(Math.max(0, all ** 2 - explained ** 2)));
}
