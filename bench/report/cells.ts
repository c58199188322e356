/** Results of the comparisons that are programs of their own: a line of the suite with what their tables need beside (docs/benchmark.md). */
import { transports } from '../../transports/catalog.js';
import type { CellLine } from '../results/line.js';

/** Names are stable; add, never rename. Times in microseconds. */
export interface CellResult extends CellLine {
  /** 1 where the workload does not vary them. */
  readonly receivers: number;
  readonly receiver_processes: number;
}

export function cellResult(line: CellLine): CellResult {
  return { receivers: 1, receiver_processes: 1, ...line };
}

/** How many messages the kernel keeps for a receiver, where a transport's manifest says that they are few (sockets D6). */
export function queueDepthOf(contender: string): number | undefined {
  return transports.find(({ name }) => name === contender)?.manifest.queueDepth;
}

/** Why nothing may be said of a cell, if so. */
export function failureOf({ violations, samples, invalid }: CellResult): string | undefined {
  if (violations > 0) return `${violations} violations`;
  return invalid ?? (samples === 0 ? 'no message was answered' : undefined);
}
