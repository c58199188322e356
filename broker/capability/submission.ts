/**
 * One operation on its way into the core: filled by whoever decodes it (the router from a frame, the local link from
 * its arguments), read by the core, used again for the next. So an operation allocates nothing.
 */
import * as limits from '../contract/limits.js';
import { noBytes, noDescriptors } from './payload.js';

export class Submission {
  /** Ids as pairs of word and generation. */
  readonly destinations = new Uint32Array(2 * limits.multicastHandlesMax);
  destinationCount = 0;
  readonly transfers = new Uint32Array(2 * limits.messageHandlesMax);
  transferCount = 0;
  /** The payload: borrowed until the operation returns. */
  source: Uint8Array = noBytes;
  offset = 0;
  length = 0;
  /** Taken by the core, also when the operation is refused. */
  descriptors: readonly number[] = noDescriptors;
  /** A call if not 0: the caller's name for it, whose low 16 bits no other outstanding call of the caller has. */
  tag = 0;
  /** Send to those destinations that can take it (bus M2). */
  isPartial = false;
  /** Results: the code of each destination, 0 for accepted; meaningful after a partial operation. */
  readonly outcomes = new Uint16Array(limits.multicastHandlesMax);
  /** Which destination or transfer a refusal is about. */
  refusedAt = 0;

  /** Makes it an operation with one destination and no transfers yet. */
  address(word: number, generation: number): void {
    this.destinations[0] = word;
    this.destinations[1] = generation;
    this.destinationCount = 1;
    this.transferCount = 0;
    this.descriptors = noDescriptors;
    this.tag = 0;
    this.isPartial = false;
  }

  transfer(word: number, generation: number): void {
    this.transfers[2 * this.transferCount] = word;
    this.transfers[2 * this.transferCount + 1] = generation;
    this.transferCount += 1;
  }

  setPayload(source: Uint8Array, offset: number, length: number): void {
    this.source = source;
    this.offset = offset;
    this.length = length;
  }
}
