/**
 * The control call: the status of one service, asked of a real manager (init, broker, its control sockets) through the client library.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellDefinition, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { buildDirectory, freshPath, startInOrder, startPeer } from './contenders.js';

const command = join(buildDirectory, 'clients', 'cli', 'main.js');
const memoryManager = join(buildDirectory, 'bench', 'peers', 'manager.js');
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

/** The same manager with its client inside, over memory. */
function memoryCell(placement: Placement): CellDefinition {
  return {
    workload: 'W1',
    contender: 'memory',
    call: 'control',
    payloadBytes: 0,
    placement: placement.name,
    launch: async (directory) => {
      const services = mkdtempSync(join(directory, 'services-'));
      writeFileSync(join(services, service), 'type = internal\n');
      const command = pinned(placement.client, [process.execPath, memoryManager, 'launch', services]);
      const [client] = await startInOrder([() => new PeerProcess('memory manager', command)]);
      if (client === undefined) throw new Error('no peers');
      return { client, others: [], cleanUp: () => rmSync(services, { recursive: true, force: true }) };
    },
  };
}

/** A status call over each of the transports on which a manager listens. */
export function controlCallCells(placement: Placement): CellDefinition[] {
  const overSockets = ['sockets', 'datagram', 'bus'].map(
    (name): CellDefinition => ({
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
    }),
  );
  return [memoryCell(placement), ...overSockets];
}
