/**
 * A peer's ids of one kind: for each index an entry and the generation that the index had last.
 *
 * They stand in chunks of a few ids in one arena for all peers: a broker has two tables for each of ten thousand peers, and an
 * array of its own for each would cost more than what most of them hold.
 */
import { RecordArena } from './record-arena.js';

const chunkBits = 4;
const chunkIds = 1 << chunkBits;
const chunkMask = chunkIds - 1;

/** The ids of all peers. */
export type IdArena = RecordArena;

export function createIdArena(): IdArena {
  return new RecordArena(2 * chunkIds);
}

export class IdTable {
  readonly #arena: IdArena;
  readonly #chunks: number[] = [];
  #length = 0;

  constructor(arena: IdArena) {
    this.#arena = arena;
  }

  /** Indexes are below this. */
  get length(): number {
    return this.#length;
  }

  /** 0 for an index that was never used. */
  entry(index: number): number {
    return index < this.#length ? this.#arena.get(this.#chunk(index), 2 * (index & chunkMask)) : 0;
  }

  generation(index: number): number {
    return index < this.#length ? this.#arena.get(this.#chunk(index), 2 * (index & chunkMask) + 1) : 0;
  }

  /** Of an index below the length. */
  setEntry(index: number, entry: number): void {
    this.#arena.set(this.#chunk(index), 2 * (index & chunkMask), entry);
  }

  /** Makes room up to `index` if need be. */
  set(index: number, entry: number, generation: number): void {
    while (this.#chunks.length << chunkBits <= index) this.#chunks.push(this.#arena.take());
    if (index >= this.#length) this.#length = index + 1;
    this.setEntry(index, entry);
    this.#arena.set(this.#chunk(index), 2 * (index & chunkMask) + 1, generation);
  }

  /** Forgets the indexes from `length` on, and gives their memory back. */
  truncate(length: number): void {
    const chunks = (length + chunkMask) >>> chunkBits;
    for (let at = chunks; at < this.#chunks.length; at += 1) this.#arena.free(this.#chunks[at] as number);
    this.#chunks.length = chunks;
    // What is left of the last chunk is as good as new.
    for (let index = length; index < chunks << chunkBits; index += 1) {
      this.setEntry(index, 0);
      this.#arena.set(this.#chunk(index), 2 * (index & chunkMask) + 1, 0);
    }
    this.#length = length;
  }

  #chunk(index: number): number {
    return this.#chunks[index >>> chunkBits] as number;
  }
}
