/**
 * What a peer receives, in order (bus T4, O1): messages and notifications are items of one queue per peer.
 *
 * The queue is linked through its items, so that queueing allocates nothing and a notification that has lost its
 * meaning (a node that is in use again, a handle that was released) can be taken out in constant time; otherwise a peer
 * that never reads could make its own queue grow without bound (bus Q6).
 */

import type { Flow } from './account.js';
import type { CallRecord } from './calls.js';
import { noSubject, type Subject } from './notices.js';
import { type Payload, poolItemsMax } from './payload.js';
import type { PeerRecord } from './peer-record.js';

export const ItemKind = {
  /** A message to one of the peer's nodes; a call if `replyGeneration` is not 0. */
  Message: 1,
  /** The one reply to a call of the peer. */
  Answer: 2,
  /** There will be no reply to a call of the peer (bus M7). */
  Lost: 3,
  /** A node that the peer holds a handle to is gone (bus T1). */
  Gone: 4,
  /** No handle to one of the peer's nodes is left elsewhere (bus T2). */
  Unused: 5,
  /** A receiver that refused the peer for want of room has room again (bus Q5). */
  Writable: 6,
} as const;
export type ItemKind = (typeof ItemKind)[keyof typeof ItemKind];

/** Ids of the handles in an item, as pairs of word and generation. */
export const noIds: readonly number[] = Object.freeze([]);

export class DeliveryItem {
  kind: ItemKind = ItemKind.Message;
  sequence = 0;
  /** The peer's own id that this is about: the addressed or unused node, or the handle that is gone or writable. */
  word = 0;
  generation = 0;
  /** Who sent a message; their account and credentials are shown to the receiver (bus P4). */
  sender: PeerRecord | undefined = undefined;
  showsCredentials = false;
  payload: Payload | undefined = undefined;
  handles: readonly number[] = noIds;
  /** The reply that a call brings. */
  replyWord = 0;
  replyGeneration = 0;
  /** The caller's tag of the call that is answered or lost. */
  tag = 0;
  /** Why a call was lost: an `ErrorCode`, and for want of what (`blameOf`), if that is why. */
  code = 0;
  blame = 0;
  /** Unused: how many transfers by its owner the broker had seen (bus T3). */
  transfersSeen = 0;
  /** What it was charged with and where, to be given back when it is delivered; no flow: nothing, whatever the numbers are. */
  flow: Flow | undefined = undefined;
  chargedBytes = 0;
  chargedHandles = 0;
  chargedDescriptors = 0;
  /** Entries that it made in the receiver's table: from its delivery on they are held. */
  newHandles = 0;
  /** What has a notice of this item, or points back to it, while it waits, and forgets it when it leaves. */
  subject: Subject = noSubject;
  call: CallRecord | undefined = undefined;
  previous: DeliveryItem | undefined = undefined;
  next: DeliveryItem | undefined = undefined;
}

export class DeliveryQueue {
  head: DeliveryItem | undefined = undefined;
  #tail: DeliveryItem | undefined = undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: DeliveryItem): void {
    item.previous = this.#tail;
    if (this.#tail === undefined) this.head = item;
    else this.#tail.next = item;
    this.#tail = item;
    this.#length += 1;
  }

  remove(item: DeliveryItem): void {
    if (item.previous === undefined) this.head = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#tail = item.previous;
    else item.next.previous = item.previous;
    item.previous = undefined;
    item.next = undefined;
    this.#length -= 1;
  }
}

export class ItemPool {
  readonly #free: DeliveryItem[] = [];

  take(kind: ItemKind, sequence: number): DeliveryItem {
    const item = this.#free.pop() ?? new DeliveryItem();
    item.kind = kind;
    item.sequence = sequence;
    return item;
  }

  put(item: DeliveryItem): void {
    item.word = 0;
    item.generation = 0;
    item.sender = undefined;
    item.showsCredentials = false;
    item.payload = undefined;
    item.handles = noIds;
    item.replyWord = 0;
    item.replyGeneration = 0;
    item.tag = 0;
    item.code = 0;
    item.flow = undefined;
    item.newHandles = 0;
    item.subject = noSubject;
    item.call = undefined;
    if (this.#free.length < poolItemsMax) this.#free.push(item);
  }
}
