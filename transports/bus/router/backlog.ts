/**
 * Packets of one connection that were put off, or parts of them (turns.ts), in order. What they consist of is theirs: bytes were
 * copied, descriptors are closed with them.
 */
import { closeDescriptors } from '../descriptors.js';

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

  /** Copies what is left of a packet. Takes the descriptors. */
  add(
    source: Uint8Array,
    start: number,
    end: number,
    descriptors: readonly number[],
    isChecked: boolean,
  ): void {
    const bytes = source.slice(start, end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#packets.push({ bytes, view, at: 0, descriptors, isChecked });
  }

  /** The first packet has been carried out. */
  shift(): void {
    this.#packets.shift();
  }

  /** Drops everything. */
  clear(): void {
    for (const { descriptors } of this.#packets) closeDescriptors(descriptors);
    this.#packets.length = 0;
  }
}
