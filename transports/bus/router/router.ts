/**
 * The broker of the bus: peers of all kinds on one capability core.
 *
 * Whatever an operation puts into queues is carried away before the operation's caller gets control again (`settle`), while the
 * payload still stands where it came from. A receiver that is blocked keeps its items in its queue, with copied payloads, and
 * is drained when it can take more.
 */
import { CapabilityCore, type CapabilityLimits, type PeerRecord } from '../../../broker/capability/index.js';
import type { Time } from '../../../broker/contract/platform.js';
import type { PacketLoop } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../descriptors.js';
import { Chronicle } from './chronicle.js';
import { ItemWriter } from './item-writer.js';
import { type Later, Turns } from './turns.js';

/** Carries one peer's items away. */
export interface Drain {
  /** Called when the queue has items; takes what it can. */
  drain(): void;
}

export interface RouterParts {
  readonly loop: PacketLoop;
  readonly time: Time;
  /** Another descriptor for the same open file, close-on-exec; -1 if none is free. */
  readonly duplicate: (descriptor: number) => number;
  /** The length of sealed memory that can be read; negative for anything else. */
  readonly sealedLength: (descriptor: number) => number;
  readonly later: Later;
  readonly limits?: Partial<CapabilityLimits>;
}

export class Router {
  readonly core: CapabilityCore;
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly writer: ItemWriter;
  readonly sealedLength: (descriptor: number) => number;
  readonly chronicle = new Chronicle();
  readonly turns: Turns;
  /** The first `#waitingCount` have items. The array is never shortened: that would cost more than a whole operation. */
  readonly #waiting: (Drain | undefined)[] = [];
  #waitingCount = 0;
  #isSettling = false;
  #isTelling = false;
  #handlesMade = 0;
  readonly #later: Later;

  constructor(parts: RouterParts) {
    this.loop = parts.loop;
    this.time = parts.time;
    this.writer = new ItemWriter(parts.loop, parts.duplicate);
    this.sealedLength = parts.sealedLength;
    const limits = parts.limits ?? {};
    this.core = new CapabilityCore({ closeDescriptors, limits });
    this.#later = parts.later;
    this.turns = new Turns(parts.loop, this.core.effort, parts.later);
  }

  /** Notes that this peer has items; from within an operation. */
  wake(drain: Drain): void {
    this.#waiting[this.#waitingCount] = drain;
    this.#waitingCount += 1;
  }

  /**
   * Carries away what the operations before it have queued. Draining makes room: some of those who wait for it are looked at and
   * told, and the others in later turns.
   */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#drainAll();
    this.core.tellReady();
    if (this.#waitingCount > 0) this.#drainAll();
    this.#isSettling = false;
    if (this.core.mustTell && !this.#isTelling) {
      this.#isTelling = true;
      this.#later(this.#tellMore);
    }
    const { handlesMade } = this.core;
    if (handlesMade === this.#handlesMade) return;
    this.#handlesMade = handlesMade;
    this.chronicle.note(this.core.sequence, this.time.monotonicMs());
  }

  readonly #tellMore = (): void => {
    this.#isTelling = false;
    this.settle();
  };

  #drainAll(): void {
    const waiting = this.#waiting;
    for (let at = 0; at < this.#waitingCount; at += 1) {
      const drain = waiting[at];
      waiting[at] = undefined;
      drain?.drain();
    }
    this.#waitingCount = 0;
  }

  /** Ends a peer, and tells everybody. */
  endPeer(peer: PeerRecord): void {
    this.core.endPeer(peer);
    this.settle();
  }
}
