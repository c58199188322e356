/**
 * A peer's ids of one kind: for each index an entry and the generation that the index had last, in one array of words. It grows by
 * an eighth at a time, because a broker has two of these for each of ten thousand peers.
 */

const growthMin = 4;
const empty = new Uint32Array(0);

export class IdTable {
  #words: Uint32Array = empty;
  #length = 0;

  /** Indexes that were ever used, in the table as it is now. */
  get length(): number {
    return this.#length;
  }

  /** 0 for an index that was never used. */
  entry(index: number): number {
    return index < this.#length ? (this.#words[2 * index] as number) : 0;
  }

  generation(index: number): number {
    return index < this.#length ? (this.#words[2 * index + 1] as number) : 0;
  }

  setEntry(index: number, entry: number): void {
    this.#words[2 * index] = entry;
  }

  /** Makes room up to `index` if need be. */
  set(index: number, entry: number, generation: number): void {
    if (index >= this.#length) this.#grow(index + 1);
    this.#words[2 * index] = entry;
    this.#words[2 * index + 1] = generation;
  }

  /** Forgets the indexes from `length` on, and gives their memory back. */
  truncate(length: number): void {
    this.#length = length;
    this.#words = length === 0 ? empty : this.#words.slice(0, 2 * length);
  }

  #grow(length: number): void {
    this.#length = length;
    if (2 * length <= this.#words.length) return;
    const words = new Uint32Array(2 * (length + Math.max(growthMin - 1, length >>> 3)));
    words.set(this.#words);
    this.#words = words;
  }
}
