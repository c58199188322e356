/** A place to connect to: the router, its own peer, and the listening socket. */
import type { PeerRecord } from '../../../broker/capability/index.js';
import { ConnectionShares } from '../../../broker/contract/connection-shares.js';
import { BrokerError, ErrorCode } from '../../../broker/contract/errors.js';
import type { Introspection } from '../../../broker/contract/introspection.js';
import * as limits from '../../../broker/contract/limits.js';
import type { Time } from '../../../broker/contract/platform.js';
import type {
  CapabilityNode,
  Credentials,
  Manifest,
  RootChooser,
  ServeOptions,
  Server,
} from '../../../broker/contract/transport.js';
import type { Native } from '../../../broker/native/addon.js';
import type { PacketListener, PacketLoop } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../descriptors.js';
import { BusNode } from '../node.js';
import { BusPeer } from '../peer.js';
import { fileAt, listenOn, removeSocket, systemFault } from '../socket-file.js';
import { Connection, type ConnectionKeeper } from './connection.js';
import { BusIntrospection } from './introspection.js';
import { LocalLink } from './local-link.js';
import { Router } from './router.js';

export interface BusServerParts {
  readonly native: Native;
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly manifest: Manifest;
}

const defaultMode = 0o600;

/** Throws what `Transport.serve` rejects with; then nothing is left open, a descriptor that was handed in included. */
export function serveBus(parts: BusServerParts, options: ServeOptions): Server {
  const { path, descriptor } = options;
  if ((path === undefined) === (descriptor === undefined)) {
    if (descriptor !== undefined) closeDescriptors([descriptor]);
    throw new BrokerError(ErrorCode.InvalidArgument, 'exactly one of path and descriptor is needed');
  }
  const listening = descriptor ?? listenOn(parts.native, path ?? '', options.mode ?? defaultMode);
  return new BusServer(parts, options, listening);
}

class BusServer implements Server, ConnectionKeeper {
  readonly peer: BusPeer;
  readonly introspection: Introspection;
  readonly #native: Native;
  readonly #router: Router;
  readonly #local: LocalLink;
  readonly #listener: PacketListener;
  /** With the user that each is counted for. */
  readonly #connections = new Map<Connection, number>();
  readonly #shares = new ConnectionShares(limits.peersMax);
  readonly #path: string | undefined;
  readonly #file: string | undefined;
  readonly #chooseRoot: RootChooser;
  /** Roots of those who were invited, until they come. */
  readonly #roots = new Map<Connection, BusNode>();
  #isClosed = false;

  constructor(parts: BusServerParts, options: ServeOptions, listening: number) {
    const { native, loop, time, manifest } = parts;
    this.#native = native;
    this.#router = new Router({
      loop,
      time,
      duplicate: (descriptor) => duplicate(native, descriptor),
      sealedLength: (descriptor) => native.sealedLength(descriptor),
      later: (act) => void setImmediate(act),
    });
    this.peer = new BusPeer({ manifest, time, options });
    this.#local = new LocalLink(this.#router, ownCredentials(), this.peer);
    this.peer.attach(this.#local);
    this.introspection = new BusIntrospection({
      router: this.#router,
      peer: this.peer,
      own: this.#local.peer,
      lineOf: ({ outlet }) => (outlet instanceof Connection ? outlet : this.#local),
      peers: () => this.peers,
    });
    this.#path = options.path;
    this.#file = options.path === undefined ? undefined : fileAt(options.path);
    try {
      this.#listener = loop.accept(listening, (descriptor, pid, uid, gid) =>
        this.#connected(descriptor, { pid, uid, gid }),
      );
    } catch (error) {
      this.peer.close();
      closeDescriptors([listening]);
      throw systemFault('the descriptor cannot be listened on', error);
    }
    try {
      this.#chooseRoot = options.root(this);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get peers(): number {
    let welcome = 0;
    for (const connection of this.#connections.keys()) if (connection.isWelcome) welcome += 1;
    return welcome;
  }

  get descriptor(): number | undefined {
    return this.#isClosed ? undefined : this.#listener.descriptor;
  }

  invite(root: CapabilityNode): number {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the server is closed');
    if (!(root instanceof BusNode) || root.peer !== this.peer || root.isDestroyed) {
      throw new BrokerError(ErrorCode.InvalidArgument, 'a root is a live node of the server’s own peer');
    }
    // Who is invited is not known yet, so it counts for who invites.
    const { uid } = ownCredentials();
    if (!this.#shares.enter(uid)) {
      throw new BrokerError(ErrorCode.OverQuota, 'this user has its share of the connections to this broker');
    }
    let ends: [number, number];
    try {
      ends = this.#native.socketpair();
    } catch (error) {
      this.#shares.leave(uid);
      throw systemFault('cannot make a connection for somebody', error);
    }
    let connection: Connection;
    try {
      connection = new Connection(this.#router, this, ends[0], undefined);
    } catch (error) {
      this.#shares.leave(uid);
      closeDescriptors([ends[1]]);
      throw systemFault('cannot make a connection for somebody', error);
    }
    this.#connections.set(connection, uid);
    this.#roots.set(connection, root);
    return ends[1];
  }

  close(options: { readonly keepSocket?: boolean } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#path !== undefined && options.keepSocket !== true) removeSocket(this.#path, this.#file);
    this.#listener.close();
    this.peer.close();
    for (const connection of [...this.#connections.keys()]) connection.close();
  }

  // ConnectionKeeper.

  admit(connection: Connection, peer: PeerRecord, who: Credentials, root: Uint32Array): number {
    const invited = this.#roots.get(connection);
    this.#roots.delete(connection);
    const node = invited ?? this.#choose(who);
    if (!(node instanceof BusNode) || node.peer !== this.peer || node.isDestroyed) {
      return ErrorCode.PermissionDenied;
    }
    const id = this.#router.core.introduce(this.#local.peer, node, peer);
    if (id === undefined) return ErrorCode.PermissionDenied;
    node.transferred();
    connection.root = node;
    root[0] = id.word;
    root[1] = id.generation;
    return 0;
  }

  forget(connection: Connection): void {
    const uid = this.#connections.get(connection);
    if (uid !== undefined) this.#shares.leave(uid);
    this.#connections.delete(connection);
    this.#roots.delete(connection);
  }

  #choose(who: Credentials): CapabilityNode | undefined {
    try {
      return this.#chooseRoot(who);
    } catch (error) {
      this.peer.fault(error);
      return undefined;
    }
  }

  #connected(descriptor: number, who: Credentials): void {
    let connection: Connection;
    try {
      connection = new Connection(this.#router, this, descriptor, who);
    } catch {
      // The loop or the kernel has no place for one more, and has closed it: the newcomer sees the end, nobody else notices.
      return;
    }
    if (this.#shares.enter(who.uid)) this.#connections.set(connection, who.uid);
    else connection.refuse(ErrorCode.OverQuota);
  }
}

function duplicate(native: Native, descriptor: number): number {
  try {
    return native.duplicate(descriptor);
  } catch {
    return -1;
  }
}

function ownCredentials(): Credentials {
  return { pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
