/**
 * A door: a descriptor that can be passed on and copied at will, and through which whoever holds it connects (sockets S14).
 *
 * A handle is one connection for one holder. Where many connections are wanted, and their number is not known, the owner makes a
 * listening socket and gives away an O_PATH descriptor of its inode. Its path exists only while the door is made, inside a
 * directory that nobody else can enter; so the descriptor is the only way in. The kernel finds the inode under the descriptor's
 * name in /proc, and tells the owner who has connected: the one who dials, not the one who gave the door away.
 *
 * The descriptor is no use of the node: the owner learns of who comes, and not of who could.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { peerHandlesMax, peersMax } from '../../broker/contract/limits.js';
import type { CapabilityNode, Credentials, Handle, Peer } from '../../broker/contract/transport.js';
import { listenAt } from './address.js';
import { type Closable, refusalOf, SystemRefusal } from './core.js';
import { SocketsHandle } from './handle.js';
import { SocketsNode } from './node.js';
import { SocketsPeer } from './peer.js';
import { Reception } from './reception.js';
import { Patience, reach } from './session.js';

/** The right to connect is the descriptor, whoever has it. */
const doorMode = 0o666;

export interface DoorOptions {
  /** Who may come in, by the kernel's word at the connect; others are refused with `permission-denied`. Default: everybody. */
  readonly admits?: (who: Credentials) => boolean;
  /** Where the socket is made; default: the system's directory for temporary files. */
  readonly directory?: string;
}

/** The owner's side of a door. */
export interface Door {
  /** Connections through this door that are open. */
  readonly visitors: number;
  readonly isClosed: boolean;
  /**
   * A descriptor of the door, for the `descriptors` of a message or for a process that is started; the caller's. Throws `closed`,
   * and `over-quota` if no descriptor is free.
   */
  share(): number;
  /** Nobody comes in any more (`unreachable`); who is in stays. It is closed with its peer, too. Idempotent. */
  close(): void;
}

/**
 * Makes a door to a node. Both are of the same peer of this transport, else `invalid-argument`; `closed` if the node was
 * destroyed; `address-too-long` or `system` if the socket cannot be made. Costs two descriptors until it is closed.
 */
export function createDoor(peer: Peer, node: CapabilityNode, options: DoorOptions = {}): Door {
  if (!(peer instanceof SocketsPeer) || !(node instanceof SocketsNode) || node.holder !== peer) {
    throw new BrokerError(ErrorCode.InvalidArgument, 'the node is not one of this peer');
  }
  if (node.isDestroyed || peer.isClosed)
    throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
  return new SocketsDoor(peer, node, options);
}

class SocketsDoor implements Door, Closable {
  readonly #peer: SocketsPeer;
  readonly #node: SocketsNode;
  readonly #admits: (who: Credentials) => boolean;
  readonly #reception: Reception;
  readonly #inode: number;
  #visitors = 0;
  #isClosed = false;

  constructor(peer: SocketsPeer, node: SocketsNode, options: DoorOptions) {
    this.#peer = peer;
    this.#node = node;
    this.#admits = options.admits ?? (() => true);
    const { listening, inode } = makeSocket(peer, options.directory ?? tmpdir());
    this.#inode = inode;
    try {
      this.#reception = new Reception(peer, listening, {
        take: (_who, newcomers) => this.#hasRoom(newcomers),
        release: () => {},
        choose: (who) => this.#choose(who),
        entered: () => {
          this.#visitors += 1;
        },
        left: () => {
          this.#visitors -= 1;
        },
      });
    } catch (error) {
      peer.system.close(inode);
      throw error;
    }
    peer.open.add(this);
  }

  get visitors(): number {
    return this.#visitors;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  share(): number {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the door was closed before');
    try {
      return this.#peer.system.duplicate(this.#inode);
    } catch (error) {
      throw error instanceof SystemRefusal ? refusalOf(error.errno) : error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#peer.open.delete(this);
    this.#reception.close();
    this.#peer.system.close(this.#inode);
  }

  closeWithPeer(): void {
    this.close();
  }

  #hasRoom(newcomers: number): boolean {
    return newcomers < peersMax && this.#node.connections < peerHandlesMax;
  }

  #choose(who: Credentials): SocketsNode | ErrorCode {
    if (this.#node.isDestroyed) return ErrorCode.NodeGone;
    return this.#admits(who) ? this.#node : ErrorCode.PermissionDenied;
  }
}

/** A listening socket and a descriptor of its inode, both the caller's; the path is gone again when this returns or throws. */
function makeSocket(peer: SocketsPeer, directory: string): { listening: number; inode: number } {
  const { system } = peer;
  let place: string;
  try {
    // Made with mode 0700: until the path is gone nobody else can reach it.
    place = mkdtempSync(join(directory, 'door-'));
  } catch (cause) {
    throw new BrokerError(ErrorCode.System, `no door can be made in ${directory}`, { cause });
  }
  let listening = -1;
  try {
    const path = join(place, 's');
    listening = listenAt(system, path, doorMode);
    system.passRights(listening, false);
    return { listening, inode: system.openPath(path) };
  } catch (error) {
    if (listening >= 0) system.close(listening);
    throw error instanceof SystemRefusal ? refusalOf(error.errno) : error;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export interface DialOptions {
  /** How long to wait for the owner's welcome; default `limits.helloTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects through a door, and waits for the welcome: a handle of this peer to the node behind it. Borrows the descriptor, which
 * can be dialled again. Rejects with `unreachable` (the door was closed, its owner is dead, or it is no door),
 * `permission-denied`, `node-gone`, `over-quota`, `version`, `deadline`, `aborted`, `closed`, `invalid-argument`; then nothing is
 * left open.
 */
export async function dial(peer: Peer, descriptor: number, options: DialOptions = {}): Promise<Handle> {
  if (!(peer instanceof SocketsPeer) || !Number.isInteger(descriptor) || descriptor < 0) {
    throw new BrokerError(
      ErrorCode.InvalidArgument,
      'dialling needs a peer of this transport and a descriptor',
    );
  }
  if (peer.isClosed) throw new BrokerError(ErrorCode.Closed, 'the peer was closed before');
  if (options.signal?.aborted === true) throw new BrokerError(ErrorCode.Aborted, 'the dialling was given up');
  if (peer.handles >= peerHandlesMax) {
    throw new BrokerError(ErrorCode.OverQuota, `a peer holds at most ${peerHandlesMax} handles`);
  }
  const patience = new Patience(peer.time, options);
  try {
    const connected = await reach(peer, `/proc/self/fd/${descriptor}`, patience);
    if (peer.isClosed) {
      peer.system.close(connected);
      throw new BrokerError(ErrorCode.Closed, 'the peer was closed before');
    }
    const handle = new SocketsHandle(peer, connected);
    const refusal = await Promise.race([patience.ended, handle.handshake()]);
    if (refusal === undefined) return handle;
    handle.close();
    throw refusal;
  } finally {
    patience.stop();
  }
}
