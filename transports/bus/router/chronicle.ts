/**
 * When a transaction was, roughly: the core has no time, so the router notes the moment of one now and then, and the age of
 * what a transaction made is read off between two notes.
 *
 * Notes are kept where handles were made, at least `spacingMs` apart. When there are `notesMax`, every second one of the older half goes;
 * so the notes of long ago stand further apart, and an age is right to a few milliseconds for what is young and to a few per cent
 * for what is old.
 */

const spacingMs = 10;
const notesMax = 2_048;

export class Chronicle {
  #sequences: number[] = [];
  #moments: number[] = [];

  /** Notes that all transactions up to this one have been by now. Both only grow. */
  note(sequence: number, nowMs: number): void {
    const last = this.#moments.length - 1;
    const lastMs = this.#moments[last];
    if (lastMs !== undefined && nowMs - lastMs < spacingMs) {
      // Its moment stays: what was made a little later is told as a little older.
      this.#sequences[last] = sequence;
      return;
    }
    this.#sequences.push(sequence);
    this.#moments.push(nowMs);
    if (this.#sequences.length >= notesMax) this.#thin();
  }

  /** When the transaction was; at the latest `nowMs`. */
  momentOf(sequence: number, nowMs: number): number {
    let low = 0;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return this.#moments[low] ?? nowMs;
  }

  #thin(): void {
    const half = this.#sequences.length >>> 1;
    const stays = (_: number, at: number): boolean => at >= half || at % 2 === 1;
    this.#sequences = this.#sequences.filter(stays);
    this.#moments = this.#moments.filter(stays);
  }
}
