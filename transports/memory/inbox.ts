/**
 * A peer's inbox: what was accepted for it and not yet delivered, in the order of acceptance.
 *
 * Messages are bounded by the contract's limits, and refused beyond them. Notifications (gone, unused, reply lost) are never
 * refused: there is at most one for each handle, node and call, and those are bounded themselves. Replies have a share of
 * their own, as large as that of the messages, so that a full inbox does not keep a service from answering (bus M8).
 */
import { descriptorsInFlightMax, queueBytesMax, queueItemsMax } from '../../broker/contract/limits.js';

/** What an item takes of its receiver's inbox. `none` is a notification. */
export type Share = 'messages' | 'replies' | 'none';

/** One thing for one peer. Exactly one of `deliver` and `drop` is called, once. */
export abstract class Item {
  /** The item behind this one in its inbox. */
  next: Item | undefined;
  abstract readonly share: Share;
  abstract readonly byteLength: number;
  abstract readonly descriptorCount: number;

  /** Hands the contents to their receiver. */
  abstract deliver(): void;
  /** The receiver has ended: gives back all that the item carries. */
  abstract drop(): void;
}

/** A notification: takes no room and carries nothing. */
export class Notification extends Item {
  readonly share = 'none';
  readonly byteLength = 0;
  readonly descriptorCount = 0;
  readonly #deliver: () => void;

  constructor(deliver: () => void) {
    super();
    this.#deliver = deliver;
  }

  deliver(): void {
    this.#deliver();
  }

  drop(): void {}
}

/** Messages and replies that wait, together. */
export interface Load {
  readonly items: number;
  readonly bytes: number;
  readonly descriptors: number;
}

class Usage {
  items = 0;
  bytes = 0;
  descriptors = 0;

  change(item: Item, sign: 1 | -1): void {
    this.items += sign;
    this.bytes += sign * item.byteLength;
    this.descriptors += sign * item.descriptorCount;
  }

  admits(bytes: number, descriptors: number): boolean {
    return (
      this.items < queueItemsMax &&
      this.bytes + bytes <= queueBytesMax &&
      this.descriptors + descriptors <= descriptorsInFlightMax
    );
  }
}

export class Inbox {
  #first: Item | undefined;
  #last: Item | undefined;
  readonly #usage = { messages: new Usage(), replies: new Usage() };

  /** What waits, replies included. */
  get load(): Load {
    const { messages, replies } = this.#usage;
    return {
      items: messages.items + replies.items,
      bytes: messages.bytes + replies.bytes,
      descriptors: messages.descriptors + replies.descriptors,
    };
  }

  *[Symbol.iterator](): Generator<Item> {
    for (let item = this.#first; item !== undefined; item = item.next) yield item;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Whether it is worth while to try again after a refusal: half of the room is free. */
  get hasRoom(): boolean {
    const { items, bytes, descriptors } = this.#usage.messages;
    return (
      items <= queueItemsMax / 2 && bytes <= queueBytesMax / 2 && descriptors <= descriptorsInFlightMax / 2
    );
  }

  /** Whether a message (or reply) of this size may be added. */
  admits(share: 'messages' | 'replies', bytes: number, descriptors: number): boolean {
    return this.#usage[share].admits(bytes, descriptors);
  }

  push(item: Item): void {
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    if (item.share !== 'none') this.#usage[item.share].change(item, 1);
  }

  shift(): Item | undefined {
    const item = this.#first;
    if (item === undefined) return undefined;
    this.#first = item.next;
    if (this.#first === undefined) this.#last = undefined;
    item.next = undefined;
    if (item.share !== 'none') this.#usage[item.share].change(item, -1);
    return item;
  }
}
