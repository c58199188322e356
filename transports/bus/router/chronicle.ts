/**
 * When a transaction was, roughly: the core has no time, so the router notes the moment of one now and then, and the age of
 * what a transaction made is read off between two notes.
 *
 * Notes are kept where handles were made, at least `spacingMs` apart. When there are `notesMax`, those go without which no gap becomes
 * larger than a fiftieth of its age; half a year leaves about a thousand. So an age is right to `spacingMs` for what is young and to two
 * per cent for what is old.
 */

const spacingMs = 10;
const notesMax = 2_048;
/** The largest gap between two notes, as a part of its age. */
const gapMax = 0.02;

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
    if (this.#sequences.length >= notesMax) this.#thin(nowMs);
  }

  get size(): number {
    return this.#sequences.length;
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

  #thin(nowMs: number): void {
    const moments = this.#moments;
    // From the newest to the oldest; `newer` is the last one that stays.
    let newer = moments.length - 1;
    const stays = moments.map((_, at) => at === newer || at === 0);
    for (let at = newer - 1; at > 0; at -= 1) {
      const newerMs = moments[newer] ?? 0;
      if (newerMs - (moments[at - 1] ?? 0) <= gapMax * (nowMs - newerMs)) continue;
      stays[at] = true;
      newer = at;
    }
    this.#sequences = this.#sequences.filter((_, at) => stays[at]);
    this.#moments = moments.filter((_, at) => stays[at]);
  }
}
