/**
 * Outstanding calls: a ring with their secrets, and their deadlines.
 *
 * An answer names its call by serial and shows the secret that went out with the call, so nobody who was not given it can answer,
 * and nobody can answer twice (sockets D1). A serial's low bits are its place in the ring; a place that a slow call still has
 * is skipped, and the ring doubles when it is half full.
 *
 * The right to answer is lost when the callee says so or is dead, unless it was given away; then when the last use of it has ended.
 */
import { Deadlines } from '../../broker/contract/deadlines.js';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { callsOutstandingMax } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { Answer } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import { isSameSecret, type SecretSource } from './secrets.js';
import type { Target, Use } from './use.js';
import { secretBytes } from './wire.js';

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
export class Call implements Target {
  readonly serial: number;
  readonly deadlineAtMs: number;
  readonly promise: Promise<Answer>;
  /** The callee, as long as it has the right to answer itself. */
  callee: Contact | undefined;
  readonly #ring: CallRing;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #uses: Set<Use> | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(ring: CallRing, serial: number, callee: Contact, deadlineAtMs: number) {
    this.#ring = ring;
    this.serial = serial;
    this.callee = callee;
    this.deadlineAtMs = deadlineAtMs;
    callee.calls += 1;
    this.promise = new Promise<Answer>(capture);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
  }

  /** Those whom the right to answer was given away to. */
  get uses(): Set<Use> {
    this.#uses ??= new Set();
    return this.#uses;
  }

  get hasUses(): boolean {
    return this.#uses !== undefined && this.#uses.size > 0;
  }

  /** Gives the call up when the signal says so. */
  watch(signal: AbortSignal): void {
    this.#signal = signal;
    this.#onAbort = () => {
      this.fail(ErrorCode.Aborted, 'the caller gave the call up; it may have been processed');
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  answer(answer: Answer): void {
    if (this.#end()) this.#resolve(answer);
  }

  fail(code: ErrorCode, text: string): void {
    if (this.#end()) this.#reject(new BrokerError(code, text));
  }

  /** The call was not sent. */
  refuse(error: BrokerError): void {
    if (this.#end()) this.#reject(error);
  }

  useEnded(): void {
    if (this.callee === undefined && !this.hasUses) this.#lose();
  }

  /** The callee will not answer. */
  calleeGivesUp(): void {
    this.#leaveCallee();
    if (!this.hasUses) this.#lose();
  }

  #lose(): void {
    this.fail(ErrorCode.ReplyLost, 'nobody will answer; the call may have been processed');
  }

  #leaveCallee(): void {
    if (this.callee === undefined) return;
    this.callee.calls -= 1;
    this.callee = undefined;
  }

  #end(): boolean {
    if (!this.#ring.remove(this)) return false;
    this.#leaveCallee();
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

const firstRingSize = 16;

/** The calls of one peer. */
export class CallRing {
  readonly #secretSource: SecretSource;
  readonly #deadlines: Deadlines;
  readonly #ended: (call: Call) => void;
  #slots: (Call | undefined)[] = new Array<Call | undefined>(firstRingSize).fill(undefined);
  #secrets = Buffer.alloc(firstRingSize * secretBytes);
  #next = 0;
  #count = 0;

  /** `ended` is told of each call that has ended and whose right to answer was given away. */
  constructor(time: Time, secretSource: SecretSource, ended: (call: Call) => void) {
    this.#secretSource = secretSource;
    this.#ended = ended;
    this.#deadlines = new Deadlines(time, (nowMs) => this.#sweep(nowMs));
  }

  get outstanding(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= callsOutstandingMax;
  }

  /** Opens a call with a fresh secret. */
  open(callee: Contact, deadlineMs: number): Call {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let serial = this.#next;
    while (this.#slots[serial & mask] !== undefined) serial = (serial + 1) >>> 0;
    const call = new Call(this, serial, callee, this.#deadlines.add(deadlineMs));
    this.#slots[serial & mask] = call;
    this.#secretSource.write(this.#secrets, (serial & mask) * secretBytes);
    this.#next = (serial + 1) >>> 0;
    this.#count += 1;
    return call;
  }

  /** The secret of an outstanding call; valid until the next `open`. */
  secretOf(call: Call): Buffer {
    const at = (call.serial & (this.#slots.length - 1)) * secretBytes;
    return this.#secrets.subarray(at, at + secretBytes);
  }

  /** The outstanding call with this serial, if the secret at this place is its own. */
  find(serial: number, bytes: Uint8Array, at: number): Call | undefined {
    const place = serial & (this.#slots.length - 1);
    const call = this.#slots[place];
    if (call === undefined || call.serial !== serial) return undefined;
    return isSameSecret(this.#secrets, place * secretBytes, bytes, at) ? call : undefined;
  }

  /** Takes a call out. False if it had ended before. */
  remove(call: Call): boolean {
    const place = call.serial & (this.#slots.length - 1);
    if (this.#slots[place] !== call) return false;
    this.#slots[place] = undefined;
    this.#count -= 1;
    if (call.hasUses) this.#ended(call);
    return true;
  }

  /** This address is dead: nobody there answers. */
  died(contact: Contact): void {
    if (contact.calls === 0) return;
    for (const call of this.#slots) if (call?.callee === contact) call.calleeGivesUp();
  }

  /** Fails all calls, and counts no deadlines any more. */
  close(code: ErrorCode, text: string): void {
    for (const call of this.#slots) call?.fail(code, text);
    this.#deadlines.close();
  }

  #sweep(nowMs: number): number {
    for (const call of this.#slots) {
      if (call === undefined || call.deadlineAtMs > nowMs) continue;
      call.fail(ErrorCode.Deadline, 'no reply came in time; the call may have been processed');
    }
    return this.#count;
  }

  #grow(): void {
    const [slots, secrets] = [this.#slots, this.#secrets];
    const size = slots.length * 2;
    this.#slots = new Array<Call | undefined>(size).fill(undefined);
    this.#secrets = Buffer.alloc(size * secretBytes);
    // Serials that differ in the low bits of the small ring differ in those of the large one.
    for (const [place, call] of slots.entries()) {
      if (call === undefined) continue;
      const at = call.serial & (size - 1);
      this.#slots[at] = call;
      secrets.copy(this.#secrets, at * secretBytes, place * secretBytes, (place + 1) * secretBytes);
    }
  }
}
