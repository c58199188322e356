/** The nodes of one peer, by the ids that it chose (bus N1). */
import { type IdArena, IdTable } from './id-table.js';
import { bitsOf, generationMax, indexOf, nodeBits } from './ids.js';
import { type NodeNumber, noNode } from './nodes.js';

export class NodeTable {
  readonly #ids: IdTable;
  #size = 0;

  constructor(arena: IdArena) {
    this.#ids = new IdTable(arena);
  }

  get size(): number {
    return this.#size;
  }

  /** Indexes are below this. */
  get length(): number {
    return this.#ids.length;
  }

  find(word: number, generation: number): NodeNumber {
    if (bitsOf(word) !== nodeBits) return noNode;
    const index = indexOf(word);
    return this.#ids.generation(index) === generation ? this.at(index) : noNode;
  }

  at(index: number): NodeNumber {
    return this.#ids.entry(index) as NodeNumber;
  }

  generation(index: number): number {
    return this.#ids.generation(index);
  }

  /** What the ids take that were used, in ids; kept for the life of the owner. */
  get room(): number {
    return this.#ids.room;
  }

  /** What a node with this index would add to that, once those with the indexes in `before` are made. */
  roomFor(index: number, before?: readonly number[]): number {
    return this.#ids.roomFor(index, before);
  }

  /** Whether the owner may give this id to a new node: the index is free and the id was never used before (bus N1). */
  isFresh(index: number, generation: number): boolean {
    return (
      this.at(index) === noNode && generation > this.#ids.generation(index) && generation <= generationMax
    );
  }

  add(node: NodeNumber, index: number, generation: number): void {
    this.#ids.set(index, node, generation);
    this.#size += 1;
  }

  remove(index: number): void {
    this.#ids.setEntry(index, noNode);
    this.#size -= 1;
  }

  /** Gives its memory back: the owner has ended. */
  clear(): void {
    this.#ids.truncate(0);
  }
}
