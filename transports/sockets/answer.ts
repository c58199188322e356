/**
 * What comes back from a call, and the connection on which it comes when the reply was given away (sockets S6, C15).
 */
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Answer, Handle } from '../../broker/contract/transport.js';
import type { Call, CallHolder } from './calls.js';
import { type Closable, closeAll, type PeerCore } from './core.js';
import { Link } from './link.js';
import { receiveContents } from './transfer.js';
import * as wire from './wire.js';

export class SocketsAnswer implements Answer {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[];
  readonly sequence = 0;

  constructor(bytes: Uint8Array, handles: readonly Handle[], descriptors: readonly number[]) {
    this.bytes = bytes;
    this.handles = handles;
    this.descriptors = descriptors;
  }
}

/** What came back from a question for sameness. */
export class SameAnswer extends SocketsAnswer {
  readonly result: number;

  constructor(result: number) {
    super(new Uint8Array(0), [], []);
    this.result = result;
  }
}

/**
 * The answer in the REPLY frame at `at`; takes the descriptors. `undefined`, with them closed, if the frame is garbage.
 */
export function receiveAnswer(
  core: PeerCore,
  at: number,
  descriptors: readonly number[],
): SocketsAnswer | undefined {
  const arrived = receiveContents(core, at, descriptors);
  return arrived && new SocketsAnswer(arrived.bytes, arrived.handles, arrived.own);
}

export const lostText = 'nobody will answer; the call may have been processed';

/** The caller's end of a connection that brings one REPLY, from whoever holds the other end. */
export class AnswerLink extends Link implements CallHolder, Closable {
  isSwept = false;
  #isGreeted = false;
  #call: Call | undefined;

  /** Takes the descriptor; throws, and has closed it, if it is no connection. The call moves here. */
  constructor(core: PeerCore, descriptor: number, call: Call) {
    super(core, descriptor);
    this.#call = call;
    call.holder = this;
    core.open.add(this);
    core.calls.watch(this);
  }

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const { receiveView: view } = this.core.loop;
    const end = offset + length;
    const isSound = wire.isPacketSound(view, offset, length, descriptors.length);
    let at = offset;
    if (
      isSound &&
      !this.#isGreeted &&
      wire.frameKindAt(view, at) === wire.FrameKind.Hello &&
      wire.isHelloUnderstood(view, at)
    ) {
      this.#isGreeted = true;
      at += wire.frameBytesAt(view, at);
      // An answer with descriptors goes to the kernel by itself, behind the hello.
      if (at === end && descriptors.length === 0) return;
    }
    if (
      !isSound ||
      !this.#isGreeted ||
      at === end ||
      wire.frameKindAt(view, at) !== wire.FrameKind.Reply ||
      at + wire.frameBytesAt(view, at) !== end
    ) {
      closeAll(this.core.system, descriptors);
      this.#lose();
      return;
    }
    const answer = receiveAnswer(this.core, at, descriptors);
    if (answer === undefined) {
      this.#lose();
      return;
    }
    const call = this.#leave();
    call?.answer(answer);
  }

  ended(): void {
    this.#lose();
  }

  sweep(nowMs: number): number {
    if (this.#call === undefined) return 0;
    if (this.#call.deadlineAtMs > nowMs) return 1;
    this.#leave()?.fail(ErrorCode.Deadline, 'no reply came in time; the call may have been processed');
    return 0;
  }

  forget(): void {
    this.#leave();
  }

  closeWithPeer(): void {
    this.#leave()?.fail(ErrorCode.Closed, 'the peer was closed');
  }

  protected greet(): void {
    // This end only listens.
  }

  #lose(): void {
    this.#leave()?.fail(ErrorCode.ReplyLost, lostText);
  }

  /** Closes the connection and gives the call up to whoever ends it. */
  #leave(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    this.core.open.delete(this);
    this.cut();
    return call;
  }
}
