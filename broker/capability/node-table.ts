/**
 * The nodes of one peer, and what a node knows (bus N1–N3, N7).
 *
 * A node lists the peers that hold it, one entry each, in no order. Looking for one peer's entry is a walk while there are
 * few and a map once there are many, so that a node with one holder costs no map and one with ten thousand no walk.
 */

import type { DeliveryItem } from './delivery-queue.js';
import type { CallRecord, HandleRecord } from './handle-table.js';
import { generationMax, indexOf, nodeBits, wordOf } from './ids.js';
import type { PeerRecord, Waiting } from './peer-record.js';

/** Holders of one node up to which they are searched one by one. */
const holdersWalkedMax = 8;

export class NodeRecord {
  readonly owner: PeerRecord;
  readonly word: number;
  readonly generation: number;
  /** Whether messages to it show their sender's credentials (bus P4). */
  readonly showsCredentials: boolean;
  isLive = true;
  /** Transfers of this node by its owner to others, counted modulo 2^32 as the owner does (bus T3). */
  transfersSeen = 0;
  /** The operation that named this node last as a destination: finds duplicates without a set. */
  mark = 0;
  /** The `node unused` that waits for the owner, if one does. */
  unusedItem: DeliveryItem | undefined = undefined;
  /** Where it stands if its owner was refused for want of room, and waits to be told (bus Q5). */
  waitsIn: Waiting | undefined = undefined;
  writableItem: DeliveryItem | undefined = undefined;
  /** Calls to this node whose reply its owner still owes: linked through the calls. */
  calls: CallRecord | undefined = undefined;
  readonly holders: HandleRecord[] = [];
  #byPeer: Map<PeerRecord, HandleRecord> | undefined = undefined;

  constructor(owner: PeerRecord, word: number, generation: number, showsCredentials: boolean) {
    this.owner = owner;
    this.word = word;
    this.generation = generation;
    this.showsCredentials = showsCredentials;
  }

  /** The one handle that this peer has to the node (bus N3). */
  holder(peer: PeerRecord): HandleRecord | undefined {
    if (this.#byPeer !== undefined) return this.#byPeer.get(peer);
    for (const handle of this.holders) if (handle.peer === peer) return handle;
    return undefined;
  }

  addHolder(handle: HandleRecord): void {
    handle.holderIndex = this.holders.length;
    this.holders.push(handle);
    if (this.#byPeer !== undefined) this.#byPeer.set(handle.peer, handle);
    else if (this.holders.length > holdersWalkedMax) {
      this.#byPeer = new Map(this.holders.map((each) => [each.peer, each]));
    }
  }

  removeHolder(handle: HandleRecord): void {
    const last = this.holders.pop();
    if (last !== undefined && last !== handle) {
      this.holders[handle.holderIndex] = last;
      last.holderIndex = handle.holderIndex;
    }
    this.#byPeer?.delete(handle.peer);
    if (this.holders.length === 0) this.#byPeer = undefined;
  }

  addCall(call: CallRecord): void {
    call.node = this;
    call.nextOfNode = this.calls;
    if (this.calls !== undefined) this.calls.previousOfNode = call;
    this.calls = call;
  }

  removeCall(call: CallRecord): void {
    if (call.previousOfNode === undefined) this.calls = call.nextOfNode;
    else call.previousOfNode.nextOfNode = call.nextOfNode;
    if (call.nextOfNode !== undefined) call.nextOfNode.previousOfNode = call.previousOfNode;
    call.previousOfNode = undefined;
    call.nextOfNode = undefined;
    call.node = undefined;
  }
}

export class NodeTable {
  readonly #nodes: (NodeRecord | undefined)[] = [];
  readonly #generations: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(word: number, generation: number): NodeRecord | undefined {
    const node = this.#nodes[indexOf(word)];
    return node !== undefined && node.generation === generation && node.word === word ? node : undefined;
  }

  /** Whether the owner may give this id to a new node: the index is free and the id was never used before (bus N1). */
  isFresh(index: number, generation: number): boolean {
    return (
      this.#nodes[index] === undefined &&
      generation > (this.#generations[index] ?? 0) &&
      generation <= generationMax
    );
  }

  add(owner: PeerRecord, index: number, generation: number, showsCredentials: boolean): NodeRecord {
    // Filled in order, so that the arrays never turn into dictionaries.
    while (this.#nodes.length <= index) {
      this.#nodes.push(undefined);
      this.#generations.push(0);
    }
    const node = new NodeRecord(owner, wordOf(index, nodeBits), generation, showsCredentials);
    this.#nodes[index] = node;
    this.#generations[index] = generation;
    this.#size += 1;
    return node;
  }

  remove(node: NodeRecord): void {
    this.#nodes[indexOf(node.word)] = undefined;
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<NodeRecord> {
    for (const node of this.#nodes) if (node !== undefined) yield node;
  }
}
