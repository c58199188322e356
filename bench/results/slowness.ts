/**
 * How often a neighbour slowed down the cores of a run. The pace beside each block is the time of a fixed piece of work (latency/pace.ts); where
 * it took clearly longer than it can, somebody else was using the same core, which no count of stolen time shows. A run that was
 * slowed down all the time cannot tell: it has no fast moment to compare with.
 */
import { type CellLine, isOrderLine, type ResultLine } from './line.js';

export interface Slowness {
  /** Of all blocks, 0 to 1. */
  readonly share: number;
  /** How much longer the work took in the middle one of these than in the fastest: 1.8, say. Null where none was slow. */
  readonly factor: number | null;
}

/** From this on the core was not the cell's alone: interrupts and frequencies make less of a difference. */
const slowFactor = 1.25;
/** A single fastest block may be an accident of measuring. */
const fastShare = 0.05;

/** Undefined where the pace was not looked at. */
export function slownessOf(lines: readonly ResultLine[]): Slowness | undefined {
  const placements = new Map<string, number[]>();
  const cells = lines.filter((line): line is CellLine => !isOrderLine(line));
  for (const { placement, launches } of cells) {
    const paces = launches.flatMap(({ blocks }) => blocks?.pace_us ?? []);
    placements.set(placement, [...(placements.get(placement) ?? []), ...paces]);
  }
  const factors = [...placements.values()].flatMap((paces) => {
    const sorted = paces.sort((a, b) => a - b);
    const fast = sorted[Math.floor(fastShare * sorted.length)] ?? Number.NaN;
    return sorted.map((pace) => pace / fast);
  });
  if (factors.length === 0) return undefined;
  const slow = factors.filter((factor) => factor > slowFactor).sort((a, b) => a - b);
  const middle = slow[slow.length >> 1];
  return {
    share: Number((slow.length / factors.length).toFixed(3)),
    factor: middle === undefined ? null : Number(middle.toFixed(2)),
  };
}
