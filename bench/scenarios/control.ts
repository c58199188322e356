/**
 * The control call: the status of one service, asked of a real manager (init, broker, its control sockets) through the client library.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellDefinition, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { buildDirectory, freshPath, startInOrder, startPeer } from './contenders.js';

const command = join(buildDirectory, 'clients', 'cli', 'main.js');
const service = 'probe';

function startManager(directory: string, socket: string, cpu: number | undefined): PeerProcess {
  writeFileSync(join(directory, service), 'type = internal\n');
  const run = [
    process.execPath,
    command,
    'run',
    '--quiet',
    '-d',
    directory,
    '--socket',
    socket,
    '--ready-fd',
    '1',
    service,
  ];
  return new PeerProcess('capstan run', pinned(cpu, run), { isTree: true });
}

/** A status call over each of the transports on which a manager listens. */
export function controlCallCells(placement: Placement): CellDefinition[] {
  return ['sockets', 'bus'].map((name) => ({
    workload: 'W1',
    contender: name,
    call: 'control',
    payloadBytes: 0,
    placement: placement.name,
    launch: async (directory) => {
      const services = mkdtempSync(join(directory, 'services-'));
      const socket = freshPath(directory);
      const [manager, client] = await startInOrder([
        () => startManager(services, socket, placement.service),
        () => startPeer(placement.client, 'control', name, socket, service),
      ]);
      if (manager === undefined || client === undefined) throw new Error('no peers');
      return {
        client,
        others: [manager],
        cleanUp: () => rmSync(services, { recursive: true, force: true }),
      };
    },
  }));
}
