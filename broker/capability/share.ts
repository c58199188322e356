/**
 * How a limited room is shared among those who ask for some of it (bus Q2, Q3).
 *
 * One asker gets `wanted` more iff `(used + wanted) · (n + 1) − used ≤ free`, where `used` is what it has now, `n` counts those
 * who have something, the asker included, and `free` is what nobody has. In words: after it gives its own back, it may have one
 * part of n + 1, so that there is a part left for whoever comes next. The first takes a half, the second a third of the rest, and
 * so on: the n-th gets about 1/n² whatever the others took, and the room is never used up.
 *
 * Shares are divided again by the same rule: what a user may have among its peers, and what a peer may have among the peers that it
 * sends to. So a *tally* is a part of a whole, up to the room of the receiver's user:
 *
 *     room of a user ← share of a user ← part of a peer ← flow from that peer to one peer
 *
 * Whoever has more than its part (because others came later) keeps it and gets no more. All numbers are whole and far below
 * 2^53, so nothing wraps.
 */
export class Tally {
  /** What this is a part of; `undefined` for a room. */
  readonly whole: Tally | undefined;
  /** Of a room: how much there is. */
  readonly limit: number;
  used = 0;
  /** Parts of this that have something. */
  sharers = 0;

  constructor(whole: Tally | undefined, limit = 0) {
    this.whole = whole;
    this.limit = limit;
  }
}

/** How much more the part may take; negative if it has more than its share. */
export function roomOf(part: Tally): number {
  const { whole, used } = part;
  if (whole === undefined) return part.limit - used;
  const sharers = used === 0 ? whole.sharers + 1 : whole.sharers;
  return Math.floor((roomOf(whole) + used) / (sharers + 1)) - used;
}

/** Adds to the part and to all that it is a part of. */
export function take(part: Tally, amount: number): void {
  if (amount === 0) return;
  let tally = part;
  for (let { whole } = tally; whole !== undefined; whole = tally.whole) {
    if (tally.used === 0) whole.sharers += 1;
    tally.used += amount;
    tally = whole;
  }
  tally.used += amount;
}

/** The reverse of `take`. */
export function give(part: Tally, amount: number): void {
  if (amount === 0) return;
  let tally = part;
  for (let { whole } = tally; whole !== undefined; whole = tally.whole) {
    tally.used -= amount;
    if (tally.used === 0) whole.sharers -= 1;
    tally = whole;
  }
  tally.used -= amount;
}

/**
 * How much more one of several may keep of what lasts (handles held, nodes, calls): no more than `partMax`, and no more than it
 * would leave to all the others. The strict rule above would let a thousand who have little take the room of one who has much;
 * this one only keeps the room from ever being used up (the rule of Bus1's first version).
 */
export function lastingRoom(partUsed: number, partMax: number, used: number, max: number): number {
  return Math.min(partMax, max - used) - partUsed;
}
