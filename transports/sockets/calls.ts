/**
 * Outstanding calls: a ring for each connection, and one ledger for the peer with their deadlines.
 *
 * A reply names its call by serial. The ring is an array whose size is a power of two; a serial's low bits are its place, so
 * finding a call is one index and one comparison. A serial whose place is taken by a slow call is skipped, and the ring doubles
 * when it is half full.
 */
import { Deadlines } from '../../broker/contract/deadlines.js';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { callsOutstandingMax } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { Answer } from '../../broker/contract/transport.js';

/** Where a call waits: a connection, or the connection that a reply was given away on. */
export interface CallHolder {
  /** Whether the ledger sweeps it. */
  isSwept: boolean;
  /** Ends every call whose deadline is at or before `nowMs`; returns how many are left. */
  sweep(nowMs: number): number;
  /** Drops the call, which was given up. */
  forget(call: Call): void;
}

type Resolve = (answer: Answer) => void;
type Reject = (error: BrokerError) => void;

let lastResolve: Resolve = () => {};
let lastReject: Reject = () => {};
// One function for all promises, instead of a closure for each.
const capture = (resolve: Resolve, reject: Reject): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/** One call. It is settled once, by whoever comes first (C11). */
export class Call {
  serial = 0;
  holder: CallHolder;
  readonly deadlineAtMs: number;
  readonly promise: Promise<Answer>;
  readonly #ledger: CallLedger;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(ledger: CallLedger, holder: CallHolder, deadlineAtMs: number) {
    this.holder = holder;
    this.deadlineAtMs = deadlineAtMs;
    this.#ledger = ledger;
    this.promise = new Promise<Answer>(capture);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
  }

  /** Gives the call up when the signal says so. */
  watch(signal: AbortSignal): void {
    this.#signal = signal;
    this.#onAbort = () => {
      this.holder.forget(this);
      this.fail(ErrorCode.Aborted, 'the caller gave the call up; it may have been processed');
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  answer(answer: Answer): void {
    this.#end();
    this.#resolve(answer);
  }

  fail(code: ErrorCode, text: string): void {
    this.refuse(new BrokerError(code, text));
  }

  refuse(error: BrokerError): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#ledger.closed();
    if (this.#onAbort === undefined) return;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}

/** The calls of one peer. */
export class CallLedger {
  outstanding = 0;
  readonly #deadlines: Deadlines;
  readonly #swept: CallHolder[] = [];
  #room: (() => void)[] = [];

  constructor(time: Time) {
    this.#deadlines = new Deadlines(time, (nowMs) => this.#sweep(nowMs));
  }

  get isFull(): boolean {
    return this.outstanding >= callsOutstandingMax;
  }

  /** Opens a call; the caller puts it where its reply will be looked for. */
  open(holder: CallHolder, deadlineMs: number, signal: AbortSignal | undefined): Call {
    this.outstanding += 1;
    const call = new Call(this, holder, this.#deadlines.add(deadlineMs));
    if (!holder.isSwept) this.watch(holder);
    if (signal !== undefined) call.watch(signal);
    return call;
  }

  /** Sweeps this holder from now on, until it has no calls. */
  watch(holder: CallHolder): void {
    if (holder.isSwept) return;
    holder.isSwept = true;
    this.#swept.push(holder);
  }

  closed(): void {
    this.outstanding -= 1;
    if (this.#room.length === 0) return;
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when a call has ended; at once if there is room. */
  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room.push(resolve);
    });
  }

  close(): void {
    this.#deadlines.close();
  }

  #sweep(nowMs: number): number {
    const swept = this.#swept;
    let at = 0;
    while (at < swept.length) {
      const holder = swept[at];
      if (holder === undefined || holder.sweep(nowMs) > 0) {
        at += 1;
        continue;
      }
      holder.isSwept = false;
      const last = swept.pop();
      if (last !== undefined && last !== holder) swept[at] = last;
    }
    return this.outstanding;
  }
}

const firstRingSize = 16;

/** The calls of one connection, by serial. */
export class CallRing {
  #slots: (Call | undefined)[] = new Array<Call | undefined>(firstRingSize).fill(undefined);
  #next = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Gives the call a serial and keeps it. */
  add(call: Call): number {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let serial = this.#next;
    while (this.#slots[serial & mask] !== undefined) serial = (serial + 1) >>> 0;
    this.#slots[serial & mask] = call;
    this.#next = (serial + 1) >>> 0;
    this.#count += 1;
    call.serial = serial;
    return serial;
  }

  /** Takes the call with this serial out, if it is still here. */
  take(serial: number): Call | undefined {
    const place = serial & (this.#slots.length - 1);
    const call = this.#slots[place];
    if (call === undefined || call.serial !== serial) return undefined;
    this.#slots[place] = undefined;
    this.#count -= 1;
    return call;
  }

  /** Fails every call whose deadline is at or before `nowMs`. */
  expire(nowMs: number): void {
    if (this.#count === 0) return;
    for (const call of this.#slots) {
      if (call === undefined || call.deadlineAtMs > nowMs) continue;
      this.take(call.serial);
      call.fail(ErrorCode.Deadline, 'no reply came in time; the call may have been processed');
    }
  }

  /** Fails all calls. */
  failAll(code: ErrorCode, text: string): void {
    if (this.#count === 0) return;
    for (const call of this.#slots) {
      if (call === undefined) continue;
      this.take(call.serial);
      call.fail(code, text);
    }
  }

  #grow(): void {
    const old = this.#slots;
    const size = old.length * 2;
    this.#slots = new Array<Call | undefined>(size).fill(undefined);
    // Serials that differ in the low bits of the small ring differ in those of the large one.
    for (const call of old) if (call !== undefined) this.#slots[call.serial & (size - 1)] = call;
  }
}
