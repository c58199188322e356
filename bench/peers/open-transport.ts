/**
 * The transport of a peer, by its name in the catalog. Only its own modules are loaded: a cell may have dozens of processes, and what a
 * peer does not use would be most of the time that they need to start.
 */
import { dirname, join } from 'node:path';
import { limits, type Transport } from '../../broker/contract/index.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import type { TransportParts } from '../../transports/catalog.js';

/** Where clients of the server at `path` receive, on a transport on which they have sockets of their own. */
function receivePlace(path: string): string {
  return join(dirname(path), 'own');
}

const openers: Readonly<Record<string, (parts: TransportParts, path: string) => Promise<Transport>>> = {
  memory: async ({ time }) => {
    const { createMemoryTransport } = await import('../../transports/memory/index.js');
    return createMemoryTransport({ time });
  },
  sockets: async (parts) => {
    const { createSocketsTransport } = await import('../../transports/sockets/index.js');
    return createSocketsTransport(parts);
  },
  datagram: async (parts, path) => {
    const { createDatagramTransport } = await import('../../transports/datagram/index.js');
    return createDatagramTransport({ ...parts, directory: receivePlace(path) });
  },
  bus: async (parts) => {
    const { createBusTransport } = await import('../../transports/bus/index.js');
    return createBusTransport(parts);
  },
};

/** The name of a transport with this behind it is the same with a packet loop that spins before it sleeps. */
export const spinSuffix = '-spin';

/** The longest that is advised for `spinUs`: two to three wake-ups. */
const spinUs = 50;

/**
 * A transport with a packet loop of its own, for the server at `path` and its clients. What it has to leave in files stands beside that, in the
 * harness's directory, which is removed however the run ends: a peer that is killed with the run cannot clean up itself. Throws for a name
 * that the catalog does not have.
 */
export async function openTransport(name: string, path: string): Promise<Transport> {
  const isSpinning = name.endsWith(spinSuffix);
  const open = openers[isSpinning ? name.slice(0, -spinSuffix.length) : name];
  if (open === undefined) throw new Error(`no transport is called ${name}`);
  const { packetBytesMax, descriptorReserve } = limits;
  const loop = openPacketLoop({ packetBytesMax, descriptorReserve, spinUs: isSpinning ? spinUs : 0 });
  return open({ loop, time: createTime() }, path);
}
