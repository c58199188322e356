/**
 * The state memory: what the broker must not forget when it is killed, in a shared memory (memfd) that init keeps. It
 * survives the broker, not the machine: init and its services end with it.
 *
 * A memory maps keys to texts. It is written by one process at a time, which can be killed between any two stores; what was
 * stored before that is there (the memory belongs to the kernel), what was not is not. So the order of stores is all that
 * matters, and every change becomes visible by one store:
 *
 *   header   0 magic  4 version  8 end of the used part (u32)
 *   block    0 size of a slot (u32)  4 used? (u32)  8 two slots
 *   slot     0 sequence (f64)  8 length of the text (u32)  12 check sum (u32)  16 key length (u32)  20 key, text
 *
 * A change is written to the slot that does not hold the newest, its check sum last; a reader takes the slot with the
 * highest sequence whose check sum is right, so a half-written slot does not exist for it. A text that outgrows its slots
 * gets a new block and the old one is marked free afterwards; between the two a key has two blocks, and the higher sequence
 * counts. A new block is written beyond the end, then the end is moved; a free one is cleared and written, then marked used.
 * Offsets are little-endian in effect (typed arrays of the machine; nobody else reads it).
 *
 * Growing lengthens the same memfd and maps it again, so that init need not be told. Free blocks are used again by size;
 * a new memory is written at each take-over, which is where it becomes compact.
 */
import assert from 'node:assert/strict';

/** A shared memory that can be made longer. The descriptor is its owner's, who closes it. */
export interface GrowableMemory {
  readonly descriptor: number;
  /** The whole mapping; another array after `grow`. */
  readonly bytes: Uint8Array;
  /** Makes it at least `bytes` long. Throws what the system says. */
  grow(bytes: number): void;
}

const magic = 0x5350_4143;
const version = 1;
const headerBytes = 16;
const blockHeadBytes = 8;
const slotHeadBytes = 20;
const slotBytesMin = 256;
const endAt = 8;

interface Block {
  offset: number;
  slotBytes: number;
  /** Which slot holds the newest text. */
  newest: 0 | 1;
}

/** FNV-1a over the slot's sequence, lengths and contents, the field of the check sum itself left out. */
function checksum(bytes: Uint8Array, slot: number, contentBytes: number): number {
  let hash = 0x811c9dc5;
  const end = slot + slotHeadBytes + contentBytes;
  for (let at = slot; at < end; at += 1) {
    if (at === slot + 12) at += 4;
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  // Zero is what fresh memory holds, and never a valid sum.
  return hash >>> 0 || 1;
}

export class StateMemory {
  readonly #memory: GrowableMemory;
  #bytes: Buffer;
  #words: Int32Array;
  #view: DataView;
  #end = headerBytes;
  #sequence = 0;
  readonly #blocks = new Map<string, Block>();
  readonly #free = new Map<number, number[]>();

  /** Use `createStateMemory` or `openStateMemory`. */
  constructor(memory: GrowableMemory) {
    this.#memory = memory;
    this.#bytes = Buffer.alloc(0);
    this.#words = new Int32Array(0);
    this.#view = new DataView(new ArrayBuffer(0));
    this.#map();
  }

  /** How many keys there are. */
  get size(): number {
    return this.#blocks.size;
  }

  /** Bytes of the used part, free blocks included. */
  get usedBytes(): number {
    return this.#end;
  }

  /** Makes the memory an empty one. */
  format(): void {
    this.#bytes.fill(0, 0, headerBytes);
    this.#view.setUint32(4, version, true);
    this.#setEnd(headerBytes);
    Atomics.store(this.#words, 0, magic);
  }

  /** Reads what is there into the tables. Returns the reason where this is no memory of ours. */
  scan(): string | undefined {
    if (this.#bytes.length < headerBytes || this.#view.getUint32(0, true) !== magic) {
      return 'not a state memory';
    }
    const found = this.#view.getUint32(4, true);
    if (found !== version) return `state memory of version ${found}, this program reads ${version}`;
    const end = this.#view.getUint32(endAt, true);
    if (end > this.#bytes.length) return 'state memory is cut short';
    let at = headerBytes;
    const sequences = new Map<string, number>();
    while (at < end) {
      const slotBytes = this.#view.getUint32(at, true);
      if (slotBytes < slotBytesMin || at + blockHeadBytes + 2 * slotBytes > end)
        return 'state memory is damaged';
      this.#scanBlock(at, slotBytes, sequences);
      at += blockHeadBytes + 2 * slotBytes;
    }
    this.#end = end;
    return undefined;
  }

  /** The text of a key, read from the memory. */
  get(key: string): string | undefined {
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    const slot = slotOffset(block, block.newest);
    const keyBytes = this.#view.getUint32(slot + 16, true);
    const from = slot + slotHeadBytes + keyBytes;
    return this.#bytes.toString('utf8', from, from + this.#view.getUint32(slot + 8, true));
  }

  keys(): IterableIterator<string> {
    return this.#blocks.keys();
  }

  /**
   * Stores `text` under `key`. A first `set` with `reserveBytes` makes room for that much, so that later ones need no memory.
   * Throws what the system says where the memory cannot grow; then the old text stands.
   */
  set(key: string, text: string, reserveBytes = 0): void {
    const keyBytes = Buffer.byteLength(key);
    const textBytes = Buffer.byteLength(text);
    const need = slotHeadBytes + keyBytes + textBytes;
    const block = this.#blocks.get(key);
    this.#sequence += 1;
    if (block !== undefined && need <= block.slotBytes) {
      const slot = block.newest === 0 ? 1 : 0;
      this.#write(slotOffset(block, slot), key, keyBytes, text, textBytes);
      block.newest = slot;
      return;
    }
    const fresh = this.#allocate(Math.max(need, slotHeadBytes + keyBytes + reserveBytes), (offset) => {
      this.#write(offset + blockHeadBytes, key, keyBytes, text, textBytes);
    });
    this.#blocks.set(key, fresh);
    if (block !== undefined) this.#release(block);
  }

  delete(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    this.#release(block);
  }

  #scanBlock(at: number, slotBytes: number, sequences: Map<string, number>): void {
    const block: Block = { offset: at, slotBytes, newest: 0 };
    const isUsed = this.#view.getUint32(at + 4, true) === 1;
    const first = this.#valid(slotOffset(block, 0), slotBytes);
    const second = this.#valid(slotOffset(block, 1), slotBytes);
    const newest = Math.max(first, second);
    this.#sequence = Math.max(this.#sequence, newest);
    if (!isUsed || newest < 0) {
      if (isUsed) Atomics.store(this.#words, (at + 4) / 4, 0);
      this.#freeList(slotBytes).push(at);
      return;
    }
    block.newest = second > first ? 1 : 0;
    const slot = slotOffset(block, block.newest);
    const from = slot + slotHeadBytes;
    const key = this.#bytes.toString('utf8', from, from + this.#view.getUint32(slot + 16, true));
    const other = this.#blocks.get(key);
    if (other !== undefined && (sequences.get(key) ?? 0) > newest) {
      this.#release(block);
      return;
    }
    this.#blocks.set(key, block);
    sequences.set(key, newest);
    if (other !== undefined) this.#release(other);
  }

  /** The sequence of a slot, or -1 if it holds nothing whole. */
  #valid(slot: number, slotBytes: number): number {
    const textBytes = this.#view.getUint32(slot + 8, true);
    const keyBytes = this.#view.getUint32(slot + 16, true);
    const contentBytes = textBytes + keyBytes;
    if (contentBytes > slotBytes - slotHeadBytes) return -1;
    const sum = this.#view.getUint32(slot + 12, true);
    if (sum === 0 || sum !== checksum(this.#bytes, slot, contentBytes)) return -1;
    return this.#view.getFloat64(slot, true);
  }

  #write(slot: number, key: string, keyBytes: number, text: string, textBytes: number): void {
    // From here to the last line the slot is invalid for every reader.
    Atomics.store(this.#words, (slot + 12) / 4, 0);
    this.#view.setFloat64(slot, this.#sequence, true);
    this.#view.setUint32(slot + 8, textBytes, true);
    this.#view.setUint32(slot + 16, keyBytes, true);
    this.#bytes.write(key, slot + slotHeadBytes, 'utf8');
    this.#bytes.write(text, slot + slotHeadBytes + keyBytes, 'utf8');
    Atomics.store(this.#words, (slot + 12) / 4, checksum(this.#bytes, slot, keyBytes + textBytes) | 0);
  }

  #allocate(need: number, fill: (offset: number) => void): Block {
    let slotBytes = slotBytesMin;
    while (slotBytes < need) slotBytes *= 2;
    const reused = this.#freeList(slotBytes).pop();
    const offset = reused ?? this.#end;
    const size = blockHeadBytes + 2 * slotBytes;
    if (reused === undefined && offset + size > this.#bytes.length) {
      this.#memory.grow(Math.max(offset + size, this.#bytes.length * 2));
      this.#map();
    }
    this.#view.setUint32(offset, slotBytes, true);
    Atomics.store(this.#words, (offset + blockHeadBytes + slotBytes + 12) / 4, 0);
    fill(offset);
    Atomics.store(this.#words, (offset + 4) / 4, 1);
    if (reused === undefined) this.#setEnd(offset + size);
    return { offset, slotBytes, newest: 0 };
  }

  #release(block: Block): void {
    Atomics.store(this.#words, (block.offset + 4) / 4, 0);
    this.#freeList(block.slotBytes).push(block.offset);
  }

  #freeList(slotBytes: number): number[] {
    let list = this.#free.get(slotBytes);
    if (list === undefined) {
      list = [];
      this.#free.set(slotBytes, list);
    }
    return list;
  }

  #setEnd(end: number): void {
    this.#end = end;
    Atomics.store(this.#words, endAt / 4, end);
  }

  #map(): void {
    const { bytes } = this.#memory;
    assert(bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0, 'a mapping starts at a page');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

function slotOffset(block: Block, slot: 0 | 1): number {
  return block.offset + blockHeadBytes + slot * block.slotBytes;
}

/** An empty state memory in `memory`. */
export function createStateMemory(memory: GrowableMemory): StateMemory {
  const state = new StateMemory(memory);
  state.format();
  return state;
}

/** What a predecessor left in `memory`, or the reason why it cannot be read. */
export function openStateMemory(memory: GrowableMemory): StateMemory | string {
  const state = new StateMemory(memory);
  return state.scan() ?? state;
}
