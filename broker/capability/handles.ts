/**
 * All handles of the broker: each one stands for what one peer holds to one node, however often it arrived (bus N3).
 *
 * Who finds a handle from where: its holder by an id (`HeldTable`), its node by walking its holders, and node and holder together
 * by the index (`holder-index.ts`). The words of a record are named below; nobody else knows them.
 */
import { HolderIndex, hashOf, type IndexedHandles } from './holder-index.js';
import type { NodeNumber } from './nodes.js';
import { RecordArena } from './record-arena.js';

/** Names a handle inside the core; 0 is none. */
export type HandleNumber = number & { readonly names: 'handle' };
/** Names a peer inside the core; 0 is none. */
export type PeerNumber = number & { readonly names: 'peer' };

export const noHandle = 0 as HandleNumber;

const Word = {
  Holder: 0,
  Node: 1,
  /** Its index in the holder's table. */
  Place: 2,
  /** Arrivals less what was released. */
  Count: 3,
  NextOfNode: 4,
  PreviousOfNode: 5,
  NextInBucket: 6,
  /** Messages sent through it, modulo 2^32. */
  Uses: 7,
  /** The sequence number of the transaction that made it: 32 bits, and 21 more beside the flag. */
  SinceLow: 8,
  SinceHigh: 9,
} as const;
const recordWords = 10;

/** In the word of `SinceHigh`. */
const announcedFlag = 0x8000_0000;
const twoTo32 = 0x1_0000_0000;

export class Handles implements IndexedHandles {
  /** Handles that were ever made. */
  made = 0;
  readonly #records = new RecordArena(recordWords);
  readonly #index = new HolderIndex(this);
  /** Handles that have arrived as often as their count allows for. */
  #full = 0;
  readonly #arrivalsMax: number;

  /** `arrivalsMax`: a handle that has arrived so often is full. Nobody but the caller keeps it from arriving on. */
  constructor(arrivalsMax: number) {
    this.#arrivalsMax = arrivalsMax;
  }

  /** Some handle is full; while none is nobody needs to look which. */
  get hasFull(): boolean {
    return this.#full > 0;
  }

  isFull(handle: HandleNumber): boolean {
    return this.count(handle) >= this.#arrivalsMax;
  }

  get size(): number {
    return this.#records.size;
  }

  /** The handle that this peer has to the node. */
  find(node: NodeNumber, holder: PeerNumber): HandleNumber {
    const records = this.#records;
    let handle = this.#index.first(hashOf(node, holder));
    while (
      handle !== noHandle &&
      (records.get(handle, Word.Node) !== node || records.get(handle, Word.Holder) !== holder)
    ) {
      handle = this.nextInBucket(handle);
    }
    return handle;
  }

  /** A handle with count 1 that stands in nobody's table yet. */
  add(node: NodeNumber, holder: PeerNumber, sequence: number): HandleNumber {
    const records = this.#records;
    const handle = records.take() as HandleNumber;
    records.set(handle, Word.Holder, holder);
    records.set(handle, Word.Node, node);
    records.set(handle, Word.Count, 1);
    records.set(handle, Word.SinceLow, sequence % twoTo32);
    records.set(handle, Word.SinceHigh, Math.floor(sequence / twoTo32));
    this.#index.add(handle);
    this.made += 1;
    return handle;
  }

  /** Nothing may refer to the handle any more. */
  remove(handle: HandleNumber): void {
    if (this.isFull(handle)) this.#full -= 1;
    this.#index.remove(handle);
    this.#records.free(handle);
  }

  holder(handle: HandleNumber): PeerNumber {
    return this.#records.get(handle, Word.Holder) as PeerNumber;
  }

  node(handle: HandleNumber): NodeNumber {
    return this.#records.get(handle, Word.Node) as NodeNumber;
  }

  place(handle: HandleNumber): number {
    return this.#records.get(handle, Word.Place);
  }

  setPlace(handle: HandleNumber, place: number): void {
    this.#records.set(handle, Word.Place, place);
  }

  count(handle: HandleNumber): number {
    return this.#records.get(handle, Word.Count);
  }

  setCount(handle: HandleNumber, count: number): void {
    if (count >= this.#arrivalsMax !== this.isFull(handle)) this.#full += this.isFull(handle) ? -1 : 1;
    this.#records.set(handle, Word.Count, count);
  }

  /** `node gone` was delivered: from now on sending is an error, before it was not (bus M6). */
  isAnnounced(handle: HandleNumber): boolean {
    return this.#records.get(handle, Word.SinceHigh) >= announcedFlag;
  }

  announce(handle: HandleNumber): void {
    const word = this.#records.get(handle, Word.SinceHigh);
    this.#records.set(handle, Word.SinceHigh, word | announcedFlag);
  }

  /** The sequence number of the transaction that made it. */
  since(handle: HandleNumber): number {
    const high = this.#records.get(handle, Word.SinceHigh) & ~announcedFlag;
    return high * twoTo32 + this.#records.get(handle, Word.SinceLow);
  }

  /** Messages that were sent through it, modulo 2^32. */
  uses(handle: HandleNumber): number {
    return this.#records.get(handle, Word.Uses);
  }

  use(handle: HandleNumber): void {
    this.#records.set(handle, Word.Uses, this.#records.get(handle, Word.Uses) + 1);
  }

  /** The node's next holder; `noHandle` after the last. */
  nextOfNode(handle: HandleNumber): HandleNumber {
    return this.#records.get(handle, Word.NextOfNode) as HandleNumber;
  }

  /** Puts the handle before the first of its node's. */
  linkOfNode(handle: HandleNumber, first: HandleNumber): void {
    this.#records.set(handle, Word.NextOfNode, first);
    if (first !== noHandle) this.#records.set(first, Word.PreviousOfNode, handle);
  }

  /** Takes the handle out of its node's list; returns the list's first handle, which was `first`. */
  unlinkOfNode(handle: HandleNumber, first: HandleNumber): HandleNumber {
    const next = this.nextOfNode(handle);
    const previous = this.#records.get(handle, Word.PreviousOfNode);
    if (next !== noHandle) this.#records.set(next, Word.PreviousOfNode, previous);
    if (previous === noHandle) return next;
    this.#records.set(previous, Word.NextOfNode, next);
    return first;
  }

  // IndexedHandles.

  hashOf(handle: HandleNumber): number {
    return hashOf(this.node(handle), this.holder(handle));
  }

  nextInBucket(handle: HandleNumber): HandleNumber {
    return this.#records.get(handle, Word.NextInBucket) as HandleNumber;
  }

  setNextInBucket(handle: HandleNumber, next: HandleNumber): void {
    this.#records.set(handle, Word.NextInBucket, next);
  }
}
