/**
 * Randomness from a seed, so that a failed run can be run again. A test says its seed.
 */
import { randomInt } from 'node:crypto';
import type { ExecutionContext } from 'ava';

export interface Random {
  /** An integer from 0 up to, but without, `bound`. */
  below(bound: number): number;
}

/** A small generator (32 bits of state, a Weyl sequence through a mixing function). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return {
    below: (bound) => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return ((mixed ^ (mixed >>> 15)) >>> 0) % bound;
    },
  };
}

/** The seed of a test: that of the environment's SEED, else `fixed`, else a fresh one; the test's log says which. */
export function seedOf(t: ExecutionContext, fixed?: number): number {
  const given = process.env['SEED'];
  const seed = given === undefined ? (fixed ?? randomInt(2 ** 31)) : Number(given);
  t.log(`SEED=${seed}`);
  return seed;
}
