/**
 * A peer's handle to a node, or to the right to answer a call that was given away (C15).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Answer, CallOptions, GoneReason, Handle, Message } from '../../broker/contract/transport.js';
import type { MemoryPeer } from './peer.js';
import type { Target } from './target.js';

export class MemoryHandle implements Handle {
  readonly kind = 'handle';
  readonly gone: Promise<GoneReason>;
  readonly peer: MemoryPeer;
  readonly target: Target;
  /** Messages and calls that were sent with it. */
  uses = 0;
  readonly #settleGone: (reason: GoneReason) => void;
  #goneReason: GoneReason | undefined;
  #isClosed = false;
  /** The peer whose full inbox refused the last message. */
  #refusedBy: MemoryPeer | undefined;

  constructor(peer: MemoryPeer, target: Target) {
    this.peer = peer;
    this.target = target;
    const { promise, resolve } = newPromise<GoneReason>();
    this.gone = promise;
    this.#settleGone = resolve;
    peer.handles.add(this);
  }

  get isGone(): boolean {
    return this.#goneReason !== undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why nothing can be sent on this handle, or `undefined`. */
  get fault(): BrokerError | undefined {
    if (this.#goneReason === 'disconnected') {
      return new BrokerError(ErrorCode.Disconnected, 'the server of this peer has ended');
    }
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    if (this.isGone) return new BrokerError(ErrorCode.NodeGone, 'the node is gone');
    return undefined;
  }

  send(message: Message): Promise<number> {
    return this.peer.send(this, message);
  }

  call(message: Message, options?: CallOptions): Promise<Answer> {
    return this.peer.call(this, message, options ?? {});
  }

  /** Remembers who refused, for `writable`. */
  refused(by: MemoryPeer): void {
    this.#refusedBy = by;
  }

  writable(): Promise<void> {
    const by = this.#refusedBy;
    if (by === undefined || this.#isClosed || this.isGone) return Promise.resolve();
    this.#refusedBy = undefined;
    return Promise.race([by.room(), this.gone.then(() => undefined)]);
  }

  clone(): Handle {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    this.peer.demandHandle();
    return this.target.hold(this.peer, this.isGone);
  }

  async same(other: Handle): Promise<boolean> {
    if (!(other instanceof MemoryHandle) || other.peer !== this.peer) {
      throw new BrokerError(ErrorCode.InvalidArgument, 'the other is not a handle of this peer');
    }
    const fault = this.#sameFault() ?? other.#sameFault();
    if (fault !== undefined) throw fault;
    return this.target === other.target;
  }

  #sameFault(): BrokerError | undefined {
    if (this.fault !== undefined || this.target.isNode) return this.fault;
    return new BrokerError(ErrorCode.Unsupported, 'the right to answer a call is no node');
  }

  close(): void {
    this.release('closed');
  }

  /** Closes the handle; `gone` resolves with this reason if nothing else has ended it before. Idempotent. */
  release(reason: GoneReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.peer.handles.delete(this);
    this.conclude(reason);
    this.target.forget(this);
  }

  /** Resolves `gone`. The first reason counts. */
  conclude(reason: GoneReason): void {
    if (this.#goneReason !== undefined) return;
    this.#goneReason = reason;
    this.#settleGone(reason);
  }
}

/** A promise with the function that resolves it. */
export function newPromise<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let settle: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}
