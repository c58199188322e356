/**
 * The place of a handle whose node was gone when it was given away: the number of handles in a message never changes (C24).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Answer, GoneReason, Handle, Message } from '../../broker/contract/transport.js';
import { type Closable, closeAll, type PeerCore } from './core.js';
import { areSame, type Comparable, comparable } from './sameness.js';
import { makeOffer, type Offer, type Offering } from './transfer.js';
import * as wire from './wire.js';

export class GoneHandle implements Handle, Offering, Closable, Comparable {
  readonly kind = 'handle';
  readonly gone: Promise<GoneReason> = Promise.resolve('node-gone');
  readonly isGone = true;
  readonly #core: PeerCore;

  constructor(core: PeerCore) {
    this.#core = core;
    core.handles += 1;
    core.open.add(this);
  }

  get holder(): PeerCore {
    return this.#core;
  }

  send(message: Message): Promise<number> {
    closeAll(this.#core.system, message.descriptors);
    return Promise.reject(this.offerFault() ?? new BrokerError(ErrorCode.NodeGone, 'the node is gone'));
  }

  call(message: Message): Promise<Answer> {
    return this.send(message).then(() => {
      throw new BrokerError(ErrorCode.NodeGone, 'the node is gone');
    });
  }

  writable(): Promise<void> {
    return Promise.resolve();
  }

  clone(): Handle {
    const fault = this.offerFault();
    if (fault !== undefined) throw fault;
    return new GoneHandle(this.#core);
  }

  same(other: Handle): Promise<boolean> {
    return areSame(this, other);
  }

  [comparable](): BrokerError {
    return this.offerFault() ?? new BrokerError(ErrorCode.NodeGone, 'the node is gone');
  }

  close(): void {
    if (this.#core.open.delete(this)) this.#core.handles -= 1;
  }

  closeWithPeer(): void {
    this.close();
  }

  offerFault(): BrokerError | undefined {
    if (this.#core.open.has(this)) return undefined;
    return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
  }

  [makeOffer](): Offer {
    return { kind: wire.TransferKind.Gone, fence: 0, descriptor: -1 };
  }
}
