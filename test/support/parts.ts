/**
 * What transports are made from in a test process: the real event loop and real time.
 */
import { descriptorReserve, packetBytesMax } from '../../broker/contract/limits.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { type TransportEntry, type TransportParts, transports } from '../../transports/catalog.js';

/** Parts that share the event loop of this process, which spins before it sleeps if that is said. */
export function createParts(spinUs?: number): TransportParts {
  const sizes = { packetBytesMax, descriptorReserve };
  return { loop: openPacketLoop(spinUs === undefined ? sizes : { ...sizes, spinUs }), time: createTime() };
}

/** The catalog's entry with this name. */
export function transportEntry(name: string): TransportEntry {
  const entry = transports.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`the catalog has no transport ${name}`);
  return entry;
}
