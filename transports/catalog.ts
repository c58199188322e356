/**
 * The one place where transports are registered: a plain list, handed to whoever needs it. Importing it has no effect.
 */
import type { Time } from '../broker/contract/platform.js';
import type { Manifest, Transport } from '../broker/contract/transport.js';
import type { PacketLoop } from '../broker/native/packets.js';
import { manifest as busManifest, createBusTransport } from './bus/index.js';
import { createDatagramTransport, manifest as datagramManifest } from './datagram/index.js';
import { createMemoryTransport, manifest as memoryManifest } from './memory/index.js';
import { createSocketsTransport, manifest as socketsManifest } from './sockets/index.js';

/** What transports are made from. */
export interface TransportParts {
  readonly loop: PacketLoop;
  readonly time: Time;
}

export interface TransportEntry {
  readonly name: string;
  readonly manifest: Manifest;
  readonly create: (parts: TransportParts) => Transport;
}

export { createReadinessSockets } from './datagram/readiness-socket.js';

export const transports: readonly TransportEntry[] = [
  { name: 'memory', manifest: memoryManifest, create: ({ time }) => createMemoryTransport({ time }) },
  { name: 'sockets', manifest: socketsManifest, create: (parts) => createSocketsTransport(parts) },
  { name: 'datagram', manifest: datagramManifest, create: createDatagramTransport },
  { name: 'bus', manifest: busManifest, create: createBusTransport },
];
