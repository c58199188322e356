/**
 * Which handle a peer has to a node (bus N3): a hash table over all handles of the broker, so that the answer costs the same
 * whether a node has one holder or ten thousand, and a node with one holder has no table of its own.
 *
 * Linear hashing: the table grows and shrinks by one bucket at a time, so nobody's message waits while a million entries are moved.
 * Entries of a bucket are linked through the handles' own records.
 */
import type { HandleNumber } from './handles.js';

/** What the index knows of a handle, and where it links them. */
export interface IndexedHandles {
  hashOf(handle: HandleNumber): number;
  nextInBucket(handle: HandleNumber): HandleNumber;
  setNextInBucket(handle: HandleNumber, next: HandleNumber): void;
}

const bucketsMin = 8;
const pageBits = 14;
const pageMask = (1 << pageBits) - 1;
const none = 0 as HandleNumber;

export function hashOf(node: number, peer: number): number {
  let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(peer, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class HolderIndex {
  readonly #handles: IndexedHandles;
  /** The first handle of each bucket, in pages. */
  readonly #heads: Uint32Array[] = [];
  #buckets = 0;
  /** The least power of two that is more than half of the buckets: those below `#buckets - #half` are split already. */
  #half = bucketsMin;
  #size = 0;

  constructor(handles: IndexedHandles) {
    this.#handles = handles;
    while (this.#buckets < bucketsMin) this.#addBucket();
  }

  /** The first handle under this hash; the others follow by `nextInBucket`, and not all of them have the same hash. */
  first(hash: number): HandleNumber {
    return this.#head(this.#bucketOf(hash));
  }

  add(handle: HandleNumber): void {
    this.#size += 1;
    if (this.#size > this.#buckets) this.#split();
    this.#push(this.#bucketOf(this.#handles.hashOf(handle)), handle);
  }

  remove(handle: HandleNumber): void {
    const bucket = this.#bucketOf(this.#handles.hashOf(handle));
    const next = this.#handles.nextInBucket(handle);
    let before = this.#head(bucket);
    if (before === handle) this.#setHead(bucket, next);
    else {
      while (this.#handles.nextInBucket(before) !== handle) before = this.#handles.nextInBucket(before);
      this.#handles.setNextInBucket(before, next);
    }
    this.#size -= 1;
    // Less eager than growing, so that an entry that comes and goes moves nobody.
    if (2 * this.#size < this.#buckets && this.#buckets > bucketsMin) this.#merge();
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#half - 1);
    return bucket < this.#buckets ? bucket : bucket - this.#half;
  }

  #head(bucket: number): HandleNumber {
    return (this.#heads[bucket >>> pageBits] as Uint32Array)[bucket & pageMask] as HandleNumber;
  }

  #setHead(bucket: number, handle: HandleNumber): void {
    (this.#heads[bucket >>> pageBits] as Uint32Array)[bucket & pageMask] = handle;
  }

  #push(bucket: number, handle: HandleNumber): void {
    this.#handles.setNextInBucket(handle, this.#head(bucket));
    this.#setHead(bucket, handle);
  }

  #addBucket(): void {
    if (this.#buckets >>> pageBits === this.#heads.length) this.#heads.push(new Uint32Array(1 << pageBits));
    this.#buckets += 1;
  }

  /** One bucket more: it takes over half of the entries of the one whose turn it is. */
  #split(): void {
    if (this.#buckets === 2 * this.#half) this.#half = this.#buckets;
    const from = this.#buckets - this.#half;
    this.#addBucket();
    let handle = this.#head(from);
    this.#setHead(from, none);
    while (handle !== none) {
      const next = this.#handles.nextInBucket(handle);
      this.#push(this.#bucketOf(this.#handles.hashOf(handle)), handle);
      handle = next;
    }
  }

  /** The last bucket's entries go back to the one that they came from. */
  #merge(): void {
    const last = this.#buckets - 1;
    let handle = this.#head(last);
    this.#setHead(last, none);
    this.#buckets = last;
    // One page more than is needed is kept, for the next ones.
    if ((last >>> pageBits) + 2 < this.#heads.length) this.#heads.pop();
    if (last === this.#half && last > bucketsMin) this.#half = last >>> 1;
    while (handle !== none) {
      const next = this.#handles.nextInBucket(handle);
      this.#push(this.#bucketOf(this.#handles.hashOf(handle)), handle);
      handle = next;
    }
  }
}
