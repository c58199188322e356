/**
 * A place in the world that peers connect to, and its own peer, which owns the roots.
 */
import { closeSync, constants, fstatSync, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { peersMax } from '../../broker/contract/limits.js';
import type {
  CapabilityNode,
  PeerOptions,
  RootChooser,
  ServeOptions,
  Server,
  Session,
} from '../../broker/contract/transport.js';
import { Notification } from './inbox.js';
import { MemoryIntrospection } from './introspection.js';
import { MemoryNode, type NodeTarget } from './node.js';
import { MemoryPeer } from './peer.js';
import type { World } from './world.js';

export class MemoryServer implements Server {
  readonly peer: MemoryPeer;
  readonly descriptor = undefined;
  readonly #world: World;
  readonly #path: string;
  readonly #chooseRoot: RootChooser;
  readonly introspection: MemoryIntrospection;
  readonly #connected = new Set<MemoryPeer>();

  /** The address must be free. */
  constructor(world: World, path: string, options: ServeOptions) {
    this.#world = world;
    this.#path = path;
    this.peer = new MemoryPeer(world, world.credentials(), options, () => this.close());
    this.introspection = new MemoryIntrospection(world, () => [this.peer, ...this.#connected]);
    this.#chooseRoot = options.root(this);
    world.servers.set(path, this);
  }

  get peers(): number {
    return this.#connected.size;
  }

  /** Makes a peer for a newcomer, whose root follows from who it is (C71). */
  welcome(options: PeerOptions): Session {
    const credentials = this.#world.credentials();
    const root = this.#chooseRoot(credentials);
    if (!(root instanceof MemoryNode)) {
      throw new BrokerError(ErrorCode.PermissionDenied, 'the server has no root for this user');
    }
    return this.admit(root.target, options);
  }

  /** Makes a peer with this root. */
  admit(root: NodeTarget, options: PeerOptions): Session {
    if (this.#connected.size >= peersMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a server has at most ${peersMax} peers`);
    }
    const ended = (): void => {
      this.#connected.delete(peer);
    };
    const peer = new MemoryPeer(this.#world, this.#world.credentials(), options, ended, root.object);
    this.#connected.add(peer);
    root.depart(root.owner, peer);
    return { peer, root: root.arrive(peer, this.#world.nextSequence()) };
  }

  /**
   * The descriptor of an invitation is an open directory that was removed at once: nobody else can open it, and no other has
   * its identity.
   */
  invite(root: CapabilityNode): number {
    if (this.peer.hasEnded) throw new BrokerError(ErrorCode.Closed, 'the server was closed before');
    if (!(root instanceof MemoryNode)) {
      throw new BrokerError(ErrorCode.InvalidArgument, 'the root is not a node of this transport');
    }
    const directory = mkdtempSync(join(tmpdir(), 'capstan-invitation-'));
    try {
      const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      this.#world.invitations.set(identity(descriptor), { server: this, root: root.target });
      return descriptor;
    } finally {
      rmdirSync(directory);
    }
  }

  close(): void {
    if (this.#world.servers.get(this.#path) !== this) return;
    this.#world.servers.delete(this.#path);
    for (const [key, { server }] of this.#world.invitations) {
      if (server === this) this.#world.invitations.delete(key);
    }
    this.peer.close();
    for (const peer of this.#connected) peer.cut(new Notification(() => peer.end('disconnected')));
  }
}

/** The peer that was invited with this descriptor, which is taken. */
export function acceptInvitation(world: World, descriptor: number, options: PeerOptions): Session {
  const key = identity(descriptor);
  const invitation = world.invitations.get(key);
  closeSync(descriptor);
  if (invitation === undefined) {
    throw new BrokerError(ErrorCode.Unreachable, 'the descriptor is not an invitation of this transport');
  }
  world.invitations.delete(key);
  return invitation.server.admit(invitation.root, options);
}

function identity(descriptor: number): string {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return `${dev}:${ino}`;
}
