/**
 * The bus: a user-space Bus1. One `SOCK_SEQPACKET` connection for each peer to a broker that keeps nodes and handles and puts
 * everything into one order (docs/spec/bus.md). See README.md.
 */
import * as limits from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type {
  ConnectOptions,
  Manifest,
  ServeOptions,
  Server,
  Session,
  Transport,
} from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { connectBus } from './connect.js';
import { serveBus } from './router/server.js';

export type { HolderShare } from './link.js';
export { BusPeer } from './peer.js';

export const manifest: Manifest = Object.freeze({
  order: 'total',
  multicast: 'atomic',
  passesDescriptors: true,
  revocation: 'node',
  credentials: 'kernel',
  peerEnd: 'event',
  messageBytesMax: limits.payloadBytesMax,
  handlesMax: limits.messageHandlesMax,
  descriptorsMax: limits.messageDescriptorsMax,
  crossHost: false,
  crossProcess: true,
});

export interface BusParts {
  readonly loop: PacketLoop;
  readonly time: Time;
}

/** The transport on a process's packet loop, which stays the caller's. */
export function createBusTransport(parts: BusParts): Transport {
  const { loop, time } = parts;
  const native = loadNative();
  return {
    name: 'bus',
    manifest,
    serve: async (options: ServeOptions): Promise<Server> =>
      serveBus({ native, loop, time, manifest }, options),
    connect: (options: ConnectOptions): Promise<Session> =>
      connectBus({ native, loop, time, manifest }, options),
  };
}
