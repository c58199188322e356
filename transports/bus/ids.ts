/**
 * Ids as the client sees them (bus N1; the broker's side is `broker/capability/ids.ts`): a word, whose three lowest bits say what
 * kind of thing it names, and a generation. Nodes are named here, handles and replies by the broker.
 */

export const nodeBits = 0;
export const handleBits = 1;
export const replyBits = 3;

const generationMax = 0x7fff_fffe;

export function bitsOf(word: number): number {
  return word & 7;
}

interface Named {
  readonly word: number;
  readonly generation: number;
}

/** Things under ids that the other side chose. */
export class HeldIds<Thing extends Named> {
  #things: (Thing | undefined)[] = [];

  find(word: number, generation: number): Thing | undefined {
    const thing = this.#things[word >>> 3];
    return thing !== undefined && thing.generation === generation && thing.word === word ? thing : undefined;
  }

  set(thing: Thing): void {
    const index = thing.word >>> 3;
    while (this.#things.length <= index) this.#things.push(undefined);
    this.#things[index] = thing;
  }

  /** Forgets the thing, if it is the one under its id. */
  remove(thing: Thing): void {
    const index = thing.word >>> 3;
    if (this.#things[index] === thing) this.#things[index] = undefined;
  }

  /** Forgets all; returns them. */
  clear(): Thing[] {
    const all = this.#things.filter((thing) => thing !== undefined);
    this.#things = [];
    return all;
  }
}

/** Own nodes, under ids that are chosen here and never again (bus N1). */
export class NodeIds<Thing extends Named> {
  readonly #held = new HeldIds<Thing>();
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  readonly #max: number;
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** An id that was never used; `undefined` if there are too many nodes. `set` must follow. */
  take(): Named | undefined {
    let index = this.#free.pop();
    if (index === undefined) {
      index = this.#generations.length;
      if (index >= this.#max) return undefined;
      this.#generations.push(0);
    }
    const generation = (this.#generations[index] ?? 0) + 1;
    this.#generations[index] = generation;
    return { word: (index << 3) | nodeBits, generation };
  }

  set(thing: Thing): void {
    this.#held.set(thing);
    this.#size += 1;
  }

  find(word: number, generation: number): Thing | undefined {
    return this.#held.find(word, generation);
  }

  remove(thing: Thing): void {
    this.#held.remove(thing);
    this.#size -= 1;
    if (thing.generation < generationMax) this.#free.push(thing.word >>> 3);
  }

  clear(): Thing[] {
    this.#size = 0;
    return this.#held.clear();
  }
}
