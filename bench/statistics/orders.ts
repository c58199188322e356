/** The patterns of W8 in two runs: counts of runs with an inversion, compared by Fisher's exact test and Holm's procedure. */
import type { Results } from '../results/directory.js';
import { isOrderLine, type OrderLine } from '../results/line.js';
import { fisher } from './fisher.js';
import { holm } from './holm.js';

export interface OrderComparison {
  readonly key: string;
  readonly runs_a: number;
  readonly runs_b: number;
  readonly inversions_a: number;
  readonly inversions_b: number;
  readonly violations_a: number;
  readonly violations_b: number;
  /** Fisher's exact test, two-sided, and by Holm for all patterns. */
  readonly p_fisher: number;
  readonly p: number;
  /** `worse`: surely more runs with an inversion, or one where the manifest promises that there is none. */
  readonly verdict: 'worse' | 'better' | 'unclear' | 'unchanged';
}

/** Names what was run: equal in two runs, it is the same question. */
export function orderKey(line: OrderLine): string {
  const { contender, call, placement, payload_bytes, load_kib, preemption, property } = line;
  return [
    'W8',
    contender,
    call,
    property,
    `${payload_bytes}B`,
    `load=${load_kib}KiB`,
    preemption,
    placement,
  ].join(' ');
}

function ordersOf({ lines }: Results): Map<string, OrderLine> {
  return new Map(lines.filter(isOrderLine).map((line) => [orderKey(line), line]));
}

/** The patterns that both runs have, in the order of A. */
export function compareOrders(a: Results, b: Results, level: number): OrderComparison[] {
  const inB = ordersOf(b);
  const pairs = [...ordersOf(a)].flatMap(([key, lineA]) => {
    const lineB = inB.get(key);
    return lineB === undefined ? [] : [{ key, lineA, lineB }];
  });
  const alone = pairs.map(({ lineA, lineB }) =>
    fisher(lineA.inversions, lineA.runs - lineA.inversions, lineB.inversions, lineB.runs - lineB.inversions),
  );
  const adjusted = holm(alone);
  return pairs.map(({ key, lineA, lineB }, at) => {
    const p = adjusted[at] ?? 1;
    const isBroken = lineB.violations > 0 && lineA.violations === 0;
    const isMore = lineB.inversions / lineB.runs > lineA.inversions / lineA.runs;
    const isSame = lineA.inversions === 0 && lineB.inversions === 0;
    return {
      key,
      runs_a: lineA.runs,
      runs_b: lineB.runs,
      inversions_a: lineA.inversions,
      inversions_b: lineB.inversions,
      violations_a: lineA.violations,
      violations_b: lineB.violations,
      p_fisher: Number((alone[at] ?? 1).toFixed(6)),
      p: Number(p.toFixed(6)),
      verdict: isBroken
        ? 'worse'
        : p <= level
          ? isMore
            ? 'worse'
            : 'better'
          : isSame
            ? 'unchanged'
            : 'unclear',
    };
  });
}
