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
  readonly limits?: Partial<CapabilityLimits>;
}

export class Router {
  readonly core: CapabilityCore;
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly writer: ItemWriter;
  readonly sealedLength: (descriptor: number) => number;
  readonly chronicle = new Chronicle();
  /** The first `#waitingCount` have items. The array is never shortened: that would cost more than a whole operation. */
  readonly #waiting: (Drain | undefined)[] = [];
  #waitingCount = 0;
  #isSettling = false;
  #handlesMade = 0;

  constructor(parts: RouterParts) {
    this.loop = parts.loop;
    this.time = parts.time;
    this.writer = new ItemWriter(parts.loop, parts.duplicate);
    this.sealedLength = parts.sealedLength;
    const limits = parts.limits ?? {};
    this.core = new CapabilityCore({ closeDescriptors, limits });
  }

  /** Notes that this peer has items; from within an operation. */
  wake(drain: Drain): void {
    this.#waiting[this.#waitingCount] = drain;
    this.#waitingCount += 1;
  }

  /** Carries away what the operations before it have queued. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    const waiting = this.#waiting;
    // Draining makes room, and those who wait for it join the list, with a `writable` in their queues.
    for (let at = 0; ; at += 1) {
      if (at === this.#waitingCount) this.core.tellReady();
      if (at === this.#waitingCount) break;
      const drain = waiting[at];
      waiting[at] = undefined;
      drain?.drain();
    }
    this.#waitingCount = 0;
    this.#isSettling = false;
    const { handlesMade } = this.core;
    if (handlesMade === this.#handlesMade) return;
    this.#handlesMade = handlesMade;
    this.chronicle.note(this.core.sequence, this.time.monotonicMs());
  }

  /** Ends a peer, and tells everybody. */
  endPeer(peer: PeerRecord): void {
    this.core.endPeer(peer);
    this.settle();
  }
}
