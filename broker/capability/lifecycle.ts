/**
 * How nodes, handles, calls and peers end, and who is told (bus N3, N7, M5, M7, P3, T1, T2).
 *
 * Invariants, between operations:
 * - a live node's holders are exactly the peers whose table has an entry for it, each with a count of at least 1, those
 *   inside undelivered messages included; so "no holders" is "no handle is left elsewhere";
 * - an entry whose node is gone either has a `gone` item waiting or was told: never silent (bus M5);
 * - a call has a caller exactly while it stands in that caller's table of calls: so it ends exactly once (bus M7).
 */

import type { Flow } from './account.js';
import type { CallRecord } from './calls.js';
import type { Deliveries } from './deliveries.js';
import type { Effort } from './effort.js';
import { type HandleNumber, noHandle } from './handles.js';
import { replyWord } from './held-table.js';
import { indexOf } from './ids.js';
import { type NodeNumber, noNode } from './nodes.js';
import type { PeerRecord } from './peer-record.js';
import type { Quota } from './quota.js';
import type { Tables } from './tables.js';

/** A caller's calls are found by this part of their tag. */
export const tagSlotMask = 0xffff;

export class Lifecycle {
  readonly #tables: Tables;
  readonly #deliveries: Deliveries;
  readonly #quota: Quota;
  readonly #effort: Effort;

  constructor(tables: Tables, quota: Quota, deliveries: Deliveries, effort: Effort) {
    this.#effort = effort;
    this.#tables = tables;
    this.#quota = quota;
    this.#deliveries = deliveries;
  }

  createNode(
    owner: PeerRecord,
    index: number,
    generation: number,
    showsCredentials: boolean,
    bytesMax = 0,
  ): NodeNumber {
    owner.user.nodes += 1;
    owner.user.nodeIds += owner.nodes.roomFor(index);
    return this.#tables.createNode(owner, index, generation, showsCredentials, bytesMax);
  }

  destroyNode(node: NodeNumber, sequence: number): void {
    const { nodes } = this.#tables;
    this.#effort.steps += nodes.holders(node);
    this.#deliveries.cancelNode(node);
    const owner = this.#tables.ownerOf(node);
    owner.nodes.remove(nodes.place(node));
    owner.user.nodes -= 1;
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
    if (rest === 0) {
      this.#removeHandle(handle, sequence);
      return;
    }
    const wasFull = handles.isFull(handle);
    handles.setCount(handle, rest);
    if (wasFull && !handles.isFull(handle)) this.#quota.emptied(this.#tables.holderOf(handle));
  }

  /** The flow has been charged with the callee's entry. */
  createCall(caller: PeerRecord, tag: number, node: NodeNumber, flow: Flow): CallRecord {
    const { calls, nodes } = this.#tables;
    const call = calls.take();
    call.caller = caller;
    call.tag = tag;
    call.flow = flow;
    nodes.addCall(node, call);
    this.#hold(call, this.#tables.ownerOf(node));
    caller.calls.set(tag & tagSlotMask, call);
    this.#quota.callBegan(caller);
    return call;
  }

  /** Nobody waits for the call any more: it was answered, lost or withdrawn. The holder's entry stays. */
  detachCall(call: CallRecord): void {
    const { caller } = call;
    if (caller !== undefined) {
      caller.calls.clear(call.tag & tagSlotMask);
      this.#quota.callLeft(caller);
      call.caller = undefined;
    }
    this.#tables.nodes.removeCall(call);
  }

  /** The caller is told that no reply comes; with a blame, for want of what. */
  loseCall(call: CallRecord, sequence: number, blame = 0): void {
    const { caller, tag } = call;
    this.detachCall(call);
    if (caller !== undefined) this.#deliveries.lost(caller, tag, sequence, blame);
  }

  /** The caller gives up; the holder learns that its reply is good for nothing. */
  withdrawCall(call: CallRecord, sequence: number): void {
    this.detachCall(call);
    this.#deliveries.replyGone(call, sequence);
  }

  /** Takes the entry from its holder, by the holder's own act. Nothing may refer to the call after this. */
  freeCall(call: CallRecord): void {
    this.#leaveHolder(call);
    this.#tables.calls.put(call);
  }

  /** Gives the right to answer to somebody else: from now on the call depends on its new holder only. */
  moveCall(call: CallRecord, receiver: PeerRecord): void {
    this.#leaveHolder(call);
    this.#tables.nodes.removeCall(call);
    this.#hold(call, receiver);
  }

  /** The end of a peer is one transaction (bus P3). */
  endPeer(peer: PeerRecord, sequence: number): void {
    const { calls } = this.#tables;
    peer.hasEnded = true;
    this.#effort.steps += peer.nodes.length + peer.held.length;
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
    for (const call of peer.calls) this.withdrawCall(call, sequence);
    this.#deliveries.drop(peer);
    this.#deliveries.forgetRefused(peer);
    peer.user.nodeIds -= peer.nodes.room;
    this.#quota.leave(peer);
    this.#tables.removePeer(peer);
  }

  #leaveHolder(call: CallRecord): void {
    this.#deliveries.cancelCall(call);
    this.#quota.replyLeft(call);
    if (call.holder === undefined) return;
    call.holder.repliesOwed -= 1;
    call.holder.held.remove(indexOf(call.word));
  }

  #hold(call: CallRecord, holder: PeerRecord): void {
    call.holder = holder;
    holder.repliesOwed += 1;
    const place = holder.held.addCall(call.number);
    call.word = replyWord(place);
    call.generation = holder.held.generation(place);
  }

  #removeHandle(handle: HandleNumber, sequence: number): void {
    const { handles, nodes } = this.#tables;
    const node = handles.node(handle);
    this.#deliveries.cancelHandle(handle);
    this.#quota.held(this.#tables.holderOf(handle), -1);
    const isLast = nodes.isLive(node) && nodes.holders(node) === 1;
    this.#tables.removeHandle(handle);
    if (isLast) this.#deliveries.unused(node, sequence);
  }
}
