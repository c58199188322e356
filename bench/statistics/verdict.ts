/** The verdict on one cell, from its tests and its interval; what each means is said in comparison.ts. */
import type { Interval } from './bootstrap.js';
import { leastP } from './mann-whitney.js';
import { type FigureName, type Pair, type PassFigures, present } from './pairs.js';

export type Verdict =
  | 'worse'
  | 'better'
  | 'unchanged'
  | 'unclear'
  | 'too few launches'
  | 'too few samples'
  | 'too few runs'
  | 'invalid'
  | 'baseline';

export interface Judging {
  readonly band: number;
  readonly level: number;
  readonly isNormalised: boolean;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly why?: string;
  readonly launches_needed?: number;
}

/** More launches than this nobody makes; then it is not said how many there should be. */
const launchesMax = 200;

/**
 * Why a cell gets no verdict from its figures, if so. B is looked at first, because it is what is judged; violations before what else is
 * wrong, because nothing else is worse.
 */
export function reasonAgainst(
  { lineA, lineB, isBaseline, lacking, baseLacking }: Pair,
  figures: readonly [PassFigures, PassFigures],
  { level, isNormalised }: Judging,
): Judgement | undefined {
  for (const [name, line] of [
    ['B', lineB],
    ['A', lineA],
  ] as const) {
    if (line.violations > 0) return { verdict: 'invalid', why: `${name}: ${line.violations} violations` };
    if (line.invalid !== undefined) return { verdict: 'invalid', why: `${name}: ${line.invalid}` };
  }
  if (isNormalised && isBaseline) return { verdict: 'baseline', why: 'the others are taken over this one' };
  const lack = lacking ?? (isNormalised ? baseLacking : undefined);
  if (lack !== undefined) return { verdict: 'too few samples', why: lack };
  const [a = 0, b = 0] = figures.map((values) => present(values).length);
  if (Math.min(a, b) >= 2 && leastP(a, b) <= level) return undefined;
  return { verdict: 'too few launches', why: `${a} and ${b}; four of each are the fewest that can tell` };
}

/** From the interval of the ratio and the p that is adjusted for all cells. */
export function verdictOf(
  figure: FigureName,
  { estimate, low, high }: Interval,
  p: number,
  figures: readonly [PassFigures, PassFigures],
  { band, level }: Judging,
): Judgement {
  const edge = Math.log1p(band);
  const distance = Math.log(estimate);
  const isSure = p <= level;
  if (isSure && Math.abs(distance) > edge) {
    const isGreater = distance > 0;
    return { verdict: isGreater === (figure === 'per_second') ? 'better' : 'worse' };
  }
  const [from, to] = [Math.log(low ?? 0), Math.log(high ?? Number.POSITIVE_INFINITY)];
  if (from >= -edge && to <= edge) {
    return isSure
      ? { verdict: 'unchanged', why: 'surely another figure, by less than matters' }
      : { verdict: 'unchanged' };
  }
  const launches = Math.min(...figures.map((values) => present(values).length));
  const needed = launchesNeeded(launches, (to - from) / 2, edge - Math.abs(distance), edge);
  const why = isSure
    ? 'surely another figure, perhaps by less than matters'
    : 'the launches differ too much among themselves';
  return { verdict: 'unclear', why, ...(needed === undefined ? {} : { launches_needed: needed }) };
}

/**
 * With how many launches the interval would be narrow enough: it shrinks with their square root. What is near the edge would take forever;
 * there it is asked only that the interval be half as wide as the band.
 */
function launchesNeeded(launches: number, halfWidth: number, room: number, edge: number): number | undefined {
  if (!Number.isFinite(halfWidth)) return undefined;
  const needed = Math.ceil(launches * (halfWidth / Math.max(room, edge / 2)) ** 2);
  return needed > launchesMax ? undefined : Math.max(needed, launches + 1);
}
