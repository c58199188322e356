/**
 * Connections that come through a listening socket.
 *
 * A connection says hello before it leads anywhere. Until then it can bring no descriptors (sockets S12: the listening socket and
 * what it accepts refuse them where the kernel can), and if it says nothing for `helloTimeoutMs` it is closed. Who is there is what
 * the kernel says of the connect.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { helloTimeoutMs } from '../../broker/contract/limits.js';
import type { Timer } from '../../broker/contract/platform.js';
import type { Credentials } from '../../broker/contract/transport.js';
import type { PacketListener } from '../../broker/native/packets.js';
import { Attachment } from './attachment.js';
import type { PeerCore } from './core.js';
import type { SocketsNode } from './node.js';

/** Who decides where newcomers are led. */
export interface Host {
  /** Takes a place for one more connection of this user, beside so many newcomers; false if there is none. */
  take(who: Credentials, newcomers: number): boolean;
  /** Such a connection has ended, wherever it had come to. */
  release(who: Credentials): void;
  /** The node for whoever has said hello, or the code of the refusal. */
  choose(who: Credentials): SocketsNode | ErrorCode;
  /** A connection was led to its node. */
  entered(): void;
  /** Such a connection has ended. */
  left(): void;
}

export class Reception {
  readonly #core: PeerCore;
  readonly #host: Host;
  readonly #listener: PacketListener;
  /** Connections that have not said hello, and when they are closed. All have the same time: the oldest is the first. */
  readonly #newcomers = new Map<Attachment, number>();
  readonly #impatience: Timer;

  /** Takes the listening descriptor, also when it throws (`system`). */
  constructor(core: PeerCore, descriptor: number, host: Host) {
    this.#core = core;
    this.#host = host;
    this.#impatience = core.time.createTimer(() => this.#closeSilent());
    try {
      this.#listener = core.loop.accept(descriptor, (accepted, pid, uid, gid) => {
        this.#accept(accepted, { pid, uid, gid });
      });
    } catch (cause) {
      throw new BrokerError(ErrorCode.System, 'the descriptor cannot be listened on', { cause });
    }
  }

  /** The listening descriptor; still the reception's. */
  get descriptor(): number {
    return this.#listener.descriptor;
  }

  /** Stops listening, and closes who has not said hello. Idempotent. */
  close(): void {
    this.#listener.close();
    this.#impatience.disarm();
    for (const attachment of [...this.#newcomers.keys()]) attachment.discard();
  }

  #accept(descriptor: number, who: Credentials): void {
    const { system, time } = this.#core;
    if (!this.#host.take(who, this.#newcomers.size)) {
      system.close(descriptor);
      return;
    }
    let isVisitor = false;
    let attachment: Attachment;
    try {
      attachment = new Attachment(this.#core, descriptor, {
        credentials: who,
        isWelcomed: true,
        admit: () => {
          const refusal = this.#admit(attachment, who, descriptor);
          isVisitor = refusal === undefined;
          return refusal;
        },
        ended: () => {
          this.#newcomers.delete(attachment);
          this.#host.release(who);
          if (isVisitor) this.#host.left();
        },
      });
    } catch {
      // The loop or the kernel has no place for one more, and has closed it: the newcomer sees the end, nobody else notices.
      this.#host.release(who);
      return;
    }
    this.#newcomers.set(attachment, time.monotonicMs() + helloTimeoutMs);
    if (!this.#impatience.isArmed) this.#impatience.arm(helloTimeoutMs);
  }

  /** A connection has said hello: it leads to its node, or gets the code of the refusal. */
  #admit(attachment: Attachment, who: Credentials, descriptor: number): ErrorCode | undefined {
    this.#newcomers.delete(attachment);
    const node = this.#chooseSafely(who);
    if (typeof node === 'number') return node;
    // From now on messages may bring descriptors; the welcome tells the holder so.
    if (node.takesDescriptors) this.#core.system.passRights(descriptor, true);
    node.join(attachment, false);
    this.#host.entered();
    return undefined;
  }

  #chooseSafely(who: Credentials): SocketsNode | ErrorCode {
    try {
      return this.#host.choose(who);
    } catch (error) {
      this.#core.fault(error);
      return ErrorCode.PermissionDenied;
    }
  }

  #closeSilent(): void {
    const nowMs = this.#core.time.monotonicMs();
    for (const [attachment, deadlineAtMs] of this.#newcomers) {
      if (deadlineAtMs > nowMs) {
        this.#impatience.arm(deadlineAtMs - nowMs);
        return;
      }
      attachment.discard();
    }
  }
}
