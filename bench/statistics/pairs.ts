/** The cells that two runs have in common, with the figure of each launch: what a comparison is made from. */
import { type CellLine, type CellName, cellKey, type LaunchFigures, variedNames } from '../results/line.js';
import { baselineOf } from './machines.js';
import { atEqualPace, type EqualPace } from './pace.js';

/** What of a launch is compared. Of a time and of CPU time less is better, of messages a second more is. */
export type FigureName = 'p50_us' | 'p90_us' | 'p99_us' | 'per_second' | 'cpu_us_per_message';

export const figureNames: readonly FigureName[] = [
  'p50_us',
  'p90_us',
  'p99_us',
  'per_second',
  'cpu_us_per_message',
];

/** By the number of the launch; null where it was not measured. */
export type PassFigures = readonly (number | null)[];

export interface Pair {
  readonly key: string;
  readonly figure: FigureName;
  readonly lineA: CellLine;
  readonly lineB: CellLine;
  /** At the same pace of the cores where that was measured, or as they are. */
  readonly raw: readonly [PassFigures, PassFigures];
  /** How the pace was taken out; undefined where figures are as they were measured. */
  readonly pace: EqualPace | undefined;
  /** Over the baseline of the same run; undefined where there is none in both. */
  readonly normalised: readonly [PassFigures, PassFigures] | undefined;
  readonly isBaseline: boolean;
  /** Who has the figure in some launches only, or in none, in words: a launch of few samples has no percentiles. */
  readonly lacking: string | undefined;
  /** The same of the baseline's cells. */
  readonly baseLacking: string | undefined;
}

export const present = (values: PassFigures): number[] => values.filter((value) => value !== null);

/** The fields that name a cell, without what was measured. */
export function nameOf(line: CellName): CellName {
  const { workload, contender, call, payload_bytes, placement, loop, waiting } = line;
  const varied = variedNames.filter((key) => line[key] !== undefined).map((key) => [key, line[key]]);
  return {
    workload,
    contender,
    call,
    payload_bytes,
    placement,
    loop,
    waiting,
    ...(Object.fromEntries(varied) as Partial<CellName>),
  };
}

/** The figure of each pass; null also for what is no figure to take logarithms of. */
function figures(line: CellLine, figure: FigureName): PassFigures {
  const passes = Math.max(-1, ...line.launches.map(({ launch }) => launch)) + 1;
  const found: (number | null)[] = Array.from({ length: passes }, () => null);
  for (const launch of line.launches) {
    const value = launch[figure];
    found[launch.launch] = value !== null && value > 0 ? value : null;
  }
  return found;
}

function hasFigure(launches: readonly LaunchFigures[], figure: FigureName): boolean {
  return launches.length > 0 && launches.every((launch) => (launch[figure] ?? 0) > 0);
}

/** Which of these lines do not have the figure in each launch. Lines without launches lack those and not the figure. */
function lackOf(figure: FigureName, lines: readonly (readonly [string, CellLine])[]): string | undefined {
  const lacks = lines.flatMap(([name, { launches }]) => {
    if (launches.length === 0 || hasFigure(launches, figure)) return [];
    const having = launches.filter((launch) => (launch[figure] ?? 0) > 0).length;
    return [`${name} has ${figure} in ${having} of ${launches.length} launches`];
  });
  return lacks.length === 0 ? undefined : lacks.join(', ');
}

/**
 * Where messages a second are the same question as the time of one: streams, and W9, whose samples are batches of one. Elsewhere a rate
 * measures something else: in W10 the pause before each request, in W6 how long it takes to have somebody to kill.
 */
const rateWorkloads: ReadonlySet<string> = new Set(['W2', 'W9']);

/** Launch by launch, so that what hit a whole launch is in neither. */
function over(values: PassFigures, base: PassFigures): PassFigures {
  return values.map((value, pass) => {
    const under = base[pass] ?? null;
    return value === null || under === null ? null : value / under;
  });
}

function overBaseline([a, b]: Pair['raw'], [baseA, baseB]: Pair['raw']): Pair['raw'] {
  return [over(a, baseA), over(b, baseB)];
}

/** Medians are compared at equal pace, unless they are wanted as they were measured. */
function bothFigures(
  lineA: CellLine,
  lineB: CellLine,
  figure: FigureName,
  isAsMeasured: boolean,
): Pick<Pair, 'raw' | 'pace'> {
  const pace = isAsMeasured || figure !== 'p50_us' ? undefined : atEqualPace(lineA, lineB);
  return { pace, raw: pace?.figures ?? [figures(lineA, figure), figures(lineB, figure)] };
}

/** The cells that are in both, in the order of A. Where one of W2 or W9 does not have the wanted figure it is messages a second. */
export function pairsOf(
  cellsA: ReadonlyMap<string, CellLine>,
  cellsB: ReadonlyMap<string, CellLine>,
  wanted: FigureName,
  isAsMeasured = false,
): Pair[] {
  const pairs: Pair[] = [];
  for (const [key, lineA] of cellsA) {
    const lineB = cellsB.get(key);
    if (lineB === undefined) continue;
    const hasIt = hasFigure(lineA.launches, wanted) && hasFigure(lineB.launches, wanted);
    const figure = !hasIt && rateWorkloads.has(lineA.workload) ? 'per_second' : wanted;
    const { raw, pace } = bothFigures(lineA, lineB, figure, isAsMeasured);
    const baseA = baselineOf(lineA, cellsA.values());
    const baseB = baseA === undefined ? undefined : cellsB.get(cellKey(baseA));
    const isBaseline = baseA === lineA;
    const normalised =
      baseA === undefined || baseB === undefined || isBaseline
        ? undefined
        : overBaseline(raw, bothFigures(baseA, baseB, figure, isAsMeasured).raw);
    const lacking = lackOf(figure, [
      ['A', lineA],
      ['B', lineB],
    ]);
    const baseLacking =
      normalised === undefined || baseA === undefined || baseB === undefined
        ? undefined
        : lackOf(figure, [
            ["A's baseline", baseA],
            ["B's baseline", baseB],
          ]);
    pairs.push({ key, figure, lineA, lineB, raw, pace, normalised, isBaseline, lacking, baseLacking });
  }
  return pairs;
}
