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

/** `roomOf` a flow. It is asked for each message, so its steps stand here one by one; so do those of `take` and `give`. */
export function roomOfFlow(flow: Tally): number {
  const part = flow.whole as Tally;
  const share = part.whole as Tally;
  const room = share.whole as Tally;
  let { used } = share;
  let free = room.limit - room.used;
  free = Math.floor((free + used) / (room.sharers + (used === 0 ? 2 : 1))) - used;
  used = part.used;
  free = Math.floor((free + used) / (share.sharers + (used === 0 ? 2 : 1))) - used;
  used = flow.used;
  return Math.floor((free + used) / (part.sharers + (used === 0 ? 2 : 1))) - used;
}

/**
 * Whether `wanted` is granted for sure: so little is in use that three multiplications tell, which most messages get by with. False
 * says nothing. (With K the product, a part of the flow is at least free / K − 7/4 of what the user has − 3.)
 */
export function isPlenty(flow: Tally, wanted: number): boolean {
  const part = flow.whole as Tally;
  const share = part.whole as Tally;
  const room = share.whole as Tally;
  const divisor = (room.sharers + 2) * (share.sharers + 2) * (part.sharers + 2);
  return (2 * share.used + wanted + 4) * divisor <= room.limit - room.used;
}

/** Adds to a flow and to all that it is a part of. */
export function take(flow: Tally, amount: number): void {
  if (amount === 0) return;
  const part = flow.whole as Tally;
  const share = part.whole as Tally;
  const room = share.whole as Tally;
  if (flow.used === 0) part.sharers += 1;
  flow.used += amount;
  if (part.used === 0) share.sharers += 1;
  part.used += amount;
  if (share.used === 0) room.sharers += 1;
  share.used += amount;
  room.used += amount;
}

/** The reverse of `take`. */
export function give(flow: Tally, amount: number): void {
  if (amount === 0) return;
  const part = flow.whole as Tally;
  const share = part.whole as Tally;
  const room = share.whole as Tally;
  flow.used -= amount;
  if (flow.used === 0) part.sharers -= 1;
  part.used -= amount;
  if (part.used === 0) share.sharers -= 1;
  share.used -= amount;
  if (share.used === 0) room.sharers -= 1;
  room.used -= amount;
}

/**
 * How much more one of several may keep of what lasts (handles held, nodes, calls): no more than `partMax`, and no more than it
 * would leave to all the others. The strict rule above would let a thousand who have little take the room of one who has much;
 * this one only keeps the room from ever being used up (the rule of Bus1's first version).
 */
export function lastingRoom(partUsed: number, partMax: number, used: number, max: number): number {
  return Math.min(partMax, max - used) - partUsed;
}
