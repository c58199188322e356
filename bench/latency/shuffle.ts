/** A seeded shuffle for the order of blocks: the same seed gives the same run. */

/** Generator of 32-bit numbers (mulberry32, public domain): small, and good enough to order blocks. */
export function createPrng(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Gives a new list in a new order each time. */
export type Shuffle = <T>(items: readonly T[]) => T[];

/** A shuffle by Fisher and Yates. */
export function createShuffle(seed: number): Shuffle {
  const next = createPrng(seed);
  return <T>(items: readonly T[]): T[] => {
    const shuffled = [...items];
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = next() % (at + 1);
      const moved = shuffled[at] as T;
      shuffled[at] = shuffled[other] as T;
      shuffled[other] = moved;
    }
    return shuffled;
  };
}
