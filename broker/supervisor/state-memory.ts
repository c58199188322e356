/**
 * The state memory: what the broker must not forget when it is killed, in a shared memory (memfd) that init keeps. It
 * survives the broker, not the machine: init and its services end with it.
 *
 * A memory maps keys to texts. One process at a time writes it, and can be killed between any two stores; what was stored
 * before that is there (the memory belongs to the kernel), what was not is not. So the order of stores is all that matters,
 * and every batch of changes becomes visible as a whole by one store, that of the committed number:
 *
 *   header   0 magic  4 version  8 end of the used part (u32)  16 committed batch (i64)
 *   block    0 size of a slot  4 slots, 1 or 2  8 used? (u32)  16 the slots
 *   slot     0 batch (f64)  8 length of the text  12 check sum  16 length of the key (u32)  20 key, text
 *
 * A change goes to the slot that does not hold the committed text. A reader takes the slot with the highest batch that is
 * committed and whose check sum is right, so what a killed writer began does not exist for it. A text that outgrows its slots,
 * and any new text of a constant (a key with one slot), gets a new block; the old one is freed after the commit, and between
 * the two the higher batch counts. A new block is written beyond the end, then the end is moved; a free one is cleared,
 * written, and marked used.
 *
 * Growing lengthens the same memfd and maps it again, so that init need not be told. Free blocks are used again by size, which
 * bounds the waste by the largest number of keys there ever was of a size; a successor writes a new memory when much is free.
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
const endAt = 8;
const committedAt = 16;
const headerBytes = 32;
const slotsAt = 4;
const usedAt = 8;
const blockHeadBytes = 16;
const checksumAt = 12;
const slotHeadBytes = 20;
const slotBytesMin = 128;

interface Block {
  readonly offset: number;
  readonly slotBytes: number;
  readonly slots: 1 | 2;
  /** Which slot holds the newest text, and the batch that wrote it. */
  newest: 0 | 1;
  batch: number;
}

/** FNV-1a over the slot's head and contents, the field of the check sum itself left out. */
function checksum(bytes: Uint8Array, slot: number, contentBytes: number): number {
  let hash = 0x811c9dc5;
  const end = slot + slotHeadBytes + contentBytes;
  for (let at = slot; at < end; at += 1) {
    if (at === slot + checksumAt) at += 4;
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  // Zero is what fresh memory holds, and never a valid sum.
  return hash >>> 0 || 1;
}

function slotOffset(block: Block, slot: 0 | 1): number {
  return block.offset + blockHeadBytes + slot * block.slotBytes;
}

export class StateMemory {
  readonly #memory: GrowableMemory;
  #bytes: Buffer = Buffer.alloc(0);
  #words: Int32Array = new Int32Array(0);
  #longs: BigInt64Array = new BigInt64Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #end = headerBytes;
  #committed = 0;
  #isDirty = false;
  #freeBytes = 0;
  readonly #blocks = new Map<string, Block>();
  readonly #free = new Map<number, number[]>();
  /** Blocks that the batch under way makes superfluous. */
  #released: Block[] = [];

  /** Use `createStateMemory` or `openStateMemory`. */
  constructor(memory: GrowableMemory) {
    this.#memory = memory;
    this.#map();
  }

  /** How many keys there are, those of the batch under way included. */
  get size(): number {
    return this.#blocks.size;
  }

  /** Bytes of the used part, free blocks included. */
  get usedBytes(): number {
    return this.#end;
  }

  /** Bytes of blocks that hold nothing. */
  get freeBytes(): number {
    return this.#freeBytes;
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
    this.#committed = Number(Atomics.load(this.#longs, committedAt / 8));
    let at = headerBytes;
    while (at < end) {
      const slotBytes = this.#view.getUint32(at, true);
      const slots = this.#view.getUint32(at + slotsAt, true);
      if (slotBytes < slotBytesMin || (slots !== 1 && slots !== 2)) return 'state memory is damaged';
      const size = blockHeadBytes + slots * slotBytes;
      if (at + size > end) return 'state memory is damaged';
      this.#scanBlock(at, slotBytes, slots);
      at += size;
    }
    this.#end = end;
    return undefined;
  }

  /** The text of a key, that of the batch under way where it has one. */
  get(key: string): string | undefined {
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    const slot = slotOffset(block, block.newest);
    const from = slot + slotHeadBytes + this.#view.getUint32(slot + 16, true);
    return this.#bytes.toString('utf8', from, from + this.#view.getUint32(slot + 8, true));
  }

  keys(): IterableIterator<string> {
    return this.#blocks.keys();
  }

  /**
   * Puts `text` under `key` into the batch under way. `isConstant`: it is not expected to change, so one slot is enough. Throws
   * what the system says where the memory cannot grow; then the key keeps its old text.
   */
  set(key: string, text: string, isConstant = false): void {
    const keyBytes = Buffer.byteLength(key);
    const textBytes = Buffer.byteLength(text);
    const need = slotHeadBytes + keyBytes + textBytes;
    const block = this.#blocks.get(key);
    if (block !== undefined && block.slots === 2 && need <= block.slotBytes) {
      const isInBatch = block.batch > this.#committed;
      if (!isInBatch) block.newest = block.newest === 0 ? 1 : 0;
      this.#write(slotOffset(block, block.newest), key, keyBytes, text, textBytes);
      block.batch = this.#committed + 1;
    } else {
      const fresh = this.#allocate(need, isConstant ? 1 : 2, (offset) => {
        this.#write(offset + blockHeadBytes, key, keyBytes, text, textBytes);
      });
      this.#blocks.set(key, fresh);
      if (block !== undefined) this.#released.push(block);
    }
    this.#isDirty = true;
  }

  /** Takes the key out, with the batch under way. */
  delete(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    this.#released.push(block);
    this.#isDirty = true;
  }

  /** Ends the batch under way: from here on a successor sees all of it. */
  commit(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#committed += 1;
    Atomics.store(this.#longs, committedAt / 8, BigInt(this.#committed));
    for (const block of this.#released) this.#release(block);
    this.#released = [];
  }

  #scanBlock(at: number, slotBytes: number, slots: 1 | 2): void {
    const block: Block = { offset: at, slotBytes, slots, newest: 0, batch: -1 };
    const isUsed = this.#view.getUint32(at + usedAt, true) === 1;
    const first = this.#validBatch(slotOffset(block, 0), slotBytes);
    const second = slots === 2 ? this.#validBatch(slotOffset(block, 1), slotBytes) : -1;
    block.newest = second > first ? 1 : 0;
    block.batch = Math.max(first, second);
    if (!isUsed || block.batch < 0) {
      this.#release(block);
      return;
    }
    const slot = slotOffset(block, block.newest);
    const from = slot + slotHeadBytes;
    const key = this.#bytes.toString('utf8', from, from + this.#view.getUint32(slot + 16, true));
    const other = this.#blocks.get(key);
    if (other !== undefined && other.batch > block.batch) {
      this.#release(block);
      return;
    }
    this.#blocks.set(key, block);
    if (other !== undefined) this.#release(other);
  }

  /** The batch of a slot, or -1 if it holds nothing whole and committed; then it is made sure that it never will. */
  #validBatch(slot: number, slotBytes: number): number {
    const contentBytes = this.#view.getUint32(slot + 8, true) + this.#view.getUint32(slot + 16, true);
    const sum = this.#view.getUint32(slot + checksumAt, true);
    const isWhole =
      sum !== 0 &&
      contentBytes <= slotBytes - slotHeadBytes &&
      sum === checksum(this.#bytes, slot, contentBytes);
    const batch = isWhole ? this.#view.getFloat64(slot, true) : -1;
    if (batch <= this.#committed) return batch;
    // The next batch will have this number; what was begun under it must not become valid then.
    this.#clearSlot(slot);
    return -1;
  }

  #write(slot: number, key: string, keyBytes: number, text: string, textBytes: number): void {
    this.#clearSlot(slot);
    this.#view.setFloat64(slot, this.#committed + 1, true);
    this.#view.setUint32(slot + 8, textBytes, true);
    this.#view.setUint32(slot + 16, keyBytes, true);
    this.#bytes.write(key, slot + slotHeadBytes, 'utf8');
    this.#bytes.write(text, slot + slotHeadBytes + keyBytes, 'utf8');
    const sum = checksum(this.#bytes, slot, keyBytes + textBytes);
    Atomics.store(this.#words, (slot + checksumAt) / 4, sum | 0);
  }

  #clearSlot(slot: number): void {
    Atomics.store(this.#words, (slot + checksumAt) / 4, 0);
  }

  #allocate(need: number, slots: 1 | 2, fill: (offset: number) => void): Block {
    let slotBytes = slotBytesMin;
    while (slotBytes < need) slotBytes *= 2;
    const size = blockHeadBytes + slots * slotBytes;
    const reused = this.#freeList(slotBytes, slots).pop();
    const offset = reused ?? this.#end;
    if (reused !== undefined) this.#freeBytes -= size;
    else if (offset + size > this.#bytes.length) {
      this.#memory.grow(Math.max(offset + size, this.#bytes.length * 2));
      this.#map();
    }
    const block: Block = { offset, slotBytes, slots, newest: 0, batch: this.#committed + 1 };
    this.#view.setUint32(offset, slotBytes, true);
    this.#view.setUint32(offset + slotsAt, slots, true);
    if (slots === 2) this.#clearSlot(slotOffset(block, 1));
    fill(offset);
    Atomics.store(this.#words, (offset + usedAt) / 4, 1);
    if (reused === undefined) this.#setEnd(offset + size);
    return block;
  }

  #release(block: Block): void {
    Atomics.store(this.#words, (block.offset + usedAt) / 4, 0);
    this.#freeList(block.slotBytes, block.slots).push(block.offset);
    this.#freeBytes += blockHeadBytes + block.slots * block.slotBytes;
  }

  #freeList(slotBytes: number, slots: 1 | 2): number[] {
    const size = slotBytes * 2 + slots;
    let list = this.#free.get(size);
    if (list === undefined) {
      list = [];
      this.#free.set(size, list);
    }
    return list;
  }

  #setEnd(end: number): void {
    this.#end = end;
    Atomics.store(this.#words, endAt / 4, end);
  }

  #map(): void {
    const { buffer, byteOffset, length } = this.#memory.bytes;
    assert(byteOffset % 8 === 0 && length % 8 === 0, 'a mapping starts at a page and ends at one');
    this.#bytes = Buffer.from(buffer, byteOffset, length);
    this.#words = new Int32Array(buffer, byteOffset, length / 4);
    this.#longs = new BigInt64Array(buffer, byteOffset, length / 8);
    this.#view = new DataView(buffer, byteOffset, length);
  }
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
