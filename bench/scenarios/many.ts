/**
 * W9, many: what a broker keeps for each handle and each idle peer, and what a message costs with one of everything and with ten
 * thousand of something. Only the bus has such a broker; of the other transports it is told what their processes hold.
 */
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { limits } from '../../broker/contract/index.js';
import { killingAtEnd } from '../latency/abort.js';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import type { PeerProcess } from '../latency/peer-process.js';
import { divideAmongUsers } from '../peers/many.js';
import { streamBatch } from '../peers/stream.js';
import type { Holdings, Varied } from '../results/line.js';
import { freshPath, startInOrder, startPeer } from './contenders.js';
import { processTransports } from './parties.js';
import {
  asking,
  type Launcher,
  type Scenario,
  type ScenarioContext,
  type Tier,
  thoseWho,
} from './scenario.js';

/** What there are many of: handles of the sender (each to another node of one owner), holders of the node, idle peers. */
export type Dimension = 'none' | 'handles' | 'holders' | 'peers';
const dimensions: readonly Dimension[] = ['none', 'handles', 'holders', 'peers'];

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

/** How many peers a broker may have here, by its limit of descriptors (Node raises the soft one to the hard one) and by users. */
export function affordablePeers(wanted: number): number {
  const isRoot = process.geteuid?.() === 0;
  return Math.min(
    affordableDescriptors(wanted),
    isRoot ? limits.peersMax : Math.floor(limits.peersMax / 2 / 1.1),
  );
}

/** How many of so many descriptors one process may have here. */
export function affordableDescriptors(wanted: number): number {
  const line = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const hard = Number(line?.[1] ?? 1024);
  return Math.max(1, Math.min(wanted, hard - descriptorsSpare));
}

/** How many handles and nodes one program of one user may have, which is half of what the user may, with room for what else it has. */
const perUserMax = Math.floor(Math.min(limits.userHandlesMax, limits.userNodesMax) / 2 / 1.2);

/** How many handles each of so many peers may have here: only root can be several users. */
export function affordableHandles(peers: number, wanted: number): number {
  if (process.geteuid?.() === 0 || peers * wanted <= perUserMax) return wanted;
  return Math.floor(perUserMax / peers);
}

async function order(peer: PeerProcess, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    peer.write(command);
    const line = await peer.line(commandPatienceMs);
    if (line !== 'done') throw new Error(`the crowd said "${line}" to "${command}"`);
  }
}

interface Memory {
  readonly resident: number;
  readonly used: number;
}

async function memoryOf(hub: PeerProcess): Promise<Memory> {
  hub.write('memory');
  return JSON.parse(await hub.line(commandPatienceMs)) as Memory;
}

/** Resident memory in bytes and open descriptors of a process, from proc(5). */
function holdingOf(pid: number): { readonly residentBytes: number; readonly descriptors: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const residentBytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  return { residentBytes, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function holdingsOf(
  peers: readonly PeerProcess[],
  broker: PeerProcess | undefined,
  before: Memory | undefined,
  now: Memory | undefined,
): Holdings {
  const sum = (processes: readonly PeerProcess[], value: (pid: number) => number): number =>
    processes.flatMap(({ pids }) => pids).reduce((all, pid) => all + value(pid), 0);
  const resident = (pid: number): number => holdingOf(pid).residentBytes;
  const descriptors = (pid: number): number => holdingOf(pid).descriptors;
  return {
    resident_bytes: sum(peers, resident),
    descriptors: sum(peers, descriptors),
    broker_resident_bytes: now?.resident ?? null,
    broker_used_bytes: now?.used ?? null,
    broker_grown_bytes: now === undefined || before === undefined ? null : now.used - before.used,
    broker_descriptors: broker === undefined ? null : sum([broker], descriptors),
  };
}

/** What launches of W9 need to know beside the transport. */
interface Crowd {
  readonly dimension: Dimension;
  readonly many: number;
  readonly payloadBytes: number;
}

/** Brings in what there shall be many of: peers, and what they hold. */
async function gather(crowd: PeerProcess, { dimension, many }: Crowd): Promise<void> {
  await order(crowd, `connect ${many}`);
  if (dimension === 'holders') await order(crowd, 'hold 1');
}

/**
 * One sender and one receiver, and many of something. The broker of the bus tells its memory before there is anything, and when all is
 * there.
 */
async function launchMany(
  name: string,
  crowd: Crowd,
  placement: Placement,
  directory: string,
): Promise<CellProcesses> {
  const path = freshPath(directory);
  const { dimension, many, payloadBytes } = crowd;
  const isBus = name === 'bus';
  const count = String(dimension === 'handles' ? many : 1);
  const isCrowded = dimension === 'holders' || dimension === 'peers';
  const isDivided = isCrowded && divideAmongUsers(many).length > 1;
  if (isDivided) chmodSync(directory, 0o711);
  const started: PeerProcess[] = [];
  const start = async (cpu: number | undefined, role: string, ...args: string[]): Promise<PeerProcess> => {
    const [peer] = await startInOrder([() => startPeer(cpu, role, name, path, ...args)]);
    if (peer === undefined) throw new Error(`no ${role}`);
    started.push(peer);
    return peer;
  };
  try {
    const hub = await start(placement.broker, isBus || isDivided ? 'measured-hub' : 'hub');
    const before = isBus ? await memoryOf(hub) : undefined;
    await start(placement.service, 'many-sink', count);
    const client = await start(placement.client, 'many-stream', String(payloadBytes), count);
    // Behind the others, which are of a user that may have all of its share then.
    if (isCrowded) await gather(await start(placement.service, 'crowd'), crowd);
    const now = isBus ? await memoryOf(hub) : undefined;
    const holdings = holdingsOf(started, isBus ? hub : undefined, before, now);
    const others = started.filter((peer) => peer !== client).reverse();
    return { client, others, holdings, ...(isBus ? { broker: hub } : {}) };
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
    varied: variedOf([dimension, dimension === 'none' ? 1 : many]),
    launch: (directory) => launchMany('bus', { dimension, many, payloadBytes }, placement, directory),
  }));
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
  const perUser = Math.max(1, Math.floor(perUserMax / handlesPerPeer));
  if (divideAmongUsers(peers, perUser).length > 1) chmodSync(directory, 0o711);
  const started = await startInOrder([
    () => startPeer(undefined, 'measured-hub', 'bus', path),
    () => startPeer(undefined, 'many-sink', 'bus', path, String(handlesPerPeer)),
    () => startPeer(undefined, 'crowd', 'bus', path),
  ]);
  const [hub, sink, crowd] = started;
  const kill = (): void => {
    for (const peer of started) peer.kill();
  };
  return killingAtEnd(signal, kill, async () => {
    if (hub === undefined || sink === undefined || crowd === undefined) throw new Error('no peers');
    const first = Math.ceil(peers / 10);
    progress(`${layout}: ${peers} peers connect`);
    const fill = `${layout === 'own' ? 'exchange' : 'hold'} ${handlesPerPeer}`;
    await order(crowd, `connect ${first} ${perUser}`, fill, 'release');
    const before = await memoryOf(hub);
    await order(crowd, `connect ${peers} ${perUser}`);
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
  });
}

/** What there are how many of in the suite's cells. */
type Many = readonly [dimension: Dimension, many: number];

const payloadBytes = 64;

const one: Many = ['none', 1];

const sizes: Readonly<Record<Tier, readonly Many[]>> = {
  smoke: [
    ['handles', 70],
    ['peers', 20],
  ],
  quick: [],
  // What thousands of idle peers take to connect is the time of several other tables; bench:tables has them, too.
  standard: [one, ['handles', 10_000], ['peers', 1_000]],
  full: [one, ['handles', 100], ['handles', 10_000], ['peers', 1_000], ['holders', 100]],
};

/** So many peers, handles of the sender and holders of one node. */
function variedOf([dimension, many]: Many): Varied {
  const handles = dimension === 'handles' ? many : 1;
  if (dimension === 'holders') return { handles, peers: many, holders: many };
  return { handles, peers: dimension === 'peers' ? many : 1 };
}

function overTransport(name: string): Launcher {
  return (placement, shape) => {
    const { handles = 1, peers = 1, holders } = shape.varied;
    const dimension = holders !== undefined ? 'holders' : peers > 1 ? 'peers' : 'handles';
    const crowd = { dimension, many: Math.max(handles, peers), payloadBytes: shape.payloadBytes } as const;
    const isAlone = crowd.many === 1;
    const launched: Crowd = isAlone ? { ...crowd, dimension: 'none' } : crowd;
    return (directory) => launchMany(name, launched, placement, directory);
  };
}

/** How the own transports do it. */
export const manyLaunchers: Readonly<Record<string, Launcher>> = Object.fromEntries(
  processTransports.map((name) => [name, overTransport(name)]),
);

/** Descriptors that each idle peer of datagrams costs the process that all of them share. */
const descriptorsPerPeer = 3;

/** What keeps a contender from having so many here, if something does. */
function obstacle(name: string, [dimension, many]: Many): string | undefined {
  const needed = name === 'datagram' && dimension === 'peers' ? descriptorsPerPeer * many : many;
  if (affordableDescriptors(needed) < needed) return `the limit of descriptors (RLIMIT_NOFILE)`;
  if (dimension === 'handles' || affordablePeers(many) >= many) return undefined;
  return 'being one user only, not root';
}

/** Measured, of the slowest: a batch over datagrams, which are sent one by one; handles that are used in turn are seldom in a cache. */
function sampleMsOf([dimension, many]: Many): number {
  return 2.5 + (dimension === 'handles' ? many / 10_000 : 0);
}

function cellsOf(context: ScenarioContext, size: Many): CellDefinition[] {
  const [dimension, many] = size;
  // Who has no handles is not asked, unless by name.
  return thoseWho(asking(context, 'own'), 'many', 'have them held by other processes').flatMap(
    ({ contender, launcher }) => {
      const reason = obstacle(contender.name, size);
      if (reason !== undefined) {
        context.cannot(contender.name, `have ${many} ${dimension}, because of ${reason}`);
        return [];
      }
      const varied = variedOf(size);
      return {
        workload: 'W9',
        contender: contender.name,
        call: 'one-way',
        payloadBytes,
        placement: context.placement.name,
        messagesPerSample: streamBatch,
        varied,
        waiting: contender.waiting,
        baseline: 'sockets',
        sampleMs: sampleMsOf(size),
        group: `${many} ${dimension}`,
        launch: launcher(context.placement, { payloadBytes, varied }),
      };
    },
  );
}

export const manyScenario: Scenario = {
  workload: 'W9',
  title: 'many handles, many peers: memory, descriptors, and the cost of one message',
  question: 1,
  cells: (context): CellDefinition[] => sizes[context.tier].flatMap((size) => cellsOf(context, size)),
};
