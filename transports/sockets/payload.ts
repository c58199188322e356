/**
 * Copies payloads out of the receive arena: what a receiver is given belongs to it for good (C4).
 *
 * A typed array with memory of its own costs about a microsecond; small payloads share slabs instead, as Node's own buffers
 * do. No byte of a slab is handed out twice, and a slab is small, so what one payload keeps alive is bounded.
 */
import type { PacketLoop } from '../../broker/native/packets.js';
import * as wire from './wire.js';

const slabBytes = 16 * 1024;
/** Payloads above this size have memory of their own. */
const sharedBytesMax = 1024;
/** Up to here a loop is faster than the call of a built-in function. */
const loopedBytesMax = 96;

const empty = new Uint8Array(0);

export class PayloadCopier {
  readonly #loop: PacketLoop;
  #slab: Uint8Array<ArrayBuffer> = empty;
  #used = 0;

  constructor(loop: PacketLoop) {
    this.#loop = loop;
  }

  /** A copy of the payload of the MESSAGE, CALL or REPLY frame at `at` in the receive arena. */
  copy(at: number): Uint8Array {
    const source = this.#loop.receiveBytes;
    const start = wire.payloadStartAt(this.#loop.receiveView, at);
    const end = wire.payloadEndAt(this.#loop.receiveView, at);
    const length = end - start;
    if (length === 0) return empty;
    if (length > sharedBytesMax) return source.slice(start, end);
    const place = this.#reserve(length);
    const slab = this.#slab;
    if (length > loopedBytesMax) slab.set(source.subarray(start, end), place);
    else for (let index = 0; index < length; index += 1) slab[place + index] = source[start + index] ?? 0;
    return new Uint8Array(slab.buffer, place, length);
  }

  #reserve(length: number): number {
    if (length > this.#slab.byteLength - this.#used) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const place = this.#used;
    // The next payload begins at a word again.
    this.#used = (place + length + 7) & ~7;
    return place;
  }
}
