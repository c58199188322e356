/**
 * A handle: the holder's end of a connection to a node (sockets S1).
 *
 *   open     messages and calls go out, replies come back
 *   closed   the program has closed it; the connection stays until the calls that it made have ended (C11)
 *   gone     the owner has ended the connection: the node was destroyed, the grant taken back, or the owner is dead
 *
 * Whether the owner read what was in flight when the connection ended cannot be known (sockets S7): calls end with
 * `reply-lost`, whose text says so.
 */
import { BrokerError, ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { callDeadlineMs, peerHandlesMax } from '../../broker/contract/limits.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Answer, CallOptions, GoneReason, Handle, Message } from '../../broker/contract/transport.js';
import { AnswerLink, lostText, receiveAnswer, SameAnswer } from './answer.js';
import { type Call, type CallHolder, CallRing } from './calls.js';
import { type Closable, closeAll, type PeerCore } from './core.js';
import { Gone } from './gone.js';
import { Link, type SharedPayload } from './link.js';
import { areSame, type Comparable, comparable, type Questioned } from './sameness.js';
import { createPair, makeOffer, type Offer, type Offering } from './transfer.js';
import * as wire from './wire.js';
import type { Witness } from './witness.js';

/** Accepted: handed to the kernel, or queued behind what is. The order is per handle, so there is no number to tell. */
const accepted: Promise<number> = Promise.resolve(0);

const noDescriptors: readonly number[] = [];

/** The node behind an owner's own handle: whoever it is given to is attached without a message. */
export interface LocalNode {
  readonly isDestroyed: boolean;
  handle(): Handle;
  [makeOffer](): Offer | BrokerError;
}

/** What an owner says instead of a welcome. */
function greetingRefusal(code: number): BrokerError {
  if (code === ErrorCode.Version) {
    return new BrokerError(ErrorCode.Version, 'the two sides share no version of the protocol');
  }
  if (code === ErrorCode.NodeGone) return new BrokerError(ErrorCode.NodeGone, 'the node is gone');
  return new BrokerError(ErrorCode.PermissionDenied, 'the owner has nothing for this user');
}

export interface HandleOptions {
  /** What HELLO repeats: the number of the frame that introduced this connection (sockets S5). */
  readonly fence?: number;
  readonly local?: LocalNode;
  /** The first handle of a session: its end is the end of the server. */
  readonly isRoot?: boolean;
}

export class SocketsHandle
  extends Link
  implements Handle, Offering, CallHolder, Closable, Comparable, Questioned
{
  readonly kind = 'handle';
  isSwept = false;
  readonly #calls = new CallRing();
  readonly #fence: number;
  readonly #local: LocalNode | undefined;
  readonly #isRoot: boolean;
  readonly #gone = new Gone();
  #isClosed = false;
  /** The owner takes no more connections from this grant, and has said so. */
  #isCrowded = false;
  #isWelcome = false;
  /** Set while `connect` waits for the owner's answer to the greeting. */
  #welcome: ((refusal: BrokerError | undefined) => void) | undefined;

  /** Takes the descriptor; throws, and has closed it, if it is no connected SOCK_SEQPACKET socket. */
  constructor(core: PeerCore, descriptor: number, options: HandleOptions = {}) {
    super(core, descriptor);
    this.#fence = options.fence ?? 0;
    this.#local = options.local;
    this.#isRoot = options.isRoot ?? false;
    core.open.add(this);
    core.handles += 1;
    if (this.#local === undefined) core.witness?.opened(this);
  }

  get holder(): PeerCore {
    return this.core;
  }

  get gone(): Promise<GoneReason> {
    return this.#gone.promise;
  }

  get isGone(): boolean {
    return this.#gone.reason !== undefined;
  }

  /** Greets the owner now; resolves when it welcomes, with the refusal if it does not. */
  handshake(): Promise<BrokerError | undefined> {
    this.greetNow();
    return new Promise((resolve) => {
      this.#welcome = resolve;
    });
  }

  send(message: Message): Promise<number> {
    const fault = this.deliver(message);
    return fault === undefined ? accepted : Promise.reject(fault);
  }

  /** `send` without the promise: what a multicast does for each destination. Takes `sealed`, memory with the payload, too. */
  deliver(message: Message, sealed = -1): BrokerError | undefined {
    const fault = this.#fault(message);
    if (fault === undefined) return this.transmit(wire.FrameKind.Message, 0, message, sealed);
    this.core.witness?.refused(this, fault.code, message);
    closeAll(this.core.system, message.descriptors);
    if (sealed >= 0) this.core.system.close(sealed);
    return fault;
  }

  /** `deliver` for a payload that goes to others too; `message` has nothing but its bytes. */
  deliverShared(message: Message, payload: SharedPayload): BrokerError | undefined {
    const fault = this.#fault(message) ?? this.transmitShared(payload);
    const { witness } = this.core;
    if (witness !== undefined) this.witnessed(witness, wire.FrameKind.Message, 0, message, fault);
    return fault;
  }

  call(message: Message, options?: CallOptions): Promise<Answer> {
    const deadlineMs = options?.deadlineMs ?? callDeadlineMs;
    const signal = options?.signal;
    const { calls } = this.core;
    const fault = this.#callFault(deadlineMs, signal) ?? this.#fault(message);
    if (fault !== undefined) {
      this.core.witness?.refused(this, fault.code, message);
      closeAll(this.core.system, message.descriptors);
      return Promise.reject(fault);
    }
    const call = calls.open(this, deadlineMs, signal);
    const refusal = this.transmit(wire.FrameKind.Call, this.#calls.add(call), message);
    if (refusal !== undefined) {
      this.#calls.take(call.serial);
      call.refuse(refusal);
    }
    return call.promise;
  }

  override async writable(): Promise<void> {
    await this.core.calls.room();
    await super.writable();
  }

  clone(): Handle {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    if (this.core.handles >= peerHandlesMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer holds at most ${peerHandlesMax} handles`);
    }
    if (this.isGone) return this.core.receiveGone();
    if (this.#local !== undefined) return this.#local.handle();
    const introduced = this.#introduce();
    if (introduced instanceof BrokerError) throw introduced;
    return new SocketsHandle(this.core, introduced.far, { fence: introduced.fence });
  }

  same(other: Handle): Promise<boolean> {
    return areSame(this, other);
  }

  [comparable](): Questioned | BrokerError {
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    return this.isEnded ? this.#endFault() : this;
  }

  /** The node of an owner's own handle. */
  get local(): LocalNode | undefined {
    return this.#local;
  }

  /** One step of the question for sameness: a call whose answer is one number. */
  async question(step: wire.SameStep, token: Uint8Array, deadlineMs: number): Promise<number> {
    if (this.isEnded) throw this.#endFault();
    if (this.core.calls.isFull) throw this.#callsFault();
    const call = this.core.calls.open(this, deadlineMs, undefined);
    const refusal = this.sendSame(this.#calls.add(call), step, token);
    if (refusal !== undefined) {
      this.#calls.take(call.serial);
      call.refuse(refusal);
    }
    let answer: Answer;
    try {
      answer = await call.promise;
    } catch (error) {
      // Asking has no effect that could be lost.
      throw hasCode(error, ErrorCode.ReplyLost) ? this.#endFault() : error;
    }
    if (answer instanceof SameAnswer) return answer.result;
    // An owner that answers a question as if it were a call knows nothing of it.
    for (const handle of answer.handles) handle.close();
    closeAll(this.core.system, answer.descriptors);
    return wire.SameResult.No;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.core.handles -= 1;
    this.core.witness?.closed(this);
    this.#gone.resolve('closed');
    this.#finishIfIdle();
  }

  closeWithPeer(): void {
    this.close();
    this.#calls.failAll(ErrorCode.Closed, 'the peer was closed; the call may have been processed');
    this.#answerWelcome(new BrokerError(ErrorCode.Aborted, 'the peer was closed'));
    this.#finishIfIdle();
  }

  offerFault(): BrokerError | undefined {
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'a handle in the message is closed');
    return undefined;
  }

  [makeOffer](): Offer | BrokerError {
    if (this.isGone) return { kind: wire.TransferKind.Gone, fence: 0, descriptor: -1 };
    if (this.#local !== undefined) return this.#local[makeOffer]();
    const introduced = this.#introduce();
    if (introduced instanceof BrokerError) return introduced;
    return { kind: wire.TransferKind.Handle, fence: introduced.fence, descriptor: introduced.far };
  }

  /** Makes a new connection to the same node: one end goes to the owner, the other is the caller's (sockets S3). */
  #introduce(): { readonly far: number; readonly fence: number } | BrokerError {
    if (this.#isCrowded)
      return this.refuseUntilAllowed(
        'the owner takes no more connections from this grant; try again when writable',
      );
    const pair = createPair(this.core.system);
    if (pair instanceof BrokerError) return pair;
    const [near, far] = pair;
    const fence = this.sendIntroduction(wire.FrameKind.Attach, 0, near);
    if (!(fence instanceof BrokerError)) return { far, fence };
    closeAll(this.core.system, pair);
    return fence;
  }

  #fault(message: Message): BrokerError | undefined {
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    const fault = messageFault(message, this.core.manifest);
    if (fault !== undefined) return fault;
    return this.isEnded ? this.#endFault() : undefined;
  }

  #endFault(): BrokerError {
    return this.#gone.reason === 'disconnected'
      ? new BrokerError(ErrorCode.Disconnected, 'the server of this handle has ended')
      : new BrokerError(ErrorCode.NodeGone, 'the node is gone');
  }

  #callFault(deadlineMs: number, signal: AbortSignal | undefined): BrokerError | undefined {
    if (!(deadlineMs >= 0)) {
      return new BrokerError(ErrorCode.InvalidArgument, `${deadlineMs} is not a deadline`);
    }
    if (signal?.aborted === true) return new BrokerError(ErrorCode.Aborted, 'the caller gave the call up');
    return this.core.calls.isFull ? this.#callsFault() : undefined;
  }

  #callsFault(): BrokerError {
    return new BrokerError(
      ErrorCode.OverQuota,
      `this program has ${this.core.calls.outstanding} calls outstanding, which is the limit; wait for their replies`,
    );
  }

  protected override witnessed(
    witness: Witness,
    kind: wire.FrameKind,
    serial: number,
    message: Message,
    fault: BrokerError | undefined,
  ): void {
    if (fault !== undefined) witness.refused(this, fault.code, message);
    else witness.sent(this, kind === wire.FrameKind.Call ? serial : undefined, message);
  }

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const { receiveView: view } = this.core.loop;
    if (!wire.isPacketSound(view, offset, length, descriptors.length)) {
      closeAll(this.core.system, descriptors);
      this.#break();
      return;
    }
    const end = offset + length;
    let used = 0;
    for (let at = offset; at < end; at += wire.frameBytesAt(view, at)) {
      const count = wire.frameDescriptorsAt(view, at);
      const own = count === 0 ? noDescriptors : descriptors.slice(used, used + count);
      used += count;
      this.framesReceived = (this.framesReceived + 1) >>> 0;
      if (!this.#frame(at, own)) {
        closeAll(this.core.system, descriptors.slice(used));
        if (!this.isEnded) this.#break();
        return;
      }
    }
    if (used > 0) this.noteReceived(used);
    this.#finishIfIdle();
  }

  /** One frame from the owner; takes its descriptors. False ends the connection. */
  #frame(at: number, descriptors: readonly number[]): boolean {
    const { receiveView: view } = this.core.loop;
    const kind = wire.frameKindAt(view, at);
    if (!this.#isWelcome) return this.#greeting(kind, at, descriptors);
    switch (kind) {
      case wire.FrameKind.Reply:
        return this.#reply(at, descriptors);
      case wire.FrameKind.ReplyLost:
        this.#calls.take(wire.firstWordAt(view, at))?.fail(ErrorCode.ReplyLost, lostText);
        return true;
      case wire.FrameKind.ReplyAttach:
        return this.#attachReply(at, descriptors);
      case wire.FrameKind.SameAnswer:
        this.#calls.take(wire.firstWordAt(view, at))?.answer(new SameAnswer(wire.secondWordAt(view, at)));
        return true;
      case wire.FrameKind.Ack:
        return this.noteAcknowledged(wire.firstWordAt(view, at));
      case wire.FrameKind.Room:
        this.#isCrowded = wire.firstWordAt(view, at) === 0;
        if (!this.#isCrowded) this.allow();
        return true;
      case wire.FrameKind.Gone:
        this.cut();
        this.#lose('node-gone');
        return false;
      default:
        closeAll(this.core.system, descriptors);
        return false;
    }
  }

  #greeting(kind: number, at: number, descriptors: readonly number[]): boolean {
    const { receiveView: view } = this.core.loop;
    closeAll(this.core.system, descriptors);
    if (kind === wire.FrameKind.Welcome && wire.isWelcomeUnderstood(view, at)) {
      this.#isWelcome = true;
      this.#answerWelcome(undefined);
      return true;
    }
    const code = kind === wire.FrameKind.Refuse ? wire.firstWordAt(view, at) : ErrorCode.Version;
    this.#answerWelcome(greetingRefusal(code));
    return false;
  }

  #answerWelcome(refusal: BrokerError | undefined): void {
    const welcome = this.#welcome;
    this.#welcome = undefined;
    welcome?.(refusal);
  }

  #reply(at: number, descriptors: readonly number[]): boolean {
    const { receiveView: view } = this.core.loop;
    const serial = wire.firstWordAt(view, at);
    const call = this.#calls.take(serial);
    if (descriptors.length > 0 && wire.isSealedAt(view, at)) this.noteSealedReceived();
    const answer = receiveAnswer(this.core, at, descriptors);
    if (answer !== undefined) {
      this.core.witness?.answered(
        this,
        serial,
        answer.bytes,
        answer.handles.length,
        answer.descriptors.length,
      );
    }
    if (answer === undefined) {
      call?.fail(ErrorCode.ReplyLost, lostText);
      return false;
    }
    if (call !== undefined) {
      call.answer(answer);
      return true;
    }
    // After the deadline: nobody wants what it brought.
    for (const handle of answer.handles) handle.close();
    closeAll(this.core.system, answer.descriptors);
    return true;
  }

  #attachReply(at: number, descriptors: readonly number[]): boolean {
    const { receiveView: view } = this.core.loop;
    const isInOrder = wire.secondWordAt(view, at) === (this.framesReceived - 1) >>> 0;
    const call = this.#calls.take(wire.firstWordAt(view, at));
    const descriptor = descriptors[0];
    if (!isInOrder || call === undefined || descriptor === undefined) {
      closeAll(this.core.system, descriptors);
      call?.fail(ErrorCode.ReplyLost, lostText);
      return isInOrder;
    }
    try {
      new AnswerLink(this.core, descriptor, call);
      return true;
    } catch {
      call.fail(ErrorCode.ReplyLost, lostText);
      return false;
    }
  }

  ended(_errno: number): void {
    this.#lose(this.#isRoot ? 'disconnected' : 'node-gone');
  }

  sweep(nowMs: number): number {
    this.#calls.expire(nowMs);
    this.#finishIfIdle();
    return this.#calls.count;
  }

  forget(call: Call): void {
    this.#calls.take(call.serial);
    this.#finishIfIdle();
  }

  protected greet(): void {
    const at = this.socket.begin(wire.helloBytes);
    wire.writeHello(this.core.loop.sendView, at, this.#fence);
    this.socket.commit();
  }

  /** The owner broke the protocol. */
  #break(): void {
    this.cut();
    this.#lose(this.#isRoot ? 'disconnected' : 'node-gone');
  }

  /** The connection is gone. */
  #lose(reason: GoneReason): void {
    this.core.open.delete(this);
    this.#answerWelcome(new BrokerError(ErrorCode.Unreachable, 'the server ended the connection'));
    this.#calls.failAll(ErrorCode.ReplyLost, lostText);
    this.allow();
    if (reason === 'disconnected') this.core.rootLost();
    this.#gone.resolve(reason);
    // A handle that is gone stays the program's until it closes it.
    if (!this.#isClosed) this.core.open.add(this);
  }

  /** The connection of a closed handle ends when no call needs it. */
  #finishIfIdle(): void {
    if (!this.#isClosed || this.#calls.count > 0) return;
    this.core.open.delete(this);
    this.finish();
  }
}
