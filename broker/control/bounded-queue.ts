/**
 * A queue that forgets its oldest items when it is full, and counts them: for somebody who may be too slow, so that nobody else waits
 * for him.
 */
export class BoundedQueue<T> {
  readonly #itemsMax: number;
  /** The waiting items are those from `#first` on; the array is cut when half of it is behind. */
  #items: T[] = [];
  #first = 0;
  #lost = 0;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.length <= this.#itemsMax) return;
    this.#first += 1;
    this.#lost += 1;
    if (this.#first >= this.#itemsMax) this.#cut();
  }

  /** Takes the oldest items as long as `takes` says so; the first in any case. */
  takeWhile(takes: (item: T) => boolean): T[] {
    const taken: T[] = [];
    for (let item = this.#items[this.#first]; item !== undefined; item = this.#items[this.#first]) {
      if (!takes(item) && taken.length > 0) break;
      taken.push(item);
      this.#first += 1;
    }
    this.#cut();
    return taken;
  }

  /** How many were forgotten since this was last asked. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}
