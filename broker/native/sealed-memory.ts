/**
 * Payloads outside of packets: anonymous memory that its maker has filled and sealed, so that no one who has it sees anything else
 * than everybody (sockets S9).
 *
 * What comes from somebody else is looked at before it is read: unsealed memory could change between two readings, a file could
 * block, and a wrong length could have room made for what is not there.
 */
import type { Native } from './addon.js';

/** The functions of the addon that are needed to read. */
export type SealedReader = Pick<Native, 'sealedLength' | 'readSealed'>;

/**
 * The bytes, in memory of their own. `undefined` if the descriptor is not sealed memory of exactly this length, or there is no memory
 * for them. The descriptor stays the caller's.
 */
export function readSealedMemory(
  native: SealedReader,
  descriptor: number,
  length: number,
): Uint8Array | undefined {
  if (native.sealedLength(descriptor) !== length) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(length);
  } catch {
    return undefined;
  }
  return native.readSealed(descriptor, bytes, 0, length) === length ? bytes : undefined;
}
