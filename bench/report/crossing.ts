/** From how many receivers on one way of reaching many is faster than another: the answer to the second question, as data. */
import type { CellLine, ResultLine } from '../results/line.js';
import {
  cellsOf,
  compared,
  grouped,
  isUsable,
  medianTime,
  type Pair,
  pairs,
  type Ratio,
  type RatioVerdict,
  usualPayload,
  verdictsOf,
} from './selection.js';

export interface CrossingStep {
  readonly receivers: number;
  readonly pair: Pair;
  /** Time of ours over that of theirs. */
  readonly ratio: Ratio;
  /** Sure for all multicasts of both together; `same` also where there is no interval. */
  readonly verdict: RatioVerdict;
}

export interface Crossing {
  readonly placement: string;
  readonly ours: string;
  readonly theirs: string;
  readonly steps: readonly CrossingStep[];
  /** Ours is surely faster here and at every greater number that was measured. */
  readonly from: number | undefined;
  /** Numbers at which ours was surely faster, whether or not at all greater ones. */
  readonly fasterAt: readonly number[];
}

/** Multicasts to many, both ways, with nothing else varied. */
export function multicasts(lines: readonly ResultLine[]): CellLine[] {
  return cellsOf(lines).filter(
    (cell) =>
      cell.workload === 'W4' &&
      cell.call !== 'multicast-cost' &&
      isUsable(cell) &&
      cell.receivers !== undefined,
  );
}

/** A crossing for each placement at which both were measured. */
export function crossings(lines: readonly ResultLine[], ours = 'bus', theirs = 'sockets'): Crossing[] {
  const closed = multicasts(lines).filter(({ loop }) => loop === 'closed');
  const payload = usualPayload(closed);
  const family = pairs(closed, ours, theirs).flatMap((pair) => {
    const ratio = compared(pair, medianTime);
    return ratio === null ? [] : [{ pair, ratio }];
  });
  const verdicts = verdictsOf(family.map(({ ratio }) => ratio));
  const all = family
    .map(({ pair, ratio }, at): CrossingStep => {
      return { receivers: pair.ours.receivers ?? 1, pair, ratio, verdict: verdicts[at] ?? 'same' };
    })
    .filter(({ pair }) => pair.ours.payload_bytes === payload);
  return [...grouped(all, ({ pair }) => pair.ours.placement)].map(([placement, members]) => {
    const steps = [...members].sort((a, b) => a.receivers - b.receivers);
    const lastSlow = steps.findLastIndex(({ verdict }) => verdict !== 'less');
    return {
      placement,
      ours,
      theirs,
      steps,
      from: steps[lastSlow + 1]?.receivers,
      fasterAt: steps.filter(({ verdict }) => verdict === 'less').map(({ receivers }) => receivers),
    };
  });
}

/** `from 8 receivers on`, `only at 4 and 8 receivers`, `at no number of receivers that was measured (1 to 64)`. */
export function crossingWords(crossing: Crossing, list: (parts: readonly string[]) => string): string {
  const { steps, from, fasterAt } = crossing;
  const numbers = steps.map(({ receivers }) => receivers);
  const range = numbers.length < 2 ? `${numbers[0] ?? 0}` : `${numbers[0]} to ${numbers.at(-1)}`;
  if (fasterAt.length === 0) {
    const isSlower = steps.every(({ verdict }) => verdict === 'more');
    return `at no number of receivers that was measured (${range})${isSlower ? ', and surely later at each of them,' : ''}`;
  }
  if (from === undefined) return `only at ${list(fasterAt.map(String))} receivers (of ${range})`;
  if (from === numbers[0]) return `at every number of receivers that was measured (${range})`;
  return `from ${from} receivers on (up to ${numbers.at(-1)})`;
}
