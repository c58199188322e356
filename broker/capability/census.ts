/**
 * Who is there and who holds what, for those who look: walks over the live tables that change nothing. An entry is plain data, so it
 * can be kept; a walk must not be, because the tables go on without it.
 *
 * Peers come in the order in which they connected, and what one of them holds in the order of its table: so a place to go on from
 * is two numbers, and what stays is seen once however much comes and goes meanwhile.
 */
import type { HandleNumber } from './handles.js';
import { noHandle } from './handles.js';
import { nodeBits, wordOf } from './ids.js';
import type { NodeNumber } from './nodes.js';
import { noNode } from './nodes.js';
import type { PeerRecord } from './peer-record.js';
import type { Tables } from './tables.js';

/** A node by its owner and the owner's own id. */
export interface NodePlace {
  readonly owner: PeerRecord;
  readonly word: number;
  readonly generation: number;
}

/** What one peer holds of one node. */
export interface HeldHandle {
  readonly holder: PeerRecord;
  /** Its place in the holder's table. */
  readonly index: number;
  /** `undefined` once the node was destroyed. */
  readonly node: NodePlace | undefined;
  readonly count: number;
  /** Modulo 2^32. */
  readonly uses: number;
  /** The sequence number of the transaction that made it. */
  readonly since: number;
}

/** What a walk over handles shows where there is none: places are many and mean nothing, so it is one thing that moves on. */
export class FreePlace {
  holderSerial = 0;
  /** Where to go on behind it. */
  next = 0;
}

export class CapabilityCensus {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Peers whose serial is at least this, in the order of their serials. */
  *peers(from: number): Generator<PeerRecord> {
    for (const peer of this.#tables.peers()) if (peer.serial >= from) yield peer;
  }

  /** Handles that come behind this place, those of one holder after the other; and each place where there is none. */
  *handles(holderSerial: number, index: number): Generator<HeldHandle | FreePlace> {
    const free = new FreePlace();
    for (const holder of this.peers(holderSerial)) {
      free.holderSerial = holder.serial;
      for (let at = holder.serial === holderSerial ? index : 0; at < holder.held.length; at += 1) {
        const handle = holder.held.handleAt(at);
        free.next = at + 1;
        yield handle === noHandle ? free : this.#heldHandle(holder, at, handle);
      }
      // One who holds nothing takes a step, too.
      free.holderSerial = holder.serial + 1;
      free.next = 0;
      yield free;
    }
  }

  /** The live node that this id of the peer's stands for, held or own. */
  nodeOf(peer: PeerRecord, word: number, generation: number): NodePlace | undefined {
    const handle = peer.held.findHandle(word, generation);
    const node = handle === noHandle ? peer.nodes.find(word, generation) : this.#tables.handles.node(handle);
    return node === noNode ? undefined : this.#nodePlace(node);
  }

  /** The called node of a reply that the peer owes, and who waits for it. */
  callOf(
    holder: PeerRecord,
    word: number,
    generation: number,
  ):
    | { readonly caller: PeerRecord | undefined; readonly tag: number; readonly node: NodePlace | undefined }
    | undefined {
    const call = this.#tables.calls.at(holder.held.findCall(word, generation));
    if (call === undefined) return undefined;
    const node = call.node === noNode ? undefined : this.#nodePlace(call.node);
    return { caller: call.caller, tag: call.tag, node };
  }

  #heldHandle(holder: PeerRecord, index: number, handle: HandleNumber): HeldHandle {
    const { handles } = this.#tables;
    return {
      holder,
      index,
      node: this.#nodePlace(handles.node(handle)),
      count: handles.count(handle),
      uses: handles.uses(handle),
      since: handles.since(handle),
    };
  }

  #nodePlace(node: NodeNumber): NodePlace | undefined {
    const { nodes } = this.#tables;
    if (!nodes.isLive(node)) return undefined;
    const owner = this.#tables.ownerOf(node);
    const place = nodes.place(node);
    return { owner, word: wordOf(place, nodeBits), generation: owner.nodes.generation(place) };
  }
}
