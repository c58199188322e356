/** Finds what is named twice in one operation (a node, or the word of an id), without a set to be made for each. */

/** Four places for each of the most that one operation may name. */
const places = 4096;

export class Marks {
  readonly #named = new Uint32Array(places);
  /** The operation in which a place was taken last. */
  readonly #operations = new Uint32Array(places);
  #operation = 0;

  /** Begins an operation: nothing is marked. */
  begin(): void {
    this.#operation = (this.#operation + 1) >>> 0;
    if (this.#operation !== 0) return;
    this.#operations.fill(0);
    this.#operation = 1;
  }

  /** Marks it; false if it was marked in this operation already. */
  add(name: number): boolean {
    let place = Math.imul(name, 0x9e3779b1) >>> 20;
    while (this.#operations[place] === this.#operation) {
      if (this.#named[place] === name) return false;
      place = (place + 1) % places;
    }
    this.#operations[place] = this.#operation;
    this.#named[place] = name;
    return true;
  }
}
