/**
 * The calls of one caller that wait for their end, by slot: the low 16 bits of a tag, which the caller chooses (bus M7).
 *
 * Slots stand in chunks, which are there as long as a call is in them: so what a caller costs follows from how many calls it has,
 * which is charged, and not from which slots it names, which is not.
 */
import type { CallRecord } from './calls.js';

const chunkBits = 6;
const chunkSlots = 1 << chunkBits;
const chunkMask = chunkSlots - 1;

class Chunk {
  readonly calls: (CallRecord | undefined)[] = [];
  used = 0;

  constructor() {
    // Filled in order, so that the array never turns into a dictionary.
    while (this.calls.length < chunkSlots) this.calls.push(undefined);
  }
}

export class CallSlots {
  readonly #chunks: (Chunk | undefined)[] = [];

  get(slot: number): CallRecord | undefined {
    return this.#chunks[slot >>> chunkBits]?.calls[slot & chunkMask];
  }

  /** The slot must be free. */
  set(slot: number, call: CallRecord): void {
    const place = slot >>> chunkBits;
    while (this.#chunks.length <= place) this.#chunks.push(undefined);
    let chunk = this.#chunks[place];
    if (chunk === undefined) {
      chunk = new Chunk();
      this.#chunks[place] = chunk;
    }
    chunk.calls[slot & chunkMask] = call;
    chunk.used += 1;
  }

  /** The slot must be in use. */
  clear(slot: number): void {
    const place = slot >>> chunkBits;
    const chunk = this.#chunks[place];
    if (chunk === undefined) return;
    chunk.calls[slot & chunkMask] = undefined;
    chunk.used -= 1;
    // The first one stays: a caller with one call at a time would make it anew for each.
    if (chunk.used === 0 && place > 0) this.#chunks[place] = undefined;
  }

  /** Chunks that are there now. */
  get chunks(): number {
    return this.#chunks.filter((chunk) => chunk !== undefined).length;
  }

  /** Calls may be cleared meanwhile. */
  *[Symbol.iterator](): Generator<CallRecord> {
    for (const chunk of this.#chunks) {
      for (const call of chunk?.calls ?? []) if (call !== undefined) yield call;
    }
  }
}
