/** The cells that two runs have in common, with the figure of each launch: what a comparison is made from. */
import { type CellLine, type CellName, cellKey, type LaunchFigures, variedNames } from '../results/line.js';
import { baselineOf } from './machines.js';

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
  readonly raw: readonly [PassFigures, PassFigures];
  /** Over the baseline of the same run; undefined where there is none in both. */
  readonly normalised: readonly [PassFigures, PassFigures] | undefined;
  readonly isBaseline: boolean;
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

/** Launch by launch, so that what hit a whole launch is in neither. */
function over(values: PassFigures, base: PassFigures): PassFigures {
  return values.map((value, pass) => {
    const under = base[pass] ?? null;
    return value === null || under === null ? null : value / under;
  });
}

/** The cells that are in both, in the order of A. Where a cell does not have the wanted figure it is messages a second. */
export function pairsOf(
  cellsA: ReadonlyMap<string, CellLine>,
  cellsB: ReadonlyMap<string, CellLine>,
  wanted: FigureName,
): Pair[] {
  const pairs: Pair[] = [];
  for (const [key, lineA] of cellsA) {
    const lineB = cellsB.get(key);
    if (lineB === undefined) continue;
    const hasIt = hasFigure(lineA.launches, wanted) && hasFigure(lineB.launches, wanted);
    const figure = hasIt ? wanted : 'per_second';
    const raw = [figures(lineA, figure), figures(lineB, figure)] as const;
    const baseA = baselineOf(lineA, cellsA.values());
    const baseB = baseA === undefined ? undefined : cellsB.get(cellKey(baseA));
    const isBaseline = baseA === lineA;
    const normalised =
      baseA === undefined || baseB === undefined || isBaseline
        ? undefined
        : ([over(raw[0], figures(baseA, figure)), over(raw[1], figures(baseB, figure))] as const);
    pairs.push({ key, figure, lineA, lineB, raw, normalised, isBaseline });
  }
  return pairs;
}
