/**
 * All nodes of the broker, and what each knows (bus N1–N3, N7): its owner, who holds it, which of its calls wait for their answer.
 *
 * A destroyed node has no owner, and its record stays as long as somebody holds a handle to it (bus M6).
 */
import type { CallNumber, CallRecord, Calls } from './calls.js';
import { type HandleNumber, type Handles, noHandle, type PeerNumber } from './handles.js';
import { RecordArena } from './record-arena.js';

/** Names a node inside the core; 0 is none. */
export type NodeNumber = number & { readonly names: 'node' };

export const noNode = 0 as NodeNumber;
export const noPeer = 0 as PeerNumber;

const Word = {
  /** 0 once it was destroyed. */
  Owner: 0,
  /** Its index in the owner's table, and the flag. */
  Place: 1,
  FirstHolder: 2,
  Holders: 3,
  /** Transfers of this node by its owner to others, counted modulo 2^32 as the owner does (bus T3). */
  Transfers: 4,
  /** Calls to this node whose reply its owner still owes: linked through the calls. */
  FirstCall: 5,
  /** The most bytes of a message that it takes, plus one; 0 where its owner has said nothing. */
  BytesMax: 6,
} as const;
const recordWords = 7;

/** In the word of `Place`: messages to it show their sender's credentials (bus P4). */
const credentialsFlag = 0x8000_0000;

export class Nodes {
  readonly #records = new RecordArena(recordWords);
  readonly #handles: Handles;
  readonly #calls: Calls;

  constructor(handles: Handles, calls: Calls) {
    this.#handles = handles;
    this.#calls = calls;
  }

  get size(): number {
    return this.#records.size;
  }

  add(owner: PeerNumber, place: number, showsCredentials: boolean, bytesMax: number): NodeNumber {
    const node = this.#records.take() as NodeNumber;
    this.#records.set(node, Word.Owner, owner);
    this.#records.set(node, Word.Place, showsCredentials ? place | credentialsFlag : place);
    this.#records.set(node, Word.BytesMax, bytesMax);
    return node;
  }

  /** From now on it has no owner; `freeIfUnheld` must follow. */
  destroy(node: NodeNumber): void {
    this.#records.set(node, Word.Owner, noPeer);
  }

  /** Gives the record of a destroyed node back, if nobody holds it. */
  freeIfUnheld(node: NodeNumber): void {
    if (!this.isLive(node) && this.holders(node) === 0) this.#records.free(node);
  }

  isLive(node: NodeNumber): boolean {
    return this.#records.get(node, Word.Owner) !== noPeer;
  }

  /** `noPeer` once it was destroyed. */
  owner(node: NodeNumber): PeerNumber {
    return this.#records.get(node, Word.Owner) as PeerNumber;
  }

  place(node: NodeNumber): number {
    return this.#records.get(node, Word.Place) & ~credentialsFlag;
  }

  showsCredentials(node: NodeNumber): boolean {
    return this.#records.get(node, Word.Place) >= credentialsFlag;
  }

  /** Whether it takes a message of so many bytes; a destroyed one answers as before (bus M6). */
  takes(node: NodeNumber, bytes: number): boolean {
    const max = this.#records.get(node, Word.BytesMax);
    return max === 0 || bytes < max;
  }

  transfers(node: NodeNumber): number {
    return this.#records.get(node, Word.Transfers);
  }

  countTransfer(node: NodeNumber): void {
    this.#records.set(node, Word.Transfers, this.transfers(node) + 1);
  }

  /** How many peers hold it. */
  holders(node: NodeNumber): number {
    return this.#records.get(node, Word.Holders);
  }

  /** The first of its holders' handles; the others follow by `Handles.nextOfNode`. */
  firstHolder(node: NodeNumber): HandleNumber {
    return this.#records.get(node, Word.FirstHolder) as HandleNumber;
  }

  addHolder(node: NodeNumber, handle: HandleNumber): void {
    this.#handles.linkOfNode(handle, this.firstHolder(node));
    this.#records.set(node, Word.FirstHolder, handle);
    this.#records.set(node, Word.Holders, this.holders(node) + 1);
  }

  removeHolder(node: NodeNumber, handle: HandleNumber): void {
    const first = this.#handles.unlinkOfNode(handle, this.firstHolder(node));
    this.#records.set(node, Word.FirstHolder, first);
    this.#records.set(node, Word.Holders, this.holders(node) - 1);
  }

  /** Handles to it, all holders together. */
  *handlesOf(node: NodeNumber): Generator<HandleNumber> {
    let handle = this.firstHolder(node);
    while (handle !== noHandle) {
      yield handle;
      handle = this.#handles.nextOfNode(handle);
    }
  }

  firstCall(node: NodeNumber): CallRecord | undefined {
    return this.#calls.at(this.#records.get(node, Word.FirstCall) as CallNumber);
  }

  addCall(node: NodeNumber, call: CallRecord): void {
    const first = this.firstCall(node);
    call.node = node;
    call.nextOfNode = first;
    if (first !== undefined) first.previousOfNode = call;
    this.#records.set(node, Word.FirstCall, call.number);
  }

  /** Takes the call from the node that it belongs to, if it still does. */
  removeCall(call: CallRecord): void {
    const { node, previousOfNode: previous, nextOfNode: next } = call;
    if (node === noNode) return;
    if (previous === undefined) this.#records.set(node, Word.FirstCall, next?.number ?? 0);
    else previous.nextOfNode = next;
    if (next !== undefined) next.previousOfNode = previous;
    call.previousOfNode = undefined;
    call.nextOfNode = undefined;
    call.node = noNode;
  }
}
