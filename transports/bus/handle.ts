/** A handle of a client peer: one of possibly several to its target. */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Answer, CallOptions, GoneReason, Handle, Message } from '../../broker/contract/transport.js';
import { closeDescriptors } from './descriptors.js';
import { Gone } from './gone.js';
import type { BusPeer } from './peer.js';
import { BusReply } from './reply.js';
import type { Target } from './target.js';

export class BusHandle implements Handle {
  readonly kind = 'handle';
  readonly peer: BusPeer;
  readonly target: Target;
  previous: BusHandle | undefined = undefined;
  next: BusHandle | undefined = undefined;
  readonly #gone = new Gone();
  #isClosed = false;

  /** Counts as an open handle of the peer until it is closed. */
  constructor(peer: BusPeer, target: Target) {
    this.peer = peer;
    this.target = target;
    target.attach(this);
    peer.handleOpened();
    if (target.isGone) this.#gone.resolve('node-gone');
  }

  get gone(): Promise<GoneReason> {
    return this.#gone.promise;
  }

  get isGone(): boolean {
    return this.#gone.reason !== undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(message: Message): Promise<number> {
    if (this.#isClosed) return this.#refuse(message);
    return this.peer.send(this.target, message);
  }

  call(message: Message, options?: CallOptions): Promise<Answer> {
    if (this.#isClosed) return this.#refuse(message);
    return this.peer.call(this.target, message, options);
  }

  writable(): Promise<void> {
    if (this.#isClosed || this.isGone) return Promise.resolve();
    return this.peer.writable(this.target);
  }

  clone(): BusHandle {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the handle is closed');
    return new BusHandle(this.peer, this.target);
  }

  /** One node has one id for each peer (bus N3), its own nodes included: nobody is asked. */
  async same(other: Handle): Promise<boolean> {
    if (!(other instanceof BusHandle) || other.peer !== this.peer) {
      throw new BrokerError(ErrorCode.InvalidArgument, 'the other is not a handle of this peer');
    }
    const fault = this.#sameFault() ?? other.#sameFault();
    if (fault !== undefined) throw fault;
    return this.target === other.target;
  }

  #sameFault(): BrokerError | undefined {
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the handle is closed');
    if (this.peer.endFault !== undefined) return this.peer.endFault;
    if (this.target instanceof BusReply) {
      return new BrokerError(ErrorCode.Unsupported, 'the right to answer a call is no node');
    }
    return this.isGone ? new BrokerError(ErrorCode.NodeGone, 'the node is gone') : undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.peer.handleClosed();
    this.peer.handleEnds += 1;
    this.#gone.resolve('closed');
    this.target.detach(this);
  }

  /** The target has ended; the handle stays open until its holder closes it, unless the peer has ended with it. */
  ended(reason: GoneReason): void {
    this.peer.handleEnds += 1;
    this.#gone.resolve(reason);
  }

  #refuse(message: Message): Promise<never> {
    if (message.descriptors !== undefined) closeDescriptors(message.descriptors);
    return Promise.reject(new BrokerError(ErrorCode.Closed, 'the handle is closed'));
  }
}
