/**
 * The right to answer a call.
 *
 * It begins as a serial on the connection of the call. When it is given away it gets a connection of its own: one end goes to
 * the caller with REPLY_ATTACH, the other to the new holder, for whom it is a handle that takes one message. End-of-file on it
 * without a REPLY is the loss of the reply, so nobody has to tell the caller (sockets S6).
 *
 * Copies of that one end (clones) share it: the one exception to "never a duplicate" (sockets S1), because it carries one frame
 * in one direction, and the caller takes the first.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Answer, GoneReason, Handle, Message, Reply } from '../../broker/contract/transport.js';
import { type Closable, closeAll, type PeerCore, refusalOf, SystemRefusal } from './core.js';
import { Gone } from './gone.js';
import { Link } from './link.js';
import { areSame, type Comparable, comparable } from './sameness.js';
import { createPair, makeOffer, type Offer, type Offering } from './transfer.js';
import * as wire from './wire.js';
import type { Witness } from './witness.js';

/** The connection that a call came on, as its reply sees it. */
export interface CallConnection {
  readonly isEnded: boolean;
  readonly isFull: boolean;
  transmit(kind: wire.FrameKind, serial: number, message: Message): BrokerError | undefined;
  attachReply(serial: number, descriptor: number): number | BrokerError;
  replyLost(serial: number): void;
  afterReply(): void;
}

type ReplyState = 'open' | 'sent' | 'closed';

function replyFault(state: ReplyState): BrokerError | undefined {
  if (state === 'sent') return new BrokerError(ErrorCode.AlreadyReplied, 'the call was answered before');
  if (state === 'closed') return new BrokerError(ErrorCode.Closed, 'the reply was closed before');
  return undefined;
}

export class SocketsReply implements Reply, Offering, Closable {
  readonly kind = 'reply';
  readonly #core: PeerCore;
  readonly #connection: CallConnection;
  readonly #serial: number;
  #state: ReplyState = 'open';
  /** The holder's end of its own connection, if a give-away was begun and refused. */
  #outlet: ReplyHandle | undefined;

  constructor(core: PeerCore, connection: CallConnection, serial: number) {
    this.#core = core;
    this.#connection = connection;
    this.#serial = serial;
    core.replies += 1;
  }

  get holder(): PeerCore {
    return this.#core;
  }

  send(message: Message): void {
    const fault = replyFault(this.#state) ?? messageFault(message, this.#core.manifest);
    if (fault !== undefined) {
      closeAll(this.#core.system, message.descriptors);
      throw fault;
    }
    const refusal = this.#transmit(message);
    if (refusal !== undefined) throw refusal;
    this.#end('sent');
  }

  /** Takes the descriptors. An error leaves the reply open: it can be tried again. */
  #transmit(message: Message): BrokerError | undefined {
    const connection = this.#connection;
    if (this.#outlet !== undefined) return this.#outlet.answer(message);
    if (connection.isEnded || connection.isFull) {
      // Nobody waits for it, or somebody who does not read: he is told that it is lost when he does.
      closeAll(this.#core.system, message.descriptors);
      connection.replyLost(this.#serial);
      return undefined;
    }
    const fault = connection.transmit(wire.FrameKind.Reply, this.#serial, message);
    connection.afterReply();
    return fault;
  }

  close(): void {
    if (this.#state !== 'open') return;
    if (this.#outlet === undefined) this.#connection.replyLost(this.#serial);
    this.#end('closed');
  }

  closeWithPeer(): void {
    this.close();
  }

  #end(state: ReplyState): void {
    this.#state = state;
    this.#core.replies -= 1;
    this.#outlet?.close();
    this.#outlet = undefined;
  }

  offerFault(): BrokerError | undefined {
    return replyFault(this.#state);
  }

  [makeOffer](): Offer | BrokerError {
    const outlet = this.#outlet ?? this.#createOutlet();
    if (outlet instanceof BrokerError) return outlet;
    this.#outlet = outlet;
    const offer = outlet[makeOffer]();
    if (offer instanceof BrokerError) return offer;
    return { ...offer, given: () => this.#end('sent') };
  }

  #createOutlet(): ReplyHandle | BrokerError {
    const pair = createPair(this.#core.system);
    if (pair instanceof BrokerError) return pair;
    const [near, far] = pair;
    // Whoever answers receives nothing (sockets S12).
    this.#core.system.passRights(far, false);
    const introduced = this.#connection.attachReply(this.#serial, near);
    if (!(introduced instanceof BrokerError)) return new ReplyHandle(this.#core, far, false);
    closeAll(this.#core.system, pair);
    return introduced;
  }
}

/** Sends the one REPLY and lingers until the kernel has it. */
class Outlet extends Link {
  readonly #gone: Gone;

  constructor(core: PeerCore, descriptor: number, gone: Gone) {
    super(core, descriptor);
    this.#gone = gone;
  }

  get descriptor(): number {
    return this.socket.descriptor;
  }

  packet(_offset: number, _length: number, descriptors: readonly number[]): void {
    // Nothing comes from the caller.
    closeAll(this.core.system, descriptors);
    this.close();
    this.#gone.resolve('node-gone');
  }

  ended(): void {
    this.allow();
    this.#gone.resolve('node-gone');
  }

  answer(message: Message): BrokerError | undefined {
    const fault = this.transmit(wire.FrameKind.Reply, 0, message);
    if (fault === undefined) this.finish();
    return fault;
  }

  close(): void {
    this.cut();
  }

  /** Who gets the answer, and with it what was offered, is not known here. */
  protected override witnessed(witness: Witness): void {
    witness.sentAway();
  }

  protected greet(): void {
    const at = this.socket.begin(wire.helloBytes);
    wire.writeHello(this.core.loop.sendView, at, 0);
    this.socket.commit();
  }
}

/** A reply that was given away, for its new holder: a handle that takes one message. */
export class ReplyHandle implements Handle, Offering, Closable, Comparable {
  readonly kind = 'handle';
  readonly #core: PeerCore;
  readonly #outlet: Outlet;
  readonly #isCounted: boolean;
  readonly #gone = new Gone();
  #state: ReplyState = 'open';

  /**
   * Takes the descriptor; throws, and has closed it, if it is no connection. `isCounted`: a handle that the program holds, and not
   * the inside of a `SocketsReply`.
   */
  constructor(core: PeerCore, descriptor: number, isCounted: boolean) {
    this.#core = core;
    this.#outlet = new Outlet(core, descriptor, this.#gone);
    this.#isCounted = isCounted;
    if (isCounted) core.handles += 1;
    core.open.add(this);
  }

  get holder(): PeerCore {
    return this.#core;
  }

  get gone(): Promise<GoneReason> {
    return this.#gone.promise;
  }

  get isGone(): boolean {
    return this.#gone.reason !== undefined;
  }

  /** Answers the call. Takes the descriptors. */
  answer(message: Message): BrokerError | undefined {
    const fault = replyFault(this.#state) ?? messageFault(message, this.#core.manifest);
    if (fault !== undefined || this.#outlet.isEnded) {
      closeAll(this.#core.system, message.descriptors);
      return fault;
    }
    const refusal = this.#outlet.answer(message);
    if (refusal !== undefined) return refusal;
    this.#state = 'sent';
    this.#gone.resolve('node-gone');
    return undefined;
  }

  send(message: Message): Promise<number> {
    const fault = this.answer(message);
    return fault === undefined ? Promise.resolve(0) : Promise.reject(fault);
  }

  call(message: Message): Promise<Answer> {
    closeAll(this.#core.system, message.descriptors);
    return Promise.reject(
      new BrokerError(ErrorCode.Unsupported, 'the right to answer a call cannot be called'),
    );
  }

  writable(): Promise<void> {
    return this.#outlet.writable();
  }

  clone(): Handle {
    const fault = replyFault(this.#state);
    if (fault !== undefined) throw fault;
    if (this.#outlet.isEnded) return this.#core.receiveGone();
    const descriptor = this.#duplicate();
    if (descriptor instanceof BrokerError) throw descriptor;
    return new ReplyHandle(this.#core, descriptor, true);
  }

  same(other: Handle): Promise<boolean> {
    return areSame(this, other);
  }

  [comparable](): BrokerError {
    if (this.#state === 'closed') return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    return new BrokerError(ErrorCode.Unsupported, 'the right to answer a call is no node');
  }

  close(): void {
    if (!this.#core.open.delete(this)) return;
    if (this.#isCounted) this.#core.handles -= 1;
    if (this.#state === 'open') {
      this.#state = 'closed';
      this.#outlet.close();
    }
    this.#gone.resolve('closed');
  }

  closeWithPeer(): void {
    this.close();
  }

  offerFault(): BrokerError | undefined {
    return replyFault(this.#state);
  }

  [makeOffer](): Offer | BrokerError {
    if (this.#outlet.isEnded) return { kind: wire.TransferKind.Gone, fence: 0, descriptor: -1 };
    const descriptor = this.#duplicate();
    if (descriptor instanceof BrokerError) return descriptor;
    return { kind: wire.TransferKind.Reply, fence: 0, descriptor };
  }

  #duplicate(): number | BrokerError {
    try {
      return this.#core.system.duplicate(this.#outlet.descriptor);
    } catch (error) {
      if (error instanceof SystemRefusal) return refusalOf(error.errno);
      throw error;
    }
  }
}
