/**
 * Schedules of an open loop (benchmark method, point 3): when each message is to be sent, computed before the block from a seed.
 *
 * `constant`: evenly spaced. `poisson`: gaps are exponential, as those of many callers who do not know of each other.
 */
import { writeFileSync } from 'node:fs';
import { createPrng } from './shuffle.js';

export type ScheduleKind = 'constant' | 'poisson';

/** Messages at `perSecond` for that long, as nanoseconds from the start, ascending; one at least. */
export function createSchedule(
  kind: ScheduleKind,
  perSecond: number,
  durationMs: number,
  seed: number,
): BigUint64Array {
  const count = Math.max(1, Math.round((perSecond * durationMs) / 1000));
  const offsets = new BigUint64Array(count);
  const meanGapNs = 1e9 / perSecond;
  const next = createPrng(seed);
  let atNs = 0;
  for (let at = 0; at < count; at++) {
    offsets[at] = BigInt(Math.round(atNs));
    // The generator's values are 0 to 2^32 - 1; one more, so that the logarithm is finite.
    atNs += kind === 'constant' ? meanGapNs : -Math.log((next() + 1) / 2 ** 32) * meanGapNs;
  }
  return offsets;
}

/** In the form in which clients read it: u64 in host order, which is little-endian wherever this runs. */
export function writeSchedule(offsets: BigUint64Array, path: string): void {
  writeFileSync(path, new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength));
}
