/**
 * Ids of nodes, handles and replies (bus N1, N5).
 *
 * An id is a pair of 32-bit numbers, its *word* and its *generation*. The word holds an index into a table and, in its three
 * lowest bits, the kind; so the two kinds that a peer deals with cannot be mixed up: nodes, whose ids their owner chooses,
 * and handles and replies, whose ids the broker chooses. The generation of an index grows with each use of it and starts at 1,
 * so a pair never comes again in the life of a peer, and looking one up is an index and a comparison (5–8 ns, where a
 * Map with 64-bit keys takes 45).
 */

/** An own node. */
export const nodeBits = 0;
/** A handle to another peer's node. */
export const handleBits = 1;
/** An own node that this message creates (bus N2); only in the list of transfers, never shown to anybody else. */
export const newNodeBits = 2;
/** The one-shot right to answer a call (bus M7). */
export const replyBits = 3;

/** The generation of no id: with it, and word 0, a handle that is invalid is written in its place (bus M4). */
export const noGeneration = 0;

/** An index whose generations are used up is never used again. */
export const generationMax = 0x7fff_fffe;

export function wordOf(index: number, bits: number): number {
  return (index << 3) | bits;
}

export function indexOf(word: number): number {
  return word >>> 3;
}

export function bitsOf(word: number): number {
  return word & 7;
}
