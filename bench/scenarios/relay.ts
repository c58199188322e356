/**
 * W8, first pattern: the relay over one transport at one load, for the quick run. The result is a count of inversions, not a time; where the
 * transport's manifest promises causal or total order, an inversion is a violation and the cell has failed.
 */
import type { Manifest } from '../../broker/contract/index.js';
import type { Placement } from '../latency/cell.js';
import { judgeOrder } from './order.js';
import { OrderGroup } from './order-group.js';
import { orderPattern } from './order-patterns.js';

/** Messages of 1 KiB that A sends to C ahead of each cause: none, and more than a socket holds. */
export const relayLoads: readonly number[] = [0, 400];

export interface RelayResult {
  readonly contender: string;
  readonly placement: string;
  readonly load: number;
  readonly runs: number;
  readonly inversions: number;
  /** Lost, doubled or invented messages, and inversions where the manifest promises none. */
  readonly violations: number;
  readonly example: string | undefined;
}

export async function runRelayScenario(
  contender: string,
  manifest: Manifest,
  placement: Placement,
  load: number,
  runs: number,
  directory: string,
): Promise<RelayResult> {
  const pattern = orderPattern('relay');
  const group = await OrderGroup.start(contender, placement, pattern.roles, directory, 1);
  try {
    const outcome = await group.run({
      pattern: pattern.name,
      runs,
      loadMessages: load,
      payloadBytes: 0,
      seed: 1,
      maxMs: 60_000,
    });
    await group.end();
    const cell = { contender, promise: manifest, placement, pattern, load, preemption: 'none' } as const;
    const { inversions, violations, example } = judgeOrder(cell, outcome);
    return { contender, placement: placement.name, load, runs, inversions, violations, example };
  } finally {
    group.kill();
  }
}
