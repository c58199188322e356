/**
 * Copies bytes out of memory that will be used again: what a receiver is given belongs to it for good (C4).
 *
 * A typed array with memory of its own costs about a microsecond, so small payloads share slabs. No byte of a slab is given out
 * twice, and a slab is small, so what one payload keeps alive is bounded.
 */

const slabBytes = 16 * 1024;
/** Larger copies have memory of their own. */
const sharedBytesMax = 1024;
/** Up to here a loop is faster than a call into the runtime. */
const loopedBytesMax = 96;

const empty = new Uint8Array(0);

export class SlabCopier {
  #slab = new ArrayBuffer(0);
  #bytes: Uint8Array = empty;
  #used = 0;

  copy(source: Uint8Array, offset: number, length: number): Uint8Array {
    if (length === 0) return empty;
    if (length > sharedBytesMax) return Uint8Array.prototype.slice.call(source, offset, offset + length);
    if (this.#used + length > this.#bytes.length) {
      this.#slab = new ArrayBuffer(slabBytes);
      this.#bytes = new Uint8Array(this.#slab);
      this.#used = 0;
    }
    const at = this.#used;
    copyBytes(source, offset, length, this.#bytes, at);
    this.#used = (at + length + 7) & ~7;
    return new Uint8Array(this.#slab, at, length);
  }
}

/** Copies between arrays that do not overlap. */
export function copyBytes(
  source: Uint8Array,
  offset: number,
  length: number,
  target: Uint8Array,
  at: number,
): void {
  if (length > loopedBytesMax) {
    target.set(source.subarray(offset, offset + length), at);
    return;
  }
  for (let index = 0; index < length; index += 1) target[at + index] = source[offset + index] ?? 0;
}
