/**
 * The rule of bus Q2 and Q3 as it stands there, word for word and slowly: shares no code with the core. What is asked for is asked
 * for in units, one after the other.
 */

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
      if ((part.used + wanted) * (sharers + 1) - part.used > free) return false;
      // What the part may have at most, less what it has, is what is free among its own parts.
      let most = part.used + wanted;
      while ((most + 1) * (sharers + 1) - part.used <= free) most += 1;
      free = most - part.used;
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
