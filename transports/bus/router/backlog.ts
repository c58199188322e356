/**
 * Packets of one connection that were put off, or parts of them (turns.ts), in order. What they consist of is theirs: bytes were
 * copied, descriptors are closed with them; and both are counted for the connection and its user.
 */
import { noDescriptors } from '../../../broker/capability/index.js';
import * as limits from '../../../broker/contract/limits.js';
import { closeDescriptors } from '../descriptors.js';
import type { Load } from './turns.js';

export interface PutOffPacket {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The next frame. */
  at: number;
  /** Of the frames that are left. */
  descriptors: readonly number[];
  /** It was found whole, and some of its frames have been carried out. */
  isChecked: boolean;
}

export class Backlog {
  readonly #packets: PutOffPacket[] = [];

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  get first(): PutOffPacket | undefined {
    return this.#packets[0];
  }

  /** Copies what is left of a packet, and takes the descriptors; false if there is no room for it, then they are still the caller's. */
  add(
    load: Load,
    source: Uint8Array,
    start: number,
    end: number,
    descriptors: readonly number[],
    isChecked: boolean,
  ): boolean {
    const charged = end - start + limits.itemOverheadBytes;
    if (!load.hasRoom(charged, descriptors.length)) return false;
    load.keep(charged, descriptors.length);
    const bytes = source.slice(start, end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#packets.push({ bytes, view, at: 0, descriptors, isChecked });
    return true;
  }

  /** The descriptors of a packet, which are the caller's from now on. */
  take(load: Load, packet: PutOffPacket): readonly number[] {
    const { descriptors } = packet;
    load.keep(0, -descriptors.length);
    packet.descriptors = noDescriptors;
    return descriptors;
  }

  /** Those of the frames that are still left. */
  putBack(load: Load, packet: PutOffPacket, descriptors: readonly number[]): void {
    load.keep(0, descriptors.length);
    packet.descriptors = descriptors;
  }

  /** The first packet has been carried out. */
  shift(load: Load): void {
    const packet = this.#packets.shift();
    if (packet !== undefined)
      load.keep(-packet.bytes.length - limits.itemOverheadBytes, -packet.descriptors.length);
  }

  /** Drops everything. */
  clear(load: Load): void {
    for (const { bytes, descriptors } of this.#packets) {
      load.keep(-bytes.length - limits.itemOverheadBytes, -descriptors.length);
      closeDescriptors(descriptors);
    }
    this.#packets.length = 0;
  }
}
