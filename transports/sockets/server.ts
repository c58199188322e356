/**
 * A listening socket and the peer that owns the roots.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { ConnectionShares } from '../../broker/contract/connection-shares.js';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Introspection } from '../../broker/contract/introspection.js';
import type {
  CapabilityNode,
  Credentials,
  Peer,
  RootChooser,
  ServeOptions,
  Server,
} from '../../broker/contract/transport.js';
import { SocketsIntrospection } from './introspection.js';
import { SocketsNode } from './node.js';
import { type SocketsParts, SocketsPeer } from './peer.js';
import { Reception } from './reception.js';
import { Witness } from './witness.js';

export class SocketsServer implements Server {
  readonly peer: Peer;
  readonly introspection: Introspection;
  readonly #peer: SocketsPeer;
  readonly #reception: Reception;
  readonly #path: string | undefined;
  readonly #inode: bigint | undefined;
  readonly #chooseRoot: RootChooser;
  /** By user, newcomers and those who were invited included. */
  readonly #shares: ConnectionShares;
  #peers = 0;
  #isClosed = false;

  /** Takes the listening descriptor, also when it throws. `path` is what is unlinked at the end. */
  constructor(parts: SocketsParts, descriptor: number, path: string | undefined, options: ServeOptions) {
    this.#path = path;
    this.#shares = new ConnectionShares(parts.peersMax);
    this.#inode = path === undefined ? undefined : inodeOf(path);
    this.#peer = new SocketsPeer(parts, options);
    this.peer = this.#peer;
    const witness = new Witness(parts.time, ownCredentials());
    this.#peer.witness = witness;
    this.introspection = new SocketsIntrospection(this.#peer, witness, () => this.#peers);
    try {
      parts.system.passRights(descriptor, false);
      this.#chooseRoot = options.root(this);
    } catch (error) {
      parts.system.close(descriptor);
      this.#peer.close();
      throw error;
    }
    try {
      this.#reception = new Reception(this.#peer, descriptor, {
        take: ({ uid }) => this.#shares.enter(uid),
        release: ({ uid }) => this.#shares.leave(uid),
        choose: (who) => this.#choose(who),
        entered: () => this.#count(1),
        left: () => this.#count(-1),
      });
    } catch (error) {
      this.#peer.close();
      throw error;
    }
  }

  get peers(): number {
    return this.#peers;
  }

  get descriptor(): number | undefined {
    return this.#isClosed ? undefined : this.#reception.descriptor;
  }

  invite(root: CapabilityNode): number {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the server was closed before');
    if (!(root instanceof SocketsNode) || root.holder !== this.#peer) {
      throw new BrokerError(ErrorCode.InvalidArgument, `the root is not a node of the server's peer`);
    }
    if (root.isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    // Who is invited is not known yet, so it counts for who invites.
    const { uid } = ownCredentials();
    if (!this.#shares.enter(uid)) {
      throw new BrokerError(ErrorCode.OverQuota, 'this user has its share of the connections to this server');
    }
    const descriptor = root.createConnection(() => {
      this.#shares.leave(uid);
      this.#count(-1);
    });
    if (descriptor instanceof BrokerError) {
      this.#shares.leave(uid);
      throw descriptor;
    }
    this.#peers += 1;
    return descriptor;
  }

  close(options: { readonly keepSocket?: boolean } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (options.keepSocket !== true) this.#unlink();
    this.#reception.close();
    this.#peer.close();
  }

  /** Only what this server bound: somebody else may have taken the path over. */
  #unlink(): void {
    if (this.#path === undefined || this.#inode === undefined || inodeOf(this.#path) !== this.#inode) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // Somebody else removed it, or the directory: it is gone either way.
    }
  }

  #count(change: 1 | -1): void {
    this.#peers += change;
  }

  /** The root that a user gets (C71). */
  #choose(who: Credentials): SocketsNode | ErrorCode {
    const root = this.#chooseRoot(who);
    const isOwn = root instanceof SocketsNode && !root.isDestroyed && root.holder === this.#peer;
    return isOwn ? root : ErrorCode.PermissionDenied;
  }
}

function ownCredentials(): Credentials {
  return { pid: process.pid, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

function inodeOf(path: string): bigint | undefined {
  if (path.startsWith('@')) return undefined;
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
