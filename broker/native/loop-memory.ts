/**
 * The memory that the packet loop shares with its half in C, and the rules of writing frames into it.
 *
 * A turn's frames stand one after the other in the send arena. Each has a record: where its one or two parts are, which
 * descriptors it has, and which record of the same socket comes next. A slot's words name its first and last record,
 * and the dirty list the slots that have any. C walks them when it flushes, and everything starts afresh: the *epoch*.
 */

import type { LoopBuffers, Native } from './addon.js';
import type { PacketSocket } from './packets.js';

/** The words at the start of the shared memory; the same numbers stand in loop.h. */
export const HeaderWord = {
  Events: 0,
  EventNext: 1,
  Dirty: 2,
  Records: 3,
  Descriptors: 4,
  SendEnd: 5,
  Epoch: 6,
  Open: 7,
  Spins: 8,
  SpinsPaid: 9,
  Looks: 10,
} as const;
/** Words of a slot: first record, last record, queued bytes, queued frames. */
export const slotWords = 4;
const recordWords = 8;

/** Frames and their parts are multiples of this, so that the next one is aligned too. */
const alignment = 8;
/** Descriptors in one packet: the kernel's SCM_MAX_FD. */
const packetDescriptorsMax = 253;

/** The shared memory and the rules of writing frames into it. */
export class LoopMemory {
  readonly native: Native;
  readonly packetBytesMax: number;
  readonly receiveBytes: Uint8Array;
  readonly receiveView: DataView;
  readonly sendBytes: Uint8Array;
  readonly sendView: DataView;
  readonly header: Int32Array;
  readonly events: Int32Array;
  readonly received: Int32Array;
  readonly slots: Int32Array;
  readonly #dirty: Int32Array;
  readonly #records: Int32Array;
  readonly #descriptors: Int32Array;
  readonly #recordsMax: number;
  readonly #descriptorsMax: number;
  /** The frame between `begin` and `commit`. */
  #begun: PacketSocket | undefined;
  #begunOffset = 0;
  #begunLength = 0;

  constructor(native: Native, buffers: LoopBuffers, packetBytesMax: number) {
    const words = buffers.words;
    this.native = native;
    this.packetBytesMax = packetBytesMax;
    this.receiveBytes = new Uint8Array(buffers.receive);
    this.receiveView = new DataView(buffers.receive);
    this.sendBytes = new Uint8Array(buffers.send);
    this.sendView = new DataView(buffers.send);
    this.header = new Int32Array(words, 0, 16);
    this.events = new Int32Array(words, buffers.events, (buffers.received - buffers.events) >> 2);
    this.received = new Int32Array(words, buffers.received, (buffers.dirty - buffers.received) >> 2);
    this.slots = new Int32Array(words, buffers.slots);
    this.#dirty = new Int32Array(words, buffers.dirty, buffers.recordsMax);
    this.#records = new Int32Array(words, buffers.records, buffers.recordsMax * recordWords);
    this.#descriptors = new Int32Array(words, buffers.descriptors, buffers.descriptorsMax);
    this.#recordsMax = buffers.recordsMax;
    this.#descriptorsMax = buffers.descriptorsMax;
  }

  word(index: number): number {
    return this.header[index] ?? 0;
  }

  begin(socket: PacketSocket, length: number): number {
    if (!(length >= alignment && length <= this.packetBytesMax) || length % alignment !== 0) {
      throw new RangeError(`a frame has 8 to ${this.packetBytesMax} bytes, a multiple of 8, not ${length}`);
    }
    const offset = this.#room(length);
    this.#begun = socket;
    this.#begunOffset = offset;
    this.#begunLength = length;
    return offset;
  }

  /**
   * A copy of `bytes` in the send arena. May be called between `begin` and `commitShared`, also when it starts it
   * afresh.
   */
  share(bytes: Uint8Array, offset: number, length: number): number {
    if (!(length >= 0 && length <= this.packetBytesMax && offset >= 0 && offset + length <= bytes.length)) {
      throw new RangeError('the bytes to share are outside their array, or more than a packet holds');
    }
    const room = (length + alignment - 1) & -alignment;
    const begun = this.#begunOffset;
    const epoch = this.word(HeaderWord.Epoch);
    let at = this.#room(room);
    if (epoch !== this.word(HeaderWord.Epoch) && this.#begun !== undefined) {
      // What was begun moves to the start of the fresh arena: the flush has not touched its bytes.
      this.sendBytes.copyWithin(0, begun, begun + this.#begunLength);
      this.#begunOffset = 0;
      at = this.#begunLength;
      this.header[HeaderWord.SendEnd] = at + room;
    }
    this.sendBytes.set(
      offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length),
      at,
    );
    this.sendBytes.fill(0, at + length, at + room);
    return at;
  }

  /** Links what was begun to its socket; `commitNow` needs it to be alone. */
  link(
    socket: PacketSocket,
    slot: number,
    sharedOffset: number,
    sharedLength: number,
    descriptors: readonly number[],
  ): void {
    this.#checkLink(socket, sharedOffset, sharedLength, descriptors);
    this.#begun = undefined;
    const { header } = this;
    const records = this.#records;
    const start = this.word(HeaderWord.Descriptors);
    const number = this.word(HeaderWord.Records) + 1;
    const at = number * recordWords;
    header[HeaderWord.Records] = number;
    records[at] = this.#begunOffset;
    records[at + 1] = this.#begunLength;
    records[at + 2] = sharedOffset;
    records[at + 3] = sharedLength;
    records[at + 4] = start;
    records[at + 5] = descriptors.length;
    records[at + 6] = 0;
    if (descriptors.length > 0) {
      for (let i = 0; i < descriptors.length; i++) this.#descriptors[start + i] = descriptors[i] ?? -1;
      header[HeaderWord.Descriptors] = start + descriptors.length;
    }
    const words = slot * slotWords;
    const tail = this.slots[words + 1] ?? 0;
    if (tail === 0) {
      const dirty = this.word(HeaderWord.Dirty);
      this.#dirty[dirty] = slot;
      header[HeaderWord.Dirty] = dirty + 1;
      this.slots[words] = number;
    } else {
      records[tail * recordWords + 6] = number;
    }
    this.slots[words + 1] = number;
  }

  /** Forgets what was begun on a socket that is closed. */
  drop(socket: PacketSocket): void {
    if (this.#begun === socket) this.#begun = undefined;
  }

  flush(): void {
    this.native.loopFlush();
  }

  /** Room for a frame's bytes, its record and the most descriptors it can have. */
  #room(length: number): number {
    let end = this.word(HeaderWord.SendEnd);
    if (
      end + length > this.sendBytes.length ||
      this.word(HeaderWord.Records) + 2 >= this.#recordsMax ||
      this.word(HeaderWord.Descriptors) + packetDescriptorsMax > this.#descriptorsMax
    ) {
      this.flush();
      end = 0;
    }
    this.header[HeaderWord.SendEnd] = end + length;
    return end;
  }

  #checkLink(socket: PacketSocket, offset: number, length: number, descriptors: readonly number[]): void {
    if (this.#begun !== socket) throw new Error('commit without begin on this socket');
    const sound =
      offset >= 0 &&
      length >= 0 &&
      length % alignment === 0 &&
      offset + length <= this.sendBytes.length &&
      this.#begunLength + length <= this.packetBytesMax;
    if (!sound)
      throw new RangeError('the shared part is outside the arena, unaligned, or too large for a packet');
    if (descriptors.length > packetDescriptorsMax) {
      throw new RangeError(
        `a frame has at most ${packetDescriptorsMax} descriptors, not ${descriptors.length}`,
      );
    }
  }
}
