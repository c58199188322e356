/**
 * What a peer holds, by its own ids: handles to other peers' nodes (bus N3), and replies it owes or was given (bus M7).
 *
 * An entry leaves the table only by its holder's act (release, answer) or with the holder's end. A handle whose node is gone
 * therefore stays, dead and announced, until it is released: so counts always match, and an id that is not in the table was
 * never there or was given back, both the holder's own mistake (bus N5).
 */
import type { CallNumber } from './calls.js';
import { type HandleNumber, noHandle } from './handles.js';
import { type IdArena, IdTable } from './id-table.js';
import { bitsOf, generationMax, handleBits, indexOf, replyBits, wordOf } from './ids.js';

export const noCall = 0 as CallNumber;

/** Free indexes below which a table is not worth making smaller. */
const freeMin = 32;

/**
 * An entry is a number and, in its two lowest bits, the kind as in the id's word; 0 there means free, and the number is then the
 * next free index, plus 1.
 */
const kindBits = 2;
const kindMask = 3;

export class HeldTable {
  readonly #ids: IdTable;
  /** The first free index, plus 1. */
  #free = 0;
  #size = 0;
  /** Where the generations of indexes that were forgotten, and of new ones, begin. */
  #generationFloor = 0;
  /** The size at which it is looked anew whether the table can be smaller. */
  #trimSize = 0;

  constructor(arena: IdArena) {
    this.#ids = new IdTable(arena);
  }

  /** Handles and replies held. */
  get size(): number {
    return this.#size;
  }

  findHandle(word: number, generation: number): HandleNumber {
    return (bitsOf(word) === handleBits ? this.#find(word, generation) : 0) as HandleNumber;
  }

  findCall(word: number, generation: number): CallNumber {
    return (bitsOf(word) === replyBits ? this.#find(word, generation) : 0) as CallNumber;
  }

  addHandle(handle: HandleNumber): number {
    return this.#add(handle, handleBits);
  }

  addCall(call: CallNumber): number {
    return this.#add(call, replyBits);
  }

  /** The generation of the entry at this index. */
  generation(place: number): number {
    return this.#ids.generation(place);
  }

  remove(place: number): void {
    this.#size -= 1;
    if (this.#ids.generation(place) < generationMax) {
      this.#ids.setEntry(place, this.#free << kindBits);
      this.#free = place + 1;
    } else this.#ids.setEntry(place, 0);
    if (this.#size <= this.#trimSize) this.#trim();
  }

  /** The handle at this index; `noHandle` if there is something else or nothing. */
  handleAt(index: number): HandleNumber {
    const entry = this.#ids.entry(index);
    return (entry & kindMask) === handleBits ? ((entry >>> kindBits) as HandleNumber) : noHandle;
  }

  callAt(index: number): CallNumber {
    const entry = this.#ids.entry(index);
    return (entry & kindMask) === replyBits ? ((entry >>> kindBits) as CallNumber) : noCall;
  }

  /** Indexes are below this. */
  get length(): number {
    return this.#ids.length;
  }

  /** Gives its memory back: the holder has ended. */
  clear(): void {
    this.#ids.truncate(0);
  }

  #find(word: number, generation: number): number {
    const index = indexOf(word);
    const entry = this.#ids.entry(index);
    return (entry & kindMask) === bitsOf(word) && this.#ids.generation(index) === generation
      ? entry >>> kindBits
      : 0;
  }

  /** Gives the thing an id that this peer never had; returns the index. */
  #add(number: number, kind: number): number {
    const entry = (number << kindBits) | kind;
    this.#size += 1;
    const index = this.#free - 1;
    if (index >= 0) {
      this.#free = this.#ids.entry(index) >>> kindBits;
      this.#ids.set(index, entry, this.#ids.generation(index) + 1);
      return index;
    }
    const fresh = this.#ids.length;
    this.#ids.set(fresh, entry, this.#generationFloor + 1);
    if (this.#size > 2 * this.#trimSize) this.#trimSize = this.#size >>> 1;
    return fresh;
  }

  /**
   * Half of what was held is given back: if the end of the table is free, it is forgotten. Its generations are not: new indexes
   * begin above all of them.
   */
  #trim(): void {
    this.#trimSize = this.#size >>> 1;
    const ids = this.#ids;
    let length = ids.length;
    while (length > 0 && (ids.entry(length - 1) & kindMask) === 0) length -= 1;
    if (ids.length - length < freeMin || 2 * length > ids.length) return;
    for (let index = length; index < ids.length; index += 1) {
      const generation = ids.generation(index);
      // An index whose generations are used up must not come back, nor may the ones behind it be numbered on.
      if (generation >= generationMax) return;
      if (generation > this.#generationFloor) this.#generationFloor = generation;
    }
    ids.truncate(length);
    this.#free = 0;
    for (let index = length - 1; index >= 0; index -= 1) {
      if ((ids.entry(index) & kindMask) !== 0 || ids.generation(index) >= generationMax) continue;
      ids.setEntry(index, this.#free << kindBits);
      this.#free = index + 1;
    }
  }
}

export function handleWord(place: number): number {
  return wordOf(place, handleBits);
}

export function replyWord(place: number): number {
  return wordOf(place, replyBits);
}
