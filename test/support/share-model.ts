/**
 * The rule of bus Q2 and Q3 as it stands there, word for word and slowly: shares no code with the core. What is asked for is asked
 * for in units, one after the other.
 */

/** The largest number from `least`, which fits, to below `end`, which does not. */
function most(fits: (amount: number) => boolean, least: number, end: number): number {
  let [low, high] = [least, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

interface Part {
  readonly key: string;
  used: number;
  readonly parts: Part[];
}

export class ShareModel {
  readonly #limit: number;
  readonly #room: Part = { key: 'room', used: 0, parts: [] };

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes so much for the one at the end of the path (a user, a peer of it, a receiver), or returns false. */
  take(path: readonly string[], wanted: number): boolean {
    let free = this.#limit - this.#room.used;
    let whole = this.#room;
    const parts: Part[] = [];
    for (const key of path) {
      const part = whole.parts.find((each) => each.key === key) ?? { key, used: 0, parts: [] };
      const sharers = whole.parts.filter((each) => each !== part && each.used > 0).length + 1;
      const fits = (amount: number): boolean => (part.used + amount) * (sharers + 1) - part.used <= free;
      if (!fits(wanted)) return false;
      // The most that would be granted now is what is free among its own parts.
      free = most(fits, wanted, free + 1);
      parts.push(part);
      if (!whole.parts.includes(part)) whole.parts.push(part);
      whole = part;
    }
    this.#room.used += wanted;
    for (const part of parts) part.used += wanted;
    return true;
  }

  /** How many units of this size the one at the end of the path gets, one after the other. */
  takeAll(path: readonly string[], unit: number): number {
    let count = 0;
    while (this.take(path, unit)) count += 1;
    return count;
  }
}
