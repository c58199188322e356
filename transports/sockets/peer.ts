/**
 * A peer of the sockets transport: what its nodes, handles and replies share, and the ledger of what is open.
 *
 * No broker stands between peers, so a peer outlives the server that it first connected to: `ended` tells that the server is gone,
 * and the handles to others' nodes work on until the program closes the peer.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import {
  inlineBytesMax,
  multicastHandlesMax,
  peerHandlesMax,
  peerNodesMax,
} from '../../broker/contract/limits.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Time, Timer } from '../../broker/contract/platform.js';
import type {
  CapabilityNode,
  Handle,
  Message,
  MulticastResult,
  Outcome,
  Peer,
  PeerOptions,
  PeerUsage,
  Receiver,
} from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { CallLedger } from './calls.js';
import {
  type Closable,
  closeAll,
  type PeerCore,
  refusalOf,
  retryMs,
  type SocketSystem,
  SystemRefusal,
} from './core.js';
import { Fences } from './fences.js';
import { GoneHandle } from './gone-handle.js';
import { SocketsHandle } from './handle.js';
import type { Link } from './link.js';
import { manifest } from './manifest.js';
import { SocketsNode, type SocketsNodeOptions } from './node.js';
import { PayloadCopier } from './payload.js';
import { ReplyHandle } from './reply.js';
import { sealPayload } from './transfer.js';

export type { SocketsNodeOptions } from './node.js';

import type { Witness } from './witness.js';

/** What a peer is made from. */
export interface SocketsParts {
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly system: SocketSystem;
  /** Whether the wide fence is kept (sockets S5). */
  readonly hasFence: boolean;
  /** Peers that one server takes. */
  readonly peersMax: number;
}

/** Raises what a receiver threw as an uncaught exception, outside of whatever delivered to it. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export class SocketsPeer implements Peer, PeerCore {
  readonly manifest = manifest;
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly system: SocketSystem;
  readonly calls: CallLedger;
  readonly payloads: PayloadCopier;
  readonly fences: Fences | undefined;
  readonly open = new Set<Closable>();
  readonly ended: Promise<'closed' | 'disconnected'>;
  witness: Witness | undefined = undefined;
  handles = 0;
  replies = 0;
  readonly #onError: (error: unknown) => void;
  readonly #retry: Timer;
  readonly #retrying = new Set<Link>();
  #nodes = 0;
  #isClosed = false;
  #end: (how: 'closed' | 'disconnected') => void = () => {};

  constructor(parts: SocketsParts, options: PeerOptions) {
    this.loop = parts.loop;
    this.time = parts.time;
    this.system = parts.system;
    this.calls = new CallLedger(parts.time);
    this.payloads = new PayloadCopier(parts.loop);
    this.fences = parts.hasFence ? new Fences(this) : undefined;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#onError = options.onError ?? rethrow;
    this.#retry = parts.time.createTimer(() => this.#retryNow());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  createNode(receiver: Receiver, options: SocketsNodeOptions = {}): CapabilityNode {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the peer was closed before');
    if (this.#nodes >= peerNodesMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer owns at most ${peerNodesMax} nodes`);
    }
    this.#nodes += 1;
    return new SocketsNode(this, receiver, options, () => {
      this.#nodes -= 1;
    });
  }

  async multicast(handles: readonly Handle[], message: Message): Promise<MulticastResult> {
    const fault = messageFault(message, this.manifest) ?? this.#destinationsFault(handles);
    const own = message.descriptors ?? [];
    if (fault !== undefined) {
      closeAll(this.system, own);
      throw fault;
    }
    if (handles.length === 0) closeAll(this.system, own);
    const outcomes: Outcome[] = [];
    const isInside = message.bytes.byteLength <= inlineBytesMax;
    const sealed = isInside || handles.length === 0 ? -1 : sealPayload(this.system, message.bytes);
    if (sealed instanceof BrokerError) {
      closeAll(this.system, own);
      throw sealed;
    }
    const isPlain = isInside && own.length === 0 && (message.handles?.length ?? 0) === 0;
    const shared = isPlain ? { bytes: message.bytes, epoch: -1, offset: 0 } : undefined;
    for (const [index, handle] of handles.entries()) {
      if (!(handle instanceof SocketsHandle)) continue;
      const refusal =
        shared === undefined
          ? this.#deliver(handle, message, sealed, index === handles.length - 1)
          : handle.deliverShared(message, shared);
      outcomes.push(refusal === undefined ? { ok: true } : { ok: false, code: refusal.code });
    }
    return { sequence: 0, outcomes };
  }

  /** One destination of a multicast; the last one takes descriptors and sealed payload themselves, the others copies. */
  #deliver(
    handle: SocketsHandle,
    message: Message,
    sealed: number,
    isLast: boolean,
  ): BrokerError | undefined {
    const own = message.descriptors ?? [];
    if (isLast) return handle.deliver(message, sealed);
    const copies = this.#duplicateAll(sealed < 0 ? own : [sealed, ...own]);
    if (copies instanceof BrokerError) return copies;
    if (sealed < 0) return handle.deliver({ ...message, descriptors: copies });
    return handle.deliver({ ...message, descriptors: copies.slice(1) }, copies[0]);
  }

  #destinationsFault(handles: readonly Handle[]): BrokerError | undefined {
    if (handles.length > multicastHandlesMax) {
      return new BrokerError(
        ErrorCode.TooLarge,
        `a multicast has at most ${multicastHandlesMax} destinations`,
      );
    }
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the peer was closed before');
    for (const handle of handles) {
      if (handle instanceof SocketsHandle && handle.holder === this) continue;
      return new BrokerError(ErrorCode.UnknownHandle, 'a destination is not a handle of this peer');
    }
    return undefined;
  }

  /** A copy of the descriptors for one more destination, or why there is none; then nothing is left open. */
  #duplicateAll(descriptors: readonly number[]): readonly number[] | BrokerError {
    const copies: number[] = [];
    try {
      for (const descriptor of descriptors) copies.push(this.system.duplicate(descriptor));
      return copies;
    } catch (error) {
      closeAll(this.system, copies);
      if (error instanceof SystemRefusal) return refusalOf(error.errno);
      throw error;
    }
  }

  usage(): PeerUsage {
    if (this.#isClosed) return { nodes: 0, handles: 0, callsOutstanding: 0, repliesHeld: 0 };
    return {
      nodes: this.#nodes,
      handles: this.handles,
      callsOutstanding: this.calls.outstanding,
      repliesHeld: this.replies,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const part of [...this.open]) part.closeWithPeer();
    this.open.clear();
    this.calls.close();
    this.#retry.disarm();
    this.#retryNow();
    this.#end('closed');
  }

  retryLater(link: Link): void {
    this.#retrying.add(link);
    if (!this.#isClosed && !this.#retry.isArmed) this.#retry.arm(retryMs);
  }

  #retryNow(): void {
    const links = [...this.#retrying];
    this.#retrying.clear();
    for (const link of links) link.allow();
  }

  receiveHandle(descriptor: number, fence: number): Handle {
    if (this.handles < peerHandlesMax) return new SocketsHandle(this, descriptor, { fence });
    // Too many: the number of handles in a message never changes, so a place without a connection stands for it.
    this.system.close(descriptor);
    return this.receiveGone();
  }

  receiveGone(): Handle {
    return new GoneHandle(this);
  }

  receiveReply(descriptor: number): Handle {
    return new ReplyHandle(this, descriptor, true);
  }

  fault(error: unknown): void {
    this.#onError(error);
  }

  rootLost(): void {
    this.#end('disconnected');
  }
}

/**
 * `peer.createNode` with what only this transport can do. Throws `invalid-argument` if the peer is of another, and what `createNode`
 * throws.
 */
export function createNode(peer: Peer, receiver: Receiver, options: SocketsNodeOptions): CapabilityNode {
  if (peer instanceof SocketsPeer) return peer.createNode(receiver, options);
  throw new BrokerError(ErrorCode.InvalidArgument, 'the peer is not one of the sockets transport');
}
