/**
 * A peer's ids of one kind: for each index an entry and the generation that the index had last.
 *
 * They stand in chunks of a few ids in one arena for all peers: a broker has two tables for each of ten thousand peers, and an
 * array of its own for each would cost more than what most of them hold. Chunks are made where an id is used, because an owner may
 * begin with the highest index.
 */
import { RecordArena } from './record-arena.js';

const chunkBits = 4;
const chunkIds = 1 << chunkBits;
const chunkMask = chunkIds - 1;
/** In the place of a chunk that was not made; no record of the arena has this number. */
const absent = 0;

const noIndexes: readonly number[] = [];

/** The ids of all peers. */
export type IdArena = RecordArena;

export function createIdArena(): IdArena {
  return new RecordArena(2 * chunkIds);
}

export class IdTable {
  readonly #arena: IdArena;
  readonly #chunks: number[] = [];
  #length = 0;
  #made = 0;

  constructor(arena: IdArena) {
    this.#arena = arena;
  }

  /** Indexes are below this. */
  get length(): number {
    return this.#length;
  }

  /** What the table takes, in ids: those of the chunks that were made, and one for each word in which a chunk is looked up. */
  get room(): number {
    return this.#made * chunkIds + this.#chunks.length;
  }

  /** What `set` would add to that, once it was done for the indexes in `before`. */
  roomFor(index: number, before: readonly number[] = noIndexes): number {
    const place = index >>> chunkBits;
    let places = this.#chunks.length;
    if (place < places && this.#chunks[place] !== absent) return 0;
    for (const other of before) {
      const otherPlace = other >>> chunkBits;
      if (otherPlace === place) return 0;
      places = Math.max(places, otherPlace + 1);
    }
    return chunkIds + Math.max(0, place + 1 - places);
  }

  /** 0 for an index that was never used. */
  entry(index: number): number {
    const chunk = index < this.#length ? this.#chunk(index) : absent;
    return chunk === absent ? 0 : this.#arena.get(chunk, 2 * (index & chunkMask));
  }

  generation(index: number): number {
    const chunk = index < this.#length ? this.#chunk(index) : absent;
    return chunk === absent ? 0 : this.#arena.get(chunk, 2 * (index & chunkMask) + 1);
  }

  /** Of an index that was set. */
  setEntry(index: number, entry: number): void {
    this.#arena.set(this.#chunk(index), 2 * (index & chunkMask), entry);
  }

  /** Makes room up to `index` if need be. */
  set(index: number, entry: number, generation: number): void {
    while (this.#chunks.length << chunkBits <= index) this.#chunks.push(absent);
    if (this.#chunk(index) === absent) {
      this.#chunks[index >>> chunkBits] = this.#arena.take();
      this.#made += 1;
    }
    if (index >= this.#length) this.#length = index + 1;
    this.setEntry(index, entry);
    this.#arena.set(this.#chunk(index), 2 * (index & chunkMask) + 1, generation);
  }

  /** Forgets the indexes from `length` on, and gives their memory back. */
  truncate(length: number): void {
    const chunks = (length + chunkMask) >>> chunkBits;
    for (let at = chunks; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] as number;
      if (chunk === absent) continue;
      this.#arena.free(chunk);
      this.#made -= 1;
    }
    this.#chunks.length = chunks;
    this.#length = length;
    if ((length & chunkMask) === 0 || this.#chunk(length) === absent) return;
    // What is left of the last chunk is as good as new.
    for (let index = length; index < chunks << chunkBits; index += 1) {
      this.setEntry(index, 0);
      this.#arena.set(this.#chunk(index), 2 * (index & chunkMask) + 1, 0);
    }
  }

  #chunk(index: number): number {
    return this.#chunks[index >>> chunkBits] as number;
  }
}
