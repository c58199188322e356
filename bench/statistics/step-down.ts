/**
 * Which of many cells differ between two runs: Holm's procedure with the bound from the data, by Westfall and Young ("Resampling-Based
 * Multiple Testing", 1993, step-down maxT).
 *
 * Holm multiplies the least p by the number of cells. A rank test of five launches against five cannot go below 0.0079, so with seven
 * cells or more it could never find anything, however large. But what Holm guards against can be asked directly: if nothing differs, then
 * it is chance which passes belong to which run, and the greatest difference of *all* cells under every other assignment of the passes
 * shows how great a difference chance makes somewhere. A cell has changed if its difference is greater than all but 5 % of these maxima.
 * That needs no distribution, bounds the probability of any false "changed" by the level for any number of cells, keeps what the cells of
 * a pass have in common (the machine was slow then), and its least p is that of the assignments: 0.0079 with five passes on each side,
 * not times the number of cells. As in Holm's procedure, a cell that has been found is left out of the maxima for those after it.
 *
 * The measure of a cell is the difference of the means of logarithms over its standard error (Welch's t) with a constant added below
 * (Tusher, Tibshirani and Chu 2001): otherwise the maxima are made by cells whose few launches happen to agree to a hair.
 */
import { createPrng } from '../latency/shuffle.js';
import { arrangements } from './mann-whitney.js';

/** The logarithms of one cell's launches, by pass; null where it was not measured in a pass. */
export interface PassPair {
  readonly a: readonly (number | null)[];
  readonly b: readonly (number | null)[];
}

export interface StepDownOptions {
  /** For the assignments that are drawn where there are too many to go through. */
  readonly seed: number;
  /** Added to the standard error, as a relative difference: what two launches differ by anyway. 0.02 if it is not said. */
  readonly floor?: number;
  /** Assignments that are gone through at most; 4,000 if it is not said. */
  readonly assignmentsMax?: number;
  /** Of `critical`: 0.05 if it is not said. */
  readonly level?: number;
}

export interface StepDown {
  /** Adjusted for all cells, in their order; NaN for a cell with fewer than two launches on a side. */
  readonly p: readonly number[];
  /** How many assignments of the passes were compared. */
  readonly assignments: number;
  /** What the measure of a cell has to exceed to be sure among all cells; infinite where nothing can be. */
  readonly critical: number;
}

export const defaultFloor = 0.02;
const defaultLevel = 0.05;
const defaultAssignments = 4_000;
/** Equal differences of the same values added in another order. */
const hair = 1e-9;

/** Adjusted p-values of all cells. */
export function stepDown(cells: readonly PassPair[], options: StepDownOptions): StepDown {
  const { seed, floor = defaultFloor, level = defaultLevel } = options;
  const { assignmentsMax = defaultAssignments } = options;
  const passesA = Math.max(0, ...cells.map(({ a }) => a.length));
  const passesB = Math.max(0, ...cells.map(({ b }) => b.length));
  const values = cells.map(({ a, b }) => pooled(a, b, passesA, passesB));
  const assignments = assign(passesA, passesB, assignmentsMax, seed);
  const [own] = assignments;
  if (own === undefined) {
    return { p: cells.map(() => Number.NaN), assignments: 0, critical: Number.POSITIVE_INFINITY };
  }
  const observed = values.map((row) => measure(row, own, floor));
  const order = [...observed.keys()]
    .filter((at) => !Number.isNaN(observed[at]))
    .sort((x, y) => (observed[y] ?? 0) - (observed[x] ?? 0));
  const reached = new Float64Array(cells.length);
  const maxima: number[] = [];
  for (const assignment of assignments) {
    let greatest = 0;
    // From the least to the greatest, so that the maximum at each is over itself and those after it.
    for (let rank = order.length - 1; rank >= 0; rank--) {
      const at = order[rank] ?? 0;
      const difference = measure(values[at] ?? new Float64Array(0), assignment, floor);
      if (difference > greatest) greatest = difference;
      if (greatest >= (observed[at] ?? 0) - hair) reached[at] = (reached[at] ?? 0) + 1;
    }
    maxima.push(greatest);
  }
  const p = observed.map(() => Number.NaN);
  let least = 0;
  for (const at of order) {
    least = Math.max(least, (reached[at] ?? 0) / assignments.length);
    p[at] = least;
  }
  return { p, assignments: assignments.length, critical: criticalOf(maxima, level) };
}

function pooled(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
  passesA: number,
  passesB: number,
): Float64Array {
  const row = new Float64Array(passesA + passesB).fill(Number.NaN);
  for (const [at, value] of a.entries()) if (value !== null) row[at] = value;
  for (const [at, value] of b.entries()) if (value !== null) row[passesA + at] = value;
  return row;
}

/** The difference of the two sides in standard errors; NaN if one of them has fewer than two values. */
function measure(row: Float64Array, isB: Uint8Array, floor: number): number {
  let [countA, sumA, squaresA, countB, sumB, squaresB] = [0, 0, 0, 0, 0, 0];
  for (let pass = 0; pass < row.length; pass++) {
    const value = row[pass] as number;
    if (Number.isNaN(value)) continue;
    if (isB[pass] === 1) {
      countB++;
      sumB += value;
      squaresB += value * value;
    } else {
      countA++;
      sumA += value;
      squaresA += value * value;
    }
  }
  if (countA < 2 || countB < 2) return Number.NaN;
  const varianceA = Math.max(0, squaresA - (sumA * sumA) / countA) / (countA - 1);
  const varianceB = Math.max(0, squaresB - (sumB * sumB) / countB) / (countB - 1);
  const error = Math.sqrt(varianceA / countA + varianceB / countB);
  return Math.abs(sumA / countA - sumB / countB) / (error + floor);
}

/** What no more than a share `level` of the maxima, the true one among them, may reach. */
function criticalOf(maxima: readonly number[], level: number): number {
  const sorted = [...maxima].sort((a, b) => b - a);
  const allowed = Math.floor(level * sorted.length);
  return allowed < 1 ? Number.POSITIVE_INFINITY : (sorted[allowed] ?? Number.POSITIVE_INFINITY);
}

/** Assignments of the passes to the runs, the true one first: all of them, or as many as may be, drawn. */
function assign(passesA: number, passesB: number, most: number, seed: number): Uint8Array[] {
  const own = new Uint8Array(passesA + passesB).fill(1, passesA);
  if (passesA === 0 || passesB === 0) return [];
  if (arrangements(passesA, passesB) <= most) {
    const others = choices(passesA + passesB, passesB).filter((sides) =>
      sides.some((side, at) => side !== own[at]),
    );
    return [own, ...others];
  }
  const next = createPrng(seed);
  const drawn = [own];
  while (drawn.length < most) {
    const sides = Uint8Array.from(own);
    for (let at = sides.length - 1; at > 0; at--) {
      const other = Math.floor((next() / 2 ** 32) * (at + 1));
      const moved = sides[at] as number;
      sides[at] = sides[other] as number;
      sides[other] = moved;
    }
    drawn.push(sides);
  }
  return drawn;
}

/** All ways to choose `chosen` of `count`. */
function choices(count: number, chosen: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const sides = new Uint8Array(count);
  const choose = (from: number, left: number): void => {
    if (left === 0) {
      found.push(Uint8Array.from(sides));
      return;
    }
    for (let at = from; at <= count - left; at++) {
      sides[at] = 1;
      choose(at + 1, left - 1);
      sides[at] = 0;
    }
  };
  choose(0, chosen);
  return found;
}
