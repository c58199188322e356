/**
 * One operation under way, with the ids and the payload that it names: filled for a link by the client, and for the core by the
 * router. Each of them has one, fills it, hands it over and fills it again; so an operation allocates nothing.
 */
import * as limits from '../../broker/contract/limits.js';
import { sealedPlaceBytes } from './wire.js';

const noBytes = new Uint8Array(0);
export const noDescriptors: readonly number[] = Object.freeze([]);

/** How the broker knows a list of destinations. */
export interface DestinationList {
  readonly number: number;
  /** It was told. */
  isKnown: boolean;
}

export class Operation {
  /** Ids as pairs of word and generation. */
  readonly destinations = new Uint32Array(2 * limits.multicastHandlesMax);
  destinationCount = 0;
  /** The destinations have this number with the broker, or are to be given it. */
  list: DestinationList | undefined = undefined;
  readonly transfers = new Uint32Array(2 * limits.messageHandlesMax);
  transferCount = 0;
  source: Uint8Array = noBytes;
  offset = 0;
  length = 0;
  /** Not 0: the payload, of so many bytes, is in the memory that is the first descriptor; its place has this length. */
  sealedBytes = 0;
  /** Taken by whoever the operation is handed to. */
  descriptors: readonly number[] = noDescriptors;
  /** 0, or the caller's name for the call. */
  tag = 0;
  isPartial = false;
  readonly outcomes = new Uint16Array(limits.multicastHandlesMax);
  refusedAt = 0;
  blame = 0;

  /** Begins an operation with one destination. */
  address(word: number, generation: number): void {
    this.destinations[0] = word;
    this.destinations[1] = generation;
    this.destinationCount = 1;
    this.list = undefined;
    this.transferCount = 0;
    this.tag = 0;
    this.isPartial = false;
  }

  /** Begins an operation with a list of destinations, empty so far. */
  addressMany(isPartial: boolean): void {
    this.destinationCount = 0;
    this.list = undefined;
    this.transferCount = 0;
    this.tag = 0;
    this.isPartial = isPartial;
  }

  addDestination(word: number, generation: number): void {
    this.destinations[2 * this.destinationCount] = word;
    this.destinations[2 * this.destinationCount + 1] = generation;
    this.destinationCount += 1;
  }

  /** All destinations at once, as pairs of word and generation. */
  setDestinations(ids: Uint32Array): void {
    this.destinations.set(ids);
    this.destinationCount = ids.length >> 1;
  }

  addTransfer(word: number, generation: number): void {
    this.transfers[2 * this.transferCount] = word;
    this.transfers[2 * this.transferCount + 1] = generation;
    this.transferCount += 1;
  }

  setPayload(source: Uint8Array, offset: number, length: number): void {
    this.source = source;
    this.offset = offset;
    this.length = length;
    this.sealedBytes = 0;
  }

  /** Puts memory with the payload in the payload's place. Takes the descriptor with the others. */
  setSealed(memory: number, length: number): void {
    const place = new Uint8Array(sealedPlaceBytes);
    new DataView(place.buffer).setUint32(0, length, true);
    this.setPayload(place, 0, sealedPlaceBytes);
    this.sealedBytes = length;
    this.descriptors = [memory, ...this.descriptors];
  }

  /** Lets go of what the operation referred to. */
  clear(): void {
    this.source = noBytes;
    this.descriptors = noDescriptors;
  }
}
