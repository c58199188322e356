/**
 * Calls whose beginnings were seen by an observer, until their ends: a bounded number of them, because nobody is told of a call
 * that was withdrawn, so some never end. The oldest are mostly those, and go when there are too many.
 */

/** How many are remembered. */
export const seenCallsMax = 65_536;
/** How many go at once: finding the oldest walks over the places of all that have left since, so it is not done for each. */
const forgottenAtOnce = seenCallsMax >> 4;

export class SeenCalls<Call> {
  readonly #calls = new Map<string, Call>();

  get size(): number {
    return this.#calls.size;
  }

  begin(key: string, call: Call): void {
    if (this.#calls.size >= seenCallsMax) this.#forgetOldest();
    this.#calls.set(key, call);
  }

  /** The call that ends, if its beginning is remembered. */
  end(key: string): Call | undefined {
    const call = this.#calls.get(key);
    this.#calls.delete(key);
    return call;
  }

  clear(): void {
    this.#calls.clear();
  }

  #forgetOldest(): void {
    let left = forgottenAtOnce;
    for (const key of this.#calls.keys()) {
      if (left === 0) return;
      left -= 1;
      this.#calls.delete(key);
    }
  }
}
