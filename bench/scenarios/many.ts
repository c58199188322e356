/**
 * W9, many: what a broker keeps for each handle and each idle peer, and what a message costs it with one of everything and with ten
 * thousand. Only the bus has such a broker.
 */
import { chmodSync, readFileSync } from 'node:fs';
import { limits } from '../../broker/contract/index.js';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import type { PeerProcess } from '../latency/peer-process.js';
import { streamBatch } from '../peers/stream.js';
import { freshPath, startInOrder, startPeer } from './contenders.js';

/** What there are many of: handles of the sender (each to another node of one owner), holders of the node, idle peers. */
export type Dimension = 'none' | 'handles' | 'holders' | 'peers';
export const dimensions: readonly Dimension[] = ['none', 'handles', 'holders', 'peers'];

/** How a million handles lie: to the same few nodes of one owner, or each to a node of its own. */
export type Layout = 'shared' | 'own';
export const layouts: readonly Layout[] = ['shared', 'own'];

export interface ManyCellDefinition extends CellDefinition {
  readonly dimension: Dimension;
  readonly many: number;
}

export interface MemoryResult {
  readonly layout: Layout;
  readonly peers: number;
  readonly handles: number;
  readonly residentPerPeer: number;
  readonly usedPerPeer: number;
  readonly residentPerHandle: number;
  readonly usedPerHandle: number;
  /** What is left of each handle after all were released. */
  readonly residentLeftPerHandle: number;
  readonly usedLeftPerHandle: number;
}

/** Descriptors that a process beside its connections needs. */
const descriptorsSpare = 256;
const commandPatienceMs = 180_000;

/** How many peers a broker process may have here, by its limit of descriptors; Node raises the soft one to the hard one. */
export function affordablePeers(wanted: number): number {
  const line = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const hard = Number(line?.[1] ?? 1024);
  return Math.max(1, Math.min(wanted, hard - descriptorsSpare));
}

/** Users among whom so many handles and nodes have to be divided, with room for what else they have. */
function usersFor(handles: number): number {
  return Math.ceil((1.2 * handles) / Math.min(limits.userHandlesMax, limits.userNodesMax));
}

/** How many handles each of so many peers may have here: only root can be several users. */
export function affordableHandles(peers: number, wanted: number): number {
  if (process.geteuid?.() === 0 || usersFor(peers * wanted) <= 1) return wanted;
  return Math.floor(Math.min(limits.userHandlesMax, limits.userNodesMax) / 1.2 / peers);
}

async function order(peer: PeerProcess, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    peer.write(command);
    const line = await peer.line(commandPatienceMs);
    if (line !== 'done') throw new Error(`the crowd said "${line}" to "${command}"`);
  }
}

async function launchMany(
  dimension: Dimension,
  many: number,
  placement: Placement,
  payloadBytes: number,
  directory: string,
): Promise<CellProcesses> {
  const path = freshPath(directory);
  const count = String(dimension === 'handles' ? many : 1);
  const crowded = dimension === 'holders' || dimension === 'peers';
  const started = await startInOrder([
    () => startPeer(placement.broker, 'hub', 'bus', path),
    () => startPeer(placement.service, 'many-sink', 'bus', path, count),
    ...(crowded ? [() => startPeer(placement.service, 'crowd', 'bus', path)] : []),
  ]);
  const [broker, sink, crowd] = started;
  try {
    if (broker === undefined || sink === undefined) throw new Error('no peers');
    if (crowd !== undefined) {
      await order(crowd, `connect ${many}`);
      if (dimension === 'holders') await order(crowd, 'hold 1');
    }
    const [client] = await startInOrder([
      () => startPeer(placement.client, 'many-stream', 'bus', path, String(payloadBytes), count),
    ]);
    if (client === undefined) throw new Error('no client');
    return { client, broker, others: [...(crowd === undefined ? [] : [crowd]), sink, broker] };
  } catch (error) {
    for (const peer of started) peer.kill();
    throw error;
  }
}

/** A stream of one-way messages (W2) through a broker with one of everything, and with `many` of one thing. */
export function manyCells(placement: Placement, payloadBytes: number, many: number): ManyCellDefinition[] {
  return dimensions.map((dimension) => ({
    workload: 'W9',
    contender: 'bus',
    call: 'one-way',
    payloadBytes,
    placement: placement.name,
    messagesPerSample: streamBatch,
    dimension,
    many: dimension === 'none' ? 1 : many,
    launch: (directory) => launchMany(dimension, many, placement, payloadBytes, directory),
  }));
}

interface Memory {
  readonly resident: number;
  readonly used: number;
}

async function memoryOf(hub: PeerProcess): Promise<Memory> {
  hub.write('memory');
  return JSON.parse(await hub.line(commandPatienceMs)) as Memory;
}

/**
 * Fills a real broker: `peers` connections, then `handlesPerPeer` handles of each, then none again; its memory after collection at
 * each step. A tenth of the peers comes, takes and releases before the first look, so that what the runtime needs once (arenas, its
 * young generation, compiled code) is not counted.
 */
export async function measureMemory(
  layout: Layout,
  peers: number,
  handlesPerPeer: number,
  directory: string,
  signal: AbortSignal | undefined,
  progress: (text: string) => void,
): Promise<MemoryResult> {
  const path = freshPath(directory);
  const users = usersFor(peers * handlesPerPeer);
  if (users > 1) chmodSync(directory, 0o711);
  const started = await startInOrder([
    () => startPeer(undefined, 'measured-hub', 'bus', path),
    () => startPeer(undefined, 'many-sink', 'bus', path, String(handlesPerPeer)),
    () => startPeer(undefined, 'crowd', 'bus', path),
  ]);
  const [hub, sink, crowd] = started;
  const kill = (): void => {
    for (const peer of started) peer.kill();
  };
  signal?.addEventListener('abort', kill);
  try {
    if (hub === undefined || sink === undefined || crowd === undefined) throw new Error('no peers');
    const first = Math.ceil(peers / 10);
    progress(`${layout}: ${peers} peers connect`);
    const fill = `${layout === 'own' ? 'exchange' : 'hold'} ${handlesPerPeer}`;
    await order(crowd, `connect ${first} ${users}`, fill, 'release');
    const before = await memoryOf(hub);
    await order(crowd, `connect ${peers} ${users}`);
    const connected = await memoryOf(hub);
    progress(`${layout}: each gets ${handlesPerPeer} handles`);
    await order(crowd, fill);
    const holding = await memoryOf(hub);
    progress(`${layout}: all handles are released`);
    await order(crowd, 'release');
    const released = await memoryOf(hub);
    for (const peer of [crowd, sink, hub]) await peer.stop();
    const handles = peers * handlesPerPeer;
    return {
      layout,
      peers,
      handles,
      residentPerPeer: (connected.resident - before.resident) / (peers - first),
      usedPerPeer: (connected.used - before.used) / (peers - first),
      residentPerHandle: (holding.resident - connected.resident) / handles,
      usedPerHandle: (holding.used - connected.used) / handles,
      usedLeftPerHandle: (released.used - connected.used) / handles,
      residentLeftPerHandle: (released.resident - connected.resident) / handles,
    };
  } catch (error) {
    // What a killed process leads to is not what went wrong.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}
