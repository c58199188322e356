/**
 * What changed between two runs, A before and B after, and how sure that is. Nothing here reads files or prints.
 *
 * For each cell that both have: the figure of each launch (p50 at the same pace of the cores, pace.ts, or messages a second where W2 and W9
 * have none), the ratio B/A of their geometric means with its 95 % interval over launches, Mann and Whitney's test with its effect size, and
 * a verdict:
 *
 * - `worse`, `better`: the difference is sure (p ≤ 0.05, adjusted for all cells together) *and* the ratio is outside the
 *   band of what matters, 5 % to both sides. Sure means more than launches differ by (step-down.ts) and more than runs do (between-runs.ts).
 * - `unchanged`: the whole interval of the ratio is within the band. That is a finding too, and not the mere lack of one.
 * - `unclear`: neither; then it says how many launches would probably tell.
 * - `too few launches`: with so few no test can tell at 5 %, whatever they show.
 * - `too few samples`: not every launch has the figure, and leaving out those that were so slow would flatter the rest.
 * - `invalid`: a run says that this cell must not be used (violations, a failure, a generator that missed its schedule).
 * - `baseline`: this cell was used to take out that one machine was slower, or another one.
 *
 * Where the machines differ, or the baseline's cells show that one machine was slower, figures are divided by those of the baseline cell of
 * the same run, launch by launch, and the verdict is on that. Both ratios are told.
 */
import type { Results } from '../results/directory.js';
import { type CellLine, type CellName, cellKey, isOrderLine } from '../results/line.js';
import { geometricMean, mean, median, tame, tameTogether, variance } from './averages.js';
import { betweenRuns, type Difference } from './between-runs.js';
import { type BootstrapOptions, bootstrapRatio, defaultResamples, type Interval } from './bootstrap.js';
import { type ErrorCounts, errorCounts } from './errors.js';
import { holm } from './holm.js';
import { isOtherSpeed, machineDifferences, speedOf } from './machines.js';
import { effectName, hodgesLehmann, mannWhitney, vargha } from './mann-whitney.js';
import { compareOrders, type OrderComparison, orderKey } from './orders.js';
import { type FigureName, nameOf, type Pair, type PassFigures, pairsOf, present } from './pairs.js';
import { detectableChange, usualDetectable } from './power.js';
import { defaultFloor, stepDown } from './step-down.js';
import { type Judging, reasonAgainst, type Verdict, verdictOf } from './verdict.js';

export interface CompareOptions {
  readonly seed?: number;
  /** Draws of each interval; those of bootstrap.ts if it is not said. */
  readonly resamples?: number;
  /** `p50_us` if it is not said; where a cell of W2 or W9 has none, `per_second`. */
  readonly figure?: FigureName;
  /** Half the width of what does not matter, as a share: 0.05 if it is not said. */
  readonly band?: number;
  /** The probability of any false `worse` or `better` in the whole comparison: 0.05 if it is not said. */
  readonly level?: number;
  /** Whether verdicts are on the figures over those of the baseline. `auto`: where the machines or their speeds differ. */
  readonly normalise?: 'auto' | 'always' | 'never';
  /** Medians as they were measured, and not at equal pace of the cores (pace.ts). */
  readonly isAsMeasured?: boolean;
  /** Cells that are compared; all if it is not said. Fewer cells leave less to chance, so that smaller changes are sure. */
  readonly only?: (name: CellName) => boolean;
}

/** What a cell is called and what was measured. Times in microseconds, ratios as B/A, null where there are no figures. */
interface Ratios {
  readonly key: string;
  readonly name: CellName;
  readonly figure: FigureName;
  /** Geometric means over launches; null where no launch has the figure. */
  readonly a: number | null;
  readonly b: number | null;
  readonly launches_a: number;
  readonly launches_b: number;
  /**
   * The pace of the cores in B over that in A, and how the cell's time goes with it: `a`, `b` and `ratio` are at the same pace (pace.ts).
   * Null where they are as they were measured.
   */
  readonly pace_ratio: number | null;
  readonly pace_slope: number | null;
  readonly ratio: number | null;
  readonly ratio_low: number | null;
  readonly ratio_high: number | null;
  /** The same over the baseline of each run; null where there is none. */
  readonly normalised: number | null;
  readonly normalised_low: number | null;
  readonly normalised_high: number | null;
}

/** One cell that both runs have. */
export interface CellComparison extends Ratios, ErrorCounts {
  /** Which of the two ratios the verdict, the tests and the effect are about. */
  readonly is_normalised: boolean;
  /** Mann and Whitney's test of the launches: by itself, and by Holm for all cells. */
  readonly p_mann_whitney: number | null;
  readonly p_holm: number | null;
  /** Adjusted for all cells, the greater of those of step-down.ts and between-runs.ts: what the verdict is from. */
  readonly p: number | null;
  /** The probability that a launch of B has the greater figure. */
  readonly a12: number | null;
  readonly effect: 'none' | 'small' | 'medium' | 'large' | null;
  /** Hodges and Lehmann's estimate of the ratio, which a wild launch does not move. */
  readonly shift: number | null;
  readonly verdict: Verdict;
  /** The least increase, as a share, that would probably have been found (power.ts); null where the cell was not judged. */
  readonly detectable: number | null;
  /** In words, where the verdict leaves a question. */
  readonly why?: string;
  /** Of `unclear`: launches of each cell with which it would probably be told. */
  readonly launches_needed?: number;
}

export interface Comparison {
  readonly band: number;
  readonly level: number;
  readonly is_normalised: boolean;
  /** Why verdicts are over the baseline: other machines, one that was slower, or because it was asked for; null where they are not. */
  readonly normalised_because: 'machines' | 'speed' | 'asked' | null;
  /** Speed of B's machine by the baseline's cells, as a ratio of their times; null where there are none. */
  readonly speed: number | null;
  /** The pace of the cores in B over that in A, the middle one of all cells; null where none is compared at equal pace. */
  readonly pace_ratio: number | null;
  /** What makes the two hard to compare, worst first. */
  readonly warnings: readonly string[];
  /** The deviation of a cell between two runs beyond what its launches explain, relative (between-runs.ts). */
  readonly between_runs: number;
  /** The change that would probably have been found in half of the cells that were judged; null where none was. */
  readonly detectable: number | null;
  readonly cells: readonly CellComparison[];
  readonly orders: readonly OrderComparison[];
  readonly only_a: readonly string[];
  readonly only_b: readonly string[];
  /** Assignments of passes that the verdicts are from. */
  readonly assignments: number;
}

export const defaultBand = 0.05;
const defaultLevel = 0.05;

/** Throws if the two have nothing in common. */
export function compareResults(a: Results, b: Results, options: CompareOptions = {}): Comparison {
  const { band = defaultBand, level = defaultLevel, seed = 1, normalise = 'auto' } = options;
  const { resamples = defaultResamples } = options;
  const draws = { seed, resamples };
  const cellsA = cellsOf(a, options);
  const cellsB = cellsOf(b, options);
  const pairs = pairsOf(cellsA, cellsB, options.figure ?? 'p50_us', options.isAsMeasured);
  const orders = compareOrders(a, b, level);
  if (pairs.length === 0 && orders.length === 0) throw new Error('the two runs have no cell in common');
  const differences = machineDifferences(a, b);
  const baselines = pairs
    .filter(({ isBaseline, lacking }) => isBaseline && lacking === undefined)
    .map(({ raw, figure }) => ({ raw, isRate: figure === 'per_second' }));
  const speed = speedOf(baselines);
  const isFaster = isOtherSpeed(baselines, band / 2, draws);
  const found = differences.length > 0 ? 'machines' : isFaster ? 'speed' : null;
  const reason = normalise === 'auto' ? found : normalise === 'always' ? 'asked' : null;
  const isNormalised = reason !== null && pairs.some(({ normalised }) => normalised !== undefined);
  const { cells, assignments, deviation } = judge(pairs, { band, level, isNormalised }, draws);
  const namesA = [...cellsA.keys(), ...orderKeys(a)];
  const namesB = [...cellsB.keys(), ...orderKeys(b)];
  return {
    band,
    level,
    is_normalised: isNormalised,
    normalised_because: isNormalised ? reason : null,
    speed: rounded(speed),
    pace_ratio: rounded(median(pairs.flatMap(({ pace }) => (pace === undefined ? [] : [pace.ratio])))),
    warnings: [...differences, ...tierDifference(a, b), ...doubtsOf(a, 'A'), ...doubtsOf(b, 'B')],
    between_runs: rounded(deviation) ?? 0,
    detectable: rounded(usualDetectable(cells)),
    cells,
    orders,
    only_a: namesA.filter((key) => !namesB.includes(key)),
    only_b: namesB.filter((key) => !namesA.includes(key)),
    assignments,
  };
}

function cellsOf({ lines }: Results, { only }: CompareOptions): Map<string, CellLine> {
  const cells = lines.filter((line): line is CellLine => !isOrderLine(line));
  return new Map(cells.filter((line) => only?.(line) ?? true).map((line) => [cellKey(line), line]));
}

function orderKeys({ lines }: Results): string[] {
  return lines.filter(isOrderLine).map(orderKey);
}

/** Sizes of run have other numbers of launches, blocks and samples, and other cells. */
function tierDifference({ run: a }: Results, { run: b }: Results): string[] {
  return a.tier === b.tier
    ? []
    : [
        `A is a ${a.tier} run and B a ${b.tier} run: they differ in launches, lengths and samples, which moves figures by itself`,
      ];
}

function doubtsOf({ run }: Results, name: string): string[] {
  return run.noise.map((noise) => `${name}: ${noise}`);
}

type Figures = readonly [PassFigures, PassFigures];

/** The tests of all cells together, and what they say of each. */
function judge(
  pairs: readonly Pair[],
  judging: Judging,
  draws: BootstrapOptions,
): { cells: CellComparison[]; assignments: number; deviation: number } {
  const { isNormalised, level, band } = judging;
  const { seed } = draws;
  const judged = pairs.map((pair) => {
    const figures: Figures = isNormalised ? (pair.normalised ?? pair.raw) : pair.raw;
    const [a, b] = figures;
    return {
      pair,
      figures,
      tamed: tameTogether(a, b),
      against: reasonAgainst(pair, figures, judging),
    };
  });
  // What gets no verdict must not stand in the way of what does: it is left out of the adjustment.
  const { p, assignments, critical } = stepDown(
    judged.map(({ tamed: [a, b], against }) =>
      against === undefined ? { a: logarithms(a), b: logarithms(b) } : { a: [], b: [] },
    ),
    { seed, level },
  );
  const alone = judged.map(({ figures: [a, b], against }) =>
    against === undefined ? mannWhitney(present(a), present(b)).p : Number.NaN,
  );
  const byHolm = holm(alone);
  const differences = judged.map(({ tamed, against }) =>
    against === undefined ? differenceOf(tamed) : noDifference,
  );
  const between = betweenRuns(differences);
  const limits = {
    critical,
    floor: defaultFloor,
    deviation: between.deviation,
    cells: judged.filter(({ against }) => against === undefined).length,
    level,
    band,
  };
  const cells = judged.map(({ pair, figures, against }, at) => {
    const { raw, normalised, ratios } = ratiosOf(pair, draws);
    const interval = figures === pair.normalised ? (normalised ?? raw) : raw;
    // Both questions must be answered: is it more than launches differ by, and more than runs differ by.
    const adjusted = Math.max(p[at] ?? Number.NaN, between.p[at] ?? Number.NaN);
    return {
      ...ratios,
      ...errorCounts(pair.lineA, pair.lineB),
      is_normalised: figures === pair.normalised,
      p_mann_whitney: rounded(alone[at] ?? null, 6),
      p_holm: rounded(byHolm[at] ?? null, 6),
      p: rounded(adjusted, 6),
      detectable: rounded(detectableChange(differences[at]?.error ?? Number.NaN, limits)),
      ...effectOf(figures),
      ...(against ?? verdictOf(pair.figure, interval, adjusted, figures, judging)),
    };
  });
  return { cells, assignments, deviation: between.deviation };
}

function logarithms(values: PassFigures): (number | null)[] {
  return values.map((value) => (value === null ? null : Math.log(value)));
}

function rounded(value: number | null, digits = 4): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toFixed(digits));
}

function ratioOf([a, b]: Figures, draws: BootstrapOptions): Interval {
  return bootstrapRatio(present(tame(b)), present(tame(a)), draws);
}

const noDifference: Difference = { difference: Number.NaN, error: Number.NaN };

function differenceOf(figures: Figures): Difference {
  const [a = [], b = []] = figures.map((values) => present(values).map(Math.log));
  return { difference: mean(b) - mean(a), error: Math.sqrt(variance(a) / a.length + variance(b) / b.length) };
}

/** What a cell is called, its figures and their ratios, as measured and over the baseline. */
function ratiosOf(
  { key, figure, lineA, raw: figures, pace, normalised: overBaseline }: Pair,
  draws: BootstrapOptions,
): { raw: Interval; normalised: Interval | undefined; ratios: Ratios } {
  const raw = ratioOf(figures, draws);
  const normalised = overBaseline === undefined ? undefined : ratioOf(overBaseline, draws);
  const [a = [], b = []] = figures.map((values) => present(tame(values)));
  const ratios = {
    key,
    name: nameOf(lineA),
    figure,
    a: a.length === 0 ? null : rounded(geometricMean(a)),
    b: b.length === 0 ? null : rounded(geometricMean(b)),
    launches_a: a.length,
    launches_b: b.length,
    pace_ratio: rounded(pace?.ratio ?? null),
    pace_slope: rounded(pace?.slope ?? null),
    ratio: rounded(raw.estimate),
    ratio_low: rounded(raw.low),
    ratio_high: rounded(raw.high),
    normalised: rounded(normalised?.estimate ?? null),
    normalised_low: rounded(normalised?.low ?? null),
    normalised_high: rounded(normalised?.high ?? null),
  };
  return { raw, normalised, ratios };
}

/** How large the difference is, whatever its p. */
function effectOf(figures: Figures): Pick<CellComparison, 'a12' | 'effect' | 'shift'> {
  const [a = [], b = []] = figures.map(present);
  if (a.length === 0 || b.length === 0) return { a12: null, effect: null, shift: null };
  const a12 = vargha(a, b);
  const shift = hodgesLehmann(a.map(Math.log), b.map(Math.log));
  return { a12: rounded(a12), effect: effectName(a12), shift: rounded(Math.exp(shift.estimate)) };
}
