/**
 * The bytes and descriptors of one message, shared by all its items.
 *
 * A payload refers to memory of whoever submitted it (a receive arena, an application's buffer) until the end of the
 * submitting call; only one that could not be passed on by then is copied (`own`). Descriptors belong to the payload
 * until somebody takes them; the last receiver takes the originals.
 */
import { inlineBytesMax, sealedBytesPerByte } from '../contract/limits.js';

export class Payload {
  source: Uint8Array;
  offset = 0;
  length = 0;
  /** Not 0: so many bytes are in the memory that is the first descriptor. */
  sealedBytes = 0;
  descriptors: readonly number[] = noDescriptors;
  /** Items that refer to this payload. */
  references = 0;
  isOwned = false;
  /** Where the bytes stand in a send arena, for a multicast's other receivers, and the arena's epoch then; -1: nowhere. */
  sharedOffset = -1;
  sharedEpoch = -1;

  constructor() {
    this.source = noBytes;
  }

  /** Bytes that a receiver has room taken for: of memory that is the sender's own, a part of it. */
  get chargedBytes(): number {
    if (this.sealedBytes === 0) return this.length;
    return Math.max(inlineBytesMax, Math.ceil(this.sealedBytes / sealedBytesPerByte));
  }

  /**
   * Copies the bytes, unless that was done already; from then on the submitter's memory may change (bus M9). The copy is padded
   * with zeros to a multiple of 8, as frames are.
   */
  own(): void {
    if (this.isOwned) return;
    const copy = new Uint8Array((this.length + 7) & ~7);
    copy.set(this.source.subarray(this.offset, this.offset + this.length));
    this.source = copy;
    this.offset = 0;
    this.isOwned = true;
  }
}

export const noBytes: Uint8Array = new Uint8Array(0);
export const noDescriptors: readonly number[] = Object.freeze([]);

/** Payloads that are not in use, so that a message makes no garbage. */
export class PayloadPool {
  readonly #free: Payload[] = [];

  /** A payload without references; `release` after the last one is gone. */
  take(
    source: Uint8Array,
    offset: number,
    length: number,
    descriptors: readonly number[],
    sealedBytes: number,
  ): Payload {
    const payload = this.#free.pop() ?? new Payload();
    payload.source = source;
    payload.offset = offset;
    payload.length = length;
    payload.descriptors = descriptors;
    payload.sealedBytes = sealedBytes;
    return payload;
  }

  put(payload: Payload): void {
    payload.source = noBytes;
    payload.descriptors = noDescriptors;
    payload.references = 0;
    payload.isOwned = false;
    payload.sharedOffset = -1;
    payload.sharedEpoch = -1;
    if (this.#free.length < poolItemsMax) this.#free.push(payload);
  }
}

/** Pooled objects of one kind that are kept for reuse. */
export const poolItemsMax = 4096;
