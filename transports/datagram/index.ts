/**
 * The `datagram` transport: a handle is the address of a receive socket and a secret, a node is whatever its owner knows the secret
 * of. Messages pass directly between peers, and all that is sent to one peer goes through one queue (docs/spec/sockets.md,
 * README.md).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Time } from '../../broker/contract/platform.js';
import type { ServeOptions, Server, Transport } from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { closeDescriptors } from './descriptors.js';
import { manifest } from './manifest.js';
import type { DatagramParts } from './peer.js';
import { Places } from './place.js';
import { SecretSource } from './secrets.js';
import { DatagramServer } from './server.js';
import { connect } from './session.js';
import { createSystem, type DatagramSystem } from './system.js';

export type { DatagramSystem };
export { createSystem, manifest };

export interface DatagramOptions {
  /** For invitations only: datagrams are read by the package's own watchers. */
  readonly loop: PacketLoop;
  readonly time: Time;
  /** Where the sockets of newcomers are made, instead of the user's own place. It must exist, and only the user may write to it. */
  readonly directory?: string;
  /** The system calls; default: the package's. A test hands in one that fails. */
  readonly system?: DatagramSystem;
  /** Fills with random bytes that nobody can guess; default: the system's generator. */
  readonly random?: (bytes: Uint8Array) => void;
}

export function createDatagramTransport(options: DatagramOptions): Transport {
  const system = options.system ?? createSystem();
  const secrets = new SecretSource(options.random);
  const places = new Places(system, secrets, options.directory);
  let open = 0;
  const parts: DatagramParts = {
    ...{ time: options.time, system, secrets },
    opened: () => {
      if (open === 0) system.prepareProbe();
      open += 1;
    },
    closed: (path) => {
      places.closed(path);
      open -= 1;
      if (open === 0) system.close();
    },
  };
  const serve = (serveOptions: ServeOptions): Server => {
    const { path, descriptor } = serveOptions;
    if (descriptor !== undefined) {
      closeDescriptors([descriptor]);
      throw new BrokerError(ErrorCode.Unsupported, 'the package cannot listen on a descriptor');
    }
    if (path === undefined) throw new BrokerError(ErrorCode.InvalidArgument, 'serve needs a path');
    return new DatagramServer(parts, options.loop, path, serveOptions);
  };
  /** A failure before there is a peer leaves nothing open either. */
  const cleanly = async <T>(attempt: () => T | Promise<T>): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (open === 0) system.close();
      throw error;
    }
  };
  return {
    name: 'datagram',
    manifest,
    serve: (serveOptions) => cleanly(() => serve(serveOptions)),
    connect: (connectOptions) => cleanly(() => connect(parts, places, connectOptions)),
  };
}
