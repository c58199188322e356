/**
 * From launches of W8 to its lines: counts are added up, each launch stays visible, and of the shortest inversions of all launches the
 * shortest remains. Pure.
 */
import type { OrderEntry } from './launch-log.js';
import type { OrderLaunch, OrderLine } from './results/line.js';
import { shareInterval } from './statistics/order-share.js';
import { orderKey } from './statistics/orders.js';

/** One line of one launch. */
interface Part {
  readonly launch: number;
  readonly line: OrderLine;
}

/** A message that was lost matters more than an order that was promised and not kept, and that more than what nobody promised. */
function rank({ line: { violations, delivery_faults: faults = 0 } }: Part): number {
  return faults > 0 ? 0 : violations > 0 ? 1 : 2;
}

const sizeOf = ({ line: { diagram } }: Part): number => diagram?.arrows.length ?? Number.POSITIVE_INFINITY;

/** The launch whose example is shown, if one of them has any. */
function shownOf(parts: readonly Part[]): OrderLine | undefined {
  const [shown] = parts
    .filter(({ line }) => line.example !== undefined)
    .sort((a, b) => rank(a) - rank(b) || sizeOf(a) - sizeOf(b));
  return shown?.line;
}

function merged(parts: readonly Part[], first: OrderLine, seed: number): OrderLine {
  const { example: _example, diagram: _diagram, ...name } = first;
  const shown = shownOf(parts);
  const launches = parts
    .map(({ launch, line: { runs, inversions, violations } }): OrderLaunch => {
      return { launch, runs, inversions, violations };
    })
    .sort((a, b) => a.launch - b.launch);
  const sum = (of: (line: OrderLine) => number): number => parts.reduce((all, { line }) => all + of(line), 0);
  const runs = sum((line) => line.runs);
  const { low, high } = shareInterval(launches, seed);
  return {
    ...name,
    runs,
    samples: runs,
    inversions: sum((line) => line.inversions),
    share_low: low === null ? null : Number(low.toFixed(6)),
    share_high: high === null ? null : Number(high.toFixed(6)),
    violations: sum((line) => line.violations),
    delivery_faults: sum((line) => line.delivery_faults ?? 0),
    ...(shown?.example === undefined ? {} : { example: shown.example }),
    ...(shown?.diagram === undefined ? {} : { diagram: shown.diagram }),
    launches,
  };
}

/** A line a cell, in the order in which the first launch has them; `seed` is for the intervals. */
export function orderLines(entries: readonly OrderEntry[], seed: number): OrderLine[] {
  const cells = new Map<string, Part[]>();
  for (const { launch, orders } of entries) {
    for (const line of orders) {
      const key = orderKey(line);
      cells.set(key, [...(cells.get(key) ?? []), { launch, line }]);
    }
  }
  return [...cells.values()].flatMap((parts) => {
    const [first] = parts;
    return first === undefined ? [] : [merged(parts, first.line, seed)];
  });
}
