/** Finding lines in results: which cells a figure or a sentence is about, and which two may be compared. */
import type { CellLine, OrderLine, ResultLine } from '../results/line.js';
import { cellKey, isOrderLine } from '../results/line.js';
import type { Interval } from '../statistics/bootstrap.js';
import { holm } from '../statistics/holm.js';
import { launchRatio } from '../statistics/launch-ratio.js';

export function cellsOf(lines: readonly ResultLine[]): CellLine[] {
  return lines.filter((line): line is CellLine => !isOrderLine(line));
}

export function ordersOf(lines: readonly ResultLine[]): OrderLine[] {
  return lines.filter(isOrderLine);
}

/** Whether a cell's figures may be used: it kept its promises, and nothing made it invalid. */
export function isUsable(cell: CellLine): boolean {
  return cell.violations === 0 && cell.invalid === undefined && cell.samples > 0;
}

/** The values that occur, in order of size or of the alphabet. */
export function distinct<Line, Value extends string | number>(
  lines: readonly Line[],
  of: (line: Line) => Value | undefined,
): Value[] {
  const values = new Set<Value>();
  for (const line of lines) {
    const value = of(line);
    if (value !== undefined) values.add(value);
  }
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Lines by a key, in the order in which the keys first occur. */
export function grouped<Line>(lines: readonly Line[], keyOf: (line: Line) => string): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = keyOf(line);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  return groups;
}

const placementOrder = ['two-cores', 'one-core', 'not-pinned'];

/** Placements that occur, two cores first. */
export function placementsOf(lines: readonly ResultLine[]): string[] {
  const place = (name: string): number => {
    const at = placementOrder.indexOf(name);
    return at < 0 ? placementOrder.length : at;
  };
  return distinct(lines, ({ placement }) => placement).sort((a, b) => place(a) - place(b));
}

/** Order of times, the shortest first; what was not measured, or too rarely, stands last. */
export function byTime(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

/** The payload at which most contenders were measured; of equals the one that is nearest to 64 bytes. */
export function usualPayload(cells: readonly CellLine[]): number {
  const contenders = (payload: number): number =>
    new Set(
      cells
        .filter((cell) => cell.payload_bytes === payload)
        .map(({ contender, placement }) => `${contender} ${placement}`),
    ).size;
  const distance = (payload: number): number => Math.abs(Math.log((payload + 1) / 65));
  const [best] = distinct(cells, ({ payload_bytes }) => payload_bytes).sort(
    (a, b) => contenders(b) - contenders(a) || distance(a) - distance(b),
  );
  return best ?? 64;
}

/** Calls, one outstanding, closed loop, usual payload: what everybody means by a round trip. */
export function roundTrips(lines: readonly ResultLine[]): CellLine[] {
  const calls = cellsOf(lines).filter(
    (cell) =>
      cell.workload === 'W1' && cell.loop === 'closed' && (cell.outstanding ?? 1) === 1 && isUsable(cell),
  );
  const payload = usualPayload(calls.filter(({ call }) => call === 'empty'));
  return calls.filter((cell) => cell.call !== 'empty' || cell.payload_bytes === payload);
}

/**
 * The cells that wait in the way in which most of them do: a drawing compares only these (method, point 2), the table beside it has all.
 */
export function sameWaiting(cells: readonly CellLine[]): CellLine[] {
  const [most] = [...grouped(cells, ({ waiting }) => waiting).values()].sort((a, b) => b.length - a.length);
  return most ?? [];
}

/** What two contenders did in the same question. */
export interface Pair {
  readonly ours: CellLine;
  readonly theirs: CellLine;
}

/** The question of a cell without who answers it, how it waits and what the call is named there. */
function questionOf(cell: CellLine): string {
  return cellKey({ ...cell, contender: '', call: '', waiting: 'block' });
}

/** Cells of two contenders that asked the same, in the order of the first. */
export function pairs(cells: readonly CellLine[], ours: string, theirs: string): Pair[] {
  const others = new Map(
    cells
      .filter(({ contender }) => contender === theirs)
      .map((cell) => [`${cell.call} ${questionOf(cell)}`, cell]),
  );
  return cells.flatMap((cell) => {
    if (cell.contender !== ours) return [];
    const other = others.get(`${cell.call} ${questionOf(cell)}`);
    return other === undefined ? [] : [{ ours: cell, theirs: other }];
  });
}

const intervalSeed = 4;

type Measure = (figures: {
  readonly p50_us: number | null;
  readonly per_second: number;
  readonly cpu_us_per_message: number;
}) => number | null;

export const medianTime: Measure = ({ p50_us }) => p50_us;
export const cpuTime: Measure = ({ cpu_us_per_message }) => cpu_us_per_message;
export const throughput: Measure = ({ per_second }) => per_second;

/** A ratio and the p of its launches, by itself; null where fewer than two launches have both. */
export interface Ratio extends Interval {
  readonly p: number | null;
}

/** Ratios that were computed, by who, by whom and by what: several figures and sentences are about the same pair. */
type Known = WeakMap<CellLine, WeakMap<CellLine, Map<Measure, Ratio | null>>>;

function createComparison(): (pair: Pair, measure: Measure) => Ratio | null {
  const known: Known = new WeakMap();
  return (pair, measure) => {
    const { ours, theirs } = pair;
    const ofOurs = known.get(ours) ?? new WeakMap<CellLine, Map<Measure, Ratio | null>>();
    known.set(ours, ofOurs);
    const ofPair = ofOurs.get(theirs) ?? new Map<Measure, Ratio | null>();
    ofOurs.set(theirs, ofPair);
    const found = ofPair.get(measure);
    if (found !== undefined) return found;
    const ratio = ratioOf(pair, measure);
    ofPair.set(measure, ratio);
    return ratio;
  };
}

/**
 * Ours over theirs, with its 95 % interval over launches; launches of equal number ran interleaved and are compared with each other.
 * Without two such launches it is the figures over all launches, and has no interval. Null where one of them was not measured.
 */
export const compared = createComparison();

function ratioOf({ ours, theirs }: Pair, measure: Measure): Ratio | null {
  const estimate = quotient(measure(ours), measure(theirs));
  if (estimate === null) return null;
  const launched = launchRatio(ours.launches, theirs.launches, measure, intervalSeed);
  return launched === null || launched.low === null ? { estimate, low: null, high: null, p: null } : launched;
}

function quotient(over: number | null, under: number | null): number | null {
  return over === null || under === null || under <= 0 || over <= 0 ? null : over / under;
}

/** What is not that sure for all questions of a family together is not said to be sure. */
const level = 0.05;

export type RatioVerdict = 'less' | 'same' | 'more';

/**
 * What can surely be said of each ratio of a family, which is all questions that one table or sentence answers, in their order: its interval
 * is below or above 1, and so is it after Holm's correction for the whole family (benchmark method, point 16): of forty intervals of nothing
 * two exclude 1. Without an interval nothing is sure.
 */
export function verdictsOf(family: readonly Ratio[]): RatioVerdict[] {
  const adjusted = holm(family.map(({ p }) => p ?? Number.NaN));
  return family.map(({ low, high }, at) => {
    const isSure = (adjusted[at] ?? Number.NaN) <= level;
    if (!isSure || low === null || high === null) return 'same';
    return high < 1 ? 'less' : low > 1 ? 'more' : 'same';
  });
}
