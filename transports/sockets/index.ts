/**
 * The `sockets` transport: a handle is a connected SOCK_SEQPACKET descriptor, a node is whatever its owner attaches connections
 * to. Messages pass directly between holder and owner; the kernel enforces who may send (docs/spec/sockets.md, README.md).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { peersMax } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { ServeOptions, Server, Transport } from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { listenAt } from './address.js';
import type { SocketSystem } from './core.js';
import { manifest } from './manifest.js';
import type { SocketsParts } from './peer.js';
import { SocketsServer } from './server.js';
import { connect } from './session.js';
import { createSystem } from './system.js';

export type { SocketSystem } from './core.js';
export { SystemRefusal } from './core.js';
export { createDoor, type DialOptions, type Door, type DoorOptions, dial } from './door.js';
export { createNode, type SocketsNodeOptions } from './peer.js';
export { createSystem, manifest };

export interface SocketsOptions {
  readonly loop: PacketLoop;
  readonly time: Time;
  /** The system calls besides packets; default: the native addon's. A test hands in one that fails. */
  readonly system?: SocketSystem;
  /**
   * Keeps the wide fence for the nodes of this transport's peers: what a holder sent to any node of the same peer before it gave a
   * handle away comes before what the new holder sends (sockets S5). Default false: giving away is quicker, and connections are
   * unordered among each other.
   */
  readonly fence?: boolean;
  /** Peers that one server takes, shared among users (sockets S4); default `limits.peersMax`. */
  readonly peersMax?: number;
}

/** Socket files are private unless the server says otherwise. */
const defaultMode = 0o600;

export function createSocketsTransport(options: SocketsOptions): Transport {
  const parts: SocketsParts = {
    loop: options.loop,
    time: options.time,
    system: options.system ?? createSystem(),
    hasFence: options.fence ?? false,
    peersMax: options.peersMax ?? peersMax,
  };
  return {
    name: 'sockets',
    manifest,
    serve: async (serveOptions) => serve(parts, serveOptions),
    connect: (connectOptions) => connect(parts, connectOptions),
  };
}

function serve(parts: SocketsParts, options: ServeOptions): Server {
  const { path, descriptor } = options;
  if ((path === undefined) === (descriptor === undefined)) {
    if (descriptor !== undefined) parts.system.close(descriptor);
    throw new BrokerError(ErrorCode.InvalidArgument, 'serve needs a path or a descriptor, and not both');
  }
  if (descriptor !== undefined) return adoptListener(parts, descriptor, options);
  const address = path ?? '';
  const listening = listenAt(parts.system, address, options.mode ?? defaultMode);
  return new SocketsServer(parts, listening, address, options);
}

function adoptListener(parts: SocketsParts, descriptor: number, options: ServeOptions): Server {
  if (parts.system.isSocket(descriptor)) return new SocketsServer(parts, descriptor, undefined, options);
  parts.system.close(descriptor);
  throw new BrokerError(ErrorCode.InvalidArgument, 'the descriptor is not a SOCK_SEQPACKET socket');
}
