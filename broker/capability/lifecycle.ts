/**
 * How nodes, handles, calls and peers end, and who is told (bus N3, N7, M5, M7, P3, T1, T2).
 *
 * Invariants, between operations:
 * - a live node's holders are exactly the peers whose table has an entry for it, each with a count of at least 1, those
 *   inside undelivered messages included; so "no holders" is "no handle is left elsewhere";
 * - an entry whose node is gone either has a `gone` item waiting or was told: never silent (bus M5);
 * - a call has a caller exactly while it stands in that caller's table of calls: so it ends exactly once (bus M7).
 */
import type { Deliveries } from './deliveries.js';
import { CallPool, type CallRecord, HandleRecord } from './handle-table.js';
import type { NodeRecord } from './node-table.js';
import type { PeerRecord } from './peer-record.js';

/** A caller's calls are found by this part of their tag. */
export const tagSlotMask = 0xffff;

export class Lifecycle {
  readonly #deliveries: Deliveries;
  readonly #calls = new CallPool();

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries;
  }

  destroyNode(node: NodeRecord, sequence: number): void {
    node.isLive = false;
    node.owner.nodes.remove(node);
    this.#deliveries.cancelUnused(node);
    this.#deliveries.forgetRefused(node);
    while (node.calls !== undefined) this.loseCall(node.calls, sequence);
    for (const handle of node.holders) this.#deliveries.gone(handle, sequence);
  }

  /** One more handle of `receiver` to a live node of somebody else (bus N3). */
  grant(node: NodeRecord, receiver: PeerRecord): HandleRecord {
    const held = node.holder(receiver);
    if (held !== undefined) {
      held.count += 1;
      return held;
    }
    const handle = new HandleRecord(receiver, node);
    handle.count = 1;
    receiver.held.add(handle);
    node.addHolder(handle);
    this.#deliveries.cancelUnused(node);
    return handle;
  }

  releaseHandle(handle: HandleRecord, count: number, sequence: number): void {
    handle.count -= count;
    if (handle.count > 0) return;
    handle.peer.held.remove(handle);
    this.#forget(handle, sequence);
  }

  createCall(caller: PeerRecord, tag: number, node: NodeRecord): CallRecord {
    const call = this.#calls.take();
    call.caller = caller;
    call.tag = tag;
    call.holder = node.owner;
    node.addCall(call);
    node.owner.held.add(call);
    const slot = tag & tagSlotMask;
    // Filled in order, so that the array never turns into a dictionary.
    while (caller.calls.length <= slot) caller.calls.push(undefined);
    caller.calls[slot] = call;
    caller.callsOutstanding += 1;
    return call;
  }

  /** Nobody waits for the call any more: it was answered, lost or withdrawn. The holder's entry stays. */
  detachCall(call: CallRecord): void {
    const { caller, node } = call;
    if (caller !== undefined) {
      caller.calls[call.tag & tagSlotMask] = undefined;
      caller.callsOutstanding -= 1;
      call.caller = undefined;
    }
    node?.removeCall(call);
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
    call.holder?.held.remove(call);
    this.#calls.put(call);
  }

  /** Gives the right to answer to somebody else: from now on the call depends on its new holder only. */
  moveCall(call: CallRecord, receiver: PeerRecord): void {
    this.#deliveries.cancelCall(call);
    call.holder?.held.remove(call);
    call.node?.removeCall(call);
    call.holder = receiver;
    receiver.held.add(call);
  }

  /** The end of a peer is one transaction (bus P3). */
  endPeer(peer: PeerRecord, sequence: number): void {
    peer.hasEnded = true;
    for (const node of peer.nodes) this.destroyNode(node, sequence);
    for (const entry of peer.held) {
      if (entry instanceof HandleRecord) {
        entry.count = 0;
        this.#forget(entry, sequence);
      } else this.loseCall(entry, sequence);
    }
    for (const call of peer.calls) if (call !== undefined) this.withdrawCall(call, sequence);
    this.#deliveries.drop(peer);
    for (const target of peer.refused) target.waitsIn = undefined;
    peer.refused.clear();
  }

  #forget(handle: HandleRecord, sequence: number): void {
    this.#deliveries.cancelHandle(handle);
    const { node } = handle;
    node.removeHolder(handle);
    if (node.isLive && node.holders.length === 0) this.#deliveries.unused(node, sequence);
  }
}
