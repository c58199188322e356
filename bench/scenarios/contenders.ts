/**
 * The contenders that need nothing but this project, and how their processes are started. Each is in the configuration that its authors advise; the
 * reason stands with its peer in `bench/peers/`.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../../broker/contract/index.js';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { hasAlarm } from '../peers/alarm.js';
import type { Contender } from './scenario.js';

export const buildDirectory = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const peerMain = join(buildDirectory, 'bench', 'peers', 'main.js');
export const projectDirectory = join(buildDirectory, '..');
const nativeDirectory = join(projectDirectory, 'bench', 'peers', 'build');

/** Whether a peer in C has been built here. */
export function hasNativePeer(name: string): boolean {
  return existsSync(join(nativeDirectory, name));
}

/** The program of a peer in C. Throws if it has not been built. */
export function nativePeer(name: string): string {
  if (hasNativePeer(name)) return join(nativeDirectory, name);
  throw new Error(`the benchmark's ${name} is missing; build it with "npm run build:native"`);
}

/** A CPU as the peers in C take it. */
export function cpuArgument(cpu: number | undefined): string {
  return String(cpu ?? -1);
}

/** A TypeScript peer in the given role, pinned. */
export function startPeer(cpu: number | undefined, ...args: readonly string[]): PeerProcess {
  return new PeerProcess(args.slice(0, 2).join(' '), pinned(cpu, [process.execPath, peerMain, ...args]));
}

/** Starts peers one after the other, each ready before the next; ends those already running if one fails. */
export async function startInOrder(starts: readonly (() => PeerProcess)[]): Promise<PeerProcess[]> {
  const started: PeerProcess[] = [];
  try {
    for (const start of starts) {
      const peer = start();
      started.push(peer);
      await peer.ready();
    }
  } catch (error) {
    for (const peer of started) peer.kill();
    throw error;
  }
  return started;
}

/** Starts peers in order, the client last. */
export async function clientLast(starts: readonly (() => PeerProcess)[]): Promise<CellProcesses> {
  const started = await startInOrder(starts);
  const client = started.pop();
  if (client === undefined) throw new Error('a cell needs a client');
  return { client, others: started.reverse() };
}

/** The same where the first to be started is a broker. */
export async function brokerFirst(starts: readonly (() => PeerProcess)[]): Promise<CellProcesses> {
  const processes = await clientLast(starts);
  const broker = processes.others.at(-1);
  return broker === undefined ? processes : { ...processes, broker };
}

let sockets = 0;

/** A fresh socket path in the run's directory. */
export function freshPath(directory: string): string {
  return join(directory, `${sockets++}.socket`);
}

/** How the C ping-pong is launched; `mode` is its last argument. */
export function pingPongLaunch(
  placement: Placement,
  payloadBytes: number,
  ...mode: readonly string[]
): CellDefinition['launch'] {
  const { client, service } = placement;
  const command = [cpuArgument(client), cpuArgument(service), String(payloadBytes), ...mode];
  const program = nativePeer('seqpacket-pingpong');
  return () => clientLast([() => new PeerProcess('c-seqpacket', [program, ...command])]);
}

function transportLaunch(name: string, placement: Placement, payloadBytes: number): CellDefinition['launch'] {
  // A transport of sockets has a hub to find each other by; only the bus has one that routes.
  const start = name.startsWith('bus') ? brokerFirst : clientLast;
  return async (directory) => {
    const path = freshPath(directory);
    return start([
      () => startPeer(placement.broker, 'hub', name, path),
      () => startPeer(placement.service, 'service', name, path),
      () => startPeer(placement.client, 'client', name, path, String(payloadBytes)),
    ]);
  };
}

function nodeNetLaunch(placement: Placement, payloadBytes: number): CellDefinition['launch'] {
  return async (directory) => {
    const path = freshPath(directory);
    return clientLast([
      () => startPeer(placement.service, 'net-server', '-', path),
      () => startPeer(placement.client, 'net-client', '-', path, String(payloadBytes)),
    ]);
  };
}

function memoryLaunch(placement: Placement, payloadBytes: number): CellDefinition['launch'] {
  return (directory) =>
    clientLast([
      () => startPeer(placement.client, 'alone', 'memory', freshPath(directory), String(payloadBytes)),
    ]);
}

type CallLaunch = (placement: Placement, payloadBytes: number) => CellDefinition['launch'];

const callLaunches: Readonly<Record<string, CallLaunch>> = {
  'c-seqpacket': (placement, payloadBytes) => pingPongLaunch(placement, payloadBytes),
  'c-broker': (placement, payloadBytes) =>
    pingPongLaunch(placement, payloadBytes, cpuArgument(placement.broker)),
  memory: memoryLaunch,
  sockets: (placement, payloadBytes) => transportLaunch('sockets', placement, payloadBytes),
  datagram: (placement, payloadBytes) => transportLaunch('datagram', placement, payloadBytes),
  bus: (placement, payloadBytes) => transportLaunch('bus', placement, payloadBytes),
  'node-net': nodeNetLaunch,
};

/** The empty call at one placement over the contenders that are named; they need nothing but this project. */
export function emptyCallCells(
  placement: Placement,
  payloadBytes: number,
  names: readonly string[] = Object.keys(callLaunches).filter((name) => name !== 'c-broker'),
): CellDefinition[] {
  return names.map((contender) => {
    const launch = callLaunches[contender];
    if (launch === undefined) throw new Error(`no contender is called ${contender}`);
    return {
      workload: 'W1',
      contender,
      call: 'empty',
      payloadBytes,
      placement: placement.name,
      canOpen: true,
      launch: launch(placement, payloadBytes),
    };
  });
}

/**
 * The empty call over the bus, whose broker and both ends spin before they sleep. Everybody else blocks, so this is shown beside them
 * and judged against nobody (benchmark method: the waiting mode is stated).
 */
export function spinningCallCells(placement: Placement, payloadBytes: number): CellDefinition[] {
  const contender = 'bus-spin';
  const launch = transportLaunch(contender, placement, payloadBytes);
  const name = { workload: 'W1', contender, call: 'empty', payloadBytes, placement: placement.name };
  return [{ ...name, waiting: 'spin', canOpen: true, launch }];
}

const kinds: Readonly<Record<string, Contender['kind']>> = {
  'c-seqpacket': 'c',
  'c-broker': 'c',
  'node-net': 'node',
};

/** The most that fits where a kernel or package limits a message to less than 64 KiB. */
const payloadLimits: Readonly<Record<string, number>> = { datagram: limits.datagramMessageBytesMax };

/** The contenders that need nothing but this project, with what calls need; scenarios add what they need (`withLaunchers`). */
export function ownContenders(): Contender[] {
  return Object.entries(callLaunches).map(([name, launch]) => {
    const payloadBytesMax = payloadLimits[name];
    return {
      name,
      kind: kinds[name] ?? 'own',
      waiting: 'block',
      launchers: { call: (placement, { payloadBytes }) => launch(placement, payloadBytes) },
      isPipelined: true,
      ...(payloadBytesMax === undefined ? {} : { payloadBytesMax }),
      presence: () => {
        const isBuilt = kinds[name] === 'c' ? hasNativePeer('seqpacket-pingpong') : hasAlarm;
        if (isBuilt) return { present: true };
        return {
          present: false,
          reason: `${name}: its peers in C are not built; run "npm run build:native"`,
        };
      },
    };
  });
}
