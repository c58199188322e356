/**
 * Secrets and tickets: where they come from, and how they are compared (sockets D1).
 *
 * Random bytes are fetched from the system's generator in blocks, because fetching costs more than using. Comparing takes the same
 * time whatever the bytes are: both sides are copied whole and handed to `timingSafeEqual`.
 */
import { randomFillSync, timingSafeEqual } from 'node:crypto';
import { secretBytes } from './wire.js';

const blockBytes = 4096;
const one = Buffer.alloc(secretBytes);
const other = Buffer.alloc(secretBytes);

/** Whether the 16 bytes at these two places are equal, in constant time. */
export function isSameSecret(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number): boolean {
  for (let at = 0; at < secretBytes; at += 1) {
    one[at] = left[leftAt + at] ?? 0;
    other[at] = right[rightAt + at] ?? 0;
  }
  return timingSafeEqual(one, other);
}

/** The first half of a ticket, as the key of a table: 53 bits that nobody can guess. */
export function ticketKey(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + (bytes.readUInt32LE(at + 4) & 0x1fffff) * 0x1_0000_0000;
}

export class SecretSource {
  readonly #block = Buffer.alloc(blockBytes);
  readonly #fill: (bytes: Uint8Array) => void;
  #next = blockBytes;

  /** `fill` is a cryptographic generator. */
  constructor(fill: (bytes: Uint8Array) => void = randomFillSync) {
    this.#fill = fill;
  }

  /** Writes 16 fresh random bytes. */
  write(target: Uint8Array, at: number): void {
    if (this.#next === blockBytes) {
      this.#fill(this.#block);
      this.#next = 0;
    }
    for (let index = 0; index < secretBytes; index += 1) {
      target[at + index] = this.#block[this.#next + index] ?? 0;
      // What was handed out stays nowhere else.
      this.#block[this.#next + index] = 0;
    }
    this.#next += secretBytes;
  }

  make(): Buffer {
    const secret = Buffer.alloc(secretBytes);
    this.write(secret, 0);
    return secret;
  }
}
