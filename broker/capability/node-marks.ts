/** Finds a node that is named twice in one operation, without a set to be made for each. */
import type { NodeNumber } from './nodes.js';

/** Four places for each of the most nodes that one operation may name. */
const places = 4096;

export class NodeMarks {
  readonly #nodes = new Uint32Array(places);
  /** The operation in which a place was taken last. */
  readonly #operations = new Uint32Array(places);
  #operation = 0;

  /** Begins an operation: no node is marked. */
  begin(): void {
    this.#operation = (this.#operation + 1) >>> 0;
    if (this.#operation !== 0) return;
    this.#operations.fill(0);
    this.#operation = 1;
  }

  /** Marks the node; false if it was marked in this operation already. */
  add(node: NodeNumber): boolean {
    let place = Math.imul(node, 0x9e3779b1) >>> 20;
    while (this.#operations[place] === this.#operation) {
      if (this.#nodes[place] === node) return false;
      place = (place + 1) % places;
    }
    this.#operations[place] = this.#operation;
    this.#nodes[place] = node;
    return true;
  }
}
