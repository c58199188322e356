/**
 * The smallest change that a comparison could have found: a verdict that finds nothing is worth what it would have found.
 *
 * A cell is called worse or better where three hold (comparison.ts): its difference is greater than what chance assignments of the launches
 * make of the greatest of all cells (step-down.ts), greater than what runs differ by, for all cells together (between-runs.ts), and greater
 * than the band. The change that reaches all three limits is found in half of the cases, because launches scatter about it, and runs do;
 * 0.84 deviations of both together more are found in four of five, which is the power that is usually asked for (Cohen, "Statistical Power
 * Analysis", 1988).
 *
 * The limits are those of these two runs. A change in many cells at once widens the limit for each of them, and is found later.
 */
import { median } from './averages.js';
import { normalQuantile } from './distributions.js';

/** What a difference of logarithms has to exceed. */
export interface Limits {
  /** The measure of step-down.ts that is sure, and what it adds to a standard error. */
  readonly critical: number;
  readonly floor: number;
  /** Of a cell between two runs (between-runs.ts). */
  readonly deviation: number;
  /** Cells that are judged together. */
  readonly cells: number;
  readonly level: number;
  readonly band: number;
}

const power = 0.8;

/**
 * The least increase, as a share, that is found in four of five cases, by the standard error of the cell's difference of mean logarithms; a
 * fall is found where its inverse is that. Null where there is no error, or nothing can be sure.
 */
export function detectableChange(error: number, limits: Limits): number | null {
  const { critical, floor, deviation, cells, level, band } = limits;
  if (!Number.isFinite(error) || !Number.isFinite(critical)) return null;
  const overLaunches = critical * (error + floor);
  const whole = Math.hypot(error, deviation);
  const overRuns = -normalQuantile(level / 2 / Math.max(1, cells)) * whole;
  const reached = Math.max(overLaunches, overRuns, Math.log1p(band));
  return Math.expm1(reached + normalQuantile(power) * whole);
}

interface Judged {
  readonly detectable: number | null;
}

function knownOf(cells: readonly Judged[]): number[] {
  return cells.flatMap(({ detectable }) => (detectable === null ? [] : [detectable]));
}

/** What of it half of the cells can show; null where none can show any. */
export function usualDetectable(cells: readonly Judged[]): number | null {
  const known = knownOf(cells);
  return known.length === 0 ? null : median(known);
}

/** The same in words; nothing where no cell was judged. */
export function detectableWords(cells: readonly Judged[]): string[] {
  const known = knownOf(cells);
  const usual = usualDetectable(cells);
  if (usual === null) return [];
  const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
  if (known.length === 1)
    return [`a change of less than ${percent(usual)} would probably not have been noticed`];
  const range = `${percent(Math.min(...known))} in the steadiest, ${percent(Math.max(...known))} in the least steady`;
  return [
    `in half of the ${known.length} cells that were judged a change of less than ${percent(usual)} would probably not have been noticed (${range})`,
  ];
}
