/**
 * The calls of a peer that wait for an answer, by tag. A tag is a slot, in its low 16 bits, and a generation above it: the
 * broker delivers in order, so an answer that crossed the caller's withdrawal is told from the slot's next call. Tags have
 * 31 bits: a number with more is an object of its own in the engine, and the code that has seen only small ones starts anew.
 */
import type { Answer } from '../../broker/contract/transport.js';
import type { Attempt } from './link.js';

export class OutstandingCall {
  tag = 0;
  deadlineAtMs = 0;
  resolve: (answer: Answer) => void = ignore;
  reject: (error: Error) => void = ignore;
  attempt: Attempt | undefined = undefined;
  signal: AbortSignal | undefined = undefined;
  abort: (() => void) | undefined = undefined;
}

function ignore(): void {}

const slotMask = 0xffff;
const tagMax = 0x7fff_ffff;
const generationStep = 0x1_0000;

export class CallTable {
  readonly #slots: OutstandingCall[] = [];
  readonly #free: OutstandingCall[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A call with a tag of its own, for the caller to fill in; `undefined` if there are too many. */
  open(max: number): OutstandingCall | undefined {
    if (this.#size >= max) return undefined;
    let call = this.#free.pop();
    if (call === undefined) {
      call = new OutstandingCall();
      call.tag = this.#slots.length;
      this.#slots.push(call);
    }
    // The generation wraps to 1, not to 0: a tag is never 0.
    const next = call.tag + generationStep;
    call.tag = next > tagMax ? (call.tag & slotMask) + generationStep : next;
    this.#size += 1;
    return call;
  }

  find(tag: number): OutstandingCall | undefined {
    const call = this.#slots[tag & slotMask];
    return call !== undefined && call.tag === tag && call.reject !== ignore ? call : undefined;
  }

  /** The call has ended: its slot is free. The object must not be used after this. */
  close(call: OutstandingCall): void {
    if (call.signal !== undefined && call.abort !== undefined) {
      call.signal.removeEventListener('abort', call.abort);
      call.signal = undefined;
      call.abort = undefined;
    }
    call.resolve = ignore;
    call.reject = ignore;
    call.attempt = undefined;
    this.#size -= 1;
    this.#free.push(call);
  }

  /** The calls that are outstanding now; those that end meanwhile may be among them no more. */
  *[Symbol.iterator](): Generator<OutstandingCall> {
    for (const call of this.#slots) if (call.reject !== ignore) yield call;
  }
}
