/**
 * What a peer holds: handles to other peers' nodes (bus N3), and replies it owes or was given (bus M7).
 *
 * An entry leaves the table only by its holder's act (release, answer) or with the holder's end. A handle whose node is gone
 * therefore stays, dead and announced, until it is released: so counts always match, and an id that is not in the table was
 * never there or was given back, both the holder's own mistake (bus N5).
 */
import type { DeliveryItem } from './delivery-queue.js';
import { generationMax, handleBits, indexOf, replyBits, wordOf } from './ids.js';
import type { NodeRecord } from './node-table.js';
import { poolItemsMax } from './payload.js';
import type { PeerRecord, Waiting } from './peer-record.js';

/** All handles of one peer to one node. */
export class HandleRecord {
  readonly peer: PeerRecord;
  readonly node: NodeRecord;
  word = 0;
  generation = 0;
  /** Arrivals less what was released. */
  count = 0;
  /** Where it stands in the node's list. */
  holderIndex = 0;
  /** `node gone` was delivered: from now on sending is an error, before it was not (bus M6). */
  isAnnounced = false;
  goneItem: DeliveryItem | undefined = undefined;
  writableItem: DeliveryItem | undefined = undefined;
  /** Where it stands if its holder was refused for want of room, and waits to be told (bus Q5). */
  waitsIn: Waiting | undefined = undefined;

  constructor(peer: PeerRecord, node: NodeRecord) {
    this.peer = peer;
    this.node = node;
  }
}

/** A call, as the entry of the one who is to answer it. */
export class CallRecord {
  word = 0;
  generation = 0;
  holder: PeerRecord | undefined = undefined;
  /** Whom the reply goes to; `undefined` once nobody waits for it any more. */
  caller: PeerRecord | undefined = undefined;
  /** The caller's name for the call. */
  tag = 0;
  /** The called node, until the reply is given away: from then on the call depends on its holder alone. */
  node: NodeRecord | undefined = undefined;
  previousOfNode: CallRecord | undefined = undefined;
  nextOfNode: CallRecord | undefined = undefined;
  goneItem: DeliveryItem | undefined = undefined;
}

export type HeldRecord = HandleRecord | CallRecord;

export class HandleTable {
  readonly #entries: (HeldRecord | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** Handles and replies held. */
  get size(): number {
    return this.#size;
  }

  find(word: number, generation: number): HeldRecord | undefined {
    const entry = this.#entries[indexOf(word)];
    return entry !== undefined && entry.generation === generation && entry.word === word ? entry : undefined;
  }

  findHandle(word: number, generation: number): HandleRecord | undefined {
    const entry = this.find(word, generation);
    return entry instanceof HandleRecord ? entry : undefined;
  }

  findCall(word: number, generation: number): CallRecord | undefined {
    const entry = this.find(word, generation);
    return entry instanceof CallRecord ? entry : undefined;
  }

  /** Gives the entry an id that this peer never had. */
  add(entry: HeldRecord): void {
    let index = this.#free.pop();
    if (index === undefined) {
      index = this.#entries.length;
      this.#entries.push(undefined);
      this.#generations.push(0);
    }
    const generation = (this.#generations[index] ?? 0) + 1;
    this.#generations[index] = generation;
    entry.word = wordOf(index, entry instanceof HandleRecord ? handleBits : replyBits);
    entry.generation = generation;
    this.#entries[index] = entry;
    this.#size += 1;
  }

  remove(entry: HeldRecord): void {
    const index = indexOf(entry.word);
    this.#entries[index] = undefined;
    if ((this.#generations[index] ?? 0) < generationMax) this.#free.push(index);
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<HeldRecord> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry;
  }
}

export class CallPool {
  readonly #free: CallRecord[] = [];

  take(): CallRecord {
    return this.#free.pop() ?? new CallRecord();
  }

  /** Nothing may refer to the call any more. */
  put(call: CallRecord): void {
    call.holder = undefined;
    call.caller = undefined;
    if (this.#free.length < poolItemsMax) this.#free.push(call);
  }
}
