/**
 * The `memory` transport: peers of one process, without sockets. It is the reference for the contract, and what users test
 * with: deterministic, and deliveries can be held and let through one by one.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { inlineBytesMax, messageDescriptorsMax, messageHandlesMax } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type {
  ConnectOptions,
  Credentials,
  Manifest,
  Peer,
  ServeOptions,
  Server,
  Session,
  Transport,
} from '../../broker/contract/transport.js';
import { MemoryPeer } from './peer.js';
import { acceptInvitation, MemoryServer } from './server.js';
import { World } from './world.js';

export const manifest: Manifest = {
  order: 'total',
  multicast: 'atomic',
  passesDescriptors: true,
  revocation: 'node',
  credentials: 'kernel',
  peerEnd: 'event',
  messageBytesMax: inlineBytesMax,
  handlesMax: messageHandlesMax,
  descriptorsMax: messageDescriptorsMax,
  crossHost: false,
  crossProcess: false,
};

export interface MemoryOptions {
  /** For deadlines. Simulated time works. */
  readonly time: Time;
  /** Who a newcomer is, asked at each `serve` and `connect`; default: this process. A test can be several users. */
  readonly credentials?: () => Credentials;
  /** Less than the manifest says, to see how a program copes with a transport that can do less. */
  readonly features?: Partial<
    Pick<Manifest, 'passesDescriptors' | 'messageBytesMax' | 'handlesMax' | 'descriptorsMax'>
  >;
}

/** A transport whose deliveries a test can stop. Sends are accepted and refused as ever, and deadlines pass. */
export interface MemoryTransport extends Transport {
  /** Stops deliveries to this peer, or to all. */
  hold(peer?: Peer): void;
  /** Resumes what `hold` with the same argument stopped. */
  release(peer?: Peer): void;
  /** Delivers one item now, the next of this peer or of whoever's turn it is; false if there was none. */
  step(peer?: Peer): boolean;
}

/** A world of its own: peers of one transport object can meet, those of two cannot. */
export function createMemoryTransport(options: MemoryOptions): MemoryTransport {
  const features = { ...manifest, ...options.features };
  const world = new World(features, options.time, options.credentials ?? processCredentials);
  return {
    name: 'memory',
    manifest: features,
    serve: async (serveOptions) => serve(world, serveOptions),
    connect: async (connectOptions) => connect(world, connectOptions),
    hold: (peer) => world.schedule.hold(own(peer)),
    release: (peer) => world.schedule.release(own(peer)),
    step: (peer) => world.schedule.step(own(peer)),
  };
}

function serve(world: World, options: ServeOptions): Server {
  const { path } = options;
  if (options.descriptor !== undefined) {
    throw new BrokerError(ErrorCode.Unsupported, 'memory does not listen on descriptors');
  }
  if (path === undefined) throw new BrokerError(ErrorCode.InvalidArgument, 'serve needs a path');
  if (world.servers.has(path)) {
    throw new BrokerError(ErrorCode.AddressInUse, `somebody already listens on ${path}`);
  }
  return new MemoryServer(world, path, options);
}

function connect(world: World, options: ConnectOptions): Session {
  const { path, descriptor } = options;
  if ((path === undefined) === (descriptor === undefined)) {
    throw new BrokerError(ErrorCode.InvalidArgument, 'connect needs a path or a descriptor');
  }
  if (descriptor !== undefined) return acceptInvitation(world, descriptor, options);
  if (options.signal?.aborted === true) throw new BrokerError(ErrorCode.Aborted, 'the connect was given up');
  const server = world.servers.get(path ?? '');
  if (server === undefined) throw new BrokerError(ErrorCode.Unreachable, `nobody listens on ${path}`);
  return server.welcome(options);
}

function own(peer: Peer | undefined): MemoryPeer | undefined {
  if (peer === undefined || peer instanceof MemoryPeer) return peer;
  throw new BrokerError(ErrorCode.InvalidArgument, 'not a peer of a memory transport');
}

function processCredentials(): Credentials {
  return { pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
