/**
 * The contenders of W1 (round trip of a call) and how their processes are started. Each is in the configuration that its authors advise; the
 * reason stands with its peer in `bench/peers/`.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';

export const buildDirectory = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const peerMain = join(buildDirectory, 'bench', 'peers', 'main.js');
export const projectDirectory = join(buildDirectory, '..');
const pingPong = join(projectDirectory, 'bench', 'peers', 'build', 'seqpacket-pingpong');

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

async function clientLast(starts: readonly (() => PeerProcess)[]): Promise<CellProcesses> {
  const started = await startInOrder(starts);
  const client = started.pop();
  if (client === undefined) throw new Error('a cell needs a client');
  return { client, others: started.reverse() };
}

let sockets = 0;

/** A fresh socket path in the run's directory. */
export function freshPath(directory: string): string {
  return join(directory, `${sockets++}.socket`);
}

function cell(
  contender: string,
  placement: Placement,
  payloadBytes: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  return { workload: 'W1', contender, call: 'empty', payloadBytes, placement: placement.name, launch };
}

function transportCell(name: string, placement: Placement, payloadBytes: number): CellDefinition {
  return cell(name, placement, payloadBytes, async (directory) => {
    const path = freshPath(directory);
    return clientLast([
      () => startPeer(placement.broker, 'hub', name, path),
      () => startPeer(placement.service, 'service', name, path),
      () => startPeer(placement.client, 'client', name, path, String(payloadBytes)),
    ]);
  });
}

/** The empty call over each contender at one placement. */
export function emptyCallCells(placement: Placement, payloadBytes: number): CellDefinition[] {
  const cpu = (number: number | undefined): string => String(number ?? -1);
  if (!existsSync(pingPong)) throw new Error(`${pingPong} is missing; build it with "npm run build:native"`);
  return [
    cell('c-seqpacket', placement, payloadBytes, () =>
      clientLast([
        () =>
          new PeerProcess('c-seqpacket', [
            pingPong,
            cpu(placement.client),
            cpu(placement.service),
            String(payloadBytes),
          ]),
      ]),
    ),
    cell('memory', placement, payloadBytes, async (directory) =>
      clientLast([
        () => startPeer(placement.client, 'alone', 'memory', freshPath(directory), String(payloadBytes)),
      ]),
    ),
    transportCell('sockets', placement, payloadBytes),
    transportCell('bus', placement, payloadBytes),
    cell('node-net', placement, payloadBytes, async (directory) => {
      const path = freshPath(directory);
      return clientLast([
        () => startPeer(placement.service, 'net-server', '-', path),
        () => startPeer(placement.client, 'net-client', '-', path, String(payloadBytes)),
      ]);
    }),
  ];
}
