/**
 * How nodes, handles, calls and peers end, and who is told (bus N3, N7, M5, M7, P3, T1, T2).
 *
 * Invariants, between operations:
 * - a live node's holders are exactly the peers whose table has an entry for it, each with a count of at least 1, those
 *   inside undelivered messages included; so "no holders" is "no handle is left elsewhere";
 * - an entry whose node is gone either has a `gone` item waiting or was told: never silent (bus M5);
 * - a call has a caller exactly while it stands in that caller's table of calls: so it ends exactly once (bus M7).
 */

import type { CallRecord } from './calls.js';
import type { Deliveries } from './deliveries.js';
import { type HandleNumber, noHandle } from './handles.js';
import { replyWord } from './held-table.js';
import { indexOf } from './ids.js';
import { type NodeNumber, noNode } from './nodes.js';
import type { PeerRecord } from './peer-record.js';
import type { Tables } from './tables.js';

/** A caller's calls are found by this part of their tag. */
export const tagSlotMask = 0xffff;

export class Lifecycle {
  readonly #tables: Tables;
  readonly #deliveries: Deliveries;

  constructor(tables: Tables, deliveries: Deliveries) {
    this.#tables = tables;
    this.#deliveries = deliveries;
  }

  destroyNode(node: NodeNumber, sequence: number): void {
    const { nodes } = this.#tables;
    this.#deliveries.cancelNode(node);
    this.#tables.ownerOf(node).nodes.remove(nodes.place(node));
    nodes.destroy(node);
    for (let call = nodes.firstCall(node); call !== undefined; call = nodes.firstCall(node)) {
      this.loseCall(call, sequence);
    }
    this.#tables.forEachHolder(node, (handle) => this.#deliveries.gone(handle, sequence));
    nodes.freeIfUnheld(node);
  }

  /** One more handle of `receiver` to a live node of somebody else (bus N3). */
  grant(node: NodeNumber, receiver: PeerRecord, sequence: number): HandleNumber {
    const { handles } = this.#tables;
    const held = handles.find(node, receiver.number);
    if (held !== noHandle) {
      handles.setCount(held, handles.count(held) + 1);
      return held;
    }
    this.#deliveries.cancelUnused(node);
    return this.#tables.createHandle(node, receiver, sequence);
  }

  releaseHandle(handle: HandleNumber, count: number, sequence: number): void {
    const { handles } = this.#tables;
    const rest = handles.count(handle) - count;
    if (rest > 0) handles.setCount(handle, rest);
    else this.#removeHandle(handle, sequence);
  }

  createCall(caller: PeerRecord, tag: number, node: NodeNumber): CallRecord {
    const { calls, nodes } = this.#tables;
    const call = calls.take();
    call.caller = caller;
    call.tag = tag;
    nodes.addCall(node, call);
    this.#hold(call, this.#tables.ownerOf(node));
    const slot = tag & tagSlotMask;
    // Filled in order, so that the array never turns into a dictionary.
    while (caller.calls.length <= slot) caller.calls.push(undefined);
    caller.calls[slot] = call;
    caller.callsOutstanding += 1;
    return call;
  }

  /** Nobody waits for the call any more: it was answered, lost or withdrawn. The holder's entry stays. */
  detachCall(call: CallRecord): void {
    const { caller } = call;
    if (caller !== undefined) {
      caller.calls[call.tag & tagSlotMask] = undefined;
      caller.callsOutstanding -= 1;
      call.caller = undefined;
    }
    this.#tables.nodes.removeCall(call);
  }

  loseCall(call: CallRecord, sequence: number): void {
    const { caller, tag } = call;
    this.detachCall(call);
    if (caller !== undefined) this.#deliveries.lost(caller, tag, sequence);
  }

  /** The caller gives up; the holder learns that its reply is good for nothing. */
  withdrawCall(call: CallRecord, sequence: number): void {
    this.detachCall(call);
    this.#deliveries.replyGone(call, sequence);
  }

  /** Takes the entry from its holder, by the holder's own act. Nothing may refer to the call after this. */
  freeCall(call: CallRecord): void {
    this.#deliveries.cancelCall(call);
    call.holder?.held.remove(indexOf(call.word));
    this.#tables.calls.put(call);
  }

  /** Gives the right to answer to somebody else: from now on the call depends on its new holder only. */
  moveCall(call: CallRecord, receiver: PeerRecord): void {
    this.#deliveries.cancelCall(call);
    call.holder?.held.remove(indexOf(call.word));
    this.#tables.nodes.removeCall(call);
    this.#hold(call, receiver);
  }

  /** The end of a peer is one transaction (bus P3). */
  endPeer(peer: PeerRecord, sequence: number): void {
    const { calls } = this.#tables;
    peer.hasEnded = true;
    for (let index = 0; index < peer.nodes.length; index += 1) {
      const node = peer.nodes.at(index);
      if (node !== noNode) this.destroyNode(node, sequence);
    }
    for (let index = 0; index < peer.held.length; index += 1) {
      const handle = peer.held.handleAt(index);
      if (handle !== noHandle) this.#removeHandle(handle, sequence);
      const call = calls.at(peer.held.callAt(index));
      if (call === undefined) continue;
      this.loseCall(call, sequence);
      this.freeCall(call);
    }
    for (const call of peer.calls) if (call !== undefined) this.withdrawCall(call, sequence);
    this.#deliveries.drop(peer);
    this.#deliveries.forgetRefused(peer);
    this.#tables.removePeer(peer);
  }

  #hold(call: CallRecord, holder: PeerRecord): void {
    call.holder = holder;
    const place = holder.held.addCall(call.number);
    call.word = replyWord(place);
    call.generation = holder.held.generation(place);
  }

  #removeHandle(handle: HandleNumber, sequence: number): void {
    const { handles, nodes } = this.#tables;
    const node = handles.node(handle);
    this.#deliveries.cancelHandle(handle);
    const isLast = nodes.isLive(node) && nodes.holders(node) === 1;
    this.#tables.removeHandle(handle);
    if (isLast) this.#deliveries.unused(node, sequence);
  }
}
