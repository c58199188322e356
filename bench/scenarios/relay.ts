/**
 * W8, first pattern: the relay, over one transport, without and with load. The result is a count of inversions, not a time; where the transport's
 * manifest promises causal or total order, an inversion is a violation and the cell has failed.
 */
import type { Manifest } from '../../broker/contract/index.js';
import { findCounterExample } from '../check/counter-example.js';
import { describeDeliveryFault, findDeliveryFaults } from '../check/delivery.js';
import type { HistoryEvent } from '../check/history.js';
import { findInversions } from '../check/order.js';
import type { Placement } from '../latency/cell.js';
import type { PeerProcess } from '../latency/peer-process.js';
import { freshPath, startInOrder, startPeer } from './contenders.js';

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

async function historyOf(peer: PeerProcess): Promise<HistoryEvent[]> {
  const stopped = peer.stop();
  const line = await peer.line(20_000);
  await stopped;
  return JSON.parse(line) as HistoryEvent[];
}

export async function runRelayScenario(
  contender: string,
  manifest: Manifest,
  placement: Placement,
  load: number,
  runs: number,
  directory: string,
): Promise<RelayResult> {
  const path = freshPath(directory);
  const peers = await startInOrder([
    () => startPeer(placement.broker, 'hub', contender, path),
    () => startPeer(placement.service, 'relay', contender, path, 'c'),
    () => startPeer(placement.client, 'relay', contender, path, 'b'),
    () => startPeer(placement.client, 'relay', contender, path, 'a'),
  ]);
  const [hub, c, b, a] = peers;
  if (hub === undefined || a === undefined || b === undefined || c === undefined) throw new Error('no peers');
  try {
    a.write(`run ${runs} ${load}`);
    await a.line(60_000);
    const histories = { a: await historyOf(a), b: await historyOf(b), c: await historyOf(c) };
    await hub.stop();
    const inversions = findInversions(histories);
    const faults = findDeliveryFaults(histories);
    const isPromised = manifest.order !== 'per-handle';
    const [fault] = faults;
    const example = findCounterExample(histories, 'causality')?.text;
    return {
      contender,
      placement: placement.name,
      load,
      runs,
      inversions: inversions.length,
      violations: faults.length + (isPromised ? inversions.length : 0),
      example: fault === undefined ? example : describeDeliveryFault(fault),
    };
  } finally {
    for (const peer of peers) peer.kill();
  }
}
