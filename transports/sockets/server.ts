/**
 * A listening socket and the peer that owns the roots.
 *
 * A connection says hello before it leads anywhere. Until then it can bring no descriptors (sockets S12: the listening socket and
 * what it accepts refuse them where the kernel can), and if it says nothing for `helloTimeoutMs` it is closed.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { helloTimeoutMs, peersMax } from '../../broker/contract/limits.js';
import type { Timer } from '../../broker/contract/platform.js';
import type {
  CapabilityNode,
  Credentials,
  Peer,
  RootChooser,
  ServeOptions,
  Server,
} from '../../broker/contract/transport.js';
import type { PacketListener } from '../../broker/native/packets.js';
import { Attachment } from './attachment.js';
import { SocketsNode } from './node.js';
import { type SocketsParts, SocketsPeer } from './peer.js';

export class SocketsServer implements Server {
  readonly peer: Peer;
  readonly #peer: SocketsPeer;
  readonly #parts: SocketsParts;
  readonly #listener: PacketListener;
  readonly #path: string | undefined;
  readonly #inode: bigint | undefined;
  readonly #chooseRoot: RootChooser;
  /** Connections that have not said hello, and when they are closed. All have the same time: the oldest is the first. */
  readonly #newcomers = new Map<Attachment, number>();
  readonly #impatience: Timer;
  #peers = 0;
  #isClosed = false;

  /** Takes the listening descriptor, also when it throws. `path` is what is unlinked at the end. */
  constructor(parts: SocketsParts, descriptor: number, path: string | undefined, options: ServeOptions) {
    this.#parts = parts;
    this.#path = path;
    this.#inode = path === undefined ? undefined : inodeOf(path);
    this.#peer = new SocketsPeer(parts, options);
    this.peer = this.#peer;
    this.#impatience = parts.time.createTimer(() => this.#closeSilent());
    try {
      parts.system.passRights(descriptor, false);
      this.#chooseRoot = options.root(this);
    } catch (error) {
      parts.system.close(descriptor);
      this.#peer.close();
      throw error;
    }
    try {
      this.#listener = parts.loop.accept(descriptor, (accepted, pid, uid, gid) => {
        this.#accept(accepted, { pid, uid, gid });
      });
    } catch (cause) {
      this.#peer.close();
      throw new BrokerError(ErrorCode.System, 'the descriptor cannot be listened on', { cause });
    }
  }

  get peers(): number {
    return this.#peers;
  }

  get descriptor(): number | undefined {
    return this.#isClosed ? undefined : this.#listener.descriptor;
  }

  invite(root: CapabilityNode): number {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the server was closed before');
    if (!(root instanceof SocketsNode) || root.holder !== this.#peer) {
      throw new BrokerError(ErrorCode.InvalidArgument, `the root is not a node of the server's peer`);
    }
    if (root.isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    if (this.#peers >= peersMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a server has at most ${peersMax} peers`);
    }
    const descriptor = root.createConnection(() => {
      this.#peers -= 1;
    });
    if (descriptor instanceof BrokerError) throw descriptor;
    this.#peers += 1;
    return descriptor;
  }

  close(options: { readonly keepSocket?: boolean } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    if (options.keepSocket !== true) this.#unlink();
    this.#impatience.disarm();
    for (const attachment of [...this.#newcomers.keys()]) attachment.discard();
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

  #accept(descriptor: number, who: Credentials): void {
    if (this.#peers + this.#newcomers.size >= peersMax) {
      this.#parts.system.close(descriptor);
      return;
    }
    let isPeer = false;
    let attachment: Attachment;
    try {
      attachment = new Attachment(this.#peer, descriptor, {
        credentials: who,
        isWelcomed: true,
        admit: () => {
          isPeer = this.#admit(attachment, who, descriptor);
          return isPeer;
        },
        ended: () => {
          this.#newcomers.delete(attachment);
          if (isPeer) this.#peers -= 1;
        },
      });
    } catch {
      // The loop or the kernel has no place for one more, and has closed it: the newcomer sees the end, nobody else notices.
      return;
    }
    this.#newcomers.set(attachment, this.#parts.time.monotonicMs() + helloTimeoutMs);
    if (!this.#impatience.isArmed) this.#impatience.arm(helloTimeoutMs);
  }

  /** A connection has said hello: it leads to the root that its user gets (C71). */
  #admit(attachment: Attachment, who: Credentials, descriptor: number): boolean {
    this.#newcomers.delete(attachment);
    const root = this.#chooseSafely(who);
    if (!(root instanceof SocketsNode) || root.isDestroyed || root.holder !== this.#peer) return false;
    // From now on messages may bring descriptors; the welcome tells the holder so.
    this.#parts.system.passRights(descriptor, true);
    root.join(attachment, false);
    this.#peers += 1;
    return true;
  }

  #chooseSafely(who: Credentials): CapabilityNode | undefined {
    try {
      return this.#chooseRoot(who);
    } catch (error) {
      this.#peer.fault(error);
      return undefined;
    }
  }

  #closeSilent(): void {
    const nowMs = this.#parts.time.monotonicMs();
    for (const [attachment, deadlineAtMs] of this.#newcomers) {
      if (deadlineAtMs > nowMs) {
        this.#impatience.arm(deadlineAtMs - nowMs);
        return;
      }
      attachment.discard();
    }
  }
}

function inodeOf(path: string): bigint | undefined {
  if (path.startsWith('@')) return undefined;
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
