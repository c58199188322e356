/**
 * What one peer sends, in one order.
 *
 * All senders share a receiver's queue in the kernel (sockets D2), so causal order costs nothing as long as a peer hands over its
 * datagrams in the order in which they were sent. When a receiver's short queue is full (D6), they wait here; and because whatever
 * is sent later, to anybody, may be caused by what waits, it waits behind it, whoever it is for. Otherwise A's message to C could
 * still be here when B, who was told by A, has already sent to C.
 *
 * A receiver that takes nothing would so stop everything. Therefore the head of the queue waits for a bounded time only:
 * `stallMs` without progress, less if that receiver has held up others before (`Patience`). Then its receiver is *stalled*: all
 * that waits for it is refused, as is each later send that the kernel does not take at once, until the kernel says that
 * there is room again. What was refused was never sent, so nothing can follow from it, and the order holds.
 *
 * Neighbours in the queue for one address share a datagram. Notices are never refused: those of a stalled receiver go back to its
 * contact and wait there.
 */
import { ErrorCode } from '../../broker/contract/errors.js';
import { datagramBytesMax, queueBytesMax, queueItemsMax, stallMs } from '../../broker/contract/limits.js';
import type { Time, Timer } from '../../broker/contract/platform.js';
import { Patience } from './patience.js';
import { full, sent, tooLong } from './system.js';

/** What waits for the outcome of something that was queued. Called once. */
export interface Parcel {
  accepted(): void;
  refused(code: ErrorCode): void;
}

/** A receiver, as far as the outbox knows it. */
export interface Lane {
  isDead: boolean;
  isStalled: boolean;
  /** How long it may hold up others. */
  readonly patience: Patience;
  /** Hands a datagram to the kernel: `sent`, `full`, `tooLong`, or another negative errno, after which the lane is dead. */
  transmit(bytes: Buffer, length: number): number;
  /** What waited for it is refused; it keeps the notices among them. */
  stalled(notices: readonly Entry[]): void;
}

/** `post` has handed it to the kernel. */
export const posted = 0;
/** `post` has queued it; `attach` says who wants to know. */
export const queued = -1;

export class Entry {
  readonly lane: Lane;
  readonly bytes: Buffer;
  readonly isNotice: boolean;
  parcel: Parcel | undefined;
  isCancelled = false;
  next: Entry | undefined;

  constructor(lane: Lane, bytes: Buffer, isNotice: boolean) {
    this.lane = lane;
    this.bytes = bytes;
    this.isNotice = isNotice;
  }
}

function codeOf(result: number): ErrorCode {
  return result === tooLong ? ErrorCode.TooLarge : ErrorCode.NodeGone;
}

/** Share of its time that a peer may be held up altogether, and by one receiver. */
const ownShare = 0.2;
const laneShare = 0.05;
/** How long they may do so at once. */
const ownBurstMs = 10 * stallMs;
const laneBurstMs = 5 * stallMs;
/**
 * Waiting is counted in ticks, between which the event loop lets everybody in this process read. A process that gets no time itself,
 * because it was stopped or the machine is busy, counts one tick, and blames nobody.
 */
const tickMs = 10;

export function createLanePatience(time: Time): Patience {
  return new Patience(time, laneBurstMs, laneShare);
}

export class Outbox {
  readonly #time: Time;
  readonly #pack: Buffer;
  readonly #patience: Patience;
  readonly #timer: Timer;
  readonly #drained: () => void;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #items = 0;
  #bytes = 0;
  /** The receiver that the first entry waits for; for how long without progress, and how long it may. */
  #held: Lane | undefined;
  #heldMs = 0;
  #heldAtMostMs = 0;
  #countedAtMs = 0;
  /** Something for another receiver waits behind the first entry. */
  #othersWait = false;
  #isPumping = false;

  /** `pack` has room for a datagram, and is used within calls only. `drained` is called when there is room again. */
  constructor(time: Time, pack: Buffer, drained: () => void) {
    this.#time = time;
    this.#pack = pack;
    this.#drained = drained;
    this.#patience = new Patience(time, ownBurstMs, ownShare);
    this.#timer = time.createTimer(() => this.#tick());
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Whether it is worth while to try again after a refusal for want of room here. */
  get hasRoom(): boolean {
    return this.#items <= queueItemsMax / 2 && this.#bytes <= queueBytesMax / 2;
  }

  /**
   * Sends the first `length` bytes: `posted`, `queued`, or an error code (`over-quota`, `node-gone`), after which nothing was sent
   * and nothing is kept. Copies what it queues.
   */
  post(lane: Lane, bytes: Buffer, length: number, isNotice = false): number {
    if (lane.isDead) return ErrorCode.NodeGone;
    if (this.#first === undefined) {
      const result = lane.transmit(bytes, length);
      if (result === sent) return posted;
      if (result !== full) return codeOf(result);
      if (lane.isStalled) return ErrorCode.OverQuota;
      this.#hold(lane);
      if (this.#heldAtMostMs < 1) {
        this.#stall(lane);
        return ErrorCode.OverQuota;
      }
    } else if (lane.isStalled || this.#items >= queueItemsMax || this.#bytes + length > queueBytesMax) {
      return ErrorCode.OverQuota;
    }
    this.#push(new Entry(lane, Buffer.from(bytes.subarray(0, length)), isNotice));
    return queued;
  }

  /** Says who waits for what was queued last. */
  attach(parcel: Parcel): void {
    if (this.#last !== undefined) this.#last.parcel = parcel;
  }

  /** The entry that was queued last, for `cancel`. */
  get last(): Entry | undefined {
    return this.#last;
  }

  /** Takes an entry out, if it still waits; its parcel is not told. */
  cancel(entry: Entry): void {
    entry.isCancelled = true;
    entry.parcel = undefined;
  }

  /** The kernel has room for this receiver again. */
  writable(lane: Lane): void {
    lane.isStalled = false;
    if (this.#first?.lane === lane) this.#pump();
  }

  /** This receiver is dead: what waits for it is refused in its turn. */
  died(lane: Lane): void {
    if (this.#first?.lane === lane) this.#pump();
  }

  /** Refuses all that waits, and waits no more. */
  close(): void {
    this.#timer.disarm();
    for (let entry = this.#shift(); entry !== undefined; entry = this.#shift()) {
      entry.parcel?.refused(ErrorCode.Closed);
    }
  }

  #push(entry: Entry): void {
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#items += 1;
    this.#bytes += entry.bytes.length;
    if (entry.lane !== this.#first?.lane) this.#othersWait = true;
  }

  #shift(): Entry | undefined {
    const entry = this.#first;
    if (entry === undefined) return undefined;
    this.#first = entry.next;
    if (this.#first === undefined) this.#last = undefined;
    entry.next = undefined;
    this.#items -= 1;
    this.#bytes -= entry.bytes.length;
    return entry;
  }

  /** Sends from the front until a receiver's queue is full. */
  #pump(): void {
    // What a dead receiver's contact does about it may post.
    if (this.#isPumping) return;
    this.#isPumping = true;
    const before = this.#first;
    for (let head = this.#first; head !== undefined; head = this.#first) {
      if (!this.#sendFirst(head)) break;
    }
    this.#isPumping = false;
    if (this.#first !== before || this.#first?.lane !== this.#held) this.#holdNext();
    if (this.hasRoom) this.#drained();
  }

  /** There was progress: what waits now waits from now on. */
  #holdNext(): void {
    this.#spend();
    const next = this.#first;
    this.#othersWait = next !== undefined && this.#last?.lane !== next.lane;
    if (next === undefined) {
      this.#timer.disarm();
      this.#held = undefined;
      return;
    }
    this.#hold(next.lane);
    if (this.#heldAtMostMs < 1) this.#stall(next.lane);
  }

  /** Sends the first entry with its neighbours; false if it has to wait. */
  #sendFirst(head: Entry): boolean {
    const { lane } = head;
    if (head.isCancelled || lane.isDead) {
      this.#shift()?.parcel?.refused(ErrorCode.NodeGone);
      return true;
    }
    let count = 1;
    let length = head.bytes.length;
    for (let next = head.next; next !== undefined; next = next.next) {
      if (next.lane !== lane || next.isCancelled || length + next.bytes.length > datagramBytesMax) break;
      count += 1;
      length += next.bytes.length;
    }
    const result = lane.transmit(count === 1 ? head.bytes : this.#packed(head, count), length);
    if (result === full) return false;
    for (let at = 0; at < count; at += 1) {
      const entry = this.#shift();
      if (result === sent) entry?.parcel?.accepted();
      else entry?.parcel?.refused(codeOf(result));
    }
    return true;
  }

  #packed(head: Entry, count: number): Buffer {
    let entry: Entry | undefined = head;
    for (let index = 0, at = 0; index < count && entry !== undefined; index += 1) {
      this.#pack.set(entry.bytes, at);
      at += entry.bytes.length;
      entry = entry.next;
    }
    return this.#pack;
  }

  /** The first entry's receiver is full: the waiting for it begins. */
  #hold(lane: Lane): void {
    this.#heldMs = 0;
    this.#countedAtMs = this.#time.monotonicMs();
    this.#heldAtMostMs = Math.min(stallMs, lane.patience.leftMs, this.#patience.leftMs);
    this.#held = lane;
    this.#timer.arm(tickMs);
  }

  /** The waiting for a receiver has ended: others who waited behind it have paid. */
  #spend(): void {
    if (!this.#othersWait || this.#held === undefined) return;
    this.#count();
    this.#held.patience.spend(this.#heldMs);
    this.#patience.spend(this.#heldMs);
  }

  /** How much longer the first entry has waited: at most a tick, if this process itself had no time meanwhile. */
  #count(): void {
    const nowMs = this.#time.monotonicMs();
    this.#heldMs += Math.min(nowMs - this.#countedAtMs, tickMs);
    this.#countedAtMs = nowMs;
  }

  #tick(): void {
    const head = this.#first;
    if (head === undefined) return;
    this.#count();
    this.#pump();
    if (this.#first !== head) return;
    if (this.#heldMs >= this.#heldAtMostMs) this.#stall(head.lane);
    else this.#timer.arm(tickMs);
  }

  /** Refuses all that waits for this receiver, and goes on with the rest. */
  #stall(lane: Lane): void {
    this.#spend();
    lane.isStalled = true;
    const refused: Entry[] = [];
    const kept: Entry[] = [];
    for (let entry = this.#shift(); entry !== undefined; entry = this.#shift()) {
      (entry.lane === lane ? refused : kept).push(entry);
    }
    this.#othersWait = false;
    this.#held = undefined;
    for (const entry of kept) this.#push(entry);
    lane.stalled(refused.filter(({ isNotice }) => isNotice));
    for (const { parcel } of refused) parcel?.refused(ErrorCode.OverQuota);
    this.#pump();
  }
}
